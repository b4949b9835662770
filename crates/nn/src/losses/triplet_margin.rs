//! What is alike nearer than what differs.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{Error, Result, Tensor};

use super::Reduction;
use super::operands::{require, same_shape};

const NAME: &str = "triplet_margin";

/// `max(0, d(a, p) − d(a, n) + m)` of an anchor `a`, a positive `p` that is like it and a negative `n` that is not, with the
/// distance `d(x, y) = ‖x − y + ε‖` in the `p`-norm of the last axis.
///
/// | operand | shape |
/// |---|---|
/// | anchor, positive, negative | `[.., features]`, all the same |
/// | result | `[]`, or `[..]` without reduction |
///
/// Source: Balntas, Riba, Ponsa and Mikolajczyk, *Learning local feature descriptors with triplets*, 2016, section 3.
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the shapes differ, at rank 0, or if there are no rows to take the
/// mean of, [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for an option out of range.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{TripletMargin, triplet_margin};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::ones([8, 16], DType::F32, &meta::device())?;
/// assert_eq!(triplet_margin(&x, &x, &x)?.rank(), 0);
/// assert!(triplet_margin(&x, &x, &x.narrow(0, ..1)?).is_err()); // not broadcast
/// assert!(TripletMargin { norm: 0.0, ..Default::default() }.loss(&x, &x, &x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct TripletMargin {
    /// `m`, how much nearer the positive should be; above 0.
    pub margin: f64,
    /// The power `p` of the norm, above 0.
    pub norm: f64,
    /// `ε`, above 0: between equal vectors, the slope of a norm would be 0 · ∞.
    pub epsilon: f64,
    /// Whether the negative may be compared with the positive instead of the anchor, if it is nearer to that.
    pub swap: bool,
    /// What becomes of the losses of the triplets.
    pub reduction: Reduction,
}

impl Default for TripletMargin {
    fn default() -> Self {
        Self { margin: 1.0, norm: 2.0, epsilon: 1e-6, swap: false, reduction: Reduction::Mean }
    }
}

impl TripletMargin {
    /// The loss of triplets.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(&self, anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Result<Tensor> {
        let Self { margin, norm, epsilon, swap, reduction } = *self;
        require(NAME, "margin", margin, margin > 0.0, "a finite number above 0")?;
        require(NAME, "norm", norm, norm > 0.0, "a finite number above 0")?;
        require(NAME, "epsilon", epsilon, epsilon > 0.0, "a finite number above 0")?;
        same_shape(NAME, anchor, positive)?;
        same_shape(NAME, anchor, negative)?;
        if anchor.rank() == 0 {
            return Err(Error::shape(NAME, "a single number has no axis of features", &[*anchor.shape()])
                .advise("pass a vector or a batch of them"));
        }
        let near = self.distance(anchor, positive)?;
        let mut far = self.distance(anchor, negative)?;
        if swap {
            far = far.minimum(&self.distance(positive, negative)?)?;
        }
        reduction.apply(NAME, &near.zip(&far, |near, far| (near - far + margin).relu())?)
    }

    fn distance(&self, x: &Tensor, y: &Tensor) -> Result<Tensor> {
        let Self { norm, epsilon, .. } = *self;
        let size = |f: &dyn Fn(Expr) -> Expr| x.zip(y, |x, y| f(x - y + epsilon))?.sum([-1], false);
        match norm {
            1.0 => size(&|d| d.abs()),
            2.0 => size(&|d| &d * &d)?.sqrt(),
            _ => size(&|d| d.abs().pow(norm))?.map(|sum| sum.pow(1.0 / norm)),
        }
    }
}

/// The mean of [`TripletMargin`] with its default options.
///
/// # Errors
///
/// Those of [`TripletMargin`].
#[track_caller]
pub fn triplet_margin(anchor: &Tensor, positive: &Tensor, negative: &Tensor) -> Result<Tensor> {
    TripletMargin::default().loss(anchor, positive, negative)
}
