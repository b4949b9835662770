//! Parameters that are trained in a way of their own.

/// The parameters that a pattern covers, and what is different for them. Where several groups cover a parameter, the last one does.
///
/// Patterns are those of [`Path::matches`](tensorkeep_tensor::module::Path::matches): `encoder.**` is everything in `encoder`,
/// `**.bias` every bias. One that covers no parameter is an error of the first step. A tied parameter goes by its first place.
///
/// ```
/// use tensorkeep_autodiff::grad;
/// use tensorkeep_tensor::Tensor;
/// use tensorkeep_train::{Group, Optimiser, Sgd};
///
/// let device = tensorkeep_cpu::device();
/// let optimiser = || Optimiser::new(Sgd { decay: 0.5, ..Sgd::new(1.0) });
/// let mut model = (Tensor::new([2.0f32], &device)?, Tensor::new([2.0f32], &device)?);
/// let ones = grad(|m: &(Tensor, Tensor)| m.0.add(&m.1)?.sum_all(), &model)?;
/// optimiser()?.group(Group::new("1").rate_scale(0.1).decay(0.0))?.update(&mut model, &ones)?;
/// assert_eq!((model.0.to_vec::<f32>()?, model.1.to_vec::<f32>()?), (vec![0.0], vec![1.9]));
///
/// let error = optimiser()?.group(Group::new("head.**").rate(0.1))?.update(&mut model, &ones).unwrap_err();
/// assert!(error.to_string().contains("the pattern head.** covers no parameter: the parameters are 0, 1"));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub(crate) pattern: String,
    pub(crate) rate: GroupRate,
    pub(crate) options: Vec<(String, f64)>,
}

/// Where the learning rate of a group comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum GroupRate {
    /// It is the optimiser's, times this.
    Scaled(f64),
    /// It is this, whatever the optimiser's.
    Own(f64),
}

impl Group {
    /// The parameters that `pattern` covers, so far as all others.
    pub fn new(pattern: impl Into<String>) -> Self {
        Self { pattern: pattern.into(), rate: GroupRate::Scaled(1.0), options: Vec::new() }
    }

    /// The optimiser's learning rate, times `scale`, follows its schedule.
    #[must_use]
    pub fn rate_scale(self, scale: f64) -> Self {
        Self { rate: GroupRate::Scaled(scale), ..self }
    }

    /// A learning rate of its own, which [`Optimiser::set_group_rate`](crate::Optimiser::set_group_rate) alone changes.
    #[must_use]
    pub fn rate(self, rate: f64) -> Self {
        Self { rate: GroupRate::Own(rate), ..self }
    }

    /// A weight decay of its own: the rule's, or, if the rule has none, that of
    /// [`Optimiser::decoupled_decay`](crate::Optimiser::decoupled_decay), or else of [`Transform::L2Decay`](crate::Transform::L2Decay).
    #[must_use]
    pub fn decay(self, decay: f64) -> Self {
        self.set("decay", decay)
    }

    /// Another value for an option of the rule, as for [`Optimiser::set`](crate::Optimiser::set).
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: f64) -> Self {
        let name = name.into();
        if name == "rate" {
            return self.rate(value);
        }
        self.options.push((name, value));
        self
    }
}
