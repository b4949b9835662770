//! The training loop, and testing.

use std::time::Instant;

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_data::Loader;
use tensorkeep_nn::{Context, Layer, Module};
use tensorkeep_tensor::{DType, Error, Result, Tensor, philox};

use crate::{Confusion, Event, Listener, Optimiser};

/// The training loop: every epoch goes through the loader's batches in the order of (seed, epoch), makes a step for each, and tells the
/// listeners.
///
/// ```text
/// let mut progress = Progress::new();
/// let mut fit = Fit::new(10, 0).rate(|progress| 0.002 * (1.0 - progress)).listen(&mut progress);
/// let history = fit.run(&mut model, &mut optimiser, &loader, |m, x, y, cx| {
///     cross_entropy(&m.forward_with(x, cx)?, y)
/// })?;
/// ```
#[expect(missing_debug_implementations, reason = "listeners are closures")]
pub struct Fit<'a> {
    epochs: usize,
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
        Self { epochs, seed, rate: None, listeners: Vec::new() }
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
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the loss stops being finite.
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
        let mut history = History::default();
        for epoch in 0..self.epochs {
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
                let done = (epoch * loader.batches() + i) as f64 / (self.epochs * loader.batches()) as f64;
                optimiser.set_rate(rate(done))?;
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

/// What testing a classifier gave, sample by sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The class of each sample.
    pub labels: Vec<usize>,
    /// The class that the model gave each.
    pub guesses: Vec<usize>,
    /// The cross-entropy of each.
    pub losses: Vec<f32>,
    /// How often each class was taken for each other.
    pub confusion: Confusion,
}

/// Tests a classifier of integer labels, in the loader's order.
///
/// # Errors
///
/// Those of the loader and the model.
#[track_caller]
pub fn evaluate(model: &dyn Layer, loader: &Loader) -> Result<Evaluation> {
    let (mut labels, mut guesses, mut losses, mut classes) = (Vec::new(), Vec::new(), Vec::new(), 1);
    for batch in loader.epoch(0) {
        let (x, y) = batch?;
        let logits = model.forward(&x)?;
        classes = logits.shape().last().copied().unwrap_or(1);
        losses.extend(logits.cross_entropy(&y)?.to_dtype(DType::F32)?.to_vec::<f32>()?);
        guesses.extend(indices(&logits.argmax(-1, false)?)?);
        labels.extend(indices(&y)?);
    }
    let mut confusion = Confusion::new(classes)?;
    labels.iter().zip(&guesses).try_for_each(|(&label, &guess)| confusion.add(label, guess))?;
    Ok(Evaluation { labels, guesses, losses, confusion })
}

/// Class numbers on the host. Labels outside the classes were refused by the cross-entropy.
fn indices(x: &Tensor) -> Result<Vec<usize>> {
    Ok(x.to_host()?.data().iter().map(|class| class.as_i64().max(0) as usize).collect())
}
