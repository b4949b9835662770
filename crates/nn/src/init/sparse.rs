//! Mostly zeros.

use tensorkeep_tensor::op::Distribution;
use tensorkeep_tensor::{DType, Error, Result, Rng, Tensor};

use super::fan::not_empty;

/// A matrix of normal numbers with mean 0 and this deviation, `⌈rows · sparsity⌉` of which are 0 in each
/// column, at random places.
///
/// ```
/// use tensorkeep_nn::init::sparse;
/// use tensorkeep_tensor::{Rng, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// assert_eq!(*sparse([100, 20], 0.9, 0.01, &mut rng)?.shape(), [100, 20]);
/// assert!(sparse([100, 20], 1.5, 0.01, &mut rng).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Martens, *Deep Learning via Hessian-free Optimization*, ICML 2010, section 5.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, a sparsity outside 0..=1, or a
/// deviation that is negative or not finite.
#[track_caller]
pub fn sparse(shape: [usize; 2], sparsity: f64, deviation: f32, rng: &mut Rng) -> Result<Tensor> {
    let shape = not_empty(shape)?;
    if !(0.0..=1.0).contains(&sparsity) {
        let message = format!("sparsity {sparsity} is outside 0..=1: use a share in it");
        return Err(Error::value("sparse", message));
    }
    // A share that was meant to give a whole number gives it, whatever its last bit.
    let exact = shape[0] as f64 * sparsity;
    let zeros = if (exact - exact.round()).abs() < 1e-9 * exact { exact.round() } else { exact.ceil() };
    let weight = rng.normal(shape, 0.0, deviation)?;
    // The order of the order of random numbers: a permutation of 0..rows in each column.
    let ranks = rng.draw(shape, DType::I32, Distribution::Bits)?.argsort(0, false)?.argsort(0, false)?;
    ranks.ge(zeros)?.zip(&weight, |kept, weight| kept.select(weight, 0.0))
}
