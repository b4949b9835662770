//! One epoch of the training loop.

use std::time::Instant;

use tensorkeep_autodiff::Options;
use tensorkeep_data::Loader;
use tensorkeep_nn::{Context, Module};
use tensorkeep_tensor::{Error, Result, Tensor, philox};

use crate::fit::Rate;
use crate::{Event, Fit, NonFinite, Optimiser, Outcome, SkipCause, StepReport};

/// What an epoch came to.
pub(crate) struct Epoch {
    pub(crate) loss: f64,
    pub(crate) samples: usize,
    pub(crate) skipped: usize,
    pub(crate) seconds: f64,
    pub(crate) stopped: bool,
}

impl Fit<'_> {
    /// Goes through the batches of an epoch, whose gradients are asked of `options`.
    #[track_caller]
    pub(crate) fn epoch<M: Module + Clone>(
        &mut self,
        epoch: usize,
        options: &Options,
        model: &mut M,
        optimiser: &mut Optimiser,
        loader: &Loader,
        loss: &impl Fn(&M, &Tensor, &Tensor, &Context) -> Result<Tensor>,
    ) -> Result<Epoch> {
        let started = Instant::now();
        let mut total = Total::default();
        let (mut skipped, mut stopped) = (0, false);
        for (batch, pair) in loader.epoch(epoch as u64).enumerate() {
            let (x, y) = pair?;
            self.set_rate(optimiser, epoch as f64 + batch as f64 / loader.batches() as f64)?;
            let cx = Context::training(self.seed_of(optimiser));
            let x = self.input(x)?;
            let (value, grads) = self.value_and_grad(options, |model: &M| loss(model, &x, &y, &cx), model)?;
            let report = match self.is_fit(epoch, batch, &value)? {
                true => Some(self.update(model, optimiser, &grads)?),
                false => None,
            };
            let cause = match report.as_ref().map(|report| &report.outcome) {
                None => Some(SkipCause::Loss),
                Some(Outcome::NonFinite { path }) => {
                    Some(SkipCause::Gradient { path, factor: self.factor() })
                }
                Some(_) => None,
            };
            let samples = x.shape().first().copied().unwrap_or(1);
            // The loss of a batch may be known though no step could be made of it, which has been waited for already.
            if cause.is_none() || value.item()?.as_f64().is_finite() {
                total.add(&value, samples)?;
            }
            let event = match cause {
                None => Event::Step { epoch, batch, samples, loss: &value },
                Some(cause) => Event::Skip { epoch, batch, samples, loss: &value, cause },
            };
            skipped += usize::from(cause.is_some());
            stopped = self.tell(&event)?;
            if stopped {
                break;
            }
        }
        let (loss, samples) = total.mean(epoch)?;
        Ok(Epoch { loss, samples, skipped, seconds: started.elapsed().as_secs_f64(), stopped })
    }

    /// Gives the optimiser the rate of its next step, after so many epochs.
    #[track_caller]
    fn set_rate(&self, optimiser: &mut Optimiser, epochs: f64) -> Result<()> {
        match &self.rate {
            None => Ok(()),
            Some(Rate::Step(schedule)) => optimiser.set_rate(schedule.at(optimiser.steps())?),
            Some(Rate::Share(rate)) => optimiser.set_rate(rate(epochs / self.epochs as f64)),
        }
    }

    /// A seed for each gradient, so that dropout draws anew; one that is thrown away leaves its own to the next.
    fn seed_of(&self, optimiser: &Optimiser) -> u64 {
        let seed = philox::child(self.seed, optimiser.steps());
        if optimiser.held() > 0 { philox::child(seed, optimiser.held()) } else { seed }
    }

    /// The inputs of a batch, in the dtype of the passes.
    #[track_caller]
    fn input(&self, x: Tensor) -> Result<Tensor> {
        match &self.mixed {
            Some(mixed) if x.dtype().is_float() => x.to_dtype(mixed.dtype),
            _ => Ok(x),
        }
    }

    /// A loss and its gradient, or that of the scaled loss.
    #[track_caller]
    fn value_and_grad<M: Module + Clone>(
        &self,
        options: &Options,
        loss: impl FnOnce(&M) -> Result<Tensor>,
        model: &M,
    ) -> Result<(Tensor, M)> {
        match &self.mixed {
            Some(mixed) => mixed.value_and_grad(options, loss, model),
            None => options.value_and_grad(loss, model),
        }
    }

    /// The optimiser's step with such a gradient.
    #[track_caller]
    fn update<M: Module + Clone>(
        &mut self,
        model: &mut M,
        optimiser: &mut Optimiser,
        grads: &M,
    ) -> Result<StepReport> {
        match &mut self.mixed {
            Some(mixed) => mixed.update(optimiser, model, grads),
            None => optimiser.update(model, grads),
        }
    }

    /// What the next loss is scaled by, if it is.
    fn factor(&self) -> Option<f64> {
        Some(self.mixed.as_ref()?.scaler.as_ref()?.factor())
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
}

/// The losses of an epoch so far.
#[derive(Default)]
struct Total {
    /// Summed on the device: reading each loss would wait for each step.
    sum: Option<Tensor>,
    samples: usize,
}

impl Total {
    /// Adds the mean loss of so many samples.
    #[track_caller]
    fn add(&mut self, loss: &Tensor, samples: usize) -> Result<()> {
        let weighted = loss.to_dtype(loss.dtype().widened())?.mul(samples as f64)?;
        self.sum = Some(match self.sum.take() {
            None => weighted,
            Some(sum) => sum.add(&weighted)?,
        });
        self.samples += samples;
        Ok(())
    }

    /// The mean loss of a sample, and the number of samples.
    #[track_caller]
    fn mean(self, epoch: usize) -> Result<(f64, usize)> {
        let Some(sum) = self.sum else {
            let message = format!(
                "no batch of epoch {} has a finite loss: lower the learning rate, check the data",
                epoch + 1
            );
            return Err(Error::value("fit", message));
        };
        let mean = sum.item()?.as_f64() / self.samples.max(1) as f64;
        if !mean.is_finite() {
            let message =
                format!("the loss of epoch {} is {mean}: lower the learning rate, check the data", epoch + 1);
            return Err(Error::value("fit", message));
        }
        Ok((mean, self.samples))
    }
}
