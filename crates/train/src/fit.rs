//! The training loop.

use std::time::Instant;

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_data::Loader;
use tensorkeep_nn::{Context, Module};
use tensorkeep_tensor::{DType, Error, Result, Tensor, philox};

use crate::schedules::{ReduceOnPlateau, Schedule};
use crate::{Event, Listener, NonFinite, Optimiser};

/// The training loop: every epoch goes through the loader's batches in the order of (seed, epoch), makes a step for each, and tells the
/// listeners.
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
    epochs: usize,
    /// The epoch that comes first.
    first: usize,
    seed: u64,
    /// The learning rate, if it is not the optimiser's own.
    rate: Option<Rate<'a>>,
    plateau: Option<&'a mut ReduceOnPlateau>,
    /// What to do about a loss that is not finite.
    non_finite: NonFinite,
    stop: Option<Box<Stop<'a>>>,
    listeners: Vec<&'a mut dyn Listener>,
}

/// Where the learning rate comes from.
enum Rate<'a> {
    /// How much of the training is done.
    Share(Box<dyn Fn(f64) -> f64 + 'a>),
    /// The step.
    Step(Box<dyn Schedule + 'a>),
}

/// Whether an event is to be the last.
type Stop<'a> = dyn FnMut(&Event<'_>) -> bool + 'a;

/// What an epoch came to.
struct Epoch {
    loss: f64,
    samples: usize,
    seconds: f64,
    stopped: bool,
}

/// What training left behind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The mean loss of the samples of each epoch.
    pub losses: Vec<f64>,
    /// How many samples were seen in all.
    pub samples: usize,
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
        let mut history = History::default();
        for epoch in self.first..self.epochs {
            self.tell(&Event::EpochStart { epoch, epochs: self.epochs, batches: loader.batches() })?;
            let Epoch { loss, samples, seconds, mut stopped } =
                self.epoch(epoch, model, optimiser, loader, &loss)?;
            for (name, value) in measure(model)? {
                stopped |= self.tell(&Event::Metric { epoch, name, value })?;
            }
            stopped |= self.tell(&Event::EpochEnd { epoch, loss, seconds, samples })?;
            history.losses.push(loss);
            history.samples += samples;
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

    /// One epoch.
    fn epoch<M: Module + Clone>(
        &mut self,
        epoch: usize,
        model: &mut M,
        optimiser: &mut Optimiser,
        loader: &Loader,
        loss: &impl Fn(&M, &Tensor, &Tensor, &Context) -> Result<Tensor>,
    ) -> Result<Epoch> {
        let started = Instant::now();
        // Summed on the device: reading each loss would wait for each step.
        let mut total: Option<Tensor> = None;
        let (mut samples, mut stopped) = (0, false);
        for (i, batch) in loader.epoch(epoch as u64).enumerate() {
            let (x, y) = batch?;
            match &self.rate {
                None => {}
                Some(Rate::Step(schedule)) => optimiser.set_rate(schedule.at(optimiser.steps())?)?,
                Some(Rate::Share(rate)) => {
                    let done = epoch as f64 + i as f64 / loader.batches() as f64;
                    optimiser.set_rate(rate(done / self.epochs as f64))?;
                }
            }
            // A seed for each gradient, so that dropout draws anew.
            let mut seed = philox::child(self.seed, optimiser.steps());
            if optimiser.held() > 0 {
                seed = philox::child(seed, optimiser.held());
            }
            let cx = Context::training(seed);
            let (value, grads) = value_and_grad(|model: &M| loss(model, &x, &y, &cx), model)?;
            if !self.is_fit(epoch, i, &value)? {
                continue;
            }
            optimiser.update(model, &grads)?;
            let size = x.shape().first().copied().unwrap_or(1);
            let weighted = value.to_dtype(DType::F32)?.mul(size as f64)?;
            total = Some(match total {
                None => weighted,
                Some(total) => total.add(&weighted)?,
            });
            samples += size;
            if self.tell(&Event::Step { epoch, batch: i, samples: size, loss: &value })? {
                stopped = true;
                break;
            }
        }
        let Some(total) = total else {
            let message = format!(
                "no batch of epoch {} has a finite loss: lower the learning rate, check the data",
                epoch + 1
            );
            return Err(Error::value("fit", message));
        };
        let mean = total.item()?.as_f64() / samples.max(1) as f64;
        if !mean.is_finite() {
            let message =
                format!("the loss of epoch {} is {mean}: lower the learning rate, check the data", epoch + 1);
            return Err(Error::value("fit", message));
        }
        Ok(Epoch { loss: mean, samples, seconds: started.elapsed().as_secs_f64(), stopped })
    }

    /// Whether to make a step of a batch with this loss.
    #[track_caller]
    fn is_fit(&self, epoch: usize, batch: usize, loss: &Tensor) -> Result<bool> {
        if self.non_finite == NonFinite::Unchecked {
            return Ok(true);
        }
        let loss = loss.item()?.as_f64();
        if loss.is_finite() || self.non_finite == NonFinite::Skip {
            return Ok(loss.is_finite());
        }
        let message = format!(
            "the loss of batch {batch} of epoch {} is {loss}: lower the learning rate, check the data",
            epoch + 1
        );
        Err(Error::value("fit", message))
    }

    /// Tells the listeners, and whether to stop.
    fn tell(&mut self, event: &Event<'_>) -> Result<bool> {
        self.listeners.iter_mut().try_for_each(|listener| listener.on(event))?;
        Ok(self.stop.as_mut().is_some_and(|stop| stop(event)))
    }
}
