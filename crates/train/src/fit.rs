//! The training loop.

use std::time::Instant;

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_data::Loader;
use tensorkeep_nn::{Context, Module};
use tensorkeep_tensor::{DType, Error, Result, Tensor, philox};

use crate::{Event, Listener, Optimiser};

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
    /// The learning rate at each share of the training, if it is not the optimiser's own.
    rate: Option<Box<dyn Fn(f64) -> f64 + 'a>>,
    listeners: Vec<&'a mut dyn Listener>,
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
        Self { epochs, first: 0, seed, rate: None, listeners: Vec::new() }
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
        Self { rate: Some(Box::new(rate)), ..self }
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
            let (loss, samples, seconds) = self.epoch(epoch, model, optimiser, loader, &loss)?;
            for (name, value) in measure(model)? {
                self.tell(&Event::Metric { epoch, name, value })?;
            }
            self.tell(&Event::EpochEnd { epoch, loss, seconds, samples })?;
            history.losses.push(loss);
            history.samples += samples;
            history.seconds += seconds;
        }
        Ok(history)
    }

    /// One epoch: the mean loss, the samples and the seconds.
    fn epoch<M: Module + Clone>(
        &mut self,
        epoch: usize,
        model: &mut M,
        optimiser: &mut Optimiser,
        loader: &Loader,
        loss: &impl Fn(&M, &Tensor, &Tensor, &Context) -> Result<Tensor>,
    ) -> Result<(f64, usize, f64)> {
        let started = Instant::now();
        // Summed on the device: reading each loss would wait for each step.
        let mut total: Option<Tensor> = None;
        let mut samples = 0;
        for (i, batch) in loader.epoch(epoch as u64).enumerate() {
            let (x, y) = batch?;
            if let Some(rate) = &self.rate {
                let done = epoch as f64 + i as f64 / loader.batches() as f64;
                optimiser.set_rate(rate(done / self.epochs as f64))?;
            }
            // A seed a step, so that dropout draws anew.
            let cx = Context::training(philox::child(self.seed, optimiser.steps()));
            let (value, grads) = value_and_grad(|model: &M| loss(model, &x, &y, &cx), model)?;
            optimiser.update(model, &grads)?;
            let size = x.shape().first().copied().unwrap_or(1);
            let weighted = value.to_dtype(DType::F32)?.mul(size as f64)?;
            total = Some(match total {
                None => weighted,
                Some(total) => total.add(&weighted)?,
            });
            samples += size;
            self.tell(&Event::Step { epoch, batch: i, samples: size, loss: &value })?;
        }
        let mean = total.map_or(Ok(0.0), |total| Ok(total.item()?.as_f64() / samples.max(1) as f64))?;
        if !mean.is_finite() {
            let message =
                format!("the loss of epoch {} is {mean}: lower the learning rate, check the data", epoch + 1);
            return Err(Error::value("fit", message));
        }
        Ok((mean, samples, started.elapsed().as_secs_f64()))
    }

    fn tell(&mut self, event: &Event<'_>) -> Result<()> {
        self.listeners.iter_mut().try_for_each(|listener| listener.on(event))
    }
}
