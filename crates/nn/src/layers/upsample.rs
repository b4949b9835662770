//! Other sizes of spatial axes.

use tensorkeep_tensor::{Error, Interpolation, Result, Rng, Tensor};

use super::window::require_rank;
use crate::settings::unfit;
use crate::{Context, Description, Layer, Module, Rebuild, Setting, Settings};

/// Brings `N` = 1 to 3 spatial axes to another size, [`Tensor::interpolate`]. With two axes,
/// [`Interpolation::Linear`] is bilinear and [`Interpolation::Cubic`] bicubic.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, channels, spatial..]` |
/// | result | `[n, channels, size..]`, or `[n, channels, ⌊scale · spatial⌋..]` |
///
/// Elements are placed by the ratio of the sizes, also where a scale was given that does not come to whole
/// sizes: what PyTorch calls `recompute_scale_factor`.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has not `N` spatial axes,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a scale that is not a finite number above 0,
/// for sizes that come to 0, or axes without elements.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{Resize, Upsample};
/// use tensorkeep_tensor::{DType, Interpolation, Tensor, meta};
///
/// let x = Tensor::zeros([5, 3, 8, 8], DType::F32, &meta::device())?;
/// let mode = Interpolation::Linear { align_corners: false };
/// let double = Upsample { to: Resize::Scale([2.0, 2.0]), mode };
/// assert_eq!(*double.forward(&x)?.shape(), [5, 3, 16, 16]);
/// let exact = Upsample { to: Resize::Size([10, 7]), mode };
/// assert_eq!(*exact.forward(&x)?.shape(), [5, 3, 10, 7]);
/// assert!(Upsample { to: Resize::Scale([0.1, 0.1]), mode }.forward(&x).is_err()); // to nothing
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct Upsample<const N: usize> {
    /// Which sizes.
    #[module(skip)]
    pub to: Resize<N>,
    /// How elements between elements are made up.
    #[module(skip)]
    pub mode: Interpolation,
}

/// The sizes of [`Upsample`]'s result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resize<const N: usize> {
    /// So many times those of the input, rounded down.
    Scale([f64; N]),
    /// These.
    Size([usize; N]),
}

impl<const N: usize> Resize<N> {
    /// The sizes for an input of these.
    #[track_caller]
    fn sizes(self, input: &[usize]) -> Result<[usize; N]> {
        let scales = match self {
            Self::Size(sizes) => return Ok(sizes),
            Self::Scale(scales) => scales,
        };
        let mut sizes = [0; N];
        for (size, (scale, &n)) in sizes.iter_mut().zip(scales.into_iter().zip(input)) {
            if !(scale > 0.0 && scale.is_finite()) {
                return Err(Error::value("upsample", format!("scale {scale}: use a finite number above 0")));
            }
            // Beyond a machine word it becomes the largest of them, which no device holds.
            *size = (scale * n as f64) as usize;
        }
        Ok(sizes)
    }
}

impl<const N: usize> Layer for Upsample<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        require_rank::<N>("upsample", x)?;
        x.interpolate(&self.to.sizes(&x.shape()[2..])?, self.mode)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl<const N: usize> Rebuild for Upsample<N> {
    const NAME: &'static str = ["nn.upsample1d", "nn.upsample2d", "nn.upsample3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = match self.to {
            Resize::Size(sizes) => Settings::new().with_sizes("size", &sizes)?,
            Resize::Scale(scales) => Settings::new().with("scale", scales.map(Setting::Float).to_vec()),
        };
        let (mode, align_corners) = match self.mode {
            Interpolation::Nearest => return Ok(settings.with("mode", "nearest")),
            Interpolation::Linear { align_corners } => ("linear", align_corners),
            Interpolation::Cubic { align_corners } => ("cubic", align_corners),
        };
        Ok(settings.with("mode", mode).with("align_corners", align_corners))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let given = settings.iter().any(|(name, _)| name == "size");
        let to =
            if given { Resize::Size(settings.take_sizes("size")?) } else { Resize::Scale(scales(settings)?) };
        let mode = match settings.take("mode")? {
            Setting::Text(word) if word == "nearest" => Interpolation::Nearest,
            Setting::Text(word) if word == "linear" => {
                Interpolation::Linear { align_corners: settings.take_flag("align_corners")? }
            }
            Setting::Text(word) if word == "cubic" => {
                Interpolation::Cubic { align_corners: settings.take_flag("align_corners")? }
            }
            other => return Err(unfit("mode", &other, "nearest, linear or cubic")),
        };
        Ok(Self { to, mode })
    }
}

/// The setting of the scales.
#[track_caller]
fn scales<const N: usize>(settings: &mut Settings) -> Result<[f64; N]> {
    let setting = settings.take("scale")?;
    let Setting::List(list) = &setting else {
        return Err(unfit("scale", &setting, "a list of numbers"));
    };
    let numbers: Option<Vec<f64>> = list
        .iter()
        .map(|scale| match scale {
            Setting::Float(scale) if *scale > 0.0 && scale.is_finite() => Some(*scale),
            _ => None,
        })
        .collect();
    match numbers.and_then(|numbers| numbers.try_into().ok()) {
        Some(scales) => Ok(scales),
        None => Err(unfit("scale", &setting, "finite numbers above 0, one an axis")),
    }
}
