//! Attention: what each query takes of all values, by how near its key is.
//!
//! | | is |
//! |---|---|
//! | [`scaled_dot_product_attention`] | the function; [`attention_weights`] are what it weighs the values with |
//! | [`MultiHeadAttention`] | several of them beside each other, between dense layers |
//! | [`AttentionMask`], [`causal_mask`] | which query sees which key |
//! | [`KeyValueCache`] | keys and values of the steps before, when a sequence is made step by step |
//! | [`Rotary`], [`SinusoidalPositions`], [`LearnedPositions`] | how attention, which knows no order, is told of one |

mod cache;
mod learned_positions;
mod mask;
mod multi_head;
mod position;
mod rotary;
mod scaled_dot_product;
mod sinusoidal_positions;

pub use cache::KeyValueCache;
pub use learned_positions::LearnedPositions;
pub use mask::{AttentionMask, causal_mask};
pub use multi_head::{AttentionSizes, MultiHeadAttention};
pub use rotary::{Rotary, RotaryLayout};
pub use scaled_dot_product::{attention_weights, scaled_dot_product_attention};
pub use sinusoidal_positions::SinusoidalPositions;
