//! What moves elements over spatial axes: convolutions, pools, edges, sizes and samples.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod derivatives;
mod flux;
mod pytorch;
mod refusals;
mod windows;

use std::sync::LazyLock;

use tensorkeep_tensor::{DType, Device, Result, Tensor, meta};

/// A function of tensors under test.
type Function = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

/// Where there are only shapes.
static HOLLOW: LazyLock<Device> = LazyLock::new(meta::device);

/// Numbers of either sign, no two of them equal among 97 that follow each other: those of
/// `golden/spatial.py`, on the CPU.
fn numbers(shape: &[usize], k: usize) -> Tensor {
    let number = |i: usize| (((37 * i + 101 * (k + 1)) % 97) as f64 - 48.0) / 16.0;
    let n = shape.iter().product();
    Tensor::from_vec((0..n).map(number).collect(), shape, &tensorkeep_cpu::device()).unwrap()
}

/// `a` is `b` but for rounding to so many parts of the largest number, in the same shape.
#[track_caller]
fn assert_near(name: &str, a: &Tensor, b: &Tensor, tolerance: f64) {
    assert_eq!(a.shape(), b.shape(), "{name}");
    let doubles = |x: &Tensor| x.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
    let (a, b) = (doubles(&a.to_device(&tensorkeep_cpu::device()).unwrap()), doubles(b));
    let largest = b.iter().fold(1.0f64, |largest, x| largest.max(x.abs()));
    for (i, (a, b)) in a.iter().zip(&b).enumerate() {
        assert!((a - b).abs() <= tolerance * largest, "{name}, element {i}: {a} is not {b}");
    }
}
