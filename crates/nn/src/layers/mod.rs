//! The layers, one a file.
//!
//! Parameters are public fields, and so are options for which every value has a meaning or a clear error:
//! struct update sets them, `Conv { stride: [2, 2], ..Conv::new([3, 3], 8, 16, &mut rng)? }`.

mod alpha_dropout;
mod batch_norm;
mod bilinear;
mod channels;
mod conv;
mod dense;
mod draws;
mod dropout;
mod embedding;
mod embedding_bag;
mod features;
mod flatten;
mod group_norm;
mod gru;
mod instance_norm;
mod layer_norm;
mod leaf;
mod local_response_norm;
mod lstm;
mod max_pool;
mod mean_pool;
mod padding;
mod rms_norm;
mod scale;
mod sequence;
mod spectral_norm;
mod weight_norm;
mod window;

pub use alpha_dropout::AlphaDropout;
pub use batch_norm::BatchNorm;
pub use bilinear::Bilinear;
pub use conv::Conv;
pub use dense::Dense;
pub use draws::Draws;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use embedding_bag::{BagMode, EmbeddingBag};
pub use flatten::Flatten;
pub use group_norm::GroupNorm;
pub use gru::Gru;
pub use instance_norm::InstanceNorm;
pub use layer_norm::LayerNorm;
pub use local_response_norm::LocalResponseNorm;
pub use lstm::{Lstm, LstmState};
pub use max_pool::MaxPool;
pub use mean_pool::MeanPool;
pub use padding::Padding;
pub use rms_norm::RmsNorm;
pub use scale::Scale;
pub use spectral_norm::SpectralNorm;
pub use weight_norm::{NormOver, WeightNorm};
