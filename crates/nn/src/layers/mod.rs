//! The layers, one a file.
//!
//! Parameters are public fields, and so are options for which every value has a meaning or a clear error:
//! struct update sets them, `Conv { stride: [2, 2], ..Conv::new([3, 3], 8, 16, &mut rng)? }`.

mod activation;
mod attention;
mod batch_norm;
mod conv;
mod dense;
mod dropout;
mod embedding;
mod flatten;
mod layer_norm;
mod max_pool;
mod mean_pool;
mod padding;
mod recurrent;
mod transformer;
mod window;

pub use attention::{
    AttentionMask, AttentionSizes, KeyValueCache, LearnedPositions, MultiHeadAttention, Rotary, RotaryLayout,
    SinusoidalPositions, attention_weights, causal_mask, scaled_dot_product_attention,
};
pub use batch_norm::BatchNorm;
pub use conv::Conv;
pub use dense::Dense;
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use flatten::Flatten;
pub use layer_norm::LayerNorm;
pub use max_pool::MaxPool;
pub use mean_pool::MeanPool;
pub use padding::Padding;
pub use recurrent::{
    Cell, CellNames, Gru, GruCell, GruV3, GruV3Cell, Lstm, LstmCell, LstmState, Recurrence, RecurrentStack,
    Rnn, RnnCell, Steps,
};
pub use transformer::{
    DecoderMasks, FeedForward, Gpt, GptSizes, TransformerDecoder, TransformerDecoderLayer,
    TransformerEncoder, TransformerEncoderLayer,
};
