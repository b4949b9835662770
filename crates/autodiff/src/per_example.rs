//! A gradient for each example of a batch.

use tensorkeep_tensor::module::{LeafMut, Module, Path, parameters};
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::gradient::Options;

/// The value of `f` for each example of a batch, `[n]`, and the gradient of each: a tree of the model's type,
/// whose leaves have a first axis of `n` before their own.
///
/// `batch` holds tensors of `n` examples along their first axis, such as inputs and labels; `f` is given one
/// example of each, with that axis of size 1, so that layers run as they are. The result is exact for any
/// `f`: it is made by `n` passes of one example. It holds `n` gradients of the model, those of the largest
/// leaf twice while they are put together, and the recording of one example.
///
/// What `f` captures is the same for all examples, a random stream included. Leaves that are not of floats
/// become tensors without elements.
///
/// ```
/// use tensorkeep_autodiff::per_example_grads;
/// use tensorkeep_tensor::Tensor;
///
/// let device = tensorkeep_cpu::device();
/// let weight = Tensor::new([2.0f64], &device)?;
/// let (x, y) = (Tensor::new([[1.0f64], [3.0]], &device)?, Tensor::new([[0.0f64], [5.0]], &device)?);
/// let loss = |w: &Tensor, batch: &[Tensor]| {
///     let error = batch[0].mul(w)?.sub(&batch[1])?;
///     error.mul(&error)?.sum_all()
/// };
/// let (losses, grads) = per_example_grads(loss, &weight, &[&x, &y])?;
/// assert_eq!((losses.to_vec::<f64>()?, grads.to_vec::<f64>()?), (vec![4.0, 1.0], vec![4.0, 6.0]));
/// assert!(per_example_grads(loss, &weight, &[&x, &y.narrow(0, ..1)?]).is_err()); // two inputs, one label
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f` and of its gradient; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the tensors
/// of the batch do not have as many examples, and [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value)
/// if there is none.
#[track_caller]
pub fn per_example_grads<M: Module + Clone>(
    f: impl Fn(&M, &[Tensor]) -> Result<Tensor>,
    model: &M,
    batch: &[&Tensor],
) -> Result<(Tensor, M)> {
    Options::new().per_example_grads(f, model, batch)
}

impl Options {
    /// [`per_example_grads`] with these options.
    ///
    /// # Errors
    ///
    /// As there, and [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a pattern that covers no
    /// leaf.
    #[track_caller]
    pub fn per_example_grads<M: Module + Clone>(
        &self,
        f: impl Fn(&M, &[Tensor]) -> Result<Tensor>,
        model: &M,
        batch: &[&Tensor],
    ) -> Result<(Tensor, M)> {
        let count = examples(batch)?;
        let (mut values, mut grads) = (Vec::with_capacity(count), Vec::<Vec<Tensor>>::new());
        for i in 0..count {
            let example = batch.iter().map(|x| x.narrow(0, i..=i)).collect::<Result<Vec<_>>>()?;
            let (value, grad) = self.value_and_grad(|m: &M| f(m, &example), model)?;
            values.push(value.reshape([1])?);
            grads.resize_with(parameters(&grad).len(), Vec::new);
            for (leaf, all) in parameters(&grad).into_iter().zip(&mut grads) {
                all.push(leaf.value);
            }
        }
        let values = Tensor::concat(&values.iter().collect::<Vec<_>>(), 0)?;
        Ok((values, joined(model, grads)?))
    }
}

/// How many examples there are along the first axis of each.
#[track_caller]
fn examples(batch: &[&Tensor]) -> Result<usize> {
    let op = "per_example_grads";
    let sizes = batch.iter().map(|x| x.shape().first().copied()).collect::<Option<Vec<_>>>();
    let shapes = || batch.iter().take(2).map(|x| *x.shape()).collect::<Vec<_>>();
    match sizes.as_deref() {
        None => Err(Error::shape(op, "a batch has examples along its first axis", &shapes())
            .advise("add it with unsqueeze")),
        Some([] | [0, ..]) => Err(Error::value(op, "a batch without examples: pass at least one")),
        Some([first, rest @ ..]) if rest.iter().all(|size| size == first) => Ok(*first),
        Some(sizes) => {
            let message = format!("{sizes:?} examples in the tensors of one batch: pass as many in each");
            Err(Error::shape(op, message, &shapes()))
        }
    }
}

/// The gradients of all examples in the places of the leaves.
#[track_caller]
fn joined<M: Module + Clone>(model: &M, grads: Vec<Vec<Tensor>>) -> Result<M> {
    let mut leaves = Vec::with_capacity(grads.len());
    for (all, leaf) in grads.into_iter().zip(parameters(model)) {
        let has_gradient = all.first().is_some_and(|first| first.shape() == leaf.value.shape());
        leaves.push(match all.into_iter() {
            all if has_gradient => Tensor::stack(&all.as_slice().iter().collect::<Vec<_>>(), 0)?,
            mut all => all.next().unwrap_or(leaf.value),
        });
    }
    let (mut leaves, mut tree) = (leaves.into_iter(), model.clone());
    tree.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let (LeafMut::Parameter(x), Some(value)) = (leaf, leaves.next()) {
            *x = value;
        }
    });
    Ok(tree)
}
