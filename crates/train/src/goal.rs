//! Which way a number should go.

/// What is better: a loss should be small, a score large.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Goal {
    /// The smaller, the better.
    #[default]
    Smallest,
    /// The larger, the better.
    Largest,
}

impl Goal {
    /// By how much `new` is better than `old`; negative if it is worse.
    pub(crate) fn gain(self, old: f64, new: f64) -> f64 {
        match self {
            Self::Smallest => old - new,
            Self::Largest => new - old,
        }
    }
}
