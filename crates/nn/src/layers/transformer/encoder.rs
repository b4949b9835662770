//! A transformer's encoder.

use tensorkeep_tensor::{Result, Rng, Tensor};

use super::TransformerEncoderLayer;
use super::alike::{rebuild_alike, settings_of_alike};
use super::layers::{decode_layers, run_layers};
use crate::layers::{AttentionMask, KeyValueCache, LayerNorm};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Encoder layers one upon the other, and a norm of what the last one gives, if there is one.
///
/// | | shape |
/// |---|---|
/// | `x`, result | `[batch, length, features]` |
///
/// # Errors
///
/// Those of the layers.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{LayerNorm, TransformerEncoder, TransformerEncoderLayer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layers = (0..4).map(|_| {
///     let layer = TransformerEncoderLayer::new(64, 8, 256, &mut rng)?;
///     Ok(TransformerEncoderLayer { norm_first: true, ..layer })
/// });
/// let layers = layers.collect::<Result<Vec<_>, tensorkeep_tensor::Error>>()?;
/// let encoder = TransformerEncoder { layers, norm: Some(LayerNorm::new(64, rng.device())?) };
/// let x = Tensor::ones([2, 10, 64], DType::F32, rng.device())?;
/// assert_eq!(encoder.forward(&x)?.shape(), x.shape());
/// assert!(encoder.forward(&x.narrow(2, ..8)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Module)]
pub struct TransformerEncoder {
    /// From the first to the last.
    pub layers: Vec<TransformerEncoderLayer>,
    /// The norm of the result: for layers whose norms come first.
    pub norm: Option<LayerNorm>,
}

impl TransformerEncoder {
    /// The result for `x`, with the same mask in every layer.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn run(&self, x: &Tensor, mask: AttentionMask<'_>, cx: &Context) -> Result<Tensor> {
        let y = run_layers(&self.layers, x, cx, |layer, x, cx| layer.run(x, mask, cx))?;
        cx.run("norm", &self.norm, &y)
    }

    /// Empty caches of so many positions, one for each layer.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for 0.
    #[track_caller]
    pub fn caches(&self, capacity: usize) -> Result<Vec<KeyValueCache>> {
        Ok(vec![KeyValueCache::new(capacity)?; self.layers.len()])
    }

    /// The result for the steps that follow those in the [caches](Self::caches), which then hold them too:
    /// the same numbers as in one pass over all steps, if every layer is causal.
    ///
    /// # Errors
    ///
    /// As for the layer; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if a cache has no room;
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) unless there is a
    /// cache for each layer and every layer is causal. After an error all caches are as before.
    #[track_caller]
    pub fn decode(
        &self,
        x: &Tensor,
        caches: &mut [KeyValueCache],
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        let decode = |layer: &TransformerEncoderLayer,
                      x: &Tensor,
                      cache: &mut KeyValueCache,
                      cx: &Context| { layer.decode(x, cache, mask, cx) };
        let y = decode_layers(&self.layers, x, caches, cx, decode)?;
        cx.run("norm", &self.norm, &y)
    }
}

impl Layer for TransformerEncoder {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        // The same as without a mask, seen by whoever observes layers.
        cx.run("norm", &self.norm, &cx.run("layers", &self.layers, x)?)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for TransformerEncoder {
    const NAME: &'static str = "nn.transformer_encoder";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = settings_of_alike("transformer_encoder", &self.layers)?;
        match &self.norm {
            Some(norm) => Ok(settings.with_part("norm", &norm.settings()?)),
            None => Ok(settings),
        }
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let layers = rebuild_alike("transformer_encoder", settings, rng)?;
        let norm = settings.take_part_if_any("norm", |part| LayerNorm::rebuild(part, rng))?;
        Ok(Self { layers, norm })
    }
}
