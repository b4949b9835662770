//! The layers, one a file.
//!
//! Parameters are public fields, and so are options for which every value has a meaning or a clear error:
//! struct update sets them, `Conv { stride: [2, 2], ..Conv::new([3, 3], 8, 16, &mut rng)? }`.

mod activation;
mod adaptive_max_pool;
mod adaptive_mean_pool;
mod alpha_dropout;
mod attention;
mod batch_norm;
mod bilinear;
mod channels;
mod conv;
mod conv_transpose;
mod dense;
mod draws;
mod dropout;
mod embedding;
mod embedding_bag;
mod feature_statistics;
mod features;
mod flatten;
mod global_max_pool;
mod global_mean_pool;
mod glu;
mod group_norm;
mod instance_norm;
mod layer_norm;
mod leaf;
mod local_response_norm;
mod lp_pool;
mod max_pool;
mod mean_pool;
mod min_max;
mod named_activation;
mod pad;
mod padding;
mod padding_index;
mod pixel_shuffle;
mod pixel_unshuffle;
mod prelu;
mod recurrent;
mod rms_norm;
mod rrelu;
mod scale;
mod spectral_norm;
mod standardise;
mod transformer;
mod upsample;
mod weight_norm;
mod window;

pub use activation::{Celu, Elu, HardShrink, HardTanh, LeakyRelu, SoftShrink, Softplus, Threshold};
pub use adaptive_max_pool::AdaptiveMaxPool;
pub use adaptive_mean_pool::AdaptiveMeanPool;
pub use alpha_dropout::AlphaDropout;
pub use attention::{
    AttentionMask, AttentionSizes, KeyValueCache, LearnedPositions, MultiHeadAttention, Rotary, RotaryLayout,
    SinusoidalPositions, attention_weights, causal_mask, scaled_dot_product_attention,
};
pub use batch_norm::BatchNorm;
pub use bilinear::Bilinear;
pub use conv::Conv;
pub use conv_transpose::ConvTranspose;
pub use dense::Dense;
pub use draws::Draws;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use embedding_bag::{BagMode, EmbeddingBag};
pub use flatten::Flatten;
pub use global_max_pool::GlobalMaxPool;
pub use global_mean_pool::GlobalMeanPool;
pub use glu::{Gate, Glu};
pub use group_norm::GroupNorm;
pub use instance_norm::InstanceNorm;
pub use layer_norm::LayerNorm;
pub use local_response_norm::LocalResponseNorm;
pub use lp_pool::LpPool;
pub use max_pool::MaxPool;
pub use mean_pool::MeanPool;
pub use min_max::MinMax;
pub use pad::Pad;
pub use padding::Padding;
pub use pixel_shuffle::PixelShuffle;
pub use pixel_unshuffle::PixelUnshuffle;
pub use prelu::Prelu;
pub use recurrent::{
    Cell, CellNames, Gru, GruCell, GruV3, GruV3Cell, Lstm, LstmCell, LstmState, Recurrence, RecurrentStack,
    Rnn, RnnCell, Steps,
};
pub use rms_norm::RmsNorm;
pub use rrelu::Rrelu;
pub use scale::Scale;
pub use spectral_norm::SpectralNorm;
pub use standardise::Standardise;
pub use transformer::{
    DecoderCache, DecoderMasks, FeedForward, Gpt, GptSizes, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerEncoderLayer,
};
pub use upsample::{Resize, Upsample};
pub use weight_norm::{NormOver, WeightNorm};
