//! Methods by value. Where NumPy has the function, the numbers are those that NumPy 2.4.6 gives.

use tensorkeep_tensor::{DType, Device, Result, Tensor};
use tensorkeep_testkit::{devices, gradient};

use super::{every_device, fractions, reference};

/// `numpy.arange(n).reshape(shape)`.
fn counted(shape: &[usize], device: &Device) -> Tensor {
    Tensor::arange(shape.iter().product(), DType::F32, device).unwrap().reshape(shape).unwrap()
}

#[track_caller]
fn holds(x: &Result<Tensor>, shape: &[usize], elements: &[f32]) {
    let x = x.as_ref().unwrap();
    assert_eq!(*x.shape(), shape, "{}", x.device());
    assert_eq!(x.to_vec::<f32>().unwrap(), elements, "{}", x.device());
}

#[test]
fn copies_and_moves() {
    for device in every_device() {
        let x = counted(&[2, 3], &device);
        holds(&x.tile([1, 2]), &[2, 6], &[0., 1., 2., 0., 1., 2., 3., 4., 5., 3., 4., 5.]);
        holds(&x.tile([2, 1]), &[4, 3], &[0., 1., 2., 3., 4., 5., 0., 1., 2., 3., 4., 5.]);
        holds(&x.repeat(0, 2), &[4, 3], &[0., 1., 2., 0., 1., 2., 3., 4., 5., 3., 4., 5.]);
        holds(&x.repeat(1, 2), &[2, 6], &[0., 0., 1., 1., 2., 2., 3., 3., 4., 4., 5., 5.]);
        holds(&x.roll(1, 1), &[2, 3], &[2., 0., 1., 5., 3., 4.]);
        holds(&x.roll(1, -4), &[2, 3], &[1., 2., 0., 4., 5., 3.]);
        holds(&x.roll(0, 1), &[2, 3], &[3., 4., 5., 0., 1., 2.]);
        holds(&x.split(1, &[1, 2]).map(|parts| parts[1].clone()), &[2, 2], &[1., 2., 4., 5.]);
        holds(&x.chunk(1, 2).map(|parts| parts[1].clone()), &[2, 1], &[2., 5.]);
        holds(&x.chunks(1, 2).map(|parts| parts[1].clone()), &[2, 1], &[2., 5.]);
        holds(&x.unbind(1).map(|parts| parts[2].clone()), &[2], &[2., 5.]);
        holds(&x.shift(1, -1.0, false), &[2, 3], &[-1., 0., 1., -1., 3., 4.]);
        holds(&x.shift(0, 9, true), &[2, 3], &[3., 4., 5., 9., 9., 9.]);
        holds(
            &Tensor::stack(&[&x, &x.flip(1).unwrap()], 1).unwrap().at(1, 1),
            &[2, 3],
            &[2., 1., 0., 5., 4., 3.],
        );
    }
}

#[test]
fn matrices() {
    for device in every_device() {
        let x = counted(&[3, 4], &device);
        holds(&x.tril(0), &[3, 4], &[0., 0., 0., 0., 4., 5., 0., 0., 8., 9., 10., 0.]);
        holds(&x.tril(-1), &[3, 4], &[0., 0., 0., 0., 4., 0., 0., 0., 8., 9., 0., 0.]);
        holds(&x.triu(1), &[3, 4], &[0., 1., 2., 3., 0., 0., 6., 7., 0., 0., 0., 11.]);
        holds(&x.triu(-9), &[3, 4], &x.to_vec().unwrap());
        holds(&x.tril(isize::MIN), &[3, 4], &[0.0; 12]);
        holds(&x.narrow(1, ..3).unwrap().diagonal(0, 1), &[3], &[0., 5., 10.]);
        holds(&counted(&[2, 3, 2], &device).diagonal(0, 2), &[3, 2], &[0., 7., 2., 9., 4., 11.]);
        holds(&counted(&[2], &device).outer(&counted(&[3], &device)), &[2, 3], &[0., 0., 0., 0., 1., 2.]);
        holds(&Tensor::eye(2, DType::F32, &device), &[2, 2], &[1., 0., 0., 1.]);
    }
}

#[test]
fn folds() {
    let inf = f32::INFINITY;
    for device in every_device() {
        let x = Tensor::new([[3.0f32, 4.0], [0.0, 0.0]], &device).unwrap();
        holds(&x.norm([1], false), &[2], &[5., 0.]);
        let x = Tensor::new([[1000.0f32, 1000.0], [-inf, 0.0], [-inf, -inf], [inf, 0.0]], &device).unwrap();
        let log = x.logsumexp([1], true).unwrap();
        assert_eq!(*log.shape(), [4, 1]);
        let log = log.to_vec::<f32>().unwrap();
        assert!((log[0] - 1000.6931).abs() < 1e-3, "{} on {device}", log[0]);
        assert_eq!(log[1..], [0.0, -inf, inf], "{device}");
        let x = counted(&[2, 3], &device);
        holds(&x.mean([0], false), &[3], &[1.5, 2.5, 3.5]);
        holds(&x.variance([0], true), &[1, 3], &[2.25, 2.25, 2.25]);
        assert!(x.all_finite().unwrap() && !x.recip().unwrap().all_finite().unwrap());
        assert!(
            x.gt(1.0).unwrap().all_finite().unwrap() && x.argmax(0, false).unwrap().all_finite().unwrap()
        );
    }
}

/// By scikit-learn's `StandardScaler` and `MinMaxScaler` where there is no epsilon.
#[test]
fn scales() {
    for device in every_device() {
        let x = Tensor::new([[1.0f32, 7.0], [3.0, 7.0], [5.0, 7.0]], &device).unwrap();
        let scaled = x.narrow(1, ..1).unwrap().standardise([0], 0.0).unwrap().to_vec::<f32>().unwrap();
        assert!((scaled[0] + 1.224_744_9).abs() < 1e-6 && scaled[1] == 0.0, "{scaled:?} on {device}");
        holds(&x.narrow(1, ..1).unwrap().min_max_scale([0], 0.0), &[3, 1], &[0., 0.5, 1.]);
        // ε is added to the deviation and to the range, and keeps what is constant at 0.
        let scaled = x.narrow(1, ..1).unwrap().min_max_scale([0, 1], 4.0);
        holds(&scaled, &[3, 1], &[0., 0.25, 0.5]);
        let pair = x.narrow(0, ..2).unwrap();
        holds(&pair.standardise([0], 1.0), &[2, 2], &[-0.5, 0., 0.5, 0.]);
        holds(&pair.min_max_scale([0], 2.0), &[2, 2], &[0., 0., 0.5, 0.]);
    }
}

#[test]
fn places_among_sorted_numbers() {
    let places = |hay: &Tensor, values: &Tensor, right| {
        hay.searchsorted(values, right).and_then(|places| places.to_dtype(DType::F32))
    };
    for device in every_device() {
        let hay = Tensor::new([1.0f32, 3.0, 3.0, 5.0, 9.0], &device).unwrap();
        let values = Tensor::new([[3.0f32, 0.0, 9.0], [10.0, 3.0, 4.0]], &device).unwrap();
        holds(&places(&hay, &values, false), &[2, 3], &[1., 0., 4., 5., 1., 3.]);
        holds(&places(&hay, &values, true), &[2, 3], &[3., 0., 5., 5., 3., 3.]);
        holds(&places(&hay, &hay, false), &[5], &[0., 1., 1., 3., 4.]);
        let rows = Tensor::new([[1.0f32, 2.0], [10.0, 20.0]], &device).unwrap();
        holds(&places(&rows, &values, true), &[2, 3], &[2., 0., 2., 1., 0., 0.]);
        let fives = Tensor::new([[5.0f32, 2.0], [5.0, 20.0]], &device).unwrap();
        holds(&places(&rows, &fives, false), &[2, 2], &[2., 1., 0., 1.]);
        holds(&places(&hay.narrow(0, ..0).unwrap(), &hay, true), &[5], &[0.0; 5]);
        // NaN counts as largest, as for NumPy.
        let nan = Tensor::new([f32::NAN], &device).unwrap();
        holds(&places(&hay, &nan, false), &[1], &[5.]);
    }
}

/// Sums, squares and counts leave the range of halves on the way.
#[test]
fn folds_that_need_more_room_than_their_dtype() {
    for subject in devices().unwrap() {
        for dtype in subject.floats() {
            let of = |numbers: &[f64]| {
                let x = Tensor::from_vec(numbers.to_vec(), [numbers.len()], &reference()).unwrap();
                x.to_dtype(dtype).unwrap().to_device(&subject.device).unwrap()
            };
            let item = |x: Result<Tensor>| x.unwrap().item().unwrap().as_f64();
            let many = Tensor::full([70_000], 300, dtype, &subject.device).unwrap();
            assert_eq!(item(many.mean_all()), 300.0, "{dtype} on {}", subject.device);
            let spread = of(&[[0.0; 15].as_slice(), &[512.0]].concat());
            assert_eq!(item(spread.variance([0], false)), 15_360.0, "{dtype} on {}", subject.device);
            assert_eq!(item(of(&[384.0, 512.0]).norm([0], false)), 640.0, "{dtype} on {}", subject.device);
            let log = item(many.logsumexp([0], false));
            assert!((log - 311.156).abs() < 1.0, "{log} in {dtype} on {}", subject.device);
        }
    }
}

#[test]
fn sequences() {
    for device in every_device() {
        holds(&Tensor::linspace(-1.0, 1.0, 5, DType::F32, &device), &[5], &[-1., -0.5, 0., 0.5, 1.]);
        holds(&Tensor::linspace(3.0, 4.0, 1, DType::F32, &device), &[1], &[3.]);
        holds(&Tensor::linspace(3.0, 4.0, 0, DType::F32, &device), &[0], &[]);
        let x = counted(&[2, 1], &device);
        holds(&x.ones_like(), &[2, 1], &[1., 1.]);
        holds(&x.zeros_like(), &[2, 1], &[0., 0.]);
        let index = Tensor::new([2, 0, 5], &device).unwrap();
        holds(&index.one_hot(3, DType::F32), &[3, 3], &[0., 0., 1., 1., 0., 0., 0., 0., 0.]);
    }
}

#[test]
fn operators_chain_over_results() {
    for device in every_device() {
        let (x, y) = (counted(&[2], &device), Tensor::new([2.0f32, 4.0], &device).unwrap());
        holds(&((&x + &y).unwrap() * 2.0), &[2], &[4., 10.]);
        holds(&(&x + (&y * 2.0)), &[2], &[4., 9.]);
        holds(&((&x + &y) * &y), &[2], &[4., 20.]);
        holds(&((&x * &y) + (&x - &y).unwrap()), &[2], &[-2., 1.]);
        holds(&((&x * &y).unwrap() - (&x / &y)), &[2], &[0., 3.75]);
        holds(&(1.0 - (2.0 / y.clone()).unwrap()), &[2], &[0., 0.5]);
        holds(&(-(y.clone() % 3.0).unwrap()), &[2], &[-2., -1.]);
    }
}

#[test]
fn can_be_differentiated_twice() {
    type Row = (&'static str, fn(&[Tensor]) -> Result<Tensor>);
    let rows: [Row; 14] = [
        ("tile", |x| x[0].tile([2, 2])),
        ("repeat", |x| x[0].repeat(1, 3)),
        ("roll", |x| x[0].roll(1, 1)?.mul(&x[0])),
        ("split", |x| x[0].split(1, &[1, 2])?[1].exp()),
        ("tril", |x| x[0].tril(0)?.matmul(&x[0])),
        ("triu", |x| x[0].triu(1)?.exp()),
        ("diagonal", |x| x[0].diagonal(0, 1)?.exp()),
        ("outer", |x| x[0].outer(&x[0].exp()?)),
        ("norm", |x| x[0].norm([1], false)),
        ("logsumexp", |x| x[0].logsumexp([0], false)),
        ("variance", |x| x[0].variance([1], true)),
        ("standardise", |x| x[0].standardise([1], 0.1)),
        ("min-max", |x| x[0].min_max_scale([0], 0.1)),
        ("shift", |x| x[0].shift(1, 0.5, false)?.mul(&x[0])),
    ];
    for (name, f) in rows {
        let result = gradient::check(f, &[fractions(&[3, 3], 1)]);
        assert!(result.is_ok(), "{name}: {}", result.unwrap_err());
    }
}
