//! Other sizes of spatial axes.

use super::{first_axis, numbers, places};
use crate::op::require_float;
use crate::{Error, Result, Tensor};

/// How elements between elements are made up, axis by axis: along two axes, [`Linear`](Self::Linear) is
/// bilinear and [`Cubic`](Self::Cubic) bicubic.
///
/// Element `i` of `m` lies at place `p` among the `n` that there are: with corners aligned, so that the
/// outermost elements stay, at `i (n − 1) / (m − 1)`, and at 0 if `m` is 1; otherwise, elements being as wide
/// as their distance, at `(i + ½) n / m − ½`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interpolation {
    /// Element `⌊i n / m⌋`.
    Nearest,
    /// On the line between the two neighbours of `p`.
    Linear {
        /// Whether the outermost elements stay where they are.
        align_corners: bool,
    },
    /// On the cubic convolution of the four neighbours of `p`, with `a = −¾`; what would lie outside is the
    /// outermost element.
    ///
    /// Source: Keys, *Cubic convolution interpolation for digital image processing*, IEEE ASSP 29(6), 1981,
    /// equation 4.
    Cubic {
        /// Whether the outermost elements stay where they are.
        align_corners: bool,
    },
}

impl Tensor {
    /// The last axes brought to these sizes, one an axis: an image `[n, c, h, w]` takes two.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Interpolation, Tensor, meta};
    /// let x = Tensor::zeros([1, 3, 32, 32], DType::F32, &meta::device())?;
    /// let bilinear = Interpolation::Linear { align_corners: false };
    /// assert_eq!(*x.interpolate(&[48, 64], bilinear)?.shape(), [1, 3, 48, 64]);
    /// assert!(x.interpolate(&[48, 0], bilinear).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Axis`](crate::ErrorKind::Axis) for more sizes than axes,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a size of 0 or an axis without elements,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if elements between integers are asked for.
    #[track_caller]
    pub fn interpolate(&self, size: &[usize], how: Interpolation) -> Result<Self> {
        let first = first_axis(OP, self, size.len())?;
        let nearest = how == Interpolation::Nearest;
        if !nearest {
            require_float(OP, self.dtype())?;
        }
        let mut x = if nearest { self.clone() } else { self.wide()? };
        for (axis, &m) in (first..).zip(size) {
            let n = self.shape()[axis];
            if n == 0 || m == 0 {
                let message =
                    format!("{n} elements of axis {axis} cannot become {m}: use sizes of at least 1");
                return Err(Error::value(OP, message));
            }
            x = match how {
                _ if n == m => x,
                Interpolation::Nearest if m.is_multiple_of(n) => x.repeat(axis as isize, m / n)?,
                Interpolation::Nearest => {
                    let ratio = |i: usize| (i as u128 * n as u128 / m as u128) as usize;
                    x.take(axis as isize, &places(OP, n, m, x.device(), ratio)?)?
                }
                Interpolation::Linear { align_corners } => {
                    let place = move |i| place(i, n, m, align_corners).max(0.0);
                    x.blend(axis, m, place, [0, 1], |k, t| if k == 0 { 1.0 - t } else { t })?
                }
                Interpolation::Cubic { align_corners } => {
                    let place = move |i| place(i, n, m, align_corners);
                    x.blend(axis, m, place, [-1, 0, 1, 2], |k, t| cubic((t - k as f64).abs()))?
                }
            };
        }
        x.to_dtype(self.dtype())
    }

    /// Along an axis `m` sums of the neighbours of `place(i)`, which lie at these distances from the last
    /// element before it: each weighted by `weight(distance, fraction)`.
    #[track_caller]
    fn blend<const K: usize>(
        &self,
        axis: usize,
        m: usize,
        place: impl Fn(usize) -> f64,
        distances: [i64; K],
        weight: impl Fn(i64, f64) -> f64,
    ) -> Result<Self> {
        let (n, mut sum) = (self.shape()[axis], None);
        let mut column = vec![1; self.rank() - axis];
        column[0] = m;
        for distance in distances {
            let index = |i: usize| neighbour(place(i), distance, n);
            let picked = self.take(axis as isize, &places(OP, n, m, self.device(), index)?)?;
            let fraction = |i: usize| place(i) - place(i).floor();
            let weights = numbers(OP, m, self.dtype(), self.device(), |i| weight(distance, fraction(i)))?
                .reshape(column.clone())?;
            sum = Some(match sum {
                None => picked.mul(&weights)?,
                Some(sum) => picked.mul_add(&weights, &sum)?,
            });
        }
        match sum {
            Some(sum) => Ok(sum),
            None => Err(Error::internal(OP, "a sum of no neighbours")),
        }
    }
}

/// Names the operation in errors.
const OP: &str = "interpolate";

/// Where element `i` of `m` lies among `n`.
fn place(i: usize, n: usize, m: usize, align_corners: bool) -> f64 {
    match (align_corners, m) {
        (true, 1) => 0.0,
        (true, m) => i as f64 * (n - 1) as f64 / (m - 1) as f64,
        (false, m) => (i as f64 + 0.5) * n as f64 / m as f64 - 0.5,
    }
}

/// The element at a distance from the last one before a place; the outermost one where there is none.
fn neighbour(place: f64, distance: i64, n: usize) -> usize {
    // Places are within an element of the axis, whose size an index counts.
    let at = place.floor() as i64 + distance;
    usize::try_from(at).unwrap_or(0).min(n - 1)
}

/// The kernel of cubic convolution at a distance of 0 to 2.
fn cubic(d: f64) -> f64 {
    const A: f64 = -0.75;
    if d <= 1.0 {
        ((A + 2.0) * d - (A + 3.0)) * d * d + 1.0
    } else {
        ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A
    }
}
