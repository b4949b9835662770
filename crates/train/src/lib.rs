//! Optimisers, metrics and the training loop.
//!
//! An optimiser rule is one elementwise expression with several results, so a step is one pass over parameter, gradient and state.
//! State belongs to a leaf by its place in the walk and is checked against its path.

mod event;
mod fit;
mod metrics;
mod optimiser;
mod progress;
mod rule;
mod rules;

pub use event::{Event, Listener};
pub use fit::{Evaluation, Fit, History, evaluate};
pub use metrics::{Confusion, accuracy};
pub use optimiser::Optimiser;
pub use progress::Progress;
pub use rule::Rule;
pub use rules::{Adam, AdamW, Sgd};
