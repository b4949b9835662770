//! Functions of one number in WGSL.

use tensorkeep_tensor::expr::Unary;

use crate::element::Element;

/// The value of `function` for `x`, held as `element`. Functions in `parts/float.wgsl` serve where a built-in one would be
/// inexact or drop NaN.
pub(super) fn unary(function: Unary, element: Element, x: &str) -> String {
    match element {
        Element::F32 | Element::F16 => float(function, x),
        Element::I32 => integer(function, x),
        Element::U8 => byte(function, x),
        Element::Bool => truth(function, x),
    }
}

fn float(function: Unary, x: &str) -> String {
    match function {
        Unary::Neg => format!("-{x}"),
        Unary::Abs => format!("abs({x})"),
        Unary::Sign => format!("sign_of({x})"),
        Unary::Recip => format!("1.0 / {x}"),
        Unary::Sqrt => format!("sqrt({x})"),
        // The built-in inverse root is undefined at 0.
        Unary::Rsqrt => format!("1.0 / sqrt({x})"),
        Unary::Exp => format!("exponential({x})"),
        Unary::Expm1 => format!("exponential_minus_one({x})"),
        Unary::Log => format!("logarithm({x})"),
        Unary::Log1p => format!("logarithm_one_plus({x})"),
        Unary::Sin => format!("sine({x})"),
        Unary::Cos => format!("cosine({x})"),
        Unary::Tan => format!("tangent({x})"),
        Unary::Tanh => format!("hyperbolic_tangent({x})"),
        Unary::Sigmoid => format!("logistic({x})"),
        Unary::Erf => format!("error_function({x})"),
        Unary::Floor => format!("floor({x})"),
        Unary::Ceil => format!("ceil({x})"),
        Unary::Round => format!("round({x})"),
        Unary::Not => format!("({x} == 0.0)"),
        Unary::IsNan => format!("is_nan({x})"),
    }
}

/// Functions of floats alone never reach integers: the core refuses them.
fn integer(function: Unary, x: &str) -> String {
    match function {
        Unary::Neg => format!("-{x}"),
        Unary::Abs => format!("abs({x})"),
        Unary::Sign => format!("sign({x})"),
        Unary::Recip
        | Unary::Sqrt
        | Unary::Rsqrt
        | Unary::Exp
        | Unary::Expm1
        | Unary::Log
        | Unary::Log1p
        | Unary::Sin
        | Unary::Cos
        | Unary::Tan
        | Unary::Tanh
        | Unary::Sigmoid
        | Unary::Erf
        | Unary::Floor
        | Unary::Ceil
        | Unary::Round
        | Unary::Not
        | Unary::IsNan => x.to_owned(),
    }
}

fn byte(function: Unary, x: &str) -> String {
    match function {
        Unary::Neg => format!("((0u - {x}) & 255u)"),
        Unary::Sign => format!("min({x}, 1u)"),
        // What does nothing to a number without a sign, and functions of floats alone.
        Unary::Abs
        | Unary::Recip
        | Unary::Sqrt
        | Unary::Rsqrt
        | Unary::Exp
        | Unary::Expm1
        | Unary::Log
        | Unary::Log1p
        | Unary::Sin
        | Unary::Cos
        | Unary::Tan
        | Unary::Tanh
        | Unary::Sigmoid
        | Unary::Erf
        | Unary::Floor
        | Unary::Ceil
        | Unary::Round
        | Unary::Not
        | Unary::IsNan => x.to_owned(),
    }
}

fn truth(function: Unary, x: &str) -> String {
    match function {
        Unary::Not => format!("!{x}"),
        Unary::Neg
        | Unary::Abs
        | Unary::Sign
        | Unary::Recip
        | Unary::Sqrt
        | Unary::Rsqrt
        | Unary::Exp
        | Unary::Expm1
        | Unary::Log
        | Unary::Log1p
        | Unary::Sin
        | Unary::Cos
        | Unary::Tan
        | Unary::Tanh
        | Unary::Sigmoid
        | Unary::Erf
        | Unary::Floor
        | Unary::Ceil
        | Unary::Round
        | Unary::IsNan => x.to_owned(),
    }
}
