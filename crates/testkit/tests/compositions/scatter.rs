//! Folding by index, picking by coordinates, and products of batches: values by hand, gradients by differences, Flux's cases.

use tensorkeep_tensor::op::{Gather, GatherKind};
use tensorkeep_tensor::{DType, ErrorKind, Result, ScatterFold, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::doubles;
use tensorkeep_testkit::gradient;

const ALONG: Gather = Gather { kind: GatherKind::Along, axis: 0 };
const ROWS: Gather = Gather { kind: GatherKind::Select, axis: 0 };
const FOLDS: [ScatterFold; 5] =
    [ScatterFold::Sum, ScatterFold::Prod, ScatterFold::Max, ScatterFold::Min, ScatterFold::Mean];

fn row(data: &[f64]) -> Tensor {
    Tensor::new(data, &tensorkeep_cpu::device()).unwrap()
}

fn index(data: &[i64]) -> Tensor {
    Tensor::new(data, &tensorkeep_cpu::device()).unwrap()
}

fn numbers(x: Result<Tensor>) -> Vec<f64> {
    x.unwrap().to_dtype(DType::F64).unwrap().to_vec().unwrap()
}

/// Of PyTorch 2, `torch.scatter_reduce`, with and without the base.
#[test]
fn folds_by_hand() {
    let (base, at) = (row(&[2.0, -3.0, 5.0, 7.0]), index(&[2, 0, 2, 0, 0]));
    let updates = row(&[4.0, -1.0, 8.0, 3.0, 3.0]);
    let rows: [(ScatterFold, [f64; 4], [f64; 4]); 5] = [
        (ScatterFold::Sum, [7.0, -3.0, 17.0, 7.0], [5.0, -3.0, 12.0, 7.0]),
        (ScatterFold::Prod, [-18.0, -3.0, 160.0, 7.0], [-9.0, -3.0, 32.0, 7.0]),
        (ScatterFold::Max, [3.0, -3.0, 8.0, 7.0], [3.0, -3.0, 8.0, 7.0]),
        (ScatterFold::Min, [-1.0, -3.0, 4.0, 7.0], [-1.0, -3.0, 4.0, 7.0]),
        (ScatterFold::Mean, [1.75, -3.0, 17.0 / 3.0, 7.0], [5.0 / 3.0, -3.0, 6.0, 7.0]),
    ];
    for (fold, with, without) in rows {
        for gather in [ALONG, ROWS] {
            for (include, want) in [(true, with), (false, without)] {
                let got = numbers(base.scatter_reduce(gather, fold, include, &at, &updates));
                assert_eq!(got, want, "{fold:?} {gather:?} {include}");
            }
            if fold == ScatterFold::Mean {
                continue;
            }
            let [base, updates] = [&base, &updates].map(|x| x.to_dtype(DType::I32).unwrap());
            assert_eq!(numbers(base.scatter_reduce(gather, fold, false, &at, &updates)), without, "{fold:?}");
        }
    }
}

/// Zeros among products, repeated indices and unused ones. The largest of equals has no differences to compare with.
#[test]
fn slopes_are_those_of_differences() {
    let base =
        Tensor::from_vec(vec![0.5, -1.5, 0.0, 2.0, 1.0, -0.7], [3, 2], &tensorkeep_cpu::device()).unwrap();
    let data = vec![0.3, 0.0, 0.0, 1.7, -2.0, 0.0, 0.9, 0.4];
    let updates = Tensor::from_vec(data, [4, 2], &tensorkeep_cpu::device()).unwrap();
    let apart = updates
        .add(&row(&[0.01, 0.02]))
        .unwrap()
        .add(&row(&[0.0, 0.1, 0.2, 0.3]).unsqueeze(-1).unwrap())
        .unwrap();
    let along = Tensor::new([[0i64, 2], [0, 2], [1, 2], [0, 0]], &tensorkeep_cpu::device()).unwrap();
    for fold in FOLDS {
        let updates = if matches!(fold, ScatterFold::Max | ScatterFold::Min) { &apart } else { &updates };
        for include in [true, false] {
            for (gather, at) in [(ALONG, &along), (ROWS, &index(&[2, 0, 2, 2]))] {
                let f = |x: &[Tensor]| x[0].scatter_reduce(gather, fold, include, at, &x[1]);
                gradient::check(f, &[base.clone(), updates.clone()])
                    .unwrap_or_else(|error| panic!("{fold:?} {gather:?} {include}: {error}"));
            }
        }
    }
    // In the middle of three axes, with indices of two.
    let at = index(&[1, 0, 1, 1]).reshape([2, 2]).unwrap();
    let middle = Gather { kind: GatherKind::Select, axis: 1 };
    let f = |x: &[Tensor]| {
        let (base, updates) = (x[0].reshape([1, 3, 2])?, x[1].reshape([1, 2, 2, 2])?);
        base.scatter_reduce(middle, ScatterFold::Prod, true, &at, &updates)
    };
    gradient::check(f, &[base, updates]).unwrap();
}

#[test]
fn equals_share_the_gradient() {
    let at = index(&[0, 0, 1]);
    let f = |x: &[Tensor]| {
        x[0].scatter_reduce(ALONG, ScatterFold::Max, true, &at, &x[1])?.narrow(0, ..1)?.sum_all()
    };
    let slopes = |base: f64| {
        tensorkeep_autodiff::grad(|x: &Vec<Tensor>| f(x), &vec![row(&[base, 9.0]), row(&[3.0, 3.0, 3.0])])
            .unwrap()
    };
    let third = 1.0 / 3.0;
    let [base, updates] = [0, 1].map(|i| numbers(Ok(slopes(3.0)[i].clone())));
    assert_eq!((base, updates), (vec![third, 0.0], vec![third, third, 0.0]));
    let [base, updates] = [0, 1].map(|i| numbers(Ok(slopes(1.0)[i].clone())));
    assert_eq!((base, updates), (vec![0.0, 0.0], vec![0.5, 0.5, 0.0]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let (base, updates) = (row(&[1.0, 2.0]), row(&[1.0, 2.0, 3.0]));
    for fold in FOLDS {
        let fold_of = |base: &Tensor, at: &[i64], updates: &Tensor| {
            base.scatter_reduce(ALONG, fold, false, &index(at), updates).and_then(|y| y.to_vec::<f64>())
        };
        for bad in [2, -1, i64::MAX, i64::MIN] {
            assert_eq!(
                fold_of(&base, &[0, bad, 1], &updates).unwrap_err().kind(),
                ErrorKind::Index,
                "{fold:?} {bad}"
            );
        }
        assert_eq!(fold_of(&base, &[0, 1], &updates).unwrap_err().kind(), ErrorKind::Shape, "{fold:?}");
        let truths = [&base, &updates].map(|x| x.gt(1.0).unwrap());
        assert_eq!(
            fold_of(&truths[0], &[0, 1, 1], &truths[1]).unwrap_err().kind(),
            ErrorKind::DType,
            "{fold:?}"
        );
        // Nothing put changes nothing.
        let none = updates.narrow(0, ..0).unwrap();
        assert_eq!(fold_of(&base, &[], &none).unwrap(), [1.0, 2.0], "{fold:?}");
    }
}

#[test]
fn coordinates() {
    let x = Tensor::arange(24, DType::F64, &tensorkeep_cpu::device()).unwrap().reshape([2, 3, 4]).unwrap();
    let at = |rows: &[[i64; 2]]| {
        Tensor::from_vec(rows.concat(), [rows.len(), 2], &tensorkeep_cpu::device()).unwrap()
    };
    let got = x.gather_nd(&at(&[[1, 2], [0, 1]])).unwrap();
    assert_eq!(got.shape().sizes(), [2, 4]);
    assert_eq!(got.to_vec::<f64>().unwrap(), [20.0, 21.0, 22.0, 23.0, 4.0, 5.0, 6.0, 7.0]);
    let one = x.gather_nd(&index(&[1, 0, 3])).unwrap();
    assert_eq!((one.rank(), numbers(Ok(one))), (0, vec![15.0]));
    gradient::check(|x| x[0].gather_nd(&at(&[[1, 2], [0, 1], [1, 2]]))?.sin(), std::slice::from_ref(&x))
        .unwrap();
    // Not the element of the next row that a flat index would name.
    for bad in [[0, 3], [0, -1], [2, 0], [-1, 0], [i64::MAX, 1], [i64::MIN, 1]] {
        let error = x.gather_nd(&at(&[[0, 0], bad])).and_then(|y| y.to_vec::<f64>()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Index, "{bad:?}: {error}");
    }
    let rows: [(Result<Tensor>, ErrorKind); 3] = [
        (x.gather_nd(&index(&[0, 0, 0, 0])), ErrorKind::Shape),
        (x.gather_nd(&index(&[])), ErrorKind::Shape),
        (x.gather_nd(&row(&[0.0, 1.0])), ErrorKind::DType),
    ];
    for (result, kind) in rows {
        assert_eq!(result.unwrap_err().kind(), kind);
    }
}

/// NNlib's `batched_mul`: batches of one and plain matrices broadcast on either side, transposed or not.
#[test]
fn products_of_batches() {
    let of = |shape: &[usize], from: f64| {
        let n = shape.iter().product::<usize>();
        let data = (0..n).map(|i| from + (i * i % 7) as f64).collect();
        Tensor::from_vec::<f64>(data, shape, &tensorkeep_cpu::device()).unwrap()
    };
    let shapes: [(&[usize], &[usize]); 5] = [
        (&[3, 2, 4], &[3, 4, 5]),
        (&[1, 2, 4], &[3, 4, 5]),
        (&[3, 2, 4], &[1, 4, 5]),
        (&[2, 4], &[3, 4, 5]),
        (&[3, 2, 4], &[4, 5]),
    ];
    for (a, b) in shapes {
        let (a, b) = (of(a, 1.0), of(b, -2.0));
        let transposed = (a.t().unwrap().contiguous().unwrap(), b.t().unwrap().contiguous().unwrap());
        let product = a.matmul(&b).unwrap();
        assert_eq!(product.shape().sizes(), [3, 2, 5]);
        let again = transposed.0.t().unwrap().matmul(&transposed.1.t().unwrap());
        assert_eq!(numbers(again), numbers(Ok(product.clone())));
        for i in 0..3 {
            let of_batch = |x: &Tensor| match x.rank() {
                2 => x.clone(),
                _ => x.at(0, if x.shape()[0] == 1 { 0 } else { i }).unwrap(),
            };
            assert_eq!(numbers(of_batch(&a).matmul(&of_batch(&b))), numbers(product.at(0, i)), "{i}");
        }
    }
    let vectors = of(&[3, 2, 4], 1.0).matmul(&of(&[3, 4], 0.0).unsqueeze(-1).unwrap()).unwrap();
    assert_eq!(vectors.shape().sizes(), [3, 2, 1]);
    let error = of(&[3, 2, 4], 1.0).matmul(&of(&[2, 4, 5], 1.0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
}

fn indices(case: &Case) -> Result<Tensor> {
    doubles(case.input("index"))?.to_dtype(DType::I64)
}

/// `sub` adds the opposite and `div` multiplies by the inverse. A fresh destination is of `init`, or of what changes nothing, and
/// as long as the largest index asks for.
#[test]
fn scatters_are_fluxs() {
    every_case("scatter", |case| {
        let fold = match case.param("reduce").as_str().unwrap_or_default() {
            "add" | "sub" | "+" | "-" => ScatterFold::Sum,
            "mul" | "div" | "*" | "/" => ScatterFold::Prod,
            "max" => ScatterFold::Max,
            "min" => ScatterFold::Min,
            "mean" => ScatterFold::Mean,
            _ => return case.unknown(),
        };
        let (mut updates, at) = (doubles(case.input("src"))?, indices(case)?);
        match case.param("reduce").as_str() {
            Some("sub" | "-") => updates = updates.neg()?,
            Some("div" | "/") => updates = updates.recip()?,
            _ => {}
        }
        let length = || -> Result<usize> {
            Ok(case.param("size").as_u64().unwrap_or(1 + at.max_all()?.item()?.as_i64() as u64) as usize)
        };
        // The axes of the updates after those of the indices are those of one place.
        let rest = &updates.shape()[at.rank()..];
        let init = case.param("init").as_f64();
        let base = match case.input("dst").is_null() {
            false => doubles(case.input("dst"))?,
            true => {
                Tensor::full([&[length()?], rest].concat(), init.unwrap_or(0.0), DType::F64, at.device())?
            }
        };
        let include = !case.input("dst").is_null() || init.is_some();
        let result = match (fold, case.input("dst").is_null()) {
            // Flux adds the mean of the sources to the destination.
            (ScatterFold::Mean, false) => {
                let means = base.zeros_like()?.scatter_reduce(ROWS, fold, false, &at, &updates)?;
                base.add(&means)?
            }
            _ => base.scatter_reduce(ROWS, fold, include, &at, &updates)?,
        };
        case.expect(&result)
    });
}

#[test]
fn gathers_are_fluxs() {
    every_case("gather", |case| {
        let (src, at) = (doubles(case.input("src"))?, indices(case)?);
        let result = match case.param("mode").as_str() {
            Some("nd") => src.gather_nd(&at),
            _ => src.take(case.param("axis").as_i64().unwrap_or(0) as isize, &at),
        };
        match case.expected().as_str() {
            Some("error") => refused(result),
            _ => case.expect(&result?),
        }
    });
}

fn refused(result: Result<Tensor>) -> Outcome {
    match result.and_then(|y| y.to_vec::<f64>()) {
        Err(error) if error.kind() == ErrorKind::Index => Ok(()),
        other => Err(format!("{other:?} where an index is out of range").into()),
    }
}
