//! Numbers in WGSL, always by their bits: no digits to lose, and NaN and infinity can be written.

use tensorkeep_tensor::Scalar;

use crate::element::Element;

/// The bits of a value of this element in a register.
pub(crate) fn bits(value: Scalar, element: Element) -> u32 {
    match element {
        Element::F32 | Element::F16 => value.as_f32().to_bits(),
        Element::I32 => value.as_i64() as i32 as u32,
        Element::U8 => u32::from(value.as_i64() as u8),
        Element::Bool => u32::from(value.as_bool()),
    }
}

/// A constant.
pub(super) fn literal(value: Scalar, element: Element) -> String {
    from_bits(element, &format!("{:#010x}u", bits(value, element)))
}

/// Parameter `i` of a kernel.
pub(super) fn read(element: Element, i: usize) -> String {
    from_bits(element, &format!("param({i})"))
}

fn from_bits(element: Element, bits: &str) -> String {
    match element {
        Element::F32 | Element::F16 => format!("bitcast<f32>({bits})"),
        Element::I32 => format!("bitcast<i32>({bits})"),
        Element::U8 => bits.to_owned(),
        Element::Bool => format!("({bits} != 0u)"),
    }
}
