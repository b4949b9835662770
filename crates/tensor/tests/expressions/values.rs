//! The values of single functions at the edges of each dtype.

use tensorkeep_tensor::expr::{Binary, Expr, Unary};
use tensorkeep_tensor::{DType, Scalar};

use crate::{bits, eval_as};

/// Integers wrap modulo 2ⁿ; division cuts towards zero, the remainder has the sign of the divisor, by zero
/// gives 0.
#[test]
fn integers() {
    use Binary::{Add, Div, Max, Min, Mul, Pow, Rem, Sub};
    let (most, least) = (i64::MAX, i64::MIN);
    let rows = [
        (DType::I64, Add, most, 1, least),
        (DType::I64, Sub, least, 1, most),
        (DType::I64, Mul, most, 2, -2),
        (DType::I64, Div, least, -1, least),
        (DType::I64, Rem, least, -1, 0),
        (DType::I64, Div, -7, 2, -3),
        (DType::I64, Rem, -7, 2, 1),
        (DType::I64, Rem, 7, -2, -1),
        (DType::I64, Rem, -7, -2, -1),
        (DType::I64, Div, 7, 0, 0),
        (DType::I64, Rem, 7, 0, 0),
        (DType::I64, Pow, 3, 4, 81),
        (DType::I64, Pow, 2, 64, 0),
        (DType::I64, Pow, -2, 63, least),
        (DType::I64, Pow, 0, 0, 1),
        (DType::I64, Pow, 2, -1, 0),
        (DType::I64, Pow, -1, -3, -1),
        (DType::I64, Pow, -1, least, 1),
        (DType::I64, Pow, 0, -1, 0),
        (DType::I64, Max, most, least, most),
        (DType::I64, Min, most, most - 1, most - 1),
        (DType::I32, Add, i64::from(i32::MAX), 1, i64::from(i32::MIN)),
        (DType::I32, Mul, 1 << 16, 1 << 16, 0),
        (DType::I32, Div, i64::from(i32::MIN), -1, i64::from(i32::MIN)),
        (DType::I32, Pow, 3, 40, i64::from(3i32.wrapping_pow(40))),
        (DType::U8, Sub, 1, 2, 255),
        (DType::U8, Mul, 16, 17, 16),
        (DType::U8, Pow, 2, 8, 0),
        (DType::U8, Div, 255, 2, 127),
    ];
    for (dtype, function, a, b, want) in rows {
        let expr = Expr::input(0).binary(function, Expr::input(1));
        let got = eval_as(dtype, &expr, &[Scalar::Int(a), Scalar::Int(b)], &[]);
        assert_eq!(got, Scalar::Int(want), "{} of {a} and {b} in {dtype}", function.name());
    }
    let unary = [
        (DType::I64, Unary::Neg, least, least),
        (DType::I64, Unary::Abs, least, least),
        (DType::I32, Unary::Abs, i64::from(i32::MIN), i64::from(i32::MIN)),
        (DType::U8, Unary::Neg, 1, 255),
        (DType::I64, Unary::Sign, least, -1),
        (DType::U8, Unary::Sign, 200, 1),
    ];
    for (dtype, function, x, want) in unary {
        let got = eval_as(dtype, &Expr::input(0).unary(function), &[Scalar::Int(x)], &[]);
        assert_eq!(got, Scalar::Int(want), "{} of {x} in {dtype}", function.name());
    }
}

#[test]
fn integers_compare_exactly() {
    // Both are 2⁵³ in floating point.
    let pair = [Scalar::Int(1 << 53), Scalar::Int((1 << 53) + 1)];
    let rows = [(Binary::Eq, false), (Binary::Ne, true), (Binary::Lt, true), (Binary::Ge, false)];
    for (function, want) in rows {
        let expr = Expr::input(0).binary(function, Expr::input(1));
        assert_eq!(eval_as(DType::I64, &expr, &pair, &[]), Scalar::Bool(want), "{}", function.name());
    }
}

#[test]
fn floats() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let rows = [
        (Binary::Max, nan, 1.0, nan),
        (Binary::Min, 1.0, nan, nan),
        (Binary::Rem, -7.0, 2.0, 1.0),
        (Binary::Rem, 7.0, -2.0, -1.0),
        (Binary::Rem, 1.0, 0.0, nan),
        (Binary::Div, 1.0, -0.0, -inf),
        (Binary::Pow, nan, 0.0, 1.0),
        (Binary::Pow, -8.0, 1.0 / 3.0, nan),
        (Binary::Atan2, 0.0, -1.0, std::f64::consts::PI),
    ];
    for (function, a, b, want) in rows {
        let expr = Expr::input(0).binary(function, Expr::input(1));
        let got = eval_as(DType::F64, &expr, &[Scalar::Float(a), Scalar::Float(b)], &[]);
        assert_eq!(bits(got), bits(Scalar::Float(want)), "{} of {a} and {b}", function.name());
    }
    let unary = [
        (Unary::Sign, -0.0, -0.0),
        (Unary::Sign, nan, nan),
        (Unary::Sign, -inf, -1.0),
        (Unary::Round, 2.5, 2.0),
        (Unary::Round, -0.5, -0.0),
        (Unary::Ceil, -0.5, -0.0),
        (Unary::Sqrt, -1.0, nan),
        (Unary::Rsqrt, 0.0, inf),
        (Unary::Log, -0.0, -inf),
        (Unary::Expm1, 1e-20, 1e-20),
        (Unary::Log1p, 1e-20, 1e-20),
        (Unary::Sigmoid, -1000.0, 0.0),
        (Unary::Sigmoid, 1000.0, 1.0),
        (Unary::Tanh, 1000.0, 1.0),
    ];
    for (function, x, want) in unary {
        let got = eval_as(DType::F64, &Expr::input(0).unary(function), &[Scalar::Float(x)], &[]);
        assert_eq!(bits(got), bits(Scalar::Float(want)), "{} of {x}", function.name());
    }
}

#[test]
fn truth_values() {
    for (a, b) in [(false, false), (false, true), (true, false), (true, true)] {
        let pair = [Scalar::Bool(a), Scalar::Bool(b)];
        let of = |function| {
            eval_as(DType::Bool, &Expr::input(0).binary(function, Expr::input(1)), &pair, &[]).as_bool()
        };
        assert_eq!(of(Binary::And), a && b);
        assert_eq!(of(Binary::Or), a || b);
        assert_eq!(of(Binary::Xor), a != b);
        assert_eq!(of(Binary::Lt), !a && b);
        assert_eq!(of(Binary::Eq), a == b);
    }
    assert_eq!(eval_as(DType::Bool, &!Expr::input(0), &[Scalar::Bool(false)], &[]), Scalar::Bool(true));
}

/// Every step is rounded to its dtype, not only the last.
#[test]
fn halves_round_at_every_step() {
    let x = Expr::input(0);
    let sum = (&x + 1.0) - 1.0;
    let tiny = Scalar::Float(2f64.powi(-11));
    assert_eq!(eval_as(DType::F16, &sum, &[tiny], &[]), Scalar::Float(0.0));
    assert_eq!(eval_as(DType::F32, &sum, &[tiny], &[]), tiny);
    let large = eval_as(DType::F16, &(&x * 2.0), &[Scalar::Float(60000.0)], &[]);
    assert_eq!(large, Scalar::Float(f64::INFINITY));
}
