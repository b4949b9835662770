//! Gradients of leaves and cotangents out of the ordinary: empty, of every float dtype, infinite, from several threads.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{Options, checkpoint, custom_vjp, grad, jvp, stop_gradient, vjp};
use tensorkeep_tensor::op::{Gather, GatherKind, ScatterMode};
use tensorkeep_tensor::{DType, Result, Tensor};

type Pair = (Tensor, Tensor);

fn vector(values: &[f64]) -> Tensor {
    Tensor::new(values, &tensorkeep_cpu::device()).unwrap()
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_vec().unwrap()
}

#[test]
fn every_float_dtype_keeps_its_own() {
    for dtype in [DType::F64, DType::F32, DType::F16, DType::BF16] {
        let x = vector(&[1.0, 2.0]).to_dtype(dtype).unwrap();
        let dx = grad(|x: &Tensor| x.mul(x)?.sum_all(), &x).unwrap();
        assert_eq!((dx.dtype(), values(&dx.to_dtype(DType::F64).unwrap())), (dtype, vec![2.0, 4.0]));
        // Computed in another dtype, as mixed precision does.
        let wide = grad(|x: &Tensor| x.to_dtype(DType::F32)?.map(|x| x * x)?.sum_all(), &x).unwrap();
        assert_eq!((wide.dtype(), values(&wide.to_dtype(DType::F64).unwrap())), (dtype, vec![2.0, 4.0]));
        let (_, pushed) = jvp(|x: &Tensor| x.to_dtype(DType::F32)?.map(|x| x * x), &x, &x).unwrap();
        assert_eq!((pushed.dtype(), pushed.to_vec::<f32>().unwrap()), (DType::F32, vec![2.0, 8.0]));
    }
}

#[test]
fn empty_leaves_have_empty_gradients() {
    type Function = fn(&Tensor) -> Result<Tensor>;
    let rows: [(&str, Function); 12] = [
        ("sum", |x| x.sum_all()),
        ("map", |x| x.exp()?.mul(x)?.sum_all()),
        ("product", |x| x.prod([0], false)?.sum_all()),
        ("matmul within", |x| x.matmul(&x.t()?)?.sum_all()),
        ("matmul without", |x| x.t()?.matmul(x)?.sum_all()),
        ("softmax", |x| x.softmax()?.mul(x)?.sum_all()),
        ("layer norm", |x| x.layer_norm(1e-5)?.sum_all()),
        ("scan", |x| x.cumsum(0)?.cumprod(1)?.sum_all()),
        ("views", |x| x.flip(0)?.unsqueeze(0)?.broadcast_to([2, 0, 3])?.sum_all()),
        ("concat", |x| Tensor::concat(&[x, x], 0)?.sum_all()),
        ("sort", |x| x.sort(0, false)?.0.sum_all()),
        ("second order", |x| grad(|x: &Tensor| x.exp()?.sum_all(), x)?.mul(x)?.sum_all()),
    ];
    let x = Tensor::zeros([0, 3], DType::F64, &tensorkeep_cpu::device()).unwrap();
    for (name, f) in rows {
        let dx = grad(f, &x).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(*dx.shape(), [0, 3], "{name}");
    }
    // An empty leaf among others, one of whose sides is empty.
    let model: Pair = (Tensor::zeros([3, 0], DType::F64, x.device()).unwrap(), x);
    let dx = grad(|m: &Pair| m.0.matmul(&m.1)?.sum_all(), &model).unwrap();
    assert_eq!((dx.0.shape().to_vec(), dx.1.shape().to_vec()), (vec![3, 0], vec![0, 3]));
}

#[test]
fn the_leaf_itself() {
    let x = Tensor::new(3.0f64, &tensorkeep_cpu::device()).unwrap();
    assert_eq!(values(&grad(|x: &Tensor| Ok(x.clone()), &x).unwrap()), [1.0]);
    // At every level, and through every door.
    let nested = grad(|x: &Tensor| grad(|x: &Tensor| Ok(x.clone()), x)?.mul(x), &x);
    assert_eq!(values(&nested.unwrap()), [1.0]);
    assert_eq!(values(&grad(|x: &Tensor| checkpoint(x, |x: &Tensor| Ok(x.clone())), &x).unwrap()), [1.0]);
    let rule = |x: &Tensor| custom_vjp(&[x], |x| Ok(x[0].clone()), |_, _, dy| Ok(vec![dy.mul(7.0)?]));
    assert_eq!(values(&grad(rule, &x).unwrap()), [7.0]);
    assert_eq!(values(&jvp(|x: &Tensor| Ok(x.clone()), &x, &x).unwrap().1), [3.0]);
    let (y, pullback) = vjp(|x: &Tensor| Ok(x.clone()), &x).unwrap();
    assert_eq!((values(&y), values(&pullback.call(&x).unwrap())), (vec![3.0], vec![3.0]));
}

/// Infinite and missing cotangents arrive where they belong and nowhere else.
#[test]
fn cotangents_that_are_not_finite() {
    const INF: f64 = f64::INFINITY;
    type Function = fn(&Tensor) -> Result<Tensor>;
    let rows: [(&str, Function, &[f64], &[f64]); 9] = [
        ("add", |x| x.add(1.0), &[INF, -INF, f64::NAN], &[INF, -INF, f64::NAN]),
        ("relu", Tensor::relu, &[INF, INF, f64::NAN], &[INF, 0.0, f64::NAN]),
        ("where", |x| x.map(|x| x.gt(0.0).select(x, 0.0)), &[INF, INF, 1.0], &[INF, 0.0, 1.0]),
        ("slice", |x| x.narrow(0, 1..2), &[INF], &[0.0, INF, 0.0]),
        ("pick", |x| x.take(0, &Tensor::new([2], &tensorkeep_cpu::device())?), &[INF], &[0.0, 0.0, INF]),
        ("max", |x| x.max([0], false), &[INF], &[0.0, 0.0, INF]),
        ("sort", |x| Ok(x.sort(0, false)?.0), &[INF, 1.0, 2.0], &[1.0, INF, 2.0]),
        ("put", put, &[1.0, INF, 2.0], &[0.0, INF, 1.0]),
        ("concat", |x| Tensor::concat(&[x, x], 0), &[INF, 1.0, 2.0, 3.0, 4.0, 5.0], &[INF, 5.0, 7.0]),
    ];
    // The second update replaces the first.
    fn put(x: &Tensor) -> Result<Tensor> {
        let (along, index) =
            (Gather { kind: GatherKind::Along, axis: 0 }, Tensor::new([1, 1, 0], x.device())?);
        x.zeros_like()?.scatter(along, ScatterMode::Set, &index, x)
    }
    let x = vector(&[1.0, -2.0, 3.0]);
    for (name, f, dy, want) in rows {
        let (y, pullback) = vjp(f, &x).unwrap();
        let got = values(&pullback.call(&vector(dy).reshape(y.shape()).unwrap()).unwrap());
        let same = |(got, want): (&f64, &f64)| got == want || (got.is_nan() && want.is_nan());
        assert!(got.iter().zip(want).all(same), "{name}: {got:?} is not {want:?}");
    }
}

/// NaN wins a maximum, and with it the gradient.
#[test]
fn the_gradient_of_a_maximum_goes_to_nan() {
    let x = vector(&[1.0, f64::NAN, 3.0, f64::NAN]);
    for f in [|x: &Tensor| x.max([0], false), |x: &Tensor| x.min([0], false)] {
        assert_eq!(values(&grad(f, &x).unwrap()), [0.0, 0.5, 0.0, 0.5]);
    }
}

/// A tied leaf moves one way, so its tangent counts once.
#[test]
fn tied_leaves_are_one() {
    let x = vector(&[2.0, 3.0]);
    let tied: Pair = (x.clone(), x.clone());
    let product = |m: &Pair| m.0.mul(&m.1);
    let v = vector(&[1.0, 10.0]);
    let (_, pushed) = jvp(product, &tied, &(v.clone(), v)).unwrap();
    assert_eq!(values(&pushed), [4.0, 60.0]);
    // Frozen under one name is frozen under all.
    let other = vector(&[5.0, 5.0]);
    let f = |m: &(Pair, Tensor)| m.0.0.mul(&m.0.1)?.mul(&m.1)?.sum_all();
    let (_, dx) = Options::new().freeze("0.1").value_and_grad(f, &(tied, other)).unwrap();
    assert_eq!((dx.0.0.elements(), dx.0.1.elements(), values(&dx.1)), (0, 0, vec![4.0, 9.0]));
}

/// Tensors that share their numbers are not one leaf if only one of them carries a gradient.
#[test]
fn a_stopped_gradient_stays_stopped_in_a_checkpoint() {
    let x = vector(&[2.0, 3.0]);
    let f = |x: &Tensor| checkpoint(&(x.clone(), stop_gradient(x)), |m: &Pair| m.0.mul(&m.1)?.sum_all());
    assert_eq!(values(&grad(f, &x).unwrap()), [2.0, 3.0]);
    let second = |x: &Tensor| grad(f, x)?.mul(x)?.sum_all();
    assert_eq!(values(&grad(second, &x).unwrap()), [2.0, 3.0]);
}

#[test]
fn an_unused_leaf_of_a_checkpoint_is_unused() {
    let model: Pair = (vector(&[2.0]), vector(&[3.0]));
    let f = |m: &Pair| checkpoint(m, |m: &Pair| m.0.sum_all());
    let error = grad(f, &model).unwrap_err();
    assert!(error.message().contains("leaf 1:"), "{error}");
}

#[test]
fn threads_do_not_meet() {
    let x = vector(&[1.0, 2.0, 3.0]);
    let cube = |x: &Tensor| x.mul(x)?.mul(x)?.sum_all();
    let many = || {
        for i in 0..200 {
            let scale = f64::from(i);
            let d = grad(|x: &Tensor| grad(cube, x)?.mul(scale)?.sum_all(), &x).unwrap();
            assert_eq!(values(&d), [6.0 * scale, 12.0 * scale, 18.0 * scale]);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(many);
        }
    });
}

/// Several threads may compute parts of one result.
#[test]
fn threads_may_share_a_recording() {
    let x = vector(&[1.0, 2.0, 3.0]);
    let parts = |x: &Tensor| {
        let powers = std::thread::scope(|scope| {
            let power = |n: usize| (1..n).try_fold(x.clone(), |y, _| y.mul(x));
            let threads = [1, 2, 3, 4].map(|n| scope.spawn(move || power(n)));
            threads.map(|thread| thread.join().unwrap())
        });
        powers.into_iter().try_fold(x.mul(0.0)?, |sum, power| sum.add(&power?))?.sum_all()
    };
    // 1 + 2x + 3x² + 4x³.
    assert_eq!(values(&grad(parts, &x).unwrap()), [10.0, 49.0, 142.0]);
}
