//! Kernels: WGSL compiled for the device, and the means to run it.

mod cache;
mod launch;
mod source;
mod variant;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use cache::{Kernel, Kernels};
pub(crate) use launch::Launch;
pub(crate) use source::Source;
pub(crate) use variant::Variant;
