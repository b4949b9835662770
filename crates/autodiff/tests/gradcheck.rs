//! The check of gradients: what it finds, and what it says.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{Gradcheck, custom_vjp, gradcheck, stop_gradient};
use tensorkeep_tensor::{DType, ErrorKind, Result, Tensor};

fn tensor(values: &[f64]) -> Tensor {
    Tensor::from_vec(values.to_vec(), [values.len()], &tensorkeep_cpu::device()).unwrap()
}

/// Squares, whose slope at element 2 alone is off by a thousandth.
fn slightly_wrong(x: &Tensor) -> Result<Tensor> {
    let rule = |x: &[Tensor], _: &Tensor, dy: &Tensor| {
        let off = tensor(&[2.0, 2.0, 2.002, 2.0]).to_device(x[0].device())?;
        Ok(vec![x[0].mul(&off)?.mul(dy)?])
    };
    custom_vjp(&[x], |x| x[0].mul(&x[0]), rule)
}

#[test]
fn the_worst_element_is_named() {
    let model = (tensor(&[1.0]), tensor(&[1.0, 2.0, 3.0, 4.0]));
    let f = |m: &(Tensor, Tensor)| slightly_wrong(&m.1)?.mul(&m.0);
    let report = Gradcheck::new().report(f, &model).unwrap();
    let worst = report.worst.clone().unwrap();
    assert!(!report.passed());
    assert_eq!((report.compared, worst.path.as_str(), worst.element, worst.at), (5, "1", 2, 3.0));
    assert!((worst.analytic / worst.numeric - 1.001).abs() < 1e-6, "{report}");
    let error = gradcheck(f, &model).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Value);
    assert!(error.message().starts_with("first order: by element 2 of 1 at 3: "), "{error}");
    // A tolerance that allows it, and a sample that passes it over.
    assert!(Gradcheck { tolerance: 1e-2, ..Gradcheck::new() }.report(f, &model).unwrap().passed());
    let few = Gradcheck { elements: 1, ..Gradcheck::new() }.report(f, &model).unwrap();
    assert!(few.passed() && few.compared == 2);
}

#[test]
fn a_right_gradient_passes_in_both_orders() {
    let tied = tensor(&[0.3, -0.7]);
    let model = (tied.clone(), tied, tensor(&[1.5]).to_dtype(DType::F32).unwrap());
    // The tied leaf moves in both places; what is not of f64 is a constant.
    let f = |m: &(Tensor, Tensor, Tensor)| m.0.exp()?.mul(&m.1)?.mul(&m.2.to_dtype(DType::F64)?);
    let report = Gradcheck { second_order: true, ..Gradcheck::new() }.check(f, &model).unwrap();
    assert_eq!(report.compared, 4);
}

#[test]
fn the_second_order_is_checked_where_asked() {
    // The first derivative is right, its own derivative is stopped.
    let f = |x: &Tensor| {
        custom_vjp(&[x], |x| x[0].mul(&x[0]), |x, _, dy| Ok(vec![stop_gradient(&x[0]).mul(2.0)?.mul(dy)?]))
    };
    let x = tensor(&[1.0, 2.0]);
    gradcheck(f, &x).unwrap();
    let error = Gradcheck { second_order: true, ..Gradcheck::new() }.check(f, &x).unwrap_err();
    assert!(error.message().starts_with("second order"), "{error}");
}

#[test]
fn slopes_that_are_no_numbers() {
    // An infinite slope by the rule is not near a finite one by differences.
    assert!(gradcheck(Tensor::sqrt, &tensor(&[0.0])).is_err());
    // A NaN on one side alone.
    let f = |x: &Tensor| custom_vjp(&[x], |x| x[0].exp(), |x, _, _| Ok(vec![x[0].mul(f64::NAN)?]));
    let report = Gradcheck::new().report(f, &tensor(&[0.0])).unwrap();
    assert_eq!(report.worst.unwrap().error, f64::INFINITY);
}

#[test]
fn what_cannot_be_checked_is_refused() {
    let x = tensor(&[1.0]);
    let with = |check: Gradcheck, x: &Tensor| check.report(|x: &Tensor| x.exp(), x).map(|_| ()).err();
    let single = x.to_dtype(DType::F32).unwrap();
    let rows = [
        (with(Gradcheck::new(), &single), ErrorKind::Value, "no leaf is of f64"),
        (with(Gradcheck { step: 0.0, ..Gradcheck::new() }, &x), ErrorKind::Value, "a step of 0"),
        (
            with(Gradcheck { tolerance: f64::NAN, ..Gradcheck::new() }, &x),
            ErrorKind::Value,
            "tolerance of NaN",
        ),
        (gradcheck(|x: &Tensor| x.argmax(0, false), &x).err(), ErrorKind::DType, "i32"),
        (gradcheck(|x: &Tensor| x.reshape([2]), &x).err(), ErrorKind::Shape, ""),
    ];
    for (i, (error, kind, word)) in rows.into_iter().enumerate() {
        let error = error.unwrap();
        assert!(error.kind() == kind && error.message().contains(word), "row {i}: {error}");
    }
}
