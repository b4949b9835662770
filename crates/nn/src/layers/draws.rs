//! Which elements share a draw.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::settings::unfit;
use crate::{Context, Setting, Settings};

/// For what a random layer draws: which elements have a draw of their own, and which share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Draws {
    /// For each element.
    #[default]
    Element,
    /// For each channel of each sample, axes 0 and 1: PyTorch's `Dropout1d`, `Dropout2d` and `Dropout3d`.
    Channel,
    /// For each place along these axes, counted from the last if negative; what differs along other axes
    /// alone shares a draw. Flux's `dims`.
    Axes(Vec<isize>),
}

impl Draws {
    /// For a layer that drops numbers: 1 with probability `keep` and else 0, in a shape that broadcasts with `x`; none where nothing
    /// is dropped. Only floats can be `treated` so.
    #[track_caller]
    pub(super) fn mask(
        &self,
        x: &Tensor,
        keep: f32,
        cx: &Context,
        [layer, treated]: [&'static str; 2],
    ) -> Result<Option<Tensor>> {
        let Some(mut rng) = cx.rng(x.device()) else {
            return Ok(None);
        };
        if !x.dtype().is_float() {
            let message = format!("{} cannot be {treated}: cast it to floats first", x.dtype());
            return Err(Error::dtype(layer, message));
        }
        if keep == 1.0 { Ok(None) } else { self.draw(x, keep, &mut rng).map(Some) }
    }

    #[track_caller]
    fn draw(&self, x: &Tensor, keep: f32, rng: &mut Rng) -> Result<Tensor> {
        let axes: &[isize] = match self {
            Self::Element => return rng.bernoulli(x.shape(), x.dtype(), keep),
            Self::Channel => &[0, 1],
            Self::Axes(axes) => axes,
        };
        let mut shape = vec![1; x.rank()];
        for &axis in axes {
            let axis = x.shape().axis("dropout", axis)?;
            shape[axis] = x.shape()[axis];
        }
        rng.bernoulli(shape, x.dtype(), keep)
    }

    /// The settings with this; nothing is said where each element has its draw.
    pub(super) fn write(&self, settings: Settings) -> Settings {
        match self {
            Self::Element => settings,
            Self::Channel => settings.with(NAME, "channel"),
            Self::Axes(axes) => {
                let axes: Vec<Setting> = axes.iter().map(|&axis| Setting::Int(axis as i64)).collect();
                settings.with(NAME, axes)
            }
        }
    }

    /// What the settings say.
    #[track_caller]
    pub(super) fn read(settings: &mut Settings) -> Result<Self> {
        match settings.take_optional(NAME) {
            None => Ok(Self::Element),
            Some(Setting::Text(word)) if word == "channel" => Ok(Self::Channel),
            Some(Setting::List(axes)) => {
                let axis = |axis: Setting| match axis {
                    Setting::Int(axis) if (-16..16).contains(&axis) => Ok(axis as isize),
                    other => Err(unfit(NAME, &other, "an axis")),
                };
                Ok(Self::Axes(axes.into_iter().map(axis).collect::<Result<_>>()?))
            }
            Some(other) => Err(unfit(NAME, &other, "channel, or a list of axes")),
        }
    }
}

/// Of the setting.
const NAME: &str = "draws";
