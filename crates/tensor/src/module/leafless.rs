//! Modules without leaves: numbers, text and functions.

use super::{Leaf, LeafMut, Module, Path};
use crate::{DType, Result, Tensor};

macro_rules! leafless {
    ($($type:ty),*) => {$(
        impl Module for $type {
            fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&Path, Leaf<'a>)) {}
            fn visit_mut<'a>(&'a mut self, _: &mut Path, _: &mut dyn FnMut(&Path, LeafMut<'a>)) {}
        }
    )*};
}

leafless!((), bool, u8, u32, u64, usize, i32, i64, isize, f32, f64, String, &'static str, DType);

/// Any function of a tensor is a module without leaves.
impl<F: Fn(&Tensor) -> Result<Tensor>> Module for F {
    fn visit<'a>(&'a self, _: &mut Path, _: &mut dyn FnMut(&Path, Leaf<'a>)) {}
    fn visit_mut<'a>(&'a mut self, _: &mut Path, _: &mut dyn FnMut(&Path, LeafMut<'a>)) {}
}
