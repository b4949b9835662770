//! Transformers: attention and dense layers, each beside a shortcut and behind a norm.
//!
//! | | is |
//! |---|---|
//! | [`FeedForward`] | two dense layers with an activation between them |
//! | [`TransformerEncoderLayer`] | self-attention, then dense layers; the block of a decoder-only model too |
//! | [`TransformerDecoderLayer`] | the same with attention to a memory in between |
//! | [`TransformerEncoder`], [`TransformerDecoder`] | as many of them one upon the other |
//! | [`DecoderCache`] | what a decoder's layer holds when a sequence is made step by step |
//! | [`Gpt`] | a language model of causal blocks |
//!
//! Vaswani et al., *Attention Is All You Need*, 2017, arXiv:1706.03762; norms first as in Xiong et al., *On
//! Layer Normalization in the Transformer Architecture*, 2020, arXiv:2002.04745.

mod alike;
mod decoder;
mod decoder_cache;
mod decoder_layer;
mod encoder;
mod encoder_layer;
mod feed_forward;
mod gpt;
mod layers;
mod shortcut;

pub use decoder::TransformerDecoder;
pub use decoder_cache::DecoderCache;
pub use decoder_layer::{DecoderMasks, TransformerDecoderLayer};
pub use encoder::TransformerEncoder;
pub use encoder_layer::TransformerEncoderLayer;
pub use feed_forward::FeedForward;
pub use gpt::{Gpt, GptSizes};
