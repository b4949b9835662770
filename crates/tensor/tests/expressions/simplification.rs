//! What is simplified while an expression is written, and that it changes no bit: against the same expression
//! with a parameter or an input in the place of the constant, which nothing can see through.

use tensorkeep_tensor::expr::{Binary, Expr, Program, Unary};
use tensorkeep_tensor::{DType, Scalar};

use crate::{bits, eval_as};

const AWKWARD: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    -1.5,
    0.1,
    1e-310,
    f64::MIN_POSITIVE,
    f64::MAX,
    -f64::MAX,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];

fn steps(expr: &Expr) -> usize {
    Program::new("test", std::slice::from_ref(expr)).unwrap().nodes().len()
}

#[test]
fn neutral_constants_vanish() {
    let (x, p) = (Expr::input(0), Expr::param(0));
    let rows = [
        (&x * 1.0, &x * &p, 1.0),
        (1.0 * &x, &p * &x, 1.0),
        (&x / 1.0, &x / &p, 1.0),
        (x.pow(1.0), x.pow(&p), 1.0),
        (&x - 0.0, &x - &p, 0.0),
    ];
    for (simple, full, neutral) in rows {
        assert_eq!(steps(&simple), 1);
        for dtype in [DType::F64, DType::F32, DType::F16, DType::BF16, DType::I64, DType::I32, DType::U8] {
            for value in AWKWARD {
                let value = Scalar::Float(value).cast(dtype);
                let simple = eval_as(dtype, &simple, &[value], &[]);
                let full = eval_as(dtype, &full, &[value], &[Scalar::Float(neutral)]);
                assert_eq!(bits(simple), bits(full), "{value} in {dtype} beside {neutral}");
            }
        }
    }
}

/// `x + 0`, `x − (−0)` and `0 · x` look alike and are not: `−0 + 0` is `0`, and `0 · ∞` is NaN.
#[test]
fn what_would_change_a_bit_stays() {
    let x = Expr::input(0);
    for expr in [&x + 0.0, 0.0 + &x, &x - -0.0, &x * 0.0, 0.0 / &x, x.pow(0.0), &x - &x, &x / &x] {
        assert!(steps(&expr) > 1);
    }
    assert_eq!(bits(eval_as(DType::F64, &(&x + 0.0), &[Scalar::Float(-0.0)], &[])), bits(Scalar::Float(0.0)));
}

/// In `f64`, whatever the dtype beside them: as if their value had been written.
#[test]
fn constants_fold() {
    for function in Unary::ALL.into_iter().filter(|function| function.domain().keeps_float()) {
        assert_eq!(steps(&Expr::from(0.7).unary(function)), 1, "{}", function.name());
        for value in AWKWARD {
            let folded = eval_as(DType::F64, &Expr::from(value).unary(function).cast(DType::F64), &[], &[]);
            let full = eval_as(DType::F64, &Expr::input(0).unary(function), &[Scalar::Float(value)], &[]);
            assert_eq!(bits(folded), bits(full), "{} of {value}", function.name());
        }
    }
    for function in Binary::ALL.into_iter().filter(|function| function.domain().keeps_float()) {
        assert_eq!(steps(&Expr::from(0.7).binary(function, 0.3)), 1, "{}", function.name());
        for a in AWKWARD {
            for b in AWKWARD {
                let folded =
                    eval_as(DType::F64, &Expr::from(a).binary(function, b).cast(DType::F64), &[], &[]);
                let inputs = [Scalar::Float(a), Scalar::Float(b)];
                let full =
                    eval_as(DType::F64, &Expr::input(0).binary(function, Expr::input(1)), &inputs, &[]);
                assert_eq!(bits(folded), bits(full), "{} of {a} and {b}", function.name());
            }
        }
    }
}

/// Half of an integer is not the half of a float, so only floats fold.
#[test]
fn integer_constants_wait_for_their_dtype() {
    let x = Expr::input(0);
    let half = Expr::from(1) / 2;
    assert_eq!(eval_as(DType::I32, &(&x + &half), &[Scalar::Int(5)], &[]), Scalar::Int(5));
    assert_eq!(eval_as(DType::F32, &(&x + &half), &[Scalar::Float(5.0)], &[]), Scalar::Float(5.5));
}

#[test]
fn a_choice_that_is_known_is_made() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    assert_eq!(steps(&Expr::from(true).select(&x, y.exp())), 1);
    assert_eq!(steps(&Expr::from(false).select(y.exp(), &x)), 1);
    assert_eq!(steps(&-(-&x)), 1);
    assert_eq!(steps(&x.cast(DType::F32).cast(DType::F32)), 2);
}
