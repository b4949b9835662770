//! What parameters start as.
//!
//! Each initialiser takes the shape of a weight, `[outputs, inputs / groups, kernel..]`, and the stream to
//! draw from, which also says on which device the weight lives: the same seed gives the same bits on each.
//! All are `f32`. A weight without elements would make a layer that computes nothing, so a size of 0 is an
//! error here, once for all layers.
//!
//! ```
//! use tensorkeep_nn::init::{FanMode, Gain, glorot_uniform, kaiming_normal};
//! use tensorkeep_nn::layers::Dense;
//! use tensorkeep_tensor::{Rng, meta};
//!
//! let mut rng = Rng::new(7, &meta::device());
//! let weight = kaiming_normal([128, 784], FanMode::Inputs, Gain::Relu.value(), &mut rng)?;
//! let layer = Dense { weight, ..Dense::new(784, 128, &mut rng)? };
//! assert_eq!(*layer.weight.shape(), [128, 784]);
//! assert!(glorot_uniform([128, 0], 1.0, &mut rng).is_err());
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```

mod constant;
mod fan;
mod gain;
mod glorot;
mod identity;
mod kaiming;
mod lecun;
mod normal;
mod orthogonal;
mod quantile;
mod sparse;
mod truncated_normal;
mod uniform;

pub use constant::{constant, ones, zeros};
pub use fan::{Fan, FanMode};
pub use gain::Gain;
pub use glorot::{glorot_normal, glorot_uniform};
pub use identity::{grouped_identity, identity};
pub use kaiming::{kaiming_normal, kaiming_uniform};
pub use lecun::{lecun_normal, lecun_uniform};
pub use normal::normal;
pub use orthogonal::orthogonal;
pub use sparse::sparse;
pub use truncated_normal::truncated_normal;
pub use uniform::uniform;
