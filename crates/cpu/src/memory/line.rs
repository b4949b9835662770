//! A cache line, for memory that starts at one.
#![allow(
    unsafe_code,
    reason = "the derives of these two traits would bring a parser of Rust into every build"
)]

use bytemuck::{Pod, Zeroable};

use super::ALIGN;

/// Bytes of a cache line. A vector of these is aligned memory of any [`Pod`] elements.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line([u8; ALIGN]);

// SAFETY: the only field is an array of bytes, for which zeros are valid.
unsafe impl Zeroable for Line {}

// SAFETY: the only field is an array of bytes, for which any bits are valid; it is as large as the alignment, so there
// is no padding; `repr(C)`; and it is `Copy` and `'static`.
unsafe impl Pod for Line {}

const _: () = assert!(size_of::<Line>() == ALIGN && align_of::<Line>() == ALIGN);
