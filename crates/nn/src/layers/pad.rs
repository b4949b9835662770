//! What surrounds the spatial axes.

use tensorkeep_tensor::{Error, PadMode, Result, Rng, Scalar, Tensor};

use super::window::require_rank;
use crate::settings::unfit;
use crate::{Context, Description, Layer, Module, Rebuild, Setting, Settings};

/// Surrounds `N` = 1 to 3 spatial axes with a constant, or with what lies at their edges, as the [`PadMode`]
/// says.
///
/// | | shape |
/// |---|---|
/// | `x` | `[n, channels, spatial..]` |
/// | result | `[n, channels, before + size + after..]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `x` has not `N` spatial axes,
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if an axis has not the elements that the mode
/// needs, [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if a constant does not fit.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::Pad;
/// use tensorkeep_tensor::{DType, PadMode, Tensor, meta};
///
/// let x = Tensor::zeros([5, 3, 8, 8], DType::F32, &meta::device())?;
/// let pad = Pad { padding: [(1, 1), (0, 2)], mode: PadMode::Reflect };
/// assert_eq!(*pad.forward(&x)?.shape(), [5, 3, 10, 10]);
/// assert!(Pad { padding: [(8, 0), (0, 0)], ..pad }.forward(&x).is_err()); // there is no ninth to mirror
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Module)]
pub struct Pad<const N: usize> {
    /// How many elements before and after each axis.
    #[module(skip)]
    pub padding: [(usize, usize); N],
    /// What they are.
    #[module(skip)]
    pub mode: PadMode,
}

impl<const N: usize> Layer for Pad<N> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        require_rank::<N>("pad", x)?;
        x.pad_mode(&[&[(0, 0); 2][..], &self.padding].concat(), self.mode)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

/// The modes that have no constant, by their names in files.
const MODES: [(&str, PadMode); 4] = [
    ("replicate", PadMode::Replicate),
    ("reflect", PadMode::Reflect),
    ("symmetric", PadMode::Symmetric),
    ("circular", PadMode::Circular),
];

impl<const N: usize> Rebuild for Pad<N> {
    const NAME: &'static str = ["nn.pad1d", "nn.pad2d", "nn.pad3d"][N - 1];

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let sizes = self.padding.map(|(before, after)| [before, after]);
        let settings = Settings::new().with_sizes("padding", sizes.as_flattened())?;
        let constant = match self.mode {
            PadMode::Constant(Scalar::Bool(flag)) => Setting::Flag(flag),
            PadMode::Constant(Scalar::Int(value)) => Setting::Int(value),
            PadMode::Constant(Scalar::Float(value)) => Setting::Float(value),
            mode => {
                let name = MODES.into_iter().find(|(_, known)| *known == mode).map_or("", |(name, _)| name);
                return Ok(settings.with("mode", name));
            }
        };
        Ok(settings.with("mode", "constant").with("value", constant))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let Setting::List(sizes) = settings.take("padding")? else {
            return Err(Error::value("pad", "padding is no list: use 2 numbers an axis"));
        };
        let sizes = sizes.into_iter().map(|size| size.into_size("padding")).collect::<Result<Vec<_>>>()?;
        let (pairs, rest) = sizes.as_chunks::<2>();
        let padding = match <[[usize; 2]; N]>::try_from(pairs) {
            Ok(padding) if rest.is_empty() => padding,
            _ => {
                let message = format!("{} numbers are given: use 2 for each of {N} axes", sizes.len());
                return Err(Error::value("pad", message));
            }
        };
        let mode = match settings.take("mode")? {
            Setting::Text(word) if word == "constant" => PadMode::Constant(match settings.take("value")? {
                Setting::Flag(flag) => flag.into(),
                Setting::Int(value) => value.into(),
                Setting::Float(value) if value.is_finite() => value.into(),
                other => return Err(unfit("value", &other, "a finite number, true or false")),
            }),
            other => match MODES.into_iter().find(|(name, _)| other == Setting::from(*name)) {
                Some((_, mode)) => mode,
                None => {
                    return Err(unfit("mode", &other, "constant, replicate, reflect, symmetric or circular"));
                }
            },
        };
        Ok(Self { padding: padding.map(|[before, after]| (before, after)), mode })
    }
}
