//! Trading time for memory.

use std::sync::Arc;

use tensorkeep_tensor::module::{LeafMut, Module, Path, parameters, with_shared_states};
use tensorkeep_tensor::{Result, Tensor};

use crate::custom::with_rule;
use crate::product::vjp_of;
use crate::seat::Ties;

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
    // The trees are kept for their form: their tensors are replaced before each use. Running statistics move once, the first time.
    let (first, again) = (with_shared_states(inputs), inputs.clone());
    let f = Arc::new(f);
    let f_again = Arc::clone(&f);
    let (leaves, places) = leaves(inputs);
    let places_again = places.clone();
    with_rule(
        leaves,
        move |leaves| f(&filled(first, leaves, &places)),
        move |leaves, _, dy| {
            let run = |leaves: &Vec<Tensor>| f_again(&filled(again.clone(), leaves, &places_again));
            // What the leaves stand for may be one tensor, seen with and without its gradient.
            vjp_of(run, &leaves.to_vec(), Ties::Apart)?.1.each(dy)
        },
    )
}

/// The parameters of a tree, tied ones once, and which of them each place of the walk holds.
fn leaves<M: Module>(tree: &M) -> (Vec<Tensor>, Vec<usize>) {
    let mut leaves: Vec<Tensor> = Vec::new();
    let place = |x: Tensor| {
        leaves.iter().position(|leaf| leaf.is_same(&x)).unwrap_or_else(|| {
            leaves.push(x);
            leaves.len() - 1
        })
    };
    let places = parameters(tree).into_iter().map(|leaf| leaf.value).map(place).collect();
    (leaves, places)
}

/// The tree with these parameters in its places.
fn filled<M: Module>(mut tree: M, leaves: &[Tensor], places: &[usize]) -> M {
    let mut places = places.iter();
    tree.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let LeafMut::Parameter(x) = leaf
            && let Some(leaf) = places.next().and_then(|&place| leaves.get(place))
        {
            *x = leaf.clone();
        }
    });
    tree
}
