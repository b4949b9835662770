//! Leaves of every kind: used twice, tied, of integers, unused, frozen, and what escapes from the function.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::cell::RefCell;

use tensorkeep_autodiff::{Options, grad, value_and_grad, vjp};
use tensorkeep_tensor::module::{State, parameters};
use tensorkeep_tensor::{DType, ErrorKind, Result, Tensor};

fn tensor(values: &[f64]) -> Tensor {
    Tensor::from_vec(values.to_vec(), [values.len()], &tensorkeep_cpu::device()).unwrap()
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_vec().unwrap()
}

#[test]
fn a_leaf_used_twice_gets_the_sum() {
    let x = tensor(&[2.0, 3.0]);
    let dx = grad(|x: &Tensor| x.mul(x)?.add(x)?.sum_all(), &x).unwrap();
    assert_eq!(values(&dx), [5.0, 7.0]);
}

#[test]
fn tied_leaves_hold_their_common_gradient() {
    let x = tensor(&[2.0]);
    let model = (x.clone(), x.clone());
    let product = |m: &(Tensor, Tensor)| m.0.mul(&m.1)?.mul(&m.1)?.sum_all();
    let dx = grad(product, &model).unwrap();
    assert_eq!((values(&dx.0), values(&dx.1)), (vec![12.0], vec![12.0]));
    // One of the two unused: they are one parameter, so it is used.
    assert_eq!(values(&grad(|m: &(Tensor, Tensor)| m.0.sum_all(), &model).unwrap().1), [1.0]);
    // Still tied one level further in.
    let nested = |m: &(Tensor, Tensor)| {
        let inner = grad(product, m)?;
        inner.0.sum_all()
    };
    assert_eq!(values(&grad(nested, &model).unwrap().1), [12.0]);
}

#[test]
fn integer_leaves_have_none() {
    let index = Tensor::new([1i32, 0], &tensorkeep_cpu::device()).unwrap();
    let model = (tensor(&[2.0, 3.0, 4.0]), index);
    let dx = grad(|m: &(Tensor, Tensor)| m.0.take(0, &m.1)?.sum_all(), &model).unwrap();
    assert_eq!(values(&dx.0), [1.0, 1.0, 0.0]);
    assert_eq!((dx.1.elements(), dx.1.dtype()), (0, DType::I32));
}

#[test]
fn an_unused_leaf_is_an_error_that_names_it() {
    let model = vec![(tensor(&[1.0]), tensor(&[1.0])), (tensor(&[1.0]), tensor(&[1.0]))];
    type Model = Vec<(Tensor, Tensor)>;
    let f = |m: &Model| m[0].0.add(&m[0].1)?.add(&m[1].0)?.sum_all();
    let error = grad(f, &model).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoGradient);
    assert!(error.message().contains("leaf 1.1:"), "{error}");
    assert!(error.location().file().ends_with("leaves.rs"), "{error}");

    let (_, allowed) = Options::new().allow_unused("1.*").value_and_grad(f, &model).unwrap();
    assert_eq!(values(&allowed[1].1), [0.0]);
    let (_, frozen) = Options::new().freeze("1.1").value_and_grad(f, &model).unwrap();
    assert_eq!(frozen[1].1.elements(), 0);
    // The same by its very path, and beside what another asks.
    let path = || parameters(&model).into_iter().map(|leaf| leaf.path).filter(|path| path.as_str() == "1.1");
    let (_, frozen) = Options::new().freeze_paths(path()).value_and_grad(f, &model).unwrap();
    assert_eq!((frozen[1].1.elements(), frozen[1].0.elements()), (0, 1));
    let both = Options::new().freeze("0.0").and(&Options::new().freeze_paths(path()));
    let (_, frozen) = both.value_and_grad(f, &model).unwrap();
    assert_eq!([&frozen[0].0, &frozen[0].1, &frozen[1].1].map(Tensor::elements), [0, 1, 0]);
    let both = Options::new().freeze("0.0").and(&Options::new().allow_unused("1.1"));
    assert_eq!(values(&both.value_and_grad(f, &model).unwrap().1[1].1), [0.0]);
    let error = Options::new().freeze_paths(path()).value_and_grad(f, &model[..1].to_vec()).unwrap_err();
    assert!(error.message().contains("pattern `1.1` covers no leaf, the first of 2 is 0.0"), "{error}");

    // A leaf that reaches only what is not differentiable is unused too.
    let x = tensor(&[1.0, 2.0]);
    let error = grad(|x: &Tensor| x.argmax(0, false)?.to_dtype(DType::F64), &x).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoGradient);
}

#[test]
fn no_leaf_at_all_is_an_error() {
    let index = Tensor::new([1i32], &tensorkeep_cpu::device()).unwrap();
    let error = grad(|x: &Tensor| x.sum_all(), &index).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoGradient);
}

#[test]
fn the_result_must_be_one_float() {
    let x = tensor(&[1.0, 2.0]);
    assert_eq!(grad(|x: &Tensor| x.mul(2.0), &x).unwrap_err().kind(), ErrorKind::Shape);
    // Any shape of one element will do.
    assert_eq!(values(&grad(|x: &Tensor| x.sum([0], true), &x).unwrap()), [1.0, 1.0]);
}

#[test]
fn states_reach_the_original_as_plain_numbers() {
    let model = (tensor(&[3.0]), State::new(tensor(&[0.0])));
    let f = |m: &(Tensor, State)| {
        let square = m.0.mul(&m.0)?;
        m.1.set(&square);
        square.sum_all()
    };
    value_and_grad(f, &model).unwrap();
    let stored = model.1.get();
    assert_eq!((values(&stored), stored.device().name()), (vec![9.0], "cpu"));
}

#[test]
fn what_escapes_is_a_plain_number() {
    let escaped: RefCell<Option<Tensor>> = RefCell::new(None);
    let x = tensor(&[3.0]);
    let f = |x: &Tensor| {
        let y = x.mul(x)?;
        *escaped.borrow_mut() = Some(y.clone());
        y.sum_all()
    };
    grad(f, &x).unwrap();
    let escaped = escaped.into_inner().unwrap();
    assert_eq!(values(&escaped), [9.0]);
    assert_eq!(escaped.add(1.0).unwrap().device().name(), "cpu");
}

#[test]
fn a_pullback_serves_many_cotangents() {
    let x = tensor(&[1.0, 2.0]);
    let (y, pullback) = vjp(|x: &Tensor| x.mul(x), &x).unwrap();
    assert_eq!(values(&y), [1.0, 4.0]);
    for dy in [[1.0, 0.0], [0.0, 1.0], [2.0, 3.0]] {
        let dx = pullback.call(&tensor(&dy)).unwrap();
        assert_eq!(values(&dx), [2.0 * dy[0], 4.0 * dy[1]]);
    }
    assert_eq!(pullback.call(&tensor(&[1.0])).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn errors_of_the_function_come_through() {
    let x = tensor(&[1.0, 2.0]);
    let f = |x: &Tensor| -> Result<Tensor> { x.reshape([3])?.sum_all() };
    assert_eq!(grad(f, &x).unwrap_err().kind(), ErrorKind::Shape);
}
