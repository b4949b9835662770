//! Rotary positions.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::position::of_angles;
use crate::Settings;
use crate::settings::unfit;
use crate::{Module, Setting};

/// Queries and keys turned by angles that grow with their positions, so that their product depends on how far
/// apart they are.
///
/// Pair `i` of the first `width` features of a head at position `p` turns by `θ = p · base^(−2i / width)`:
/// `(a, b)` becomes `(a cos θ − b sin θ, b cos θ + a sin θ)`. What comes after the first `width` stays.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[.., length, features]` |
///
/// ```
/// use tensorkeep_nn::layers::{Rotary, RotaryLayout};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let rotary = Rotary::new(8)?; // halves, base 10000
/// let pairs = Rotary { layout: RotaryLayout::Interleaved, ..rotary.clone() };
/// let x = Tensor::ones([2, 4, 5, 8], DType::F32, &meta::device())?;
/// assert_eq!(rotary.rotate(&x, 0)?.shape(), pairs.rotate(&x, 100)?.shape());
/// assert!(rotary.rotate(&x.narrow(-1, ..6)?, 0).is_err());
/// assert!(Rotary::new(7).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Su et al., *RoFormer*, 2021, arXiv:2104.09864, equation 34.
#[derive(Clone, Debug, PartialEq, Module)]
pub struct Rotary {
    /// How many features of each head turn; even.
    pub width: usize,
    /// How much slower the last pair turns than the first.
    pub base: f64,
    /// Which features are pairs.
    #[module(skip)]
    pub layout: RotaryLayout,
}

/// Which features turn together. A checkpoint is right in its own layout alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RotaryLayout {
    /// Feature `i` and feature `i + width / 2`: GPT-NeoX, and most checkpoints in the form of Hugging Face.
    /// The default.
    #[default]
    HalfSplit,
    /// Features `2i` and `2i + 1`: the paper, and Llama in its own form.
    Interleaved,
}

impl Rotary {
    /// So many features of each head, in halves, with base 10000.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) unless the width is even and above 0.
    #[track_caller]
    pub fn new(width: usize) -> Result<Self> {
        let rotary = Self { width, base: 1e4, layout: RotaryLayout::default() };
        rotary.check().map(|()| rotary)
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        let Self { width, base, .. } = *self;
        if width == 0 || !width.is_multiple_of(2) {
            return Err(Error::value("rotary", format!("{width} features are no pairs: use an even number")));
        }
        if !(base.is_finite() && base > 0.0) {
            return Err(Error::value("rotary", format!("base {base:?} is no base: use a number above 0")));
        }
        Ok(())
    }

    /// `x` turned, its first position being `start`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` is not `[.., length, features]` of at
    /// least `width` features; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the width is odd
    /// or the base not above 0.
    #[track_caller]
    pub fn rotate(&self, x: &Tensor, start: usize) -> Result<Tensor> {
        self.check()?;
        let width = self.width;
        let length = match *x.shape().sizes() {
            [.., length, features] if features >= width => length,
            _ => {
                let rule = format!("the input is not [.., length, features] of at least {width} features");
                return Err(Error::shape("rotary", rule, &[*x.shape()]).advise("turn fewer features"));
            }
        };
        let Some(end) = start.checked_add(length) else {
            let message = format!("position {start} is beyond counting: use a smaller one");
            return Err(Error::value("rotary", message));
        };
        let turning = x.narrow(-1, ..width)?;
        let (a, b) = match self.layout {
            RotaryLayout::HalfSplit => (turning.narrow(-1, ..width / 2)?, turning.narrow(-1, width / 2..)?),
            RotaryLayout::Interleaved => (turning.slice(-1, .., 2)?, turning.slice(-1, 1.., 2)?),
        };
        let cos = of_angles(start..end, width, self.base, x.dtype(), x.device(), f64::cos)?;
        let sin = of_angles(start..end, width, self.base, x.dtype(), x.device(), f64::sin)?;
        let first = Tensor::zip_all([&a, &b, &cos, &sin], |[a, b, cos, sin]| a * cos - b * sin)?;
        let second = Tensor::zip_all([&a, &b, &cos, &sin], |[a, b, cos, sin]| b * cos + a * sin)?;
        let turned = match self.layout {
            RotaryLayout::HalfSplit => Tensor::concat(&[&first, &second], -1)?,
            RotaryLayout::Interleaved => Tensor::stack(&[&first, &second], -1)?.reshape(turning.shape())?,
        };
        if x.shape().last() == Some(&width) {
            return Ok(turned);
        }
        Tensor::concat(&[&turned, &x.narrow(-1, width..)?], -1)
    }

    #[track_caller]
    pub(super) fn settings(&self) -> Result<Settings> {
        let layout = match self.layout {
            RotaryLayout::HalfSplit => "half_split",
            RotaryLayout::Interleaved => "interleaved",
        };
        Ok(Settings::new().with_size("width", self.width)?.with("base", self.base).with("layout", layout))
    }

    #[track_caller]
    pub(super) fn rebuild(settings: &mut Settings) -> Result<Self> {
        let (width, base) = (settings.take_size("width")?, settings.take_positive("base")?);
        let layout = match settings.take("layout")? {
            Setting::Text(name) if name == "half_split" => RotaryLayout::HalfSplit,
            Setting::Text(name) if name == "interleaved" => RotaryLayout::Interleaved,
            other => return Err(unfit("layout", &other, "\"half_split\" or \"interleaved\"")),
        };
        Ok(Self { base, layout, ..Self::new(width)? })
    }
}
