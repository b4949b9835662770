//! Jacobians, Hessians and gradients of examples on trees of every kind, and what goes wrong.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{
    checkpoint, custom_jvp, grad, hessian, hessian_diagonal, hook, hvp, jacfwd, jacobian, jacrev, jvp,
    per_example_grads, value_and_jacobian,
};
use tensorkeep_tensor::module::State;
use tensorkeep_tensor::{DType, ErrorKind, Result, Tensor};

fn tensor(values: &[f64]) -> Tensor {
    Tensor::from_vec(values.to_vec(), [values.len()], &tensorkeep_cpu::device()).unwrap()
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_vec().unwrap()
}

type Jacobian<M> = fn(fn(&M) -> Result<Tensor>, &M) -> Result<M>;

/// Each direction, which give the same.
fn directions<M: tensorkeep_tensor::Module + Clone>() -> [Jacobian<M>; 3] {
    [jacrev, jacfwd, jacobian]
}

#[test]
fn a_tree_of_jacobians() {
    type Model = (Tensor, Tensor, Tensor, Tensor);
    let shared = tensor(&[2.0, 3.0]);
    let index = Tensor::new([1i32, 0], &tensorkeep_cpu::device()).unwrap();
    let model: Model = (shared.clone(), index, shared, tensor(&[5.0]));
    // Of a tied leaf twice, an index, and a leaf that is not used.
    let f = |m: &Model| m.0.mul(&m.2)?.take(0, &m.1);
    for jacobian in directions() {
        let j = jacobian(f, &model).unwrap();
        assert_eq!((j.0.shape().sizes(), values(&j.0)), ([2, 2].as_slice(), vec![0.0, 6.0, 4.0, 0.0]));
        assert!(j.0.is_same(&j.2));
        assert_eq!((j.1.elements(), j.1.dtype()), (0, DType::I32));
        assert_eq!((j.3.shape().sizes(), values(&j.3)), ([2, 1].as_slice(), vec![0.0, 0.0]));
    }
}

#[test]
fn shapes_of_jacobians() {
    let x = tensor(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape([2, 3]).unwrap();
    type Row = (fn(&Tensor) -> Result<Tensor>, &'static [usize]);
    let rows: [Row; 5] = [
        (|x| x.sum_all(), &[2, 3]),
        (|x| x.sum([0], false), &[3, 2, 3]),
        (|x| Tensor::concat(&[x, x], 1), &[2, 6, 2, 3]),
        (|x| x.narrow(0, ..0), &[0, 3, 2, 3]),
        (|x| Tensor::ones([2], DType::F64, x.undecorated().device()), &[2, 2, 3]),
    ];
    for (i, (f, want)) in rows.into_iter().enumerate() {
        for jacobian in directions() {
            assert_eq!(jacobian(f, &x).unwrap().shape().sizes(), want, "row {i}");
        }
    }
    let empty = tensor(&[]);
    for jacobian in directions() {
        assert_eq!(jacobian(|x| x.mul(2.0), &empty).unwrap().shape().sizes(), [0, 0]);
    }
}

#[test]
fn a_jacobian_can_be_differentiated() {
    // J of x³ is diag 3x²; the gradient of its sum is 6x.
    let x = tensor(&[1.0, 2.0]);
    let cube: fn(&Tensor) -> Result<Tensor> = |x| x.mul(x)?.mul(x);
    for jacobian in directions() {
        let sum = |x: &Tensor| jacobian(cube, x)?.sum_all();
        assert_eq!(values(&grad(sum, &x).unwrap()), [6.0, 12.0]);
    }
}

#[test]
fn second_derivatives_of_a_tree() {
    type Model = (Tensor, Tensor, Tensor);
    let shared = tensor(&[2.0]);
    let model: Model = (shared.clone(), tensor(&[3.0, 5.0]), shared);
    // a² b₀ b₁, whose a stands in two places.
    let f = |m: &Model| m.0.mul(&m.2)?.sum_all()?.mul(&m.1.prod([0], false)?);
    let h = hessian(f, &model).unwrap();
    assert_eq!(h.shape().sizes(), [3, 3]);
    assert_eq!(values(&h), [30.0, 20.0, 12.0, 20.0, 0.0, 4.0, 12.0, 4.0, 0.0]);
    let diagonal = hessian_diagonal(f, &model).unwrap();
    assert_eq!((values(&diagonal.0), values(&diagonal.1)), (vec![30.0], vec![0.0, 0.0]));
    assert!(diagonal.0.is_same(&diagonal.2));
    let v = tensor(&[1.0]);
    let hv = hvp(f, &model, &(v.clone(), tensor(&[0.5, -1.0]), v)).unwrap();
    assert_eq!((values(&hv.0), values(&hv.1)), (vec![28.0], vec![16.0, 14.0]));
    // Linear, and without one of its leaves.
    let linear = |m: &Model| m.1.sum_all();
    assert_eq!(values(&hessian(linear, &model).unwrap()), [0.0; 9]);
    assert_eq!(values(&hvp(linear, &model, &model).unwrap().1), [0.0; 2]);
    assert_eq!(values(&hessian_diagonal(linear, &model).unwrap().0), [0.0]);
}

/// Dtypes may differ from leaf to leaf.
#[test]
fn leaves_of_two_dtypes() {
    let model = (tensor(&[2.0]).to_dtype(DType::F32).unwrap(), tensor(&[3.0]));
    type Model = (Tensor, Tensor);
    let f = |m: &Model| m.0.to_dtype(DType::F64)?.mul(&m.1)?.mul(&m.1)?.sum_all();
    assert_eq!(values(&hessian(f, &model).unwrap()), [0.0, 6.0, 6.0, 4.0]);
    let hv = hvp(f, &model, &model).unwrap();
    assert_eq!((hv.0.to_vec::<f32>().unwrap(), values(&hv.1)), (vec![18.0], vec![24.0]));
    assert_eq!(hessian_diagonal(f, &model).unwrap().0.dtype(), DType::F32);
    let j = jacobian(f, &model).unwrap();
    assert_eq!((j.0.to_vec::<f32>().unwrap(), values(&j.1)), (vec![9.0], vec![12.0]));
}

#[test]
fn examples_one_by_one() {
    type Model = (Tensor, Tensor, State);
    let index = Tensor::new([0i32], &tensorkeep_cpu::device()).unwrap();
    let model: Model = (tensor(&[1.0, 2.0]), index, State::new(tensor(&[0.0])));
    let x = tensor(&[1.0, 2.0, 3.0]).reshape([3, 1]).unwrap();
    let loss = |m: &Model, batch: &[Tensor]| {
        m.2.set(&m.2.get().add(1.0)?);
        batch[0].mul(&m.0)?.mul(&m.0)?.sum_all()
    };
    let (losses, grads) = per_example_grads(loss, &model, &[&x]).unwrap();
    assert_eq!(values(&losses), [5.0, 10.0, 15.0]);
    assert_eq!(
        (grads.0.shape().sizes(), values(&grads.0)),
        ([3, 2].as_slice(), vec![2.0, 4.0, 4.0, 8.0, 6.0, 12.0])
    );
    assert_eq!(grads.1.elements(), 0);
    assert_eq!(values(&model.2.get()), [3.0], "each example was seen");
    // The gradient of the sum is the sum of the gradients.
    let whole = grad(|m: &Model| loss(m, std::slice::from_ref(&x)), &model).unwrap();
    assert_eq!(values(&grads.0.sum([0], false).unwrap()), values(&whole.0));
}

#[test]
fn a_rule_written_forward() {
    // sin with a tangent ten times too large, to tell it apart, at each order and in each direction.
    let f = |x: &Tensor| custom_jvp(&[x], |x| x[0].sin(), |x, _, dx| x[0].cos()?.mul(&dx[0])?.mul(10.0));
    let x = tensor(&[0.5]);
    let near = |x: &Tensor, want: f64| assert!((values(x)[0] - want).abs() < 1e-14, "{x:?}, not {want}");
    near(&f(&x).unwrap(), 0.5f64.sin());
    near(&grad(f, &x).unwrap(), 10.0 * 0.5f64.cos());
    near(&jvp(f, &x, &tensor(&[3.0])).unwrap().1, 30.0 * 0.5f64.cos());
    near(&grad(|x: &Tensor| grad(f, x), &x).unwrap(), -10.0 * 0.5f64.sin());
    near(&jacfwd(f, &x).unwrap(), 10.0 * 0.5f64.cos());
    // Of two inputs, one an index and one that the tangent does not use.
    let index = Tensor::new([1i32], &tensorkeep_cpu::device()).unwrap();
    let pick = |m: &(Tensor, Tensor)| {
        let forward = |x: &[Tensor]| x[0].take(0, &x[2])?.add(&x[1].sum_all()?);
        custom_jvp(&[&m.0, &m.1, &index], forward, |x, _, dx| dx[0].take(0, &x[2]))?.sum_all()
    };
    let pair = (tensor(&[1.0, 2.0]), tensor(&[3.0]));
    let unused = grad(pick, &pair).unwrap_err();
    assert_eq!(unused.kind(), ErrorKind::NoGradient, "{unused}");
    let dx = tensorkeep_autodiff::Options::new().allow_unused("1").value_and_grad(pick, &pair).unwrap().1;
    assert_eq!((values(&dx.0), values(&dx.1)), (vec![0.0, 1.0], vec![0.0]));
}

#[test]
fn a_hook_sees_the_sum_of_what_arrives() {
    use std::sync::{Arc, Mutex};
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&seen);
    let f = move |x: &Tensor| {
        let list = Arc::clone(&list);
        let x = hook(x, move |dx| {
            list.lock().unwrap().push(dx.to_vec::<f64>().unwrap());
            dx.mul(-1.0)
        })?;
        x.mul(3.0)?.sum_all()?.add(&x.mul(&x)?.sum_all()?)
    };
    let x = tensor(&[1.0, 2.0]);
    assert_eq!(values(&f(&x).unwrap()), [14.0]);
    assert!(seen.lock().unwrap().is_empty(), "without a gradient there is nothing to see");
    assert_eq!(values(&grad(&f, &x).unwrap()), [-5.0, -7.0]);
    assert_eq!(*seen.lock().unwrap(), [[5.0, 7.0]]);
    // It is part of the derivative: what is turned round in the gradient is turned back in the gradient of
    // that.
    assert_eq!(values(&hessian(&f, &x).unwrap()), [2.0, 0.0, 0.0, 2.0]);
    // In a checkpoint too.
    let kept = grad(|x: &Tensor| checkpoint(x, |x| hook(x, |dx| dx.mul(2.0)))?.sum_all(), &x).unwrap();
    assert_eq!(values(&kept), [2.0, 2.0]);
}

#[test]
fn what_has_no_derivative_is_refused() {
    let x = tensor(&[1.0, 2.0]);
    let index = Tensor::new([1i32], &tensorkeep_cpu::device()).unwrap();
    let square = |x: &Tensor| x.mul(x);
    let sum = |x: &Tensor| square(x)?.sum_all();
    let wide = Tensor::zeros([1 << 20], DType::F64, &tensorkeep_cpu::device()).unwrap();
    let deep = x.reshape([1, 1, 1, 1, 2]).unwrap();
    let each = |batch: &[&Tensor]| {
        per_example_grads(|x: &Tensor, batch: &[Tensor]| x.mul(&batch[0])?.sum_all(), &x, batch)
    };
    let rows = [
        ("an index", jacobian(|x: &Tensor| x.argmax(0, false), &x).err(), ErrorKind::DType),
        ("by an index", jacobian(|x: &Tensor| Ok(x.clone()), &index).err(), ErrorKind::NoGradient),
        ("too many axes", jacobian(square, &deep).err(), ErrorKind::Limit),
        ("too many axes forward", jacfwd(square, &deep).err(), ErrorKind::Limit),
        ("too large", hessian(sum, &wide).err(), ErrorKind::Limit),
        ("its own error", value_and_jacobian(|x: &Tensor| x.reshape([3]), &x).err(), ErrorKind::Shape),
        ("a Hessian of two numbers", hessian(square, &x).err(), ErrorKind::Shape),
        ("a Hessian by an index", hessian(sum, &index).err(), ErrorKind::Value),
        ("a diagonal of two numbers", hessian_diagonal(square, &x).err(), ErrorKind::Shape),
        ("a product along two ways", hvp(sum, &x, &x.sum_all().unwrap()).err(), ErrorKind::Shape),
        ("no batch", each(&[]).err(), ErrorKind::Value),
        ("an empty batch", each(&[&tensor(&[])]).err(), ErrorKind::Value),
        ("a number as a batch", each(&[&x.sum_all().unwrap()]).err(), ErrorKind::Shape),
        ("two and one examples", each(&[&x, &tensor(&[1.0])]).err(), ErrorKind::Shape),
    ];
    for (name, error, kind) in rows {
        let error = error.unwrap_or_else(|| panic!("{name} went through"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.location().file().ends_with("jacobians.rs"), "{name}: {error}");
    }
}
