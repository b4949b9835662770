//! The optimiser rules, one a file.

mod ada_belief;
mod ada_delta;
mod ada_grad;
mod ada_max;
mod adam;
mod ams_grad;
mod lamb;
mod lion;
mod moments;
mod n_adam;
mod o_adam;
mod r_adam;
mod rms_prop;
mod rprop;
mod sgd;

pub use ada_belief::AdaBelief;
pub use ada_delta::AdaDelta;
pub use ada_grad::AdaGrad;
pub use ada_max::AdaMax;
pub use adam::{Adam, AdamW};
pub use ams_grad::AmsGrad;
pub use lamb::Lamb;
pub use lion::Lion;
pub(crate) use moments::power;
pub use n_adam::NAdam;
pub use o_adam::OAdam;
pub use r_adam::RAdam;
pub use rms_prop::RmsProp;
pub use rprop::Rprop;
pub use sgd::Sgd;
