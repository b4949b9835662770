//! What a model says of classes.

use tensorkeep_tensor::{Result, Tensor};

use super::operands::require;

/// What the numbers along the axis of classes are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Scores {
    /// Any numbers, of which the softmax is taken: the most exact.
    #[default]
    Logits,
    /// Logarithms of probabilities, as [`Tensor::log_softmax`] gives them.
    LogProbabilities,
    /// Probabilities.
    Probabilities {
        /// Added to each before its logarithm is taken; without it, a probability of 0 costs infinitely much.
        epsilon: f64,
    },
}

impl Scores {
    /// Logarithms of probabilities, of scores whose last axis is that of the classes.
    #[track_caller]
    pub(super) fn log(self, op: &'static str, scores: &Tensor) -> Result<Tensor> {
        match self {
            Self::Logits => scores.log_softmax(),
            Self::LogProbabilities => Ok(scores.clone()),
            Self::Probabilities { epsilon } => {
                require(op, "epsilon", epsilon, epsilon >= 0.0, "a finite number that is not negative")?;
                scores.map(|p| (p + epsilon).log_above(f64::NEG_INFINITY))
            }
        }
    }
}
