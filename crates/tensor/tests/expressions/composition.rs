//! Composition is substitution.

use tensorkeep_tensor::expr::{Expr, Program};

use crate::eval;

#[test]
fn a_composition_computes_what_its_parts_do() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    let outer = [x.tanh() * &y, x.gt(&y).select(&x, y.exp()), x.pow(&y) - &x];
    let inner = [x.sin() + 2.0, &x * &y, Expr::from(0.5)];
    for f in &outer {
        for (g, h) in inner.iter().zip(inner.iter().rev()) {
            let composed = f.substitute(&[g.clone(), h.clone()]);
            for point in [[0.3, 0.9], [1.7, -0.2]] {
                let parts = [eval(g, &point), eval(h, &point)];
                assert_eq!(eval(&composed, &point).to_bits(), eval(f, &parts).to_bits());
            }
        }
    }
}

#[test]
fn inputs_beyond_the_list_stay() {
    let sum = Expr::input(0) + Expr::input(1) * 10.0;
    assert_eq!(eval(&sum.substitute(&[Expr::input(1)]), &[1.0, 2.0]), 22.0);
    assert_eq!(eval(&sum.substitute(&[Expr::input(1), Expr::input(0)]), &[1.0, 2.0]), 12.0);
}

/// A sum of itself with itself, 300 times over, has 2³⁰⁰ leaves and 301 steps.
#[test]
fn shared_parts_are_walked_once() {
    let doubled = (0..300).fold(Expr::input(0), |x, _| &x + &x);
    let program = Program::new("test", &[doubled.substitute(&[Expr::input(0).sin()])]).unwrap();
    assert_eq!(program.nodes().len(), 302);
    assert!(format!("{doubled:?}").len() < 20_000);
    let rebuilt = Program::new("test", &program.expressions()).unwrap();
    assert_eq!(rebuilt.nodes(), program.nodes());
}
