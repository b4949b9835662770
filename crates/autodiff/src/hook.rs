//! Gradients seen and changed on their way.

use tensorkeep_tensor::{Result, Tensor};

use crate::custom::custom_vjp;

/// The same numbers; the gradient that comes back to them is what `f` makes of it.
///
/// To look at a gradient, return it as it is. `f` runs once a sweep, on the sum of what reached the result,
/// and is part of the derivative: a gradient of the gradient passes through it.
///
/// ```
/// use tensorkeep_autodiff::{grad, hook};
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([1.0f64, 20.0], &tensorkeep_cpu::device())?;
/// // Squares whose gradients are clipped to ±5.
/// let clipped = |x: &Tensor| hook(x, |dx| dx.clamp(-5.0, 5.0));
/// let dx = grad(|x: &Tensor| { let x = clipped(x)?; x.mul(&x)?.sum_all() }, &x)?;
/// assert_eq!(dx.to_vec::<f64>()?, [2.0, 5.0]);
///
/// // What `f` gives has to be like the gradient.
/// assert!(grad(|x: &Tensor| hook(x, |dx| dx.sum_all())?.sum_all(), &x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// None here; those of `f` when the gradient is taken, and as for [`custom_vjp`] if what it gives is not like
/// the gradient.
#[track_caller]
pub fn hook<F>(x: &Tensor, f: F) -> Result<Tensor>
where
    F: Fn(&Tensor) -> Result<Tensor> + Send + Sync + 'static,
{
    custom_vjp(&[x], |x| Ok(x[0].clone()), move |_, _, dx| Ok(vec![f(dx)?]))
}
