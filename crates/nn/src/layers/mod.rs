//! The layers, one a file.
//!
//! Parameters are public fields, and so are options for which every value has a meaning or a clear error:
//! struct update sets them, `Conv { stride: [2, 2], ..Conv::new([3, 3], 8, 16, &mut rng)? }`.

mod adaptive_max_pool;
mod adaptive_mean_pool;
mod batch_norm;
mod conv;
mod conv_transpose;
mod dense;
mod dropout;
mod embedding;
mod flatten;
mod global_max_pool;
mod global_mean_pool;
mod gru;
mod layer_norm;
mod lp_pool;
mod lstm;
mod max_pool;
mod mean_pool;
mod pad;
mod padding;
mod pixel_shuffle;
mod pixel_unshuffle;
mod sequence;
mod upsample;
mod window;

pub use adaptive_max_pool::AdaptiveMaxPool;
pub use adaptive_mean_pool::AdaptiveMeanPool;
pub use batch_norm::BatchNorm;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use dense::Dense;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use global_max_pool::GlobalMaxPool;
pub use global_mean_pool::GlobalMeanPool;
pub use gru::Gru;
pub use layer_norm::LayerNorm;
pub use lp_pool::LpPool;
pub use lstm::{Lstm, LstmState};
pub use max_pool::MaxPool;
pub use mean_pool::MeanPool;
pub use pad::Pad;
pub use padding::Padding;
pub use pixel_shuffle::PixelShuffle;
pub use pixel_unshuffle::PixelUnshuffle;
pub use upsample::{Resize, Upsample};
