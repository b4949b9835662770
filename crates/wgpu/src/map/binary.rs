//! Functions of two numbers in WGSL.

use tensorkeep_tensor::expr::Binary;

use crate::element::Element;

/// The value of `function` for `a` and `b`, both held as `element`.
pub(super) fn binary(function: Binary, element: Element, a: &str, b: &str) -> String {
    match element {
        Element::F32 | Element::F16 => float(function, a, b),
        Element::I32 => integer(function, a, b),
        Element::U8 => byte(function, a, b),
        Element::Bool => truth(function, a, b),
    }
}

fn float(function: Binary, a: &str, b: &str) -> String {
    match function {
        Binary::Add => format!("{a} + {b}"),
        Binary::Sub => format!("{a} - {b}"),
        Binary::Mul => format!("{a} * {b}"),
        Binary::Div => format!("{a} / {b}"),
        Binary::Rem => format!("remainder({a}, {b})"),
        Binary::Pow => format!("power({a}, {b})"),
        Binary::Max => format!("largest({a}, {b})"),
        Binary::Min => format!("smallest({a}, {b})"),
        Binary::Atan2 => format!("angle({a}, {b})"),
        Binary::Eq => format!("{a} == {b}"),
        // The operator is false for NaN on some drivers.
        Binary::Ne => format!("!({a} == {b})"),
        Binary::Lt => format!("{a} < {b}"),
        Binary::Le => format!("{a} <= {b}"),
        Binary::Gt => format!("{a} > {b}"),
        Binary::Ge => format!("{a} >= {b}"),
        // Functions of truth values never reach numbers: the core refuses them.
        Binary::And | Binary::Or | Binary::Xor => format!("{a} != {b}"),
    }
}

fn integer(function: Binary, a: &str, b: &str) -> String {
    match function {
        Binary::Add => format!("{a} + {b}"),
        Binary::Sub => format!("{a} - {b}"),
        Binary::Mul => format!("{a} * {b}"),
        Binary::Div => format!("integer_quotient({a}, {b})"),
        Binary::Rem => format!("integer_remainder({a}, {b})"),
        Binary::Pow => format!("integer_power({a}, {b})"),
        Binary::Max => format!("max({a}, {b})"),
        Binary::Min => format!("min({a}, {b})"),
        // Functions of floats alone never reach integers.
        Binary::Atan2 => a.to_owned(),
        Binary::Eq => format!("{a} == {b}"),
        Binary::Ne | Binary::And | Binary::Or | Binary::Xor => format!("{a} != {b}"),
        Binary::Lt => format!("{a} < {b}"),
        Binary::Le => format!("{a} <= {b}"),
        Binary::Gt => format!("{a} > {b}"),
        Binary::Ge => format!("{a} >= {b}"),
    }
}

fn byte(function: Binary, a: &str, b: &str) -> String {
    match function {
        Binary::Add => format!("({a} + {b}) & 255u"),
        Binary::Sub => format!("({a} - {b}) & 255u"),
        Binary::Mul => format!("({a} * {b}) & 255u"),
        Binary::Div => format!("byte_quotient({a}, {b})"),
        Binary::Rem => format!("byte_remainder({a}, {b})"),
        Binary::Pow => format!("wrapping_power({a}, {b}) & 255u"),
        // The rest is the same with a sign or without.
        Binary::Max
        | Binary::Min
        | Binary::Atan2
        | Binary::Eq
        | Binary::Ne
        | Binary::Lt
        | Binary::Le
        | Binary::Gt
        | Binary::Ge
        | Binary::And
        | Binary::Or
        | Binary::Xor => integer(function, a, b),
    }
}

fn truth(function: Binary, a: &str, b: &str) -> String {
    match function {
        Binary::Eq => format!("{a} == {b}"),
        Binary::Ne | Binary::Xor => format!("{a} != {b}"),
        Binary::And => format!("{a} && {b}"),
        Binary::Or => format!("{a} || {b}"),
        // False comes before true.
        Binary::Lt
        | Binary::Le
        | Binary::Gt
        | Binary::Ge
        | Binary::Add
        | Binary::Sub
        | Binary::Mul
        | Binary::Div
        | Binary::Rem
        | Binary::Pow
        | Binary::Max
        | Binary::Min
        | Binary::Atan2 => byte(function, &format!("u32({a})"), &format!("u32({b})")),
    }
}
