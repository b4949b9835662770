//! What is imagined around the spatial axes.

use tensorkeep_tensor::{Error, Result};

use crate::settings::unfit;
use crate::{Setting, Settings};

/// What a window that slides over `N` spatial axes imagines around them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Padding<const N: usize> {
    /// Nothing: the window stays inside.
    Valid,
    /// As much on both sides as gives `⌈size / stride⌉` positions: `dilation · (kernel − 1) / 2`, which must
    /// be whole.
    Same,
    /// So many before and after each axis.
    Explicit([(usize, usize); N]),
}

impl<const N: usize> Padding<N> {
    /// How many elements it puts before and after each axis.
    #[track_caller]
    pub(super) fn resolve(
        self,
        op: &'static str,
        kernel: [usize; N],
        dilation: [usize; N],
    ) -> Result<[(usize, usize); N]> {
        let mut padding = [(0, 0); N];
        match self {
            Self::Valid => {}
            Self::Explicit(explicit) => padding = explicit,
            Self::Same => {
                for (slot, (kernel, dilation)) in padding.iter_mut().zip(kernel.into_iter().zip(dilation)) {
                    *slot = same(op, kernel, dilation)?;
                }
            }
        }
        Ok(padding)
    }

    /// As a layer's setting: a word, or a list of the numbers before and after each axis.
    #[track_caller]
    pub(super) fn setting(self) -> Result<Setting> {
        match self {
            Self::Valid => Ok("valid".into()),
            Self::Same => Ok("same".into()),
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
                _ => {
                    Err(unfit(NAME, &setting, "valid, same, or a list of numbers before and after each axis"))
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

#[track_caller]
fn same(op: &'static str, kernel: usize, dilation: usize) -> Result<(usize, usize)> {
    // A kernel of 0 and a reach beyond a machine word are refused with the window.
    let reach = kernel.saturating_sub(1).saturating_mul(dilation);
    if !reach.is_multiple_of(2) {
        let message = format!(
            "a kernel of {kernel} with dilation {dilation} has no middle to pad around: use an odd kernel or \
             Padding::Explicit"
        );
        return Err(Error::value(op, message));
    }
    Ok((reach / 2, reach / 2))
}
