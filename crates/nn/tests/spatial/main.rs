//! What moves elements over spatial axes: convolutions, pools, edges, sizes and samples.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod derivatives;
mod flux;
mod halves;
mod refusals;
mod windows;

use std::sync::LazyLock;

use tensorkeep_tensor::{Device, Result, Tensor, meta};

/// A function of tensors under test.
type Function = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

/// Where there are only shapes.
static HOLLOW: LazyLock<Device> = LazyLock::new(meta::device);

/// Numbers of either sign, no two of them equal among 97 that follow each other: those of
/// `golden/cases.py`, on the CPU.
fn numbers(shape: &[usize], k: usize) -> Tensor {
    let number = |i: usize| (((37 * i + 101 * (k + 1)) % 97) as f64 - 48.0) / 16.0;
    let n = shape.iter().product();
    Tensor::from_vec((0..n).map(number).collect(), shape, &tensorkeep_cpu::device()).unwrap()
}
