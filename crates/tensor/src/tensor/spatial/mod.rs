//! What moves elements over spatial axes: edges, sizes, windows and places between elements. All of it is
//! composed of other operations, so that derivatives and devices follow.

mod adaptive_pool;
mod affine_grid;
mod edges;
mod fold;
mod grid_sample;
mod interpolate;
mod pixel_shuffle;
mod rotate;

pub use edges::PadMode;
pub use grid_sample::{GridSample, SampleMode, SamplePadding};
pub use interpolate::Interpolation;
pub use rotate::Rotation;

use super::Tensor;
use super::construct::sequence;
use crate::op::{Op, View};
use crate::{DType, Device, Error, ErrorKind, Result, Scalar};

/// A vector of `count` places `f(0), f(1), …` on an axis of size `n`.
#[track_caller]
fn places(
    op: &'static str,
    n: usize,
    count: usize,
    device: &Device,
    f: impl Fn(usize) -> usize,
) -> Result<Tensor> {
    let value = |i: usize| i64::try_from(i).map_or(Scalar::Int(i64::MAX), Scalar::Int);
    if !value(n).fits(DType::INDEX) {
        let message = format!("an axis of {n} elements has more than {} counts: cut it", DType::INDEX);
        return Err(Error::new(ErrorKind::Limit, op, message));
    }
    sequence(op, count, DType::INDEX, device, |i| value(f(i)))
}

/// A vector of `count` numbers `f(0), f(1), …`.
#[track_caller]
fn numbers(
    op: &'static str,
    count: usize,
    dtype: DType,
    device: &Device,
    f: impl Fn(usize) -> f64,
) -> Result<Tensor> {
    sequence(op, count, dtype, device, |i| Scalar::Float(f(i)))
}

impl Tensor {
    /// Axis `i` of the result is axis `order[i]` of this one.
    #[track_caller]
    fn permuted(&self, order: impl IntoIterator<Item = usize>) -> Result<Self> {
        Self::apply_one(&Op::View(View::Permute(order.into_iter().collect())), &[self])
    }
}

/// The first of the last `spatial` axes, if `x` has so many.
#[track_caller]
fn first_axis(op: &'static str, x: &Tensor, spatial: usize) -> Result<usize> {
    match x.rank().checked_sub(spatial) {
        Some(axis) => Ok(axis),
        None => {
            let message =
                format!("{spatial} sizes for a tensor of shape {}: give at most one an axis", x.shape());
            Err(Error::new(ErrorKind::Axis, op, message))
        }
    }
}
