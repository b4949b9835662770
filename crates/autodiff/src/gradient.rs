//! The gradient of a single number by a tree.

use std::collections::HashSet;
use std::panic::Location;

use tensorkeep_tensor::module::{Module, Path, parameters};
use tensorkeep_tensor::{Error, ErrorKind, Result, Tensor};

use crate::seat::{Seated, Ties, gradient_tree};

/// The value of `f` at `model`, and its gradient: a tree of the same type, with the gradient of each leaf in its place.
///
/// Leaves that are not of floats, which have no gradient, become tensors without elements. Tied leaves (the same tensor twice)
/// hold their common gradient each.
///
/// ```
/// use tensorkeep_autodiff::value_and_grad;
/// use tensorkeep_tensor::{ErrorKind, Tensor};
///
/// let device = tensorkeep_cpu::device();
/// let model = (Tensor::new([2.0f32, 3.0], &device)?, Tensor::new([5.0f32, 7.0], &device)?);
/// let (value, grads) = value_and_grad(|m: &(Tensor, Tensor)| m.0.mul(&m.1)?.sum_all(), &model)?;
/// assert_eq!(value.item()?.as_f64(), 31.0);
/// assert_eq!((grads.0.to_vec::<f32>()?, grads.1.to_vec::<f32>()?), (vec![5.0, 7.0], vec![2.0, 3.0]));
///
/// let error = value_and_grad(|m: &(Tensor, Tensor)| m.0.sum_all(), &model).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NoGradient); // leaf 1 does not reach the result
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::NoGradient`] if a trainable leaf does not reach the result; [`Options::allow_unused`] allows it.
/// [`ErrorKind::Shape`] if the result is not a single number. Those of `f`.
#[track_caller]
pub fn value_and_grad<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
) -> Result<(Tensor, M)> {
    Options::new().value_and_grad(f, model)
}

/// The gradient of `f` at `model`, as [`value_and_grad`] gives it.
///
/// # Errors
///
/// As for [`value_and_grad`].
#[track_caller]
pub fn grad<M: Module + Clone>(f: impl FnOnce(&M) -> Result<Tensor>, model: &M) -> Result<M> {
    Ok(value_and_grad(f, model)?.1)
}

/// What a gradient is asked of.
///
/// ```
/// use tensorkeep_autodiff::Options;
/// use tensorkeep_tensor::{ErrorKind, Tensor};
///
/// let one = Tensor::new([1.0f32], &tensorkeep_cpu::device())?;
/// let model = (one.clone(), one.add(1.0)?);
/// let first = |m: &(Tensor, Tensor)| m.0.sum_all();
///
/// let error = Options::new().value_and_grad(first, &model).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::NoGradient);
/// let (_, grads) = Options::new().allow_unused("1").value_and_grad(first, &model)?;
/// assert_eq!(grads.1.to_vec::<f32>()?, [0.0]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Options {
    frozen: Vec<String>,
    frozen_paths: HashSet<Path>,
    unused: Vec<String>,
}

impl Options {
    /// Every trainable leaf, all of which must reach the result.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves whose path this pattern covers are constants, also under the other paths of tied ones; their place in the
    /// gradient is a tensor without elements.
    #[must_use]
    pub fn freeze(mut self, pattern: impl Into<String>) -> Self {
        self.frozen.push(pattern.into());
        self
    }

    /// Leaves at these very paths are constants too, as by [`freeze`](Self::freeze): the paths that a program found out, of which a large
    /// model may have many.
    #[must_use]
    pub fn freeze_paths(mut self, paths: impl IntoIterator<Item = Path>) -> Self {
        self.frozen_paths.extend(paths);
        self
    }

    /// Leaves whose path this pattern covers need not reach the result; their gradient is then zero.
    #[must_use]
    pub fn allow_unused(mut self, pattern: impl Into<String>) -> Self {
        self.unused.push(pattern.into());
        self
    }

    /// These options and others: what one of them makes a constant is one, and what one of them lets be unused may be.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        self.frozen.extend_from_slice(&other.frozen);
        self.frozen_paths.extend(other.frozen_paths.iter().cloned());
        self.unused.extend_from_slice(&other.unused);
        self
    }

    /// [`value_and_grad`] with these options.
    ///
    /// # Errors
    ///
    /// As there; [`ErrorKind::Value`] for a pattern that covers no leaf, or a path without one: a leaf misspelt.
    #[track_caller]
    pub fn value_and_grad<M: Module + Clone>(
        &self,
        f: impl FnOnce(&M) -> Result<Tensor>,
        model: &M,
    ) -> Result<(Tensor, M)> {
        let at = Location::caller();
        self.check_patterns(model)?;
        let covered = |patterns: &[String], path: &Path| patterns.iter().any(|pattern| path.matches(pattern));
        let watch = |path: &Path| !self.frozen_paths.contains(path) && !covered(&self.frozen, path);
        let seated = Seated::new(model, watch, Ties::One)?;
        let result = f(&seated.model);
        // From here on nothing is recorded, whatever of `f` is still alive.
        let recording = seated.tape.close();
        let (slot, value) = seated.result(result?);
        if value.elements() != 1 || !value.dtype().is_float() {
            let rule =
                format!("a gradient is of a single float, not {}: reduce it, or use vjp", value.dtype());
            return Err(Error::shape("grad", rule, &[*value.shape()]));
        }
        let gradients = match slot {
            Some(slot) => recording.consume(slot, value.ones_like()?, seated.watched)?,
            None => Vec::new(),
        };
        let unused = |path: &Path, x: &Tensor| match covered(&self.unused, path) {
            true => x.undecorated().zeros_like(),
            false => Err(no_gradient(path).located(at)),
        };
        let grads = gradient_tree(model, &seated.slots(), &gradients, unused)?;
        Ok((value, grads))
    }

    /// Refuses patterns that cover no leaf, and paths of none.
    #[track_caller]
    fn check_patterns<M: Module>(&self, model: &M) -> Result<()> {
        if self.frozen.is_empty() && self.unused.is_empty() && self.frozen_paths.is_empty() {
            return Ok(());
        }
        let leaves = parameters(model);
        let known: HashSet<&Path> = leaves.iter().map(|leaf| &leaf.path).collect();
        let stray = self.frozen_paths.iter().filter(|path| !known.contains(path)).map(Path::as_str).min();
        let mut patterns = self.frozen.iter().chain(&self.unused).map(String::as_str);
        let idle = patterns.find(|pattern| !leaves.iter().any(|leaf| leaf.path.matches(pattern)));
        let Some(pattern) = idle.or(stray) else { return Ok(()) };
        let first = leaves.first().map(|leaf| format!(", the first of {} is {}", leaves.len(), leaf.path));
        let message = format!(
            "pattern `{pattern}` covers no leaf{}: correct it or leave it out",
            first.unwrap_or_default()
        );
        Err(Error::value("grad", message))
    }
}

#[cold]
fn no_gradient(path: &Path) -> Error {
    let message = format!(
        "the result does not depend on leaf {path}: use it, freeze it, or allow it with Options::allow_unused"
    );
    Error::new(ErrorKind::NoGradient, "grad", message)
}
