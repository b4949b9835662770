//! Optimisers, metrics and the training loop.
//!
//! An optimiser rule is one elementwise expression with several results, so a step is one pass over parameter, gradient and state.
//! State belongs to a leaf by its place in the walk and is checked against its path.

mod accuracy;
mod confusion;
mod evaluate;
mod event;
mod fit;
mod grad_scaler;
mod mixed_precision;
mod optimiser;
mod progress;
mod rule;
mod rules;

pub use accuracy::accuracy;
pub use confusion::Confusion;
pub use evaluate::{Evaluation, evaluate};
pub use event::{Event, Listener};
pub use fit::{Fit, History};
pub use grad_scaler::{GradScaler, GradScalerState};
pub use mixed_precision::{MixedPrecision, MixedStep};
pub use optimiser::Optimiser;
pub use progress::Progress;
pub use rule::Rule;
pub use rules::{Adam, AdamW, Sgd};
