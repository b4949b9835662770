//! Keys and values of the steps before.

use tensorkeep_tensor::{Error, ErrorKind, Result, Tensor};

/// The keys and values of what a sequence holds so far, so that a step that follows computes its own alone.
/// It holds so many positions and not more.
///
/// What is held is for inference: no gradient goes through it to the steps before.
///
/// ```
/// use tensorkeep_nn::Context;
/// use tensorkeep_nn::layers::{AttentionMask, KeyValueCache, MultiHeadAttention};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let attention = MultiHeadAttention { causal: true, ..MultiHeadAttention::new(16, 4, &mut rng)? };
/// let x = Tensor::ones([2, 5, 16], DType::F32, rng.device())?;
/// let mut cache = KeyValueCache::new(6)?;
/// let cx = Context::evaluation();
/// attention.decode(&x, &mut cache, AttentionMask::default(), &cx)?; // five tokens at once
/// let token = x.narrow(1, ..1)?;
/// attention.decode(&token, &mut cache, AttentionMask::default(), &cx)?; // and one more
/// assert_eq!((cache.len(), cache.room()), (6, 0));
/// assert!(attention.decode(&token, &mut cache, AttentionMask::default(), &cx).is_err()); // it is full
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct KeyValueCache {
    capacity: usize,
    /// Keys and values, `[batch, heads, length, width]`; none before the first.
    held: Option<[Tensor; 2]>,
}

impl KeyValueCache {
    /// An empty cache for so many positions. Room is taken as they come.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for 0.
    #[track_caller]
    pub fn new(capacity: usize) -> Result<Self> {
        if capacity == 0 {
            return Err(Error::value("cache", "room for 0 positions: use at least 1"));
        }
        Ok(Self { capacity, held: None })
    }

    /// How many positions it has room for, taken or not.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many positions it holds.
    pub fn len(&self) -> usize {
        self.held.as_ref().and_then(|[keys, _]| keys.shape().iter().rev().nth(1).copied()).unwrap_or(0)
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many more positions it can take.
    pub fn room(&self) -> usize {
        self.capacity.saturating_sub(self.len())
    }

    /// Keys and values of all that it holds, if anything was added.
    pub(super) fn held(&self) -> Option<&[Tensor; 2]> {
        self.held.as_ref()
    }

    /// Forgets all positions.
    pub fn clear(&mut self) {
        self.held = None;
    }

    /// Refuses more positions than there is room for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Limit`] if they do not fit.
    #[track_caller]
    pub fn check_room(&self, more: usize) -> Result<()> {
        if more <= self.room() {
            return Ok(());
        }
        let message = format!(
            "{more} more positions do not fit: {} of {} are taken; clear the cache, or make a larger one",
            self.len(),
            self.capacity
        );
        Err(Error::new(ErrorKind::Limit, "cache", message))
    }

    /// Adds the keys and values of further positions, `[batch, heads, length, width]`, and gives all that it
    /// holds then. After an error it is as before.
    ///
    /// # Errors
    ///
    /// As for [`check_room`](Self::check_room); [`ErrorKind::Shape`] if they are not of the batch, the heads
    /// and the widths of those before.
    #[track_caller]
    pub fn append(&mut self, keys: &Tensor, values: &Tensor) -> Result<[Tensor; 2]> {
        let ([.., k], [.., v]) = (keys.shape().sizes(), values.shape().sizes()) else {
            return Err(self.unfit(keys, values));
        };
        let (outer_k, outer_v) = (&keys.shape()[..keys.rank() - 1], &values.shape()[..values.rank() - 1]);
        let (4, true, Some(&length)) = (keys.rank(), outer_k == outer_v, outer_k.last()) else {
            return Err(self.unfit(keys, values));
        };
        self.check_room(length)?;
        let joined = match &self.held {
            None => [keys.clone(), values.clone()],
            Some([old_keys, old_values]) => {
                let due = |old: &Tensor, width| old.shape()[..2] == outer_k[..2] && old.shape()[3] == width;
                if !(due(old_keys, *k) && due(old_values, *v)) {
                    return Err(self.unfit(keys, old_keys));
                }
                [Tensor::concat(&[old_keys, keys], 2)?, Tensor::concat(&[old_values, values], 2)?]
            }
        };
        let [keys, values] = &joined;
        self.held = Some([keys.undecorated(), values.undecorated()]);
        Ok(joined)
    }

    #[track_caller]
    #[cold]
    fn unfit(&self, a: &Tensor, b: &Tensor) -> Error {
        let rule = "keys and values are not [batch, heads, length, width], of one batch and as many heads";
        Error::shape("cache", rule, &[*a.shape(), *b.shape()]).advise("clear the cache before another batch")
    }
}
