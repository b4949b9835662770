//! What is imagined around the spatial axes.

use tensorkeep_tensor::{Error, Result};

use crate::settings::unfit;
use crate::{Setting, Settings};

/// What a window that slides over `N` spatial axes imagines around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding<const N: usize> {
    /// Nothing: the window stays inside.
    Valid,
    /// As much as gives `⌈size / stride⌉` positions, whatever the size: `dilation · (kernel − 1)` in all, an
    /// odd one of them behind. With stride 1 this is the `same` of PyTorch and TensorFlow; with larger
    /// strides TensorFlow's depends on the size of the input, and [`Explicit`](Self::Explicit) says it.
    ///
    /// In a transposed convolution, as much as gives `size · stride` elements.
    Same,
    /// The same with the odd one before: the `SamePad` of Flux, the lower `same` of ONNX.
    SameLower,
    /// So many before and after each axis.
    Explicit([(usize, usize); N]),
}

impl<const N: usize> Padding<N> {
    /// How many elements it puts before and after each axis.
    pub(super) fn resolve(self, kernel: [usize; N], dilation: [usize; N]) -> [(usize, usize); N] {
        let halves = |lower: bool| {
            std::array::from_fn(|axis| {
                // A reach beyond a machine word is refused with the window.
                let reach = kernel[axis].saturating_sub(1).saturating_mul(dilation[axis]);
                let (small, large) = (reach / 2, reach.div_ceil(2));
                if lower { (large, small) } else { (small, large) }
            })
        };
        match self {
            Self::Valid => [(0, 0); N],
            Self::Explicit(explicit) => explicit,
            Self::Same => halves(false),
            Self::SameLower => halves(true),
        }
    }

    /// How many elements a transposed convolution drops before and after an axis of its result, whose kernel
    /// reaches over `extent` elements; adds them, where the number is negative.
    pub(super) fn drops(self, axis: usize, extent: i128, stride: i128) -> (i128, i128) {
        let surplus = extent - stride;
        match self {
            Self::Valid => (0, 0),
            Self::Explicit(explicit) => (explicit[axis].0 as i128, explicit[axis].1 as i128),
            Self::Same => (surplus.max(0) / 2, surplus - surplus.max(0) / 2),
            Self::SameLower => (surplus - surplus.div_euclid(2), surplus.div_euclid(2)),
        }
    }

    /// As a layer's setting: a word, or a list of the numbers before and after each axis.
    #[track_caller]
    pub(super) fn setting(self) -> Result<Setting> {
        match self {
            Self::Valid => Ok("valid".into()),
            Self::Same => Ok("same".into()),
            Self::SameLower => Ok("same_lower".into()),
            Self::Explicit(axes) => {
                Settings::new().with_sizes(NAME, axes.map(|(a, b)| [a, b]).as_flattened())?.take(NAME)
            }
        }
    }

    /// The padding that a layer's setting says.
    #[track_caller]
    pub(super) fn of_setting(setting: Setting) -> Result<Self> {
        let Setting::List(numbers) = setting else {
            return match &setting {
                Setting::Text(word) if word == "valid" => Ok(Self::Valid),
                Setting::Text(word) if word == "same" => Ok(Self::Same),
                Setting::Text(word) if word == "same_lower" => Ok(Self::SameLower),
                _ => {
                    let known = "valid, same, same_lower, or a list of numbers before and after each axis";
                    Err(unfit(NAME, &setting, known))
                }
            };
        };
        let numbers = numbers.into_iter().map(|size| size.into_size(NAME)).collect::<Result<Vec<_>>>()?;
        let (axes, rest) = numbers.as_chunks::<2>();
        match <[[usize; 2]; N]>::try_from(axes) {
            Ok(axes) if rest.is_empty() => Ok(Self::Explicit(axes.map(|[a, b]| (a, b)))),
            _ => Err(Error::value(
                NAME,
                format!("{} numbers are given: use 2 for each of {N} axes", numbers.len()),
            )),
        }
    }
}

/// Of the setting.
const NAME: &str = "padding";
