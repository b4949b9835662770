//! Attention of several heads.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::scaled_dot_product::weigh;
use super::{AttentionMask, KeyValueCache, Rotary, attention_weights, scaled_dot_product_attention};
use crate::layers::{Dense, Dropout};
use crate::{Context, Description, Layer, Module, Rebuild, Settings};

/// Attention of several heads beside each other: each head projects queries, keys and values by itself, and
/// what all heads took is projected together.
///
/// ```text
/// Q, K, V = x_q W_qᵀ, x_k W_kᵀ, x_v W_vᵀ          a head is a block of columns
/// y = [head₁, head₂, ..] W_oᵀ      headᵢ = softmax(Qᵢ Kᵢᵀ / √d) Vᵢ
/// ```
///
/// | | shape |
/// |---|---|
/// | `x_q`, `x_k`, `x_v` | `[batch, queries, ·]`, `[batch, keys, ·]`, `[batch, keys, ·]` |
/// | `query.weight` (`W_q`) | `[heads · d, ·]` |
/// | `key.weight`, `value.weight` | `[key_heads · d, ·]`, `[key_heads · e, ·]` |
/// | `output.weight` (`W_o`) | `[outputs, heads · e]` |
/// | result | `[batch, queries, outputs]` |
///
/// As a layer, of one input, it is self-attention; [`attend`](Self::attend) takes queries from one place and
/// keys and values from another. With fewer key heads than heads, each key head serves as many heads in a row
/// (grouped queries).
///
/// The three parts of PyTorch's `in_proj_weight` are the weights of `query`, `key` and `value`. PyTorch has
/// biases, as here; Flux has none unless asked: [`AttentionSizes::bias`].
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the inputs do not fit each other, the mask or
/// the layer; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the heads do not divide the
/// widths.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{AttentionMask, AttentionSizes, MultiHeadAttention};
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = MultiHeadAttention { causal: true, ..MultiHeadAttention::new(64, 8, &mut rng)? };
/// let x = Tensor::ones([2, 10, 64], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [2, 10, 64]);
///
/// // From a memory of other features, with 2 key heads for 8 heads.
/// let sizes = AttentionSizes { keys: 32, values: 32, key_heads: 2, ..AttentionSizes::new(64, 8) };
/// let across = MultiHeadAttention::of_sizes(sizes, &mut rng)?;
/// let memory = Tensor::ones([2, 7, 32], DType::F32, rng.device())?;
/// let cx = Context::evaluation();
/// let (y, weights) = across.attend_with_weights(&x, &memory, &memory, AttentionMask::default(), &cx)?;
/// assert_eq!((y.shape(), weights.shape().sizes()), (x.shape(), &[2, 8, 10, 7][..]));
///
/// assert!(across.forward(&x).is_err()); // keys of 64 features where 32 are due
/// assert!(MultiHeadAttention::new(64, 7, &mut rng).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Vaswani et al., *Attention Is All You Need*, 2017, arXiv:1706.03762, section 3.2.2.
#[derive(Clone, Debug, Module)]
pub struct MultiHeadAttention {
    /// `W_q` and its bias.
    pub query: Dense,
    /// `W_k` and its bias.
    pub key: Dense,
    /// `W_v` and its bias.
    pub value: Dense,
    /// `W_o` and its bias.
    pub output: Dense,
    /// Heads of the queries.
    pub heads: usize,
    /// Heads of the keys and values: a divisor of `heads`.
    pub key_heads: usize,
    /// Whether a query sees no key after its own place, whatever else a mask says.
    pub causal: bool,
    /// What is done to the weights of the values.
    pub dropout: Dropout,
    /// Positions by which queries and keys turn.
    pub rotary: Option<Rotary>,
}

/// What a [`MultiHeadAttention`] is made for. Widths are those of all heads together, as in Flux: a head has
/// `width / heads`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttentionSizes {
    /// Features of what queries are made of.
    pub queries: usize,
    /// Features of what keys are made of.
    pub keys: usize,
    /// Features of what values are made of.
    pub values: usize,
    /// Width of the queries of all heads, and of the keys if they have as many.
    pub width: usize,
    /// Width of the values that all heads take.
    pub value_width: usize,
    /// Features of the result.
    pub outputs: usize,
    /// Heads of the queries.
    pub heads: usize,
    /// Heads of the keys and values.
    pub key_heads: usize,
    /// Whether the four dense layers have biases.
    pub bias: bool,
}

impl AttentionSizes {
    /// All of so many features, as many key heads as heads, and biases.
    pub fn new(features: usize, heads: usize) -> Self {
        Self {
            queries: features,
            keys: features,
            values: features,
            width: features,
            value_width: features,
            outputs: features,
            heads,
            key_heads: heads,
            bias: true,
        }
    }
}

impl MultiHeadAttention {
    /// So many heads, of all of so many features together. Weights are Glorot-uniform, biases 0; no dropout.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the heads do not divide the features, or
    /// either is 0.
    #[track_caller]
    pub fn new(features: usize, heads: usize, rng: &mut Rng) -> Result<Self> {
        Self::of_sizes(AttentionSizes::new(features, heads), rng)
    }

    /// The same with a say in all sizes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the heads do not divide the widths, the
    /// key heads do not divide the heads, or a size is 0.
    #[track_caller]
    pub fn of_sizes(sizes: AttentionSizes, rng: &mut Rng) -> Result<Self> {
        let AttentionSizes { heads, key_heads, .. } = sizes;
        let width = key_heads.saturating_mul(per_head("width", sizes.width, heads)?);
        let value_width = key_heads.saturating_mul(per_head("value width", sizes.value_width, heads)?);
        let layer = Self {
            query: dense(sizes.queries, sizes.width, sizes.bias, rng)?,
            key: dense(sizes.keys, width, sizes.bias, rng)?,
            value: dense(sizes.values, value_width, sizes.bias, rng)?,
            output: dense(sizes.value_width, sizes.outputs, sizes.bias, rng)?,
            heads,
            key_heads,
            causal: false,
            dropout: Dropout::new(0.0)?,
            rotary: None,
        };
        layer.check().map(|()| layer)
    }

    /// What each query takes of the values: `[batch, queries, outputs]`, of `query` `[batch, queries, ·]`,
    /// and `key` and `value` `[batch, keys, ·]`.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn attend(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        let heads = self.project([query, key, value], 0, cx)?;
        self.taken(&heads, self.masked(mask), cx)
    }

    /// The same, and the weights that each head gave to the values, after dropout:
    /// `[batch, heads, queries, keys]`. PyTorch gives their mean over the heads unless asked otherwise:
    /// `weights.mean([1], false)`.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn attend_with_weights(
        &self,
        query: &Tensor,
        key: &Tensor,
        value: &Tensor,
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<(Tensor, Tensor)> {
        let heads = self.project([query, key, value], 0, cx)?;
        self.weighed(&heads, self.masked(mask), cx)
    }

    /// Self-attention of the steps that follow those in the cache, which then holds them too: the same
    /// numbers as in one pass over all steps. A mask is for all keys that the cache holds then. After an
    /// error it is as before.
    ///
    /// # Errors
    ///
    /// As for the layer; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) if the cache has no room
    /// for the steps; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the layer is not causal,
    /// since earlier steps would have seen later ones.
    #[track_caller]
    pub fn decode(
        &self,
        x: &Tensor,
        cache: &mut KeyValueCache,
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        if !self.causal {
            let message = "the attention is not causal, so no step can be taken before the next is known: make it causal";
            return Err(Error::value("attention", message));
        }
        let [q, k, v] = self.project([x, x, x], cache.len(), cx)?;
        let before = cache.clone();
        let [k, v] = cache.append(&k, &v)?;
        let taken = self.taken(&[q, k, v], self.masked(mask), cx);
        if taken.is_err() {
            *cache = before;
        }
        taken
    }

    /// The keys and values of a memory, `[batch, keys, ·]` each, computed once for all queries that will
    /// [attend to](Self::attend_to) it.
    ///
    /// # Errors
    ///
    /// As for the layer.
    #[track_caller]
    pub fn remember(&self, key: &Tensor, value: &Tensor, cx: &Context) -> Result<KeyValueCache> {
        self.check()?;
        fit([key, key, value])?;
        let [k, v] = self.keys_and_values(key, value, 0, cx)?;
        // Of a memory without a position, nothing is held.
        let mut cache = KeyValueCache::new(key.shape()[1].max(1))?;
        cache.append(&k, &v).map(|_| cache)
    }

    /// [`attend`](Self::attend) to what a cache holds, the first of the queries being at position `start`.
    ///
    /// # Errors
    ///
    /// As for the layer; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if nothing was put into
    /// the cache.
    #[track_caller]
    pub fn attend_to(
        &self,
        query: &Tensor,
        start: usize,
        cache: &KeyValueCache,
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<Tensor> {
        self.check()?;
        fit([query; 3])?;
        let Some([k, v]) = cache.held() else {
            return Err(Error::value("attention", "the cache holds nothing: make it by `remember`"));
        };
        let q = self.queries(query, start, cx)?;
        if q.shape().first() != k.shape().first() {
            let rule = "queries and what the cache holds are of different batches";
            let error = Error::shape("attention", rule, &[*q.shape(), *k.shape()]);
            return Err(error.advise("make the cache for this batch"));
        }
        self.taken(&[q, k.clone(), v.clone()], self.masked(mask), cx)
    }

    fn masked<'a>(&self, mask: AttentionMask<'a>) -> AttentionMask<'a> {
        AttentionMask { causal: mask.causal || self.causal, ..mask }
    }

    /// Queries, keys and values by heads, `[batch, heads, length, ·]`, the first of them at position `start`.
    #[track_caller]
    fn project(&self, inputs: [&Tensor; 3], start: usize, cx: &Context) -> Result<[Tensor; 3]> {
        self.check()?;
        fit(inputs)?;
        let [query, key, value] = inputs;
        let q = self.queries(query, start, cx)?;
        let [k, v] = self.keys_and_values(key, value, start, cx)?;
        Ok([q, k, v])
    }

    #[track_caller]
    fn queries(&self, query: &Tensor, start: usize, cx: &Context) -> Result<Tensor> {
        self.turned(split(&cx.run("query", &self.query, query)?, self.heads)?, start)
    }

    #[track_caller]
    fn keys_and_values(
        &self,
        key: &Tensor,
        value: &Tensor,
        start: usize,
        cx: &Context,
    ) -> Result<[Tensor; 2]> {
        let k = split(&cx.run("key", &self.key, key)?, self.key_heads)?;
        let v = split(&cx.run("value", &self.value, value)?, self.key_heads)?;
        Ok([self.turned(k, start)?, v])
    }

    #[track_caller]
    fn turned(&self, x: Tensor, start: usize) -> Result<Tensor> {
        match &self.rotary {
            Some(rotary) => rotary.rotate(&x, start),
            None => Ok(x),
        }
    }

    /// The result, without weights unless some are to be dropped.
    #[track_caller]
    fn taken(&self, heads: &[Tensor; 3], mask: AttentionMask<'_>, cx: &Context) -> Result<Tensor> {
        if cx.is_training() && self.dropout.probability > 0.0 {
            return Ok(self.weighed(heads, mask, cx)?.0);
        }
        let [q, k, v] = heads;
        self.joined(&scaled_dot_product_attention(q, k, v, mask)?, cx)
    }

    /// The result by way of the weights, and those.
    #[track_caller]
    fn weighed(
        &self,
        [q, k, v]: &[Tensor; 3],
        mask: AttentionMask<'_>,
        cx: &Context,
    ) -> Result<(Tensor, Tensor)> {
        let weights = cx.run("dropout", &self.dropout, &attention_weights(q, k, mask)?)?;
        Ok((self.joined(&weigh(&weights, v)?, cx)?, weights))
    }

    /// What all heads took, `[batch, heads, queries, e]`, projected together.
    #[track_caller]
    fn joined(&self, taken: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run("output", &self.output, &taken.transpose(1, 2)?.flatten(2)?)
    }

    #[track_caller]
    fn check(&self) -> Result<()> {
        let (heads, key_heads) = (self.heads, self.key_heads);
        let rows = |dense: &Dense| dense.weight.shape().first().copied().unwrap_or(0);
        let width = per_head("width", rows(&self.query), heads)?;
        let key_width = per_head("width of the keys", rows(&self.key), key_heads)?;
        per_head("width of the values", rows(&self.value), key_heads)?;
        if heads.checked_rem(key_heads) != Some(0) {
            let message = format!("{key_heads} key heads for {heads} heads: use a number that divides them");
            return Err(Error::value("attention", message));
        }
        if width != key_width {
            let message =
                format!("a head has queries of width {width} and keys of width {key_width}: make them equal");
            return Err(Error::value("attention", message));
        }
        Ok(())
    }
}

/// Refuses what are no queries, keys and values of one batch.
#[track_caller]
fn fit(inputs: [&Tensor; 3]) -> Result<()> {
    let batches = inputs.map(|x| x.shape().first().copied());
    let [_, keys, values] = inputs.map(|x| x.shape().get(1).copied());
    if inputs.iter().any(|x| x.rank() != 3) || batches != [batches[0]; 3] || keys != values {
        let rule = "the inputs are not [batch, queries, ·], [batch, keys, ·] and [batch, keys, ·]";
        let shapes = inputs.map(|x| *x.shape());
        return Err(Error::shape("attention", rule, &shapes).advise("reshape them"));
    }
    Ok(())
}

#[track_caller]
fn dense(inputs: usize, outputs: usize, bias: bool, rng: &mut Rng) -> Result<Dense> {
    let dense = Dense::new(inputs, outputs, rng)?;
    Ok(Dense { bias: dense.bias.filter(|_| bias), ..dense })
}

/// The width of one head.
#[track_caller]
fn per_head(what: &str, width: usize, heads: usize) -> Result<usize> {
    if heads == 0 || !width.is_multiple_of(heads) {
        let message = format!("{heads} heads do not divide the {what} {width}: use a number that does");
        return Err(Error::value("attention", message));
    }
    Ok(width / heads)
}

/// `[batch, length, heads · d]` as `[batch, heads, length, d]`.
#[track_caller]
fn split(x: &Tensor, heads: usize) -> Result<Tensor> {
    let [batch, length, width] = x.dims()?;
    x.reshape([batch, length, heads, per_head("width", width, heads)?])?.transpose(1, 2)
}

impl Layer for MultiHeadAttention {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        self.attend(x, x, x, AttentionMask::default(), cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for MultiHeadAttention {
    const NAME: &'static str = "nn.multi_head_attention";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        self.check()?;
        let mut settings = Settings::new()
            .with_part("query", &self.query.settings()?)
            .with_part("key", &self.key.settings()?)
            .with_part("value", &self.value.settings()?)
            .with_part("output", &self.output.settings()?)
            .with_size("heads", self.heads)?
            .with_size("key_heads", self.key_heads)?
            .with("causal", self.causal)
            .with("dropout", self.dropout.probability);
        if let Some(rotary) = &self.rotary {
            settings = settings.with_part("rotary", &rotary.settings()?);
        }
        Ok(settings)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let mut dense = |part| settings.take_part(part, |part| Dense::rebuild(part, rng));
        let [query, key, value, output] = [dense("query")?, dense("key")?, dense("value")?, dense("output")?];
        let layer = Self {
            query,
            key,
            value,
            output,
            heads: settings.take_size("heads")?,
            key_heads: settings.take_size("key_heads")?,
            causal: settings.take_flag("causal")?,
            dropout: Dropout::new(settings.take_float("dropout")? as f32)?,
            rotary: settings.take_part_if_any("rotary", Rotary::rebuild)?,
        };
        layer.check().map(|()| layer)
    }
}
