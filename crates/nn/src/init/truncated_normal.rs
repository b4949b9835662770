//! Normal numbers between bounds.

use std::ops::Range;

use tensorkeep_tensor::{DType, Error, Result, Rng, Shape, Tensor, ToShape, philox};

use super::fan::not_empty;
use super::quantile::{cumulative, quantile};

/// Normal with this mean and deviation, of what lies within the bounds alone. The bounds are numbers, not
/// multiples of the deviation; PyTorch's and Flux's are `-2.0..2.0`.
///
/// Each number is the inverse of the distribution function at a uniform number between its values at the
/// bounds, computed on the host in `f64`, so that every device has the same bits.
///
/// ```
/// use tensorkeep_nn::init::truncated_normal;
/// use tensorkeep_tensor::{Rng, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// assert_eq!(*truncated_normal([128, 64], 0.0, 0.02, -0.04..0.04, &mut rng)?.shape(), [128, 64]);
/// assert!(truncated_normal([128, 64], 0.0, 0.02, 0.04..-0.04, &mut rng).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, a deviation that is not above
/// 0, numbers that are not finite, bounds that are not in order, or bounds so far from the mean that nothing
/// lies between them.
#[track_caller]
pub fn truncated_normal(
    shape: impl ToShape,
    mean: f32,
    deviation: f32,
    bounds: Range<f32>,
    rng: &mut Rng,
) -> Result<Tensor> {
    let shape = not_empty(shape)?;
    let numbers = [mean, deviation, bounds.start, bounds.end];
    if !numbers.iter().all(|x| x.is_finite()) || deviation <= 0.0 || bounds.start >= bounds.end {
        let message = format!(
            "mean {mean}, deviation {deviation}, bounds {} and {}: use finite numbers, a deviation above 0, \
             and bounds in order",
            bounds.start, bounds.end
        );
        return Err(Error::value("truncated_normal", message));
    }
    let [mean, deviation, low, high] = numbers.map(f64::from);
    // The distribution is precise in its lower tail alone; it is symmetric.
    let sign = if low + high > 2.0 * mean { -1.0 } else { 1.0 };
    let unit = |x: f64| sign * (x - mean) / deviation;
    let (from, to) = if sign < 0.0 { (unit(high), unit(low)) } else { (unit(low), unit(high)) };
    let (least, largest) = (cumulative(from), cumulative(to));
    if largest <= least {
        let message = format!(
            "a normal number of mean {mean} and deviation {deviation} is never within {low} and {high}: \
             use bounds nearer to the mean"
        );
        return Err(Error::value("truncated_normal", message));
    }
    on_host(shape, rng, |word| {
        // The middle of one of 2³² equal parts, so that neither end is reached.
        let part = (f64::from(word) + 0.5) / 4_294_967_296.0;
        let x = quantile(least + part * (largest - least));
        (mean + sign * deviation * x).clamp(low, high) as f32
    })
}

/// A tensor whose elements are made of the words of a stream, on the host. The stream goes on after them.
#[track_caller]
fn on_host(shape: Shape, rng: &mut Rng, element: impl Fn(u32) -> f32) -> Result<Tensor> {
    let device = rng.device().clone();
    let [key, offset, children] = rng.position();
    let blocks = shape.elements().div_ceil(4) as u64;
    *rng = Rng::at([key, offset.wrapping_add(blocks), children], &device);
    // What does not fit the device is refused before the host makes it.
    let room = Tensor::zeros(shape, DType::F32, &device)?;
    if device.is_hollow() {
        return Ok(room);
    }
    drop(room);
    let words = (0..blocks).flat_map(|block| philox::block(key, offset.wrapping_add(block)));
    Tensor::from_vec(words.take(shape.elements()).map(element).collect(), shape, &device)
}
