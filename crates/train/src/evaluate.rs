//! Testing.

use tensorkeep_data::Loader;
use tensorkeep_nn::Layer;
use tensorkeep_tensor::{DType, Error, Result};

use crate::Confusion;
use crate::accuracy::classify;

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

/// Tests a classifier whose labels are class numbers, in the loader's order.
///
/// # Errors
///
/// Those of the loader, the model and [`accuracy`](crate::accuracy); [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value)
/// if the loader has no batches, or more classes than [`Confusion`] counts.
#[track_caller]
pub fn evaluate(model: &dyn Layer, loader: &Loader) -> Result<Evaluation> {
    let (mut labels, mut guesses, mut losses, mut classes) = (Vec::new(), Vec::new(), Vec::new(), 1);
    if loader.batches() == 0 {
        return Err(Error::value(
            "evaluate",
            "the loader has no batches: keep the last one, or make them smaller",
        ));
    }
    for batch in loader.epoch(0) {
        let (x, y) = batch?;
        let logits = model.forward(&x)?;
        let (known, guessed) = classify("evaluate", &logits, &y)?;
        classes = logits.shape().last().copied().unwrap_or(1);
        losses.extend(logits.cross_entropy(&y)?.to_dtype(DType::F32)?.to_vec::<f32>()?);
        labels.extend(known);
        guesses.extend(guessed);
    }
    let mut confusion = Confusion::new(classes)?;
    labels.iter().zip(&guesses).try_for_each(|(&label, &guess)| confusion.add(label, guess))?;
    Ok(Evaluation { labels, guesses, losses, confusion })
}
