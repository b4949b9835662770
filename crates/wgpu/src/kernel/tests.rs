//! Every kernel that can be asked for is valid WGSL, without any driver.

use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::{Source, Variant};

/// The variants of every family.
fn variants() -> Vec<Variant> {
    [
        crate::attention::variants(),
        crate::concat::variants(),
        crate::conv::variants(),
        crate::gather::variants(),
        crate::matmul::variants(),
        crate::pad::variants(),
        crate::pool::variants(),
        crate::random::variants(),
        crate::reduce::variants(),
        crate::row::variants(),
        crate::scan::variants(),
        crate::sort::variants(),
    ]
    .concat()
}

#[track_caller]
pub(crate) fn validate(source: &Source) {
    let text = source.text().unwrap();
    let module = match naga::front::wgsl::parse_str(&text) {
        Ok(module) => module,
        Err(error) => panic!("{source:?}: {}", error.emit_to_string(&text)),
    };
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::SHADER_FLOAT16);
    if let Err(error) = validator.validate(&module) {
        panic!("{source:?}: {}\n{text}", error.emit_to_string(&text));
    }
}

#[test]
fn every_variant_is_valid() {
    for variant in variants() {
        validate(&variant.into());
    }
}
