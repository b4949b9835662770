//! The training loop.

use tensorkeep_autodiff::Options;
use tensorkeep_data::Loader;
use tensorkeep_nn::{Context, Module};
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::epoch::Epoch;
use crate::schedules::{ReduceOnPlateau, Schedule};
use crate::{Event, Listener, MixedPrecision, NonFinite, Optimiser};

/// The training loop: every epoch goes through the loader's batches in the order of (seed, epoch), makes a step for each, and tells the
/// listeners. What the optimiser [freezes](Optimiser::freeze) is a constant in the passes: its gradient is not taken.
///
/// ```
/// use tensorkeep_data::{Loader, digits};
/// use tensorkeep_nn::layers::{Dense, Flatten};
/// use tensorkeep_nn::losses::cross_entropy;
/// use tensorkeep_nn::{Layer, Sequential};
/// use tensorkeep_tensor::Rng;
/// use tensorkeep_train::{AdamW, Fit, Optimiser};
///
/// let device = tensorkeep_cpu::device();
/// let loader = Loader::new(digits()?, 64, &device)?.shuffle(0);
/// let mut model = Sequential::new().then(Flatten).then(Dense::new(64, 10, &mut Rng::new(0, &device))?);
/// let mut optimiser = Optimiser::new(AdamW::new(0.01))?;
/// let mut fit = Fit::new(2, 0).rate(|done| 0.01 * (1.0 - done));
/// let history = fit.run(&mut model, &mut optimiser, &loader, |m, x, y, cx| cross_entropy(&m.forward_with(x, cx)?, y))?;
/// assert!(history.losses[1] < history.losses[0]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[expect(missing_debug_implementations, reason = "listeners are closures")]
pub struct Fit<'a> {
    pub(crate) epochs: usize,
    /// The epoch that comes first.
    first: usize,
    pub(crate) seed: u64,
    /// The learning rate, if it is not the optimiser's own.
    pub(crate) rate: Option<Rate<'a>>,
    plateau: Option<&'a mut ReduceOnPlateau>,
    /// What a gradient is asked of, besides what the optimiser freezes.
    options: Options,
    pub(crate) mixed: Option<&'a mut MixedPrecision>,
    /// What to do about a loss that is not finite.
    pub(crate) non_finite: NonFinite,
    stop: Option<Box<Stop<'a>>>,
    listeners: Vec<&'a mut dyn Listener>,
}

/// Where the learning rate comes from.
pub(crate) enum Rate<'a> {
    /// How much of the training is done.
    Share(Box<dyn Fn(f64) -> f64 + 'a>),
    /// The step.
    Step(Box<dyn Schedule + 'a>),
}

/// Whether an event is to be the last.
type Stop<'a> = dyn FnMut(&Event<'_>) -> bool + 'a;

/// What training left behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The mean loss of the samples of each epoch. Batches whose loss is not finite, where they are skipped, do not count.
    pub losses: Vec<f64>,
    /// How many samples these are the means of, in all.
    pub samples: usize,
    /// Of how many batches no step was made; [`Event::Skip`] tells of each.
    pub skipped: usize,
    /// How long the steps took, in seconds.
    pub seconds: f64,
}

impl<'a> Fit<'a> {
    /// A loop of `epochs` epochs, in which dropout and its kin draw from `seed`.
    pub fn new(epochs: usize, seed: u64) -> Self {
        Self {
            epochs,
            first: 0,
            seed,
            rate: None,
            plateau: None,
            options: Options::new(),
            mixed: None,
            non_finite: NonFinite::Unchecked,
            stop: None,
            listeners: Vec::new(),
        }
    }

    /// The same without the epochs before `epoch`, counted from 0: they were run before, and the model and the optimiser
    /// are as they left them.
    #[must_use]
    pub fn from_epoch(self, epoch: usize) -> Self {
        Self { first: epoch, ..self }
    }

    /// The learning rate as a function of how much of the training is done, from 0 to 1.
    #[must_use]
    pub fn rate(self, rate: impl Fn(f64) -> f64 + 'a) -> Self {
        Self { rate: Some(Rate::Share(Box::new(rate))), ..self }
    }

    /// The learning rate as a function of the steps that the optimiser has made.
    #[must_use]
    pub fn schedule(self, schedule: impl Schedule + 'a) -> Self {
        Self { rate: Some(Rate::Step(Box::new(schedule))), ..self }
    }

    /// The learning rate that `plateau` makes of the loss of each epoch, in place of a schedule.
    #[must_use]
    pub fn reduce_on_plateau(self, plateau: &'a mut ReduceOnPlateau) -> Self {
        Self { plateau: Some(plateau), ..self }
    }

    /// Computes the passes in half precision; the weights stay in the dtype that they have. The batches' inputs, if they are floats, and
    /// the model that the loss is asked of are in the dtype of the passes.
    ///
    /// A step whose gradients overflow is not made, which [`Event::Skip`] tells, and the next loss is scaled by less. The scaler goes on
    /// where it stood, and its [words](crate::GradScaler::words) afterwards are for a checkpoint.
    ///
    /// ```
    /// use tensorkeep_data::{Loader, digits};
    /// use tensorkeep_nn::layers::{Dense, Flatten};
    /// use tensorkeep_nn::losses::cross_entropy;
    /// use tensorkeep_nn::{Layer, Sequential};
    /// use tensorkeep_tensor::{DType, ErrorKind, Rng};
    /// use tensorkeep_train::{AdamW, Fit, MixedPrecision, Optimiser};
    ///
    /// let device = tensorkeep_cpu::device();
    /// let loader = Loader::new(digits()?, 64, &device)?.shuffle(0);
    /// let mut model = Sequential::new().then(Flatten).then(Dense::new(64, 10, &mut Rng::new(0, &device))?);
    /// let mut optimiser = Optimiser::new(AdamW::new(0.01))?;
    /// let mut mixed = MixedPrecision::bf16();
    /// let mut train = |mixed: &mut MixedPrecision| {
    ///     let mut fit = Fit::new(2, 0).mixed_precision(mixed);
    ///     fit.run(&mut model, &mut optimiser, &loader, |m, x, y, cx| cross_entropy(&m.forward_with(x, cx)?, y))
    /// };
    /// let history = train(&mut mixed)?;
    /// assert!(history.losses[1] < history.losses[0]);
    ///
    /// // Passes are of floats.
    /// let error = train(&mut MixedPrecision { dtype: DType::I32, ..mixed }).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::DType);
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn mixed_precision(self, mixed: &'a mut MixedPrecision) -> Self {
        Self { mixed: Some(mixed), ..self }
    }

    /// What gradients are asked of, besides what the optimiser freezes: which leaves need not reach the loss, for one. Those that
    /// [`MixedPrecision::options`] names are added.
    #[must_use]
    pub fn options(self, options: Options) -> Self {
        Self { options, ..self }
    }

    /// What to do about a loss that is not finite before a step is made of it: refuse it, by the name of its batch, or skip the batch.
    /// To look costs a wait for the device at each step. Gradients are looked at by
    /// [`Optimiser::non_finite`](crate::Optimiser::non_finite).
    #[must_use]
    pub fn non_finite(self, non_finite: NonFinite) -> Self {
        Self { non_finite, ..self }
    }

    /// Ends the training after the first event that `stop` says yes to: an [`EarlyStopping`](crate::EarlyStopping), say, of the
    /// losses of epochs. What was trained stays.
    ///
    /// ```
    /// use tensorkeep_train::{EarlyStopping, Event, Fit, Goal};
    ///
    /// let mut stopping = EarlyStopping::new(3, 0.01, Goal::Smallest)?;
    /// let fit = Fit::new(100, 0)
    ///     .stop_when(|event| matches!(event, Event::EpochEnd { loss, .. } if stopping.observe(*loss)));
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn stop_when(self, stop: impl FnMut(&Event<'_>) -> bool + 'a) -> Self {
        Self { stop: Some(Box::new(stop)), ..self }
    }

    /// Tells `listener` what happens, after those that were named before.
    #[must_use]
    pub fn listen(mut self, listener: &'a mut dyn Listener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Trains `model`: `loss(model, x, y, context)` gives the mean loss of a batch.
    ///
    /// # Errors
    ///
    /// Those of the loader, the loss, the optimiser and the listeners;
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the loss of an epoch is not finite, or the loader has no
    /// batches.
    #[track_caller]
    pub fn run<M: Module + Clone>(
        &mut self,
        model: &mut M,
        optimiser: &mut Optimiser,
        loader: &Loader,
        loss: impl Fn(&M, &Tensor, &Tensor, &Context) -> Result<Tensor>,
    ) -> Result<History> {
        self.run_measured(model, optimiser, loader, loss, |_| Ok(Vec::new()))
    }

    /// [`run`](Self::run) with `measure` called on the model after each epoch; listeners are told each name and value.
    ///
    /// # Errors
    ///
    /// As for [`run`](Self::run), and those of `measure`.
    #[track_caller]
    pub fn run_measured<M: Module + Clone>(
        &mut self,
        model: &mut M,
        optimiser: &mut Optimiser,
        loader: &Loader,
        loss: impl Fn(&M, &Tensor, &Tensor, &Context) -> Result<Tensor>,
        mut measure: impl FnMut(&M) -> Result<Vec<(&'static str, f64)>>,
    ) -> Result<History> {
        if loader.batches() == 0 {
            let message = "the loader has no batches: keep the last one, or make them smaller";
            return Err(Error::value("fit", message));
        }
        let mut asked = self.options.clone();
        if let Some(mixed) = &self.mixed {
            asked = asked.and(&mixed.options);
        }
        let options = optimiser.asking(&asked, model)?;
        let mut history = History::default();
        for epoch in self.first..self.epochs {
            self.tell(&Event::EpochStart { epoch, epochs: self.epochs, batches: loader.batches() })?;
            let Epoch { loss, samples, skipped, seconds, mut stopped } =
                self.epoch(epoch, &options, model, optimiser, loader, &loss)?;
            for (name, value) in measure(model)? {
                stopped |= self.tell(&Event::Metric { epoch, name, value })?;
            }
            stopped |= self.tell(&Event::EpochEnd { epoch, loss, seconds, samples })?;
            history.losses.push(loss);
            history.samples += samples;
            history.skipped += skipped;
            history.seconds += seconds;
            if let Some(plateau) = &mut self.plateau {
                optimiser.set_rate(plateau.observe(loss)?)?;
            }
            if stopped {
                break;
            }
        }
        Ok(history)
    }

    /// Tells the listeners, and whether to stop.
    pub(crate) fn tell(&mut self, event: &Event<'_>) -> Result<bool> {
        self.listeners.iter_mut().try_for_each(|listener| listener.on(event))?;
        Ok(self.stop.as_mut().is_some_and(|stop| stop(event)))
    }
}
