//! Which parameters an optimiser leaves alone, and to which groups the others belong.

use tensorkeep_autodiff::Options;
use tensorkeep_tensor::module::{Module, Parameter, Path, parameters};
use tensorkeep_tensor::{Error, Result};

use crate::Optimiser;

/// How many parameters a message about a pattern names.
const NAMED: usize = 8;

impl Optimiser {
    /// Leaves the parameters that a pattern covers alone from now on. Their state is kept.
    ///
    /// [`Fit`](crate::Fit) and [`MixedPrecision`](crate::MixedPrecision) do not take their gradients either. A loop of one's own saves
    /// that work with [`frozen`](Self::frozen).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a pattern that covers no parameter; before the first step, when none is
    /// known, that step says so.
    #[track_caller]
    pub fn freeze(&mut self, pattern: impl Into<String>) -> Result<()> {
        self.tell(pattern.into(), true)
    }

    /// Lets the parameters that a pattern covers move again.
    ///
    /// # Errors
    ///
    /// As for [`freeze`](Self::freeze).
    #[track_caller]
    pub fn thaw(&mut self, pattern: impl Into<String>) -> Result<()> {
        self.tell(pattern.into(), false)
    }

    #[track_caller]
    fn tell(&mut self, pattern: String, frozen: bool) -> Result<()> {
        let paths: Vec<&Path> = self.slots.iter().map(|slots| &slots.path).collect();
        if !self.is_fresh() {
            check_covers(&pattern, &paths)?;
        }
        // The last that covers a parameter decides, so an earlier one of the same pattern has nothing to say.
        self.freezes.retain(|(earlier, _)| *earlier != pattern);
        self.freezes.push((pattern, frozen));
        self.seated = false;
        Ok(())
    }

    /// The paths of the parameters that are frozen, each by its first place: no gradient need be taken of them.
    ///
    /// ```
    /// use tensorkeep_autodiff::Options;
    /// use tensorkeep_tensor::Tensor;
    /// use tensorkeep_train::{Optimiser, Sgd};
    ///
    /// let device = tensorkeep_cpu::device();
    /// let mut model = (Tensor::new([2.0f32], &device)?, Tensor::new([3.0f32], &device)?);
    /// let mut optimiser = Optimiser::new(Sgd::new(1.0))?;
    /// optimiser.freeze("0")?;
    /// let options = Options::new().freeze_paths(optimiser.frozen(&model)?);
    /// let (_, grads) = options.value_and_grad(|m: &(Tensor, Tensor)| m.0.mul(&m.1)?.sum_all(), &model)?;
    /// optimiser.update(&mut model, &grads)?;
    /// assert_eq!((model.0.to_vec::<f32>()?, model.1.to_vec::<f32>()?), (vec![2.0], vec![1.0]));
    ///
    /// optimiser.freeze("1.weight").unwrap_err();
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a pattern of the optimiser covers no parameter of the model.
    #[track_caller]
    pub fn frozen<M: Module>(&self, model: &M) -> Result<Vec<Path>> {
        if self.freezes.is_empty() {
            return Ok(Vec::new());
        }
        let leaves = parameters(model);
        let seats = self.seats(&leaves)?;
        let frozen = leaves.into_iter().zip(seats).filter(|(leaf, seat)| seat.is_none() && !leaf.tied);
        Ok(frozen.map(|(leaf, _)| leaf.path).collect())
    }

    /// What a gradient is asked of besides, without what is frozen here.
    #[track_caller]
    pub(crate) fn asking<M: Module>(&self, options: &Options, model: &M) -> Result<Options> {
        Ok(options.clone().freeze_paths(self.frozen(model)?))
    }

    /// The group of each parameter, none if it is frozen. Refuses patterns that cover nothing.
    #[track_caller]
    pub(crate) fn seats(&self, leaves: &[Parameter]) -> Result<Vec<Option<usize>>> {
        let paths: Vec<&Path> = leaves.iter().filter(|leaf| !leaf.tied).map(|leaf| &leaf.path).collect();
        let patterns = self.groups.iter().map(|group| &group.pattern);
        for pattern in patterns.chain(self.freezes.iter().map(|(pattern, _)| pattern)) {
            check_covers(pattern, &paths)?;
        }
        let seat = |leaf: &Parameter| {
            let frozen = self.freezes.iter().rfind(|(pattern, _)| leaf.path.matches(pattern));
            let group = self.groups.iter().rposition(|group| leaf.path.matches(&group.pattern));
            (!frozen.is_some_and(|&(_, frozen)| frozen)).then_some(group.map_or(0, |group| group + 1))
        };
        Ok(leaves.iter().map(seat).collect())
    }
}

/// Refuses a pattern that covers none of these parameters.
#[track_caller]
fn check_covers(pattern: &str, paths: &[&Path]) -> Result<()> {
    if paths.iter().any(|path| path.matches(pattern)) {
        return Ok(());
    }
    let named: Vec<String> = paths.iter().take(NAMED).map(ToString::to_string).collect();
    let more = if paths.len() > NAMED { ", .." } else { "" };
    let message =
        format!("the pattern {pattern} covers no parameter: the parameters are {}{more}", named.join(", "));
    Err(Error::value("optimiser", message))
}
