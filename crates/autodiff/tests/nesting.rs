//! Gradients of gradients, products with the Jacobian, rules of one's own.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{checkpoint, custom_vjp, grad, jvp, stop_gradient, vjp};
use tensorkeep_tensor::module::State;
use tensorkeep_tensor::{ErrorKind, Result, Tensor};

fn scalar(value: f64) -> Tensor {
    Tensor::new(value, &tensorkeep_cpu::device()).unwrap()
}

fn number(x: &Tensor) -> f64 {
    x.item().unwrap().as_f64()
}

#[test]
fn any_order() {
    // The n-th derivative of x⁵ at 2.
    let f = |x: &Tensor| x.mul(x)?.mul(x)?.mul(x)?.mul(x);
    let d1 = |x: &Tensor| grad(f, x);
    let d2 = |x: &Tensor| grad(d1, x);
    let d3 = |x: &Tensor| grad(d2, x);
    let d4 = |x: &Tensor| grad(d3, x);
    let x = scalar(2.0);
    for (got, want) in [(d1(&x), 80.0), (d2(&x), 160.0), (d3(&x), 240.0), (d4(&x), 240.0)] {
        assert_eq!(number(&got.unwrap()), want);
    }
}

/// The `n`-th derivative of `f`.
fn derivative(n: usize, f: &dyn Fn(&Tensor) -> Result<Tensor>, x: &Tensor) -> Result<Tensor> {
    if n == 0 { f(x) } else { grad(|x: &Tensor| derivative(n - 1, f, x), x) }
}

#[test]
fn programs_do_not_outgrow_their_limits() {
    // dⁿ/dxⁿ eˣ cos x = 2^(n/2) eˣ cos(x + n π/4).
    let f = |x: &Tensor| x.exp()?.mul(&x.cos()?);
    let x = 0.5f64;
    for n in 0..8 {
        let want = 2f64.powf(n as f64 / 2.0) * x.exp() * (x + n as f64 * std::f64::consts::FRAC_PI_4).cos();
        let got = number(&derivative(n, &f, &scalar(x)).unwrap());
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "order {n}: {got}, not {want}");
    }
}

#[test]
fn inner_and_outer_variables_are_not_confused() {
    // d/dx [x · d/dy (x + y)] at x = 1 is 1: Siskind and Pearlmutter's perturbation confusion gives 2.
    let f = |x: &Tensor| x.mul(&grad(|y: &Tensor| x.add(y), &scalar(1.0))?);
    assert_eq!(number(&grad(f, &scalar(1.0)).unwrap()), 1.0);
    // d/dx [d/dy (x² y³)] = 6 x y² = 36 at x = 1.5, y = 2.
    let g = |x: &Tensor| grad(|y: &Tensor| x.mul(x)?.mul(y)?.mul(y)?.mul(y), &scalar(2.0));
    assert_eq!(number(&grad(g, &scalar(1.5)).unwrap()), 36.0);
}

#[test]
fn pushing_forward_is_the_directional_derivative() {
    let x = Tensor::new([1.0f64, 2.0], &tensorkeep_cpu::device()).unwrap();
    let v = Tensor::new([1.0f64, -1.0], &tensorkeep_cpu::device()).unwrap();
    let (y, dy) = jvp(|x: &Tensor| x.mul(x), &x, &v).unwrap();
    assert_eq!((y.to_vec::<f64>().unwrap(), dy.to_vec::<f64>().unwrap()), (vec![1.0, 4.0], vec![2.0, -4.0]));
    // Hessian times vector: forward over reverse. f = Σ x³, H v = 6 x v.
    let cube = |x: &Tensor| x.mul(x)?.mul(x)?.sum_all();
    let (_, hv) = jvp(|x: &Tensor| grad(cube, x), &x, &v).unwrap();
    assert_eq!(hv.to_vec::<f64>().unwrap(), [6.0, -12.0]);
    // A function that is constant in its argument.
    let (_, zero) = jvp(|_: &Tensor| Ok(scalar(1.0)), &x, &v).unwrap();
    assert_eq!(number(&zero), 0.0);
    assert_eq!(jvp(cube, &x, &scalar(1.0)).unwrap_err().kind(), ErrorKind::Shape);
}

#[test]
fn stopped_gradients_stop_at_every_level() {
    let f = |x: &Tensor| x.mul(&stop_gradient(x));
    assert_eq!(number(&grad(f, &scalar(3.0)).unwrap()), 3.0);
    assert_eq!(number(&grad(|x: &Tensor| grad(f, x)?.add(&x.mul(0.0)?), &scalar(3.0)).unwrap()), 0.0);
}

#[test]
fn custom_rules_hold_at_every_level() {
    // The rule says cos where the derivative of sin is asked for, scaled by 10 to tell it apart.
    let f =
        |x: &Tensor| custom_vjp(&[x], |x| x[0].sin(), |x, _, dy| Ok(vec![x[0].cos()?.mul(dy)?.mul(10.0)?]));
    let x = scalar(0.5);
    assert_eq!(number(&f(&x).unwrap()), 0.5f64.sin());
    assert!((number(&grad(f, &x).unwrap()) - 10.0 * 0.5f64.cos()).abs() < 1e-15);
    // The derivative of the rule: −10 sin.
    let second = grad(|x: &Tensor| grad(f, x), &x).unwrap();
    assert!((number(&second) + 10.0 * 0.5f64.sin()).abs() < 1e-14);
}

#[test]
fn custom_rules_are_checked() {
    let x = scalar(1.0);
    let count = |x: &Tensor| custom_vjp(&[x], |x| x[0].exp(), |_, _, _| Ok(vec![]));
    assert_eq!(grad(count, &x).unwrap_err().kind(), ErrorKind::Value);
    let shape = |x: &Tensor| custom_vjp(&[x], |x| x[0].exp(), |_, _, dy| Ok(vec![dy.unsqueeze(0)?]));
    assert_eq!(grad(shape, &x).unwrap_err().kind(), ErrorKind::Shape);
    let captures = |x: &Tensor| {
        let one = x.mul(0.0)?.add(1.0)?;
        custom_vjp(&[x], |y| y[0].mul(x), move |_, _, _| Ok(vec![one.clone()]))
    };
    assert_eq!(grad(captures, &x).unwrap_err().kind(), ErrorKind::Value);
}

#[test]
fn checkpoints_change_no_gradient() {
    type Model = (Tensor, Tensor);
    let model: Model = (scalar(0.7), scalar(1.3));
    let body = |m: &Model| m.0.mul(&m.1)?.sin()?.mul(&m.0);
    let plain = |m: &Model| body(m)?.exp();
    let kept = |m: &Model| checkpoint(m, body)?.exp();
    let (a, b) = (grad(plain, &model).unwrap(), grad(kept, &model).unwrap());
    assert_eq!((number(&a.0), number(&a.1)), (number(&b.0), number(&b.1)));
    // Second order.
    let second = |f: fn(&Model) -> tensorkeep_tensor::Result<Tensor>| {
        grad(|m: &Model| grad(f, m)?.0.mul(&m.1), &model).unwrap()
    };
    let (a, b) = (
        second(|m| m.0.mul(&m.1)?.sin()?.mul(&m.0)?.exp()),
        second(|m| checkpoint(m, |m: &Model| m.0.mul(&m.1)?.sin()?.mul(&m.0))?.exp()),
    );
    assert!((number(&a.0) - number(&b.0)).abs() < 1e-12 && (number(&a.1) - number(&b.1)).abs() < 1e-12);
}

#[test]
fn tied_leaves_count_once_in_a_checkpoint() {
    let x = scalar(3.0);
    let f = |x: &Tensor| checkpoint(&(x.clone(), x.clone()), |m: &(Tensor, Tensor)| m.0.mul(&m.1));
    assert_eq!(number(&grad(f, &x).unwrap()), 6.0);
}

#[test]
fn states_in_a_checkpoint_move_once() {
    type Model = (Tensor, State, Tensor);
    let model: Model = (scalar(2.0), State::new(scalar(0.0)), scalar(5.0));
    let body = |m: &Model| {
        m.1.set(&m.1.get().add(1.0)?);
        m.0.mul(&m.0)?.mul(&m.2)
    };
    let dx = grad(|m: &Model| checkpoint(m, body), &model).unwrap();
    assert_eq!((number(&dx.0), number(&dx.2), number(&model.1.get())), (20.0, 4.0, 1.0));
}

#[test]
fn a_captured_tensor_in_a_checkpoint_is_an_error() {
    let x = scalar(2.0);
    let f = |x: &Tensor| {
        let captured = x.mul(3.0)?;
        checkpoint(x, move |x| x.mul(&captured))
    };
    assert_eq!(grad(f, &x).unwrap_err().kind(), ErrorKind::Value);
}

#[test]
fn a_pullback_can_be_differentiated() {
    let (x, u) = (scalar(2.0), scalar(5.0));
    // d/du (u · 3x²) = 12.
    let (_, pullback) = vjp(|x: &Tensor| x.mul(x)?.mul(x), &x).unwrap();
    assert_eq!(number(&grad(|u: &Tensor| pullback.call(u), &u).unwrap()), 12.0);
}
