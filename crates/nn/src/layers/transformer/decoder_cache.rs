//! What a decoder's layer holds from step to step.

use crate::layers::KeyValueCache;

/// Keys and values of the steps so far, and those of the memory, which are computed once: what
/// [`TransformerDecoderLayer::cache`](super::TransformerDecoderLayer::cache) makes for one memory.
#[derive(Clone, Debug)]
pub struct DecoderCache {
    /// Of the self-attention.
    pub own: KeyValueCache,
    /// Of the attention to the memory. Nothing is added to it.
    pub memory: KeyValueCache,
}
