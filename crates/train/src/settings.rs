//! What an optimiser is told: how to treat gradients, groups, other values for options.

use tensorkeep_tensor::{Error, Result};

use crate::fuse::{Around, Pass};
use crate::group::GroupRate;
use crate::options::check;
use crate::rule::Rule;
use crate::{Group, NonFinite, Optimiser, Transform};

impl Optimiser {
    /// An optimiser that has made no step yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a hyper-parameter is out of range.
    #[track_caller]
    pub fn new(rule: impl Rule + 'static) -> Result<Self> {
        let (around, groups) = (Around::default(), Vec::new());
        let passes = passes(&rule, &around, &groups)?;
        Ok(Self {
            rule: Box::new(rule),
            around,
            groups,
            freezes: Vec::new(),
            non_finite: NonFinite::default(),
            passes,
            step: 0,
            held: 0,
            slots: Vec::new(),
            seated: false,
        })
    }

    /// Does this to every gradient, after the transforms that were named before and before the rule.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a number of it is out of range, or steps have been made.
    #[track_caller]
    pub fn transform(mut self, transform: Transform) -> Result<Self> {
        transform.check()?;
        self.around.transforms.push(transform);
        self.rebuilt()
    }

    /// Decays the weights of any rule without a share in its moments: `p ← (1 − η λ) p` before each step, as [`AdamW`](crate::AdamW)
    /// does of itself. PyTorch's `decoupled_weight_decay=True` of `RAdam`, `NAdam` and `Adam`. Groups change it with
    /// [`Group::decay`].
    ///
    /// ```
    /// use tensorkeep_tensor::Tensor;
    /// use tensorkeep_train::{NAdam, Optimiser};
    ///
    /// let device = tensorkeep_cpu::device();
    /// let mut x = Tensor::new([4.0f32], &device)?;
    /// let mut optimiser = Optimiser::new(NAdam::new(0.5))?.decoupled_decay(0.5)?;
    /// let zero = x.zeros_like()?;
    /// optimiser.update(&mut x, &zero)?;
    /// assert_eq!(x.to_vec::<f32>()?, [3.0]);
    ///
    /// assert!(Optimiser::new(NAdam::new(0.5))?.decoupled_decay(-0.5).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// Source: Loshchilov and Hutter, *Decoupled Weight Decay Regularization*, 2017, arXiv:1711.05101, algorithm 2.
    ///
    /// # Errors
    ///
    /// As for [`transform`](Self::transform).
    #[track_caller]
    pub fn decoupled_decay(mut self, decay: f64) -> Result<Self> {
        check("optimiser", "decay", decay, 0.0, f64::INFINITY)?;
        self.around.decoupled = Some(decay);
        self.rebuilt()
    }

    /// Lets every step be one with the mean of `n` gradients: the first `n − 1` calls of [`update`](Self::update) only gather. Frozen
    /// parameters gather nothing; transforms see the mean.
    ///
    /// # Errors
    ///
    /// As for [`transform`](Self::transform).
    #[track_caller]
    pub fn accumulate(mut self, n: u64) -> Result<Self> {
        if n == 0 {
            return Err(Error::value("optimiser", "a step of the mean of 0 gradients: use 1 or more"));
        }
        self.around.accumulate = Some(n);
        self.rebuilt()
    }

    /// Looks ahead: after every `every` steps the parameters fall back to slow weights, which have gone a share `alpha` of the way.
    ///
    /// `s ← s + α (p − s)`, `p ← s`. The paper's values are 5 and 0.5, with the rule's own state kept.
    ///
    /// Source: Zhang et al., *Lookahead Optimizer: k steps forward, 1 step back*, 2019, arXiv:1907.08610, algorithm 1.
    ///
    /// # Errors
    ///
    /// As for [`transform`](Self::transform).
    #[track_caller]
    pub fn lookahead(mut self, every: u64, alpha: f64) -> Result<Self> {
        if every == 0 {
            return Err(Error::value("optimiser", "a look ahead of 0 steps: use 1 or more, usually 5"));
        }
        check("optimiser", "alpha", alpha, 0.0, 1.0f64.next_up())?;
        self.around.lookahead = Some((every, alpha));
        self.rebuilt()
    }

    /// Keeps an exponential moving average of the parameters, `a ← d a + (1 − d) p` after each step, from the parameters before the
    /// first on. [`averaged`](Self::averaged) gives it.
    ///
    /// Source: Polyak and Juditsky, *Acceleration of stochastic approximation by averaging*, 1992, with a mean that forgets.
    ///
    /// # Errors
    ///
    /// As for [`transform`](Self::transform).
    #[track_caller]
    pub fn average(mut self, decay: f64) -> Result<Self> {
        check("optimiser", "the decay of the average", decay, 0.0, 1.0)?;
        self.around.average = Some(decay);
        self.rebuilt()
    }

    /// Keeps a copy in single precision of every parameter in half precision, and all state in single precision too. Rules move the
    /// copies, and the parameters are those rounded: steps too small for half precision are not lost.
    ///
    /// This is for a model that is in halves itself: loaded so, or so large that weights and gradients have to be. A model of `f32`
    /// whose passes alone should be in halves needs no copies, but [`MixedPrecision`](crate::MixedPrecision), which compares the two.
    ///
    /// Source: Micikevicius et al., *Mixed Precision Training*, 2017, arXiv:1710.03740, section 3.1.
    ///
    /// # Errors
    ///
    /// As for [`transform`](Self::transform).
    #[track_caller]
    pub fn master_weights(mut self) -> Result<Self> {
        self.around.master = true;
        self.rebuilt()
    }

    /// What to do about gradients that are not finite.
    #[must_use]
    pub fn non_finite(self, non_finite: NonFinite) -> Self {
        Self { non_finite, ..self }
    }

    /// Treats the parameters that a pattern covers in a way of their own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for options that the rule has not, values out of range, or a rule that
    /// would keep other state; and if steps have been made.
    #[track_caller]
    pub fn group(mut self, group: Group) -> Result<Self> {
        self.groups.push(group);
        self.rebuilt()
    }

    /// The learning rate.
    pub fn rate(&self) -> f64 {
        rate_of(&*self.rule)
    }

    /// Changes the learning rate from the next step on. Groups follow, but for those with a rate of their own.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it is negative or NaN.
    #[track_caller]
    pub fn set_rate(&mut self, rate: f64) -> Result<()> {
        check("optimiser", "rate", rate, 0.0, f64::INFINITY)?;
        put_rate(&mut *self.rule, rate);
        let own = self.groups.iter().map(|group| group.rate);
        // Rates are parameters of the programs, which stay.
        for (pass, own) in self.passes.iter_mut().zip(std::iter::once(GroupRate::Scaled(1.0)).chain(own)) {
            pass.set_rate(own.at(rate));
        }
        Ok(())
    }

    /// Changes the learning rate of a group from the next step on: it has one of its own then.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it is negative or NaN, or there is no group of this pattern.
    #[track_caller]
    pub fn set_group_rate(&mut self, pattern: &str, rate: f64) -> Result<()> {
        check("optimiser", "rate", rate, 0.0, f64::INFINITY)?;
        let Some(at) = self.groups.iter().position(|group| group.pattern == pattern) else {
            return Err(Error::value(
                "optimiser",
                format!("there is no group {pattern}: use the pattern that it was made with"),
            ));
        };
        self.groups[at].rate = GroupRate::Own(rate);
        self.set_rate(self.rate())
    }

    /// Changes an option of the rule, named as its field is, from the next step on. Groups with another value keep theirs.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a name that the rule has not, or a choice that was made for good;
    /// for a value out of range; and if the rule would then keep other state than it has. Nothing has changed then.
    #[track_caller]
    pub fn set(&mut self, name: &str, value: f64) -> Result<()> {
        let mut rule = self.rule.boxed();
        put(&mut *rule, self.rule(), name, value)?;
        let passes = passes(&*rule, &self.around, &self.groups)?;
        if !self.is_fresh() && rule.slots() != self.rule.slots() {
            let message =
                format!("{name} {value} needs other state than was kept: set it before the first step");
            return Err(Error::value("optimiser", message));
        }
        (self.rule, self.passes) = (rule, passes);
        Ok(())
    }

    /// With its passes made anew, which is too late once there is state.
    #[track_caller]
    fn rebuilt(mut self) -> Result<Self> {
        if !self.is_fresh() {
            let message = "it has made steps already: say how it works before the first";
            return Err(Error::value("optimiser", message));
        }
        self.passes = passes(&*self.rule, &self.around, &self.groups)?;
        Ok(self)
    }
}

impl GroupRate {
    /// The group's rate where the optimiser's is `rate`.
    fn at(self, rate: f64) -> f64 {
        match self {
            Self::Scaled(scale) => scale * rate,
            Self::Own(own) => own,
        }
    }
}

/// The pass of the rule itself, then that of each group.
#[track_caller]
fn passes(rule: &dyn Rule, around: &Around, groups: &[Group]) -> Result<Vec<Pass>> {
    let mut base = rule.boxed();
    let name = checked(&mut *base)?;
    let rate = rate_of(&*base);
    let mut passes = vec![Pass::new(base, around)?];
    for group in groups {
        let (mut own, mut around) = (rule.boxed(), around.clone());
        for (option, value) in &group.options {
            if option != "decay" || own.options().get(option).is_some() || !decay(&mut around, *value)? {
                put(&mut *own, name, option, *value)?;
            }
        }
        if let GroupRate::Scaled(scale) = group.rate {
            check(name, "rate_scale", scale, 0.0, f64::INFINITY)?;
        }
        put_rate(&mut *own, group.rate.at(rate));
        checked(&mut *own)?;
        if own.slots() != rule.slots() {
            let message = format!(
                "the group {} would keep other state than the rest: use an optimiser of its own for it",
                group.pattern
            );
            return Err(Error::value(name, message));
        }
        passes.push(Pass::new(own, &around)?);
    }
    Ok(passes)
}

/// Gives the decay around a rule another value, if there is one.
#[track_caller]
fn decay(around: &mut Around, value: f64) -> Result<bool> {
    let l2 = around.transforms.iter_mut().find(|transform| matches!(transform, Transform::L2Decay(_)));
    if let Some(decoupled) = &mut around.decoupled {
        check("optimiser", "decay", value, 0.0, f64::INFINITY)?;
        *decoupled = value;
    } else if let Some(transform) = l2 {
        *transform = Transform::L2Decay(value);
        transform.check()?;
    } else {
        return Ok(false);
    }
    Ok(true)
}

/// The name of a rule, if its options are in their ranges.
#[track_caller]
fn checked(rule: &mut dyn Rule) -> Result<&'static str> {
    let name = rule.program().map_or_else(|error| error.op(), |program| program.name());
    rule.options().check(name)?;
    Ok(name)
}

/// Gives an option of a rule another value.
#[track_caller]
fn put(rule: &mut dyn Rule, name: &'static str, option: &str, value: f64) -> Result<()> {
    let names = rule.options().names();
    match rule.options().get(option) {
        Some(place) => *place = value,
        None => {
            let message = format!("there is no option {option}: use one of {names}");
            return Err(Error::value(name, message));
        }
    }
    Ok(())
}

pub(crate) fn rate_of(rule: &dyn Rule) -> f64 {
    rule.boxed().options().get("rate").map_or(0.0, |rate| *rate)
}

pub(crate) fn put_rate(rule: &mut dyn Rule, rate: f64) {
    if let Some(place) = rule.options().get("rate") {
        *place = rate;
    }
}
