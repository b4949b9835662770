//! Derivatives that users write forward.

use tensorkeep_tensor::{Result, Tensor};

use crate::custom::with_rule;
use crate::product::vjp_of;
use crate::seat::Ties;

/// The function `forward` of tensors with a derivative of one's own, written forward: `tangent(inputs,
/// output, dx)` is the change of the output for a change `dx` of the inputs, one tensor an input.
///
/// `tangent` is linear in `dx`, so it is transposed here: what a gradient needs is its own derivative by
/// `dx`. That is often less to write than [`custom_vjp`](crate::custom_vjp), as for a root that is found by
/// iteration. It is written in tensor operations and can be differentiated again; `forward` sees plain
/// numbers, and no gradient flows through what it captures.
///
/// ```
/// use tensorkeep_autodiff::{custom_jvp, grad, jvp};
/// use tensorkeep_tensor::{ErrorKind, Tensor};
///
/// // The square root by Newton's iteration; of y² = x follows 2 y dy = dx.
/// let root = |x: &Tensor| {
///     custom_jvp(
///         &[x],
///         |x| (0..60).try_fold(x[0].add(1.0)?, |y, _| y.add(&x[0].div(&y)?)?.mul(0.5)),
///         |_, y, dx| dx[0].div(&y.mul(2.0)?),
///     )
/// };
/// let x = Tensor::new([4.0f64, 9.0], &tensorkeep_cpu::device())?;
/// let dx = grad(|x: &Tensor| root(x)?.sum_all(), &x)?.to_vec::<f64>()?;
/// assert!((dx[0] - 0.25).abs() < 1e-15 && (dx[1] - 1.0 / 6.0).abs() < 1e-15);
/// let (_, forward) = jvp(root, &x, &x.ones_like()?)?;
/// assert_eq!(forward.to_vec::<f64>()?, dx);
///
/// let wrong = |x: &Tensor| custom_jvp(&[x], |x| x[0].exp(), |_, _, dx| dx[0].sum_all())?.sum_all();
/// assert_eq!(grad(wrong, &x).unwrap_err().kind(), ErrorKind::Shape); // not like the output
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `forward`, and as for [`custom_vjp`](crate::custom_vjp) if it captures a tensor that a gradient
/// is asked of; when the gradient is taken, those of `tangent`, and
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape),
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) or
/// [`ErrorKind::Device`](tensorkeep_tensor::ErrorKind::Device) if what it gives is not like the output.
#[track_caller]
pub fn custom_jvp<F, T>(inputs: &[&Tensor], forward: F, tangent: T) -> Result<Tensor>
where
    F: FnOnce(&[Tensor]) -> Result<Tensor>,
    T: Fn(&[Tensor], &Tensor, &[Tensor]) -> Result<Tensor> + Send + Sync + 'static,
{
    let inputs: Vec<Tensor> = inputs.iter().map(|&x| x.clone()).collect();
    with_rule(inputs, forward, move |x, y, dy| {
        // A linear map has the same derivative everywhere, so at zero too.
        let zeros = x.iter().map(Tensor::zeros_like).collect::<Result<Vec<_>>>()?;
        vjp_of(|dx: &Vec<Tensor>| tangent(x, y, dx), &zeros, Ties::Apart)?.1.each(dy)
    })
}
