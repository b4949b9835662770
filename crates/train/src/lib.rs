//! Optimisers, schedules, metrics and the training loop.
//!
//! An optimiser rule is one elementwise expression with several results. What is done around it, to the gradient before and to the
//! parameter after, is composed with it to one program, so a step is one pass over parameter, gradient and state. State belongs to a
//! leaf by its place in the walk and is checked against its path.

mod accuracy;
mod confusion;
mod early_stopping;
mod epoch;
mod evaluate;
mod event;
mod fit;
mod freezing;
mod fuse;
mod goal;
mod grad_scaler;
mod group;
mod measure;
mod mixed_precision;
mod movement;
mod optimiser;
mod options;
mod patience;
mod plateau;
mod progress;
mod rule;
mod rules;
mod scaling;
pub mod schedules;
mod settings;
mod standing;
mod step_report;
mod throttle;
mod transform;

pub use accuracy::accuracy;
pub use confusion::Confusion;
pub use early_stopping::EarlyStopping;
pub use evaluate::{Evaluation, evaluate};
pub use event::{Event, Listener, SkipCause};
pub use fit::{Fit, History};
pub use goal::Goal;
pub use grad_scaler::{GradScaler, GradScalerState};
pub use group::Group;
pub use mixed_precision::{MixedPrecision, MixedStep};
pub use optimiser::Optimiser;
pub use options::Options;
pub use patience::Patience;
pub use plateau::Plateau;
pub use progress::Progress;
pub use rule::{CloneRule, Rule};
pub use rules::{
    AdaBelief, AdaDelta, AdaGrad, AdaMax, Adam, AdamW, AmsGrad, Lamb, Lion, NAdam, OAdam, RAdam, RmsProp,
    Rprop, Sgd,
};
pub use standing::Standing;
pub use step_report::{NonFinite, Outcome, Skipped, StepReport};
pub use throttle::Throttle;
pub use transform::Transform;
