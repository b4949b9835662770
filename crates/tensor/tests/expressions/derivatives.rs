//! Symbolic derivatives against central differences in `f64`, once and twice.

use tensorkeep_tensor::DType;
use tensorkeep_tensor::expr::{Binary, Expr, Program, Source, Unary};

use crate::eval;

/// The derivatives of an expression by its first `count` inputs, as expressions over the same inputs.
fn gradient(expr: &Expr, count: usize) -> Vec<Expr> {
    let program = Program::with_inputs("test", std::slice::from_ref(expr), count).unwrap();
    let gradient = program.typed(vec![DType::F64; count], &[]).unwrap().gradient((1 << count) - 1).unwrap();
    let reads = gradient.reads.iter().map(|&i| Expr::input(i));
    let inputs: Vec<Expr> = std::iter::once(Expr::from(1.0)).chain(reads).collect();
    let results = gradient.program.as_ref().map(|program| program.expressions()).unwrap_or_default();
    let find = |source: &Source| match *source {
        Source::Cotangent(_) => Expr::from(1.0),
        Source::Result(j) => results[j].substitute(&inputs),
    };
    gradient.sources.iter().map(find).collect()
}

/// The central difference by input `i`. Its error is some 1e-10 of the function's third derivative.
fn difference(expr: &Expr, x: &[f64], i: usize) -> f64 {
    let step = 1e-5 * x[i].abs().max(1.0);
    let at = |sign: f64| {
        let mut x = x.to_vec();
        x[i] += sign * step;
        eval(expr, &x)
    };
    (at(1.0) - at(-1.0)) / (2.0 * step)
}

/// Compares the first and the second derivatives at `x` with differences.
fn check(name: &str, expr: &Expr, x: &[f64]) {
    for (i, first) in gradient(expr, x.len()).iter().enumerate() {
        compare(&format!("{name} by {i} at {x:?}"), eval(first, x), difference(expr, x, i));
        for (j, second) in gradient(first, x.len()).iter().enumerate() {
            compare(&format!("{name} by {i} and {j} at {x:?}"), eval(second, x), difference(first, x, j));
        }
    }
}

fn compare(what: &str, symbolic: f64, numeric: f64) {
    let gap = (symbolic - numeric).abs();
    assert!(gap <= 1e-7 * numeric.abs().max(1.0), "{what}: {symbolic}, but {numeric} by differences");
}

/// Points where a function is smooth.
fn smooth(function: Unary) -> &'static [f64] {
    match function {
        Unary::Sqrt | Unary::Rsqrt | Unary::Log => &[0.25, 1.0, 3.7],
        Unary::Log1p => &[-0.5, 0.0, 1e-3, 2.0],
        Unary::Recip => &[-2.0, 0.5, 3.0],
        Unary::Abs | Unary::Sign => &[-2.0, 0.5],
        Unary::Floor | Unary::Ceil | Unary::Round => &[-1.7, 0.2, 1.1],
        Unary::Tan => &[-1.0, 0.0, 0.7],
        Unary::Neg
        | Unary::Exp
        | Unary::Expm1
        | Unary::Sin
        | Unary::Cos
        | Unary::Tanh
        | Unary::Sigmoid
        | Unary::Erf => &[-2.5, -0.3, 0.0, 1e-4, 1.0, 3.0],
        Unary::Not | Unary::IsNan => &[],
    }
}

#[test]
fn functions_of_one_number() {
    for function in Unary::ALL {
        for &x in smooth(function) {
            check(function.name(), &Expr::input(0).unary(function), &[x]);
        }
    }
}

/// Pairs where a function is smooth in both.
fn smooth_pairs(function: Binary) -> &'static [[f64; 2]] {
    match function {
        Binary::Pow => &[[0.5, 2.0], [2.0, -1.5], [3.0, 0.5], [1.0, 7.0]],
        Binary::Rem => &[[5.3, 2.0], [-5.3, 2.0], [5.3, -2.0]],
        Binary::Div | Binary::Atan2 => &[[1.0, 2.0], [-0.5, 0.7], [3.0, -2.0]],
        Binary::Add | Binary::Sub | Binary::Mul | Binary::Max | Binary::Min => &[[1.0, 2.0], [-0.5, -0.7]],
        Binary::Eq
        | Binary::Ne
        | Binary::Lt
        | Binary::Le
        | Binary::Gt
        | Binary::Ge
        | Binary::And
        | Binary::Or
        | Binary::Xor => &[],
    }
}

#[test]
fn functions_of_two_numbers() {
    for function in Binary::ALL {
        for x in smooth_pairs(function) {
            let expr = Expr::input(0).binary(function, Expr::input(1));
            check(function.name(), &expr, x);
            // The same number twice: both slopes meet in one gradient.
            let shared = Expr::input(0).exp().binary(function, Expr::input(0) + 0.3);
            check(function.name(), &shared, &[x[0].abs() + 0.2]);
        }
    }
}

#[test]
fn compositions() {
    let (x, y) = (Expr::input(0), Expr::input(1));
    let rows = [
        ("relu", x.relu() * &y),
        ("gelu", x.gelu()),
        ("gelu_tanh", x.gelu_tanh()),
        ("swish", x.swish()),
        ("softplus", x.softplus()),
        ("select", x.gt(&y).select(x.sin() * &y, x.cos() + &y)),
        ("cast", (x.cast(DType::F64) * 2.0).tanh() * &y),
        ("clamp", x.max(-1.0).min(1.0) * &y),
        ("loss", (&x - &y) * (&x - &y) + (x.exp() + y.exp()).log()),
        ("unread", &x * 3.0),
    ];
    for (name, expr) in rows {
        for point in [[0.7, -0.4], [-1.3, 0.2], [2.5, 1.5]] {
            check(name, &expr, &point);
        }
    }
}

/// Where a derivative has a jump, a pole or a limit, its value is chosen: the table is the choice.
#[test]
fn awkward_points() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let rows = [
        (Unary::Abs, 0.0, 0.0),
        (Unary::Abs, nan, nan),
        (Unary::Sign, 0.0, 0.0),
        (Unary::Floor, 1.0, 0.0),
        (Unary::Round, 0.5, 0.0),
        (Unary::Sqrt, 0.0, inf),
        (Unary::Log, 0.0, inf),
        (Unary::Log1p, -1.0, inf),
        (Unary::Recip, 0.0, -inf),
        (Unary::Recip, inf, 0.0),
        (Unary::Exp, -800.0, 0.0),
        (Unary::Exp, inf, inf),
        (Unary::Tanh, 800.0, 0.0),
        (Unary::Erf, -800.0, 0.0),
        (Unary::Sigmoid, 800.0, 0.0),
        (Unary::Sigmoid, -800.0, 0.0),
        // σ′(40) = e⁻⁴⁰, which y(1 − y) would lose.
        (Unary::Sigmoid, 40.0, (-40f64).exp()),
        (Unary::Expm1, -50.0, 0.0),
    ];
    for (function, x, want) in rows {
        let got = eval(&gradient(&Expr::input(0).unary(function), 1)[0], &[x]);
        let same = (got - want).abs() <= 1e-15 * want.abs() || got == want || (got.is_nan() && want.is_nan());
        assert!(same, "{} at {x}: {got}, not {want}", function.name());
    }
}

#[test]
fn awkward_pairs() {
    let nan = f64::NAN;
    let rows = [
        // Equals share.
        (Binary::Max, [2.0, 2.0], [0.5, 0.5]),
        (Binary::Min, [2.0, 2.0], [0.5, 0.5]),
        (Binary::Max, [0.0, -0.0], [0.5, 0.5]),
        // 0 · ∞ has the limit 0.
        (Binary::Pow, [0.0, 2.0], [0.0, 0.0]),
        (Binary::Pow, [0.0, 1.0], [1.0, 0.0]),
        (Binary::Pow, [0.0, 0.0], [0.0, 0.0]),
        (Binary::Pow, [2.0, 0.0], [0.0, std::f64::consts::LN_2]),
        (Binary::Pow, [-2.0, 3.0], [12.0, nan]),
        (Binary::Div, [0.0, 2.0], [0.5, 0.0]),
        (Binary::Rem, [4.0, 2.0], [1.0, -2.0]),
        (Binary::Atan2, [0.0, 1.0], [1.0, 0.0]),
        (Binary::Lt, [0.0, 1.0], [0.0, 0.0]),
    ];
    for (function, x, want) in rows {
        let weighed = Expr::input(0).binary(function, Expr::input(1)).cast(DType::F64);
        for (i, (by, want)) in gradient(&weighed, 2).iter().zip(want).enumerate() {
            let got = eval(by, &x);
            assert!(
                got == want || (got.is_nan() && want.is_nan()),
                "{} by {i} at {x:?}: {got}",
                function.name()
            );
        }
    }
}

/// A gradient has the dtype of what it is the gradient of, and integers have none.
#[test]
fn gradients_keep_their_dtype() {
    let mixed = Expr::input(0).cast(DType::F32) * Expr::input(1) * Expr::input(2).cast(DType::F32);
    let typed = Program::new("test", &[mixed]).unwrap();
    let typed = typed.typed([DType::F16, DType::F32, DType::I32], &[]).unwrap();
    let gradient = typed.gradient(0b011).unwrap();
    let program = gradient.program.as_ref().unwrap();
    let read = gradient.reads.iter().map(|&i| [DType::F16, DType::F32, DType::I32][i]);
    let dtypes: Vec<DType> = std::iter::once(DType::F32).chain(read).collect();
    let results: Vec<DType> = program.typed(dtypes, &[]).unwrap().results().collect();
    assert_eq!(results, [DType::F16, DType::F32]);

    let one = Program::with_inputs("test", &[Expr::input(0).exp()], 2).unwrap();
    let gradient = one.typed([DType::F32, DType::F64], &[]).unwrap().gradient(0b10).unwrap();
    let program = gradient.program.as_ref().unwrap();
    assert_eq!(program.typed([DType::F32], &[]).unwrap().results().next(), Some(DType::F64));
}
