//! Whether tensors hold nearly the same numbers.

use tensorkeep_tensor::{DType, Tensor};

/// Fails unless `got` is `want` in shape and, within so many parts of the largest number of `want` or of 1,
/// in numbers, whatever their dtypes and devices.
#[track_caller]
#[expect(clippy::panic, reason = "this is the end of a test")]
pub fn assert_near(name: &str, got: &Tensor, want: &Tensor, tolerance: f64) {
    assert_eq!(got.shape(), want.shape(), "{name}");
    let numbers = |x: &Tensor| {
        let x = x.to_device(&tensorkeep_cpu::device()).and_then(|x| x.to_dtype(DType::F64));
        x.and_then(|x| x.to_vec::<f64>()).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let (got, want) = (numbers(got), numbers(want));
    let largest = want.iter().fold(1.0f64, |largest, x| largest.max(x.abs()));
    for (i, (got, want)) in got.iter().zip(&want).enumerate() {
        assert!((got - want).abs() <= tolerance * largest, "{name}, element {i}: {got} is not {want}");
    }
}
