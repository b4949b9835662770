//! The layers, one a file.
//!
//! Parameters are public fields, and so are options for which every value has a meaning or a clear error:
//! struct update sets them, `Conv { stride: [2, 2], ..Conv::new([3, 3], 8, 16, &mut rng)? }`.

mod batch_norm;
mod conv;
mod dense;
mod dropout;
mod embedding;
mod feature_statistics;
mod flatten;
mod gru;
mod layer_norm;
mod lstm;
mod max_pool;
mod mean_pool;
mod min_max;
mod padding;
mod sequence;
mod standardise;
mod window;

pub use batch_norm::BatchNorm;
pub use conv::Conv;
pub use dense::Dense;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use gru::Gru;
pub use layer_norm::LayerNorm;
pub use lstm::{Lstm, LstmState};
pub use max_pool::MaxPool;
pub use mean_pool::MeanPool;
pub use min_max::MinMax;
pub use padding::Padding;
pub use standardise::Standardise;
