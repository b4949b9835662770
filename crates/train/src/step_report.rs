//! What a step did.

use tensorkeep_tensor::module::Path;

/// What a step did, and which parameters it left alone.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport {
    /// What became of the gradients.
    pub outcome: Outcome,
    /// How many parameters moved, tied ones counted once.
    pub moved: usize,
    /// The parameters that were left alone though they are no tied ones, and why.
    pub skipped: Vec<(Path, Skipped)>,
    /// The norm of all gradients before the last [`ClipGlobalNorm`](crate::Transform::ClipGlobalNorm), if there is one.
    pub norm: Option<f64>,
}

impl StepReport {
    /// Whether the gradients were thrown away, since one was not finite.
    pub fn is_skipped(&self) -> bool {
        matches!(self.outcome, Outcome::NonFinite { .. })
    }
}

/// What became of the gradients of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The parameters moved.
    Stepped,
    /// They were added to those before; the parameters move once `held` is `of`.
    Accumulated {
        /// How many gradients are held now.
        held: u64,
        /// How many a step is made of.
        of: u64,
    },
    /// One at least was not finite, and all were thrown away, as [`NonFinite::Skip`] and a [`GradScaler`](crate::GradScaler) ask.
    NonFinite {
        /// The first of them.
        path: Path,
    },
}

/// Why a parameter was left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Skipped {
    /// The optimiser was told to [freeze](crate::Optimiser::freeze) it.
    Frozen,
    /// It has no gradient: whoever took the gradient was told to freeze it.
    NoGradient,
    /// It is not of floats.
    NotFloat,
}

/// What to do about gradients that are not finite. To look at them costs a pass over each and a wait for the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// They are not looked for: a NaN goes into the parameters.
    #[default]
    Unchecked,
    /// They are an error that names the parameter, and nothing moves.
    Refuse,
    /// Nothing moves, and the [report](StepReport) says so.
    Skip,
}
