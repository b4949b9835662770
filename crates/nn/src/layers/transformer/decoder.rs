//! A transformer's decoder.

use std::panic::Location;

use tensorkeep_tensor::{Result, Tensor};

use super::layers::{decode_layers, run_layers};
use super::{DecoderCache, DecoderMasks, TransformerDecoderLayer};
use crate::layers::LayerNorm;
use crate::{Context, Module};

/// Decoder layers one upon the other, all with the same memory, and a norm of what the last one gives, if
/// there is one.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[batch, length, features]` |
/// | `memory`: what an encoder gave | `[batch, memory length, features]` |
///
/// ```
/// use tensorkeep_nn::Context;
/// use tensorkeep_nn::layers::{DecoderMasks, TransformerDecoder, TransformerDecoderLayer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layers = vec![TransformerDecoderLayer::new(64, 8, 256, &mut rng)?; 2];
/// let decoder = TransformerDecoder { layers, norm: None };
/// let x = Tensor::ones([2, 5, 64], DType::F32, rng.device())?;
/// let memory = Tensor::ones([2, 9, 64], DType::F32, rng.device())?;
/// let (masks, cx) = (DecoderMasks::default(), Context::evaluation());
/// assert_eq!(decoder.run(&x, &memory, masks, &cx)?.shape(), x.shape());
///
/// // The same step by step.
/// let mut caches = decoder.caches(5, &memory, &cx)?;
/// let first = decoder.decode(&x.narrow(1, ..1)?, &mut caches, masks, &cx)?;
/// assert_eq!(*first.shape(), [2, 1, 64]);
/// assert!(decoder.decode(&x, &mut caches, masks, &cx).is_err()); // five more do not fit
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerDecoder {
    /// From the first to the last.
    pub layers: Vec<TransformerDecoderLayer>,
    /// The norm of the result: for layers whose norms come first.
    pub norm: Option<LayerNorm>,
}

impl TransformerDecoder {
    /// The result for `x` and a memory, with the same masks in every layer.
    ///
    /// # Errors
    ///
    /// Those of the layers.
    #[track_caller]
    pub fn run(&self, x: &Tensor, memory: &Tensor, masks: DecoderMasks<'_>, cx: &Context) -> Result<Tensor> {
        let y = run_layers(&self.layers, x, cx, |layer, x, cx| layer.run(x, memory, masks, cx))?;
        cx.run("norm", &self.norm, &y)
    }

    /// A cache for each layer, of so many steps from the first on, with the keys and values of the memory.
    ///
    /// # Errors
    ///
    /// Those of [`TransformerDecoderLayer::cache`].
    #[track_caller]
    pub fn caches(&self, capacity: usize, memory: &Tensor, cx: &Context) -> Result<Vec<DecoderCache>> {
        let at = Location::caller();
        let cache = |(i, layer): (usize, &TransformerDecoderLayer)| {
            let cache = layer.cache(capacity, memory, &cx.at("layers").at(i));
            cache.map_err(|error| error.within(format!("layers.{i}")).located(at))
        };
        self.layers.iter().enumerate().map(cache).collect()
    }

    /// The result for the steps that follow those in the [caches](Self::caches), which then hold them too:
    /// the same numbers as in one pass over all steps.
    ///
    /// # Errors
    ///
    /// Those of the layers; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if a cache has no room;
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) unless there is a
    /// cache for each layer. After an error all caches are as before.
    #[track_caller]
    pub fn decode(
        &self,
        x: &Tensor,
        caches: &mut [DecoderCache],
        masks: DecoderMasks<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        let decode = |layer: &TransformerDecoderLayer, x: &Tensor, cache: &mut DecoderCache, cx: &Context| {
            layer.decode(x, cache, masks, cx)
        };
        let y = decode_layers(&self.layers, x, caches, cx, decode)?;
        cx.run("norm", &self.norm, &y)
    }
}
