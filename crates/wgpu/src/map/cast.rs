//! Changes of dtype in WGSL.

use crate::element::Element;

/// `x`, held as `from`, as `to`: floats to integers are cut and saturate, integers wrap, as `Scalar::cast` has it.
pub(super) fn cast(from: Element, to: Element, x: &str) -> String {
    use Element::{Bool, F16, F32, I32, U8};
    match (from, to) {
        (F32 | F16, F32) | (F16, F16) | (I32, I32) | (U8, U8) | (Bool, Bool) => x.to_owned(),
        (I32 | U8 | Bool, F32) => format!("f32({x})"),
        (F32, F16) => format!("f32(f16({x}))"),
        (I32 | U8 | Bool, F16) => format!("f32(f16(f32({x})))"),
        (F32 | F16, I32) => format!("to_integer({x})"),
        (U8 | Bool, I32) => format!("i32({x})"),
        (F32 | F16, U8) => format!("to_byte({x})"),
        (I32, U8) => format!("(bitcast<u32>({x}) & 255u)"),
        (Bool, U8) => format!("u32({x})"),
        // NaN is true.
        (F32 | F16, Bool) => format!("!({x} == 0.0)"),
        (I32, Bool) => format!("({x} != 0)"),
        (U8, Bool) => format!("({x} != 0u)"),
    }
}
