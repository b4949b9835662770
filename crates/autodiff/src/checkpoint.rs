//! Trading time for memory.

use std::sync::Arc;

use tensorkeep_tensor::module::{LeafMut, Module, Path, parameters};
use tensorkeep_tensor::{Result, Tensor};

use crate::custom::custom_vjp;
use crate::product::vjp;
use crate::seat::with_shared_states;

/// `f(inputs)`, remembering only `inputs`: what lies between is computed again when the gradient is taken.
///
/// `inputs` is any tree: a tensor, a layer, a tuple of both. Whatever a gradient is asked of must be in it; capturing such a tensor
/// is an error. `f` runs again and must give the same numbers: randomness comes from a seed, as it does everywhere.
///
/// Source: Chen et al., *Training Deep Nets with Sublinear Memory Cost*, 2016, arXiv:1604.06174.
///
/// ```
/// use tensorkeep_autodiff::{checkpoint, grad};
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([0.5f64], &tensorkeep_cpu::device())?;
/// let dx = grad(|x: &Tensor| checkpoint(x, |x| x.exp()?.sin()?.exp())?.sum_all(), &x)?;
/// let e = 0.5f64.exp();
/// assert!((dx.item()?.as_f64() - e.sin().exp() * e.cos() * e).abs() < 1e-12);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f`; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it captures a tensor that a gradient is asked of.
#[track_caller]
pub fn checkpoint<M, F>(inputs: &M, f: F) -> Result<Tensor>
where
    M: Module + Clone + Send + Sync + 'static,
    F: Fn(&M) -> Result<Tensor> + Send + Sync + 'static,
{
    let leaves: Vec<Tensor> = parameters(inputs).into_iter().map(|leaf| leaf.value).collect();
    let leaves: Vec<&Tensor> = leaves.iter().collect();
    // The trees are kept for their form: their tensors are replaced before each use. Running statistics move once, the first time.
    let (first, again) = (with_shared_states(inputs), inputs.clone());
    let f = Arc::new(f);
    let f_again = Arc::clone(&f);
    custom_vjp(
        &leaves,
        move |leaves| f(&filled(first, leaves)),
        move |leaves, _, dy| {
            let tree = filled(again.clone(), leaves);
            let (_, pullback) = vjp(|tree: &M| f_again(tree), &tree)?;
            let gradients = parameters(&pullback.call(dy)?);
            // Tied leaves each hold the common gradient: it counts once.
            let once = parameters(&tree).into_iter().zip(gradients).map(|(leaf, gradient)| match leaf.tied {
                false => Ok(gradient.value),
                true => leaf.value.zeros_like(),
            });
            once.collect()
        },
    )
}

/// The tree with these parameters, in the order of the walk.
fn filled<M: Module>(mut tree: M, leaves: &[Tensor]) -> M {
    let mut leaves = leaves.iter();
    tree.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let LeafMut::Parameter(x) = leaf
            && let Some(value) = leaves.next()
        {
            *x = value.clone();
        }
    });
    tree
}
