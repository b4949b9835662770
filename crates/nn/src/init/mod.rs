//! What parameters start as.
//!
//! Each initialiser takes the shape of a weight, `[outputs, inputs / groups, kernel..]`, and the stream to
//! draw from, which also says on which device the weight lives. A weight without elements would make a layer
//! that computes nothing, so a size of 0 is an error here, once for all layers.

mod constant;
mod fan;
mod glorot;
mod kaiming;
mod normal;

pub use constant::{ones, zeros};
pub use fan::Fan;
pub use glorot::{glorot_normal, glorot_uniform};
pub use kaiming::{kaiming_normal, kaiming_uniform};
pub use normal::normal;
