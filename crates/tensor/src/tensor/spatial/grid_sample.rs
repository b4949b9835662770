//! An image at places between its elements.

use crate::expr::Expr;
use crate::op::require_float;
use crate::{DType, Error, ErrorKind, Result, Tensor};

/// How [`Tensor::grid_sample`] reads an image. The default is PyTorch's: linear, zeros outside, corners not
/// aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GridSample {
    /// What stands between elements.
    pub mode: SampleMode,
    /// What stands outside.
    pub padding: SamplePadding,
    /// Whether −1 and 1 are the centres of the outermost elements, instead of their outer edges.
    pub align_corners: bool,
}

/// What stands between the elements of an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SampleMode {
    /// The neighbours, weighted linearly along each axis.
    #[default]
    Linear,
    /// The nearest element; the even one of two that are as near.
    Nearest,
}

/// What stands outside an image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SamplePadding {
    /// 0.
    #[default]
    Zeros,
    /// The nearest element inside.
    Border,
    /// The image mirrored: at its outermost elements if corners are aligned, otherwise at their edges.
    Reflection,
}

impl Tensor {
    /// An image, or a volume, at the places that a grid names.
    ///
    /// | | shape |
    /// |---|---|
    /// | `self` | `[n, c, h, w]`, or `[n, c, d, h, w]` |
    /// | `grid` | `[n, h', w', 2]`, or `[n, d', h', w', 3]`: `(x, y)` or `(x, y, z)` |
    /// | result | `[n, c, h', w']`, or `[n, c, d', h', w']` |
    ///
    /// Coordinates are from −1 to 1, and x runs along the last axis of the image. One that is NaN counts as −1.
    /// At an element the derivative by its place is that towards the next one; where
    /// [`SamplePadding::Border`] begins it is 0.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, GridSample, Tensor, meta};
    /// let device = meta::device();
    /// let image = Tensor::zeros([2, 3, 8, 8], DType::F32, &device)?;
    /// let maps = Tensor::zeros([2, 2, 3], DType::F32, &device)?;
    /// let grid = maps.affine_grid(&[4, 5], false)?;
    /// assert_eq!(*image.grid_sample(&grid, GridSample::default())?.shape(), [2, 3, 4, 5]);
    /// assert!(image.grid_sample(&maps, GridSample::default()).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if image and grid do not fit, or the image has an axis without elements;
    /// [`ErrorKind::DType`] if their dtypes differ or are of integers; [`ErrorKind::Limit`] for an image of
    /// more elements than an index counts.
    #[track_caller]
    pub fn grid_sample(&self, grid: &Self, how: GridSample) -> Result<Self> {
        require_float(OP, self.dtype())?;
        if self.dtype() != grid.dtype() {
            let message =
                format!("operands of {} and {}: cast one with to_dtype", self.dtype(), grid.dtype());
            return Err(Error::dtype(OP, message));
        }
        let (image, places) = (self.shape(), grid.shape());
        let axes = image.rank().saturating_sub(2);
        let fits = (2..=3).contains(&axes)
            && places.rank() == image.rank()
            && places[0] == image[0]
            && places[axes + 1] == axes;
        if !fits {
            let rule = "an image is [n, c, h, w] with a grid [n, .., .., 2], or a volume [n, c, d, h, w] with \
                        [n, .., .., .., 3]";
            return Err(Error::shape(OP, rule, &[*image, *places]).advise("reshape them"));
        }
        let count = places[1..=axes].iter().product();
        let grid = grid.wide()?.reshape([places[0], count, axes])?;
        let mut at = Vec::with_capacity(axes);
        for (axis, &size) in image[2..].iter().enumerate() {
            let coordinate = grid.at(-1, axes - 1 - axis)?;
            at.push(coordinate.map(|x| element(x, size as f64, how))?);
        }
        self.wide()?
            .sample(&at, how.mode)?
            .reshape([&image[..2], &places[1..=axes]].concat())?
            .to_dtype(self.dtype())
    }

    /// The elements at places counted in elements: one tensor `[n, p]` or `[1, p]` of coordinates a spatial
    /// axis, none further outside than [`OUTSIDE`]. Gives `[n, c, p]`.
    #[track_caller]
    pub(super) fn sample(&self, at: &[Self], mode: SampleMode) -> Result<Self> {
        let sizes = &self.shape()[2..];
        let elements: usize = sizes.iter().product();
        if elements == 0 {
            return Err(Error::shape(OP, "an image without elements", &[*self.shape()])
                .advise("check for empty input"));
        }
        if i32::try_from(elements).is_err() {
            let message = format!("{elements} elements of an image are more than an index counts: cut it");
            return Err(Error::new(ErrorKind::Limit, OP, message));
        }
        let mut corners = vec![Corner { index: None, weight: None }];
        for (place, &size) in at.iter().zip(sizes) {
            corners = widen(&corners, place, size, mode)?;
        }
        // One zero more, for whatever is outside.
        let flat = self.flatten(2)?.pad(&[(0, 0), (0, 0), (0, 1)], 0)?;
        let mut sum: Option<Self> = None;
        for Corner { index, weight } in corners {
            let Some(index) = index else { continue };
            let index = index.map(|i| i.lt(0).select(elements as i64, i))?.unsqueeze(1)?;
            let picked =
                flat.gather(-1, &index.broadcast_to([flat.shape()[0], flat.shape()[1], index.shape()[2]])?)?;
            let weight = weight.map(|weight| weight.unsqueeze(1)).transpose()?;
            sum = Some(match (weight, sum) {
                (None, _) => picked,
                (Some(weight), None) => picked.mul(&weight)?,
                (Some(weight), Some(sum)) => picked.mul_add(&weight, &sum)?,
            });
        }
        match sum {
            Some(sum) => Ok(sum),
            None => Err(Error::internal(OP, "an image of no axes")),
        }
    }
}

/// Names the operation in errors.
const OP: &str = "grid_sample";

/// Coordinates end so far outside an image, where nothing of it is seen any more.
pub(super) const OUTSIDE: f64 = 2.0;

/// Neighbours of places along the axes so far: their flat index, negative outside, and their weight, if it is
/// not 1.
struct Corner {
    index: Option<Tensor>,
    weight: Option<Tensor>,
}

/// The neighbours along one axis more.
#[track_caller]
fn widen(corners: &[Corner], place: &Tensor, size: usize, mode: SampleMode) -> Result<Vec<Corner>> {
    let mut widened = Vec::with_capacity(2 * corners.len());
    let sides: &[i64] = if mode == SampleMode::Linear { &[0, 1] } else { &[0] };
    for side in sides {
        let at = |x: &Expr| match mode {
            SampleMode::Linear => x.floor() + *side as f64,
            SampleMode::Nearest => x.round(),
        };
        let index = place.map(|x| {
            let i = at(x).cast(DType::INDEX);
            (i.ge(0) & i.lt(size as i64)).select(&i, -1)
        })?;
        let weight = match mode {
            SampleMode::Linear => Some(place.map(|x| {
                let fraction = x - x.floor();
                if *side == 0 { 1.0 - fraction } else { fraction }
            })?),
            SampleMode::Nearest => None,
        };
        for corner in corners {
            let index = match &corner.index {
                None => index.clone(),
                Some(outer) => outer.zip(&index, |outer, inner| {
                    (outer.lt(0) | inner.lt(0)).select(-1, outer * (size as i64) + inner)
                })?,
            };
            let weight = match (&corner.weight, &weight) {
                (Some(outer), Some(inner)) => Some(outer.mul(inner)?),
                (_, weight) => weight.clone(),
            };
            widened.push(Corner { index: Some(index), weight });
        }
    }
    Ok(widened)
}

/// The place, counted in elements, of a coordinate between −1 and 1.
fn element(x: &Expr, size: f64, how: GridSample) -> Expr {
    let x = x.is_nan().select(-1.0, x);
    let x = if how.align_corners { (x + 1.0) * ((size - 1.0) / 2.0) } else { (x + 1.0) * (size / 2.0) - 0.5 };
    match how.padding {
        SamplePadding::Zeros => confine(&x, -OUTSIDE, size - 1.0 + OUTSIDE),
        SamplePadding::Border => confine(&x, 0.0, size - 1.0),
        SamplePadding::Reflection => {
            let (low, span) = if how.align_corners { (0.0, size - 1.0) } else { (-0.5, size) };
            confine(&reflect(&x, low, span), 0.0, size - 1.0)
        }
    }
}

/// Bounded, with no slope at the bounds and beyond; what is no number is `low`.
fn confine(x: &Expr, low: f64, high: f64) -> Expr {
    x.gt(low).select(x.ge(high).select(high, x), low)
}

/// Thrown back at `low` and `low + span` until it is between them.
fn reflect(x: &Expr, low: f64, span: f64) -> Expr {
    if span == 0.0 {
        return x * 0.0;
    }
    let distance = x - low;
    let distance = distance.lt(0.0).select(-&distance, &distance);
    let turns = (&distance / span).floor();
    let rest = &distance - &turns * span;
    let odd = (&turns * 0.5).floor() * 2.0;
    turns.eq(odd).select(&rest, span - &rest) + low
}
