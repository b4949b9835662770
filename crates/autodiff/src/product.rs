//! Products with the Jacobian, from either side.

use tensorkeep_tensor::module::{Module, Path, parameters};
use tensorkeep_tensor::{Error, Result, Tensor};

use crate::gradient::Options;
use crate::like::Like;
use crate::seat::{Seated, Slots, Ties, gradient_tree};
use crate::tape::{Recording, Slot};

/// The value of `f` at `model`, and the function that pulls a cotangent of it back to the leaves: `dy ↦ Jᵀ dy`.
///
/// ```
/// use tensorkeep_autodiff::vjp;
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([1.0f64, 2.0], &tensorkeep_cpu::device())?;
/// let (y, pullback) = vjp(|x: &Tensor| x.mul(x), &x)?;
/// assert_eq!(y.to_vec::<f64>()?, [1.0, 4.0]);
/// assert_eq!(pullback.call(&x)?.to_vec::<f64>()?, [2.0, 8.0]);
/// assert!(pullback.call(&x.sum_all()?).is_err()); // the result is [2]
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f`, and [`ErrorKind::NoGradient`](tensorkeep_tensor::ErrorKind::NoGradient) if there is no trainable leaf.
#[track_caller]
pub fn vjp<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
) -> Result<(Tensor, Pullback<M>)> {
    vjp_of(f, model, Ties::One)
}

/// [`vjp`], where a tensor in two places may also count as two leaves.
#[track_caller]
pub(crate) fn vjp_of<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
    ties: Ties,
) -> Result<(Tensor, Pullback<M>)> {
    let seated = Seated::new(model, |_| true, ties)?;
    let result = f(&seated.model);
    let recording = seated.tape.close();
    let (slot, value) = seated.result(result?);
    let (like, slots) = (Like::of(&value), seated.slots());
    let pullback = Pullback { recording, slot, like, model: model.clone(), slots, watched: seated.watched };
    Ok((value, pullback))
}

/// Pulls cotangents of a result back to the leaves it came from. It holds the recording, and may be called again and again.
pub struct Pullback<M> {
    recording: Recording,
    slot: Option<Slot>,
    /// What a cotangent must be like.
    like: Like,
    model: M,
    slots: Slots,
    watched: usize,
}

impl<M: Module + Clone> Pullback<M> {
    /// `Jᵀ dy`, as a tree of the model's type; zero for leaves that the result does not depend on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape), [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) or
    /// [`ErrorKind::Device`](tensorkeep_tensor::ErrorKind::Device) if `dy` is not like the result.
    #[track_caller]
    pub fn call(&self, dy: &Tensor) -> Result<M> {
        let zero = |_: &Path, x: &Tensor| x.undecorated().zeros_like();
        gradient_tree(&self.model, &self.slots, &self.sweep(dy)?, zero)
    }

    /// The gradient of each parameter in the order of the walk, `None` where the result does not depend on it. That of tied ones
    /// comes once, at the first.
    #[track_caller]
    pub(crate) fn each(&self, dy: &Tensor) -> Result<Vec<Option<Tensor>>> {
        Ok(self.slots.once(self.sweep(dy)?))
    }

    /// The leaf of each slot, tied ones once.
    pub(crate) fn leaves(&self) -> Vec<Tensor> {
        self.slots.leaves(&self.model)
    }

    /// What belongs to each slot in the places of the leaves; where there is nothing, what `unused` says.
    #[track_caller]
    pub(crate) fn tree(
        &self,
        of_slots: &[Option<Tensor>],
        unused: impl Fn(&Tensor) -> Result<Tensor>,
    ) -> Result<M> {
        gradient_tree(&self.model, &self.slots, of_slots, |_, x| unused(x))
    }

    /// `v ↦ J v` for tangents of the leaf of one slot, `y` being the result; `None` if it does not depend on
    /// that leaf. See [`jvp`].
    #[track_caller]
    pub(crate) fn transposed(&self, slot: usize, y: &Tensor) -> Result<Option<Pullback<Tensor>>> {
        let of_slot = |u: &Tensor| Ok(self.sweep(u)?.get_mut(slot).and_then(Option::take));
        let zero = y.undecorated().zeros_like()?;
        if of_slot(&zero)?.is_none() {
            return Ok(None);
        }
        let lost = || Error::internal("jacobian", "a sweep lost a leaf");
        let (_, pushforward) = vjp(|u: &Tensor| of_slot(u)?.ok_or_else(lost), &zero)?;
        Ok(Some(pushforward))
    }

    /// The gradient at each slot.
    #[track_caller]
    pub(crate) fn sweep(&self, dy: &Tensor) -> Result<Vec<Option<Tensor>>> {
        self.like.check("vjp", "the cotangent", "the result", dy)?;
        match self.slot {
            Some(slot) => self.recording.sweep(slot, dy.clone(), self.watched),
            None => Ok(Vec::new()),
        }
    }
}

impl<M> std::fmt::Debug for Pullback<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pullback(to {:?})", self.like.spec())
    }
}

/// The value of `f` at `model`, and its change along `tangent`: `J v`.
///
/// `u ↦ Jᵀ u` is linear, and the gradient of `⟨Jᵀ u, v⟩` by `u` is `J v`: pulling back twice pushes forward, with no second set of
/// rules. (Christianson, *Reverse accumulation and accurate rounding error estimates*, 1992.)
///
/// ```
/// use tensorkeep_autodiff::{grad, jvp};
/// use tensorkeep_tensor::Tensor;
///
/// let device = tensorkeep_cpu::device();
/// let (x, v) = (Tensor::new([1.0f64, 2.0], &device)?, Tensor::new([1.0f64, -1.0], &device)?);
/// // The Hessian of Σ x³ times v, which is 6 x v.
/// let (_, hv) = jvp(|x: &Tensor| grad(|x: &Tensor| x.mul(x)?.mul(x)?.sum_all(), x), &x, &v)?;
/// assert_eq!(hv.to_vec::<f64>()?, [6.0, -12.0]);
/// assert!(jvp(Tensor::exp, &x, &v.sum_all()?).is_err()); // the tangent is not shaped like x
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f`; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape), [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) or
/// [`ErrorKind::Device`](tensorkeep_tensor::ErrorKind::Device) if a leaf of `tangent` is not like that of `model`;
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if it has more or fewer, or two for one tied leaf; `DType` if the result is not of
/// floats.
#[track_caller]
pub fn jvp<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
    tangent: &M,
) -> Result<(Tensor, Tensor)> {
    let tangents = tangents("jvp", model, tangent)?;
    let (value, pullback) = vjp(f, model)?;
    if !value.dtype().is_float() {
        let message = format!("the result is {}, only floats change along a tangent: cast it", value.dtype());
        return Err(Error::dtype("jvp", message));
    }
    let inner = |u: &Tensor| {
        let mut total = u.mul(0.0)?.sum_all()?;
        for (pulled, tangent) in pullback.each(u)?.iter().zip(&tangents) {
            if let Some(pulled) = pulled {
                total = total.add(&pulled.mul(tangent)?.sum_all()?.to_dtype(u.dtype())?)?;
            }
        }
        Ok(total)
    };
    let (_, pushed) = Options::new().value_and_grad(inner, &value.zeros_like()?)?;
    Ok((value, pushed))
}

/// The tangent of each parameter in the order of the walk.
#[track_caller]
pub(crate) fn tangents<M: Module>(op: &'static str, model: &M, tangent: &M) -> Result<Vec<Tensor>> {
    let (leaves, tangents) = (parameters(model), parameters(tangent));
    if leaves.len() != tangents.len() {
        let message = format!("a tangent of {} leaves for {}: give one a leaf", tangents.len(), leaves.len());
        return Err(Error::value(op, message));
    }
    for (i, (leaf, tangent)) in leaves.iter().zip(&tangents).enumerate() {
        if !leaf.value.dtype().is_float() {
            continue;
        }
        let whose = format!("leaf {}", leaf.path);
        Like::of(&leaf.value).check(op, "the tangent", &whose, &tangent.value)?;
        // One parameter moves one way.
        let first = leaf
            .tied
            .then_some(&leaves[..i])
            .into_iter()
            .flatten()
            .position(|other| other.value.is_same(&leaf.value));
        if let Some(first) = first.filter(|&first| !tangents[first].value.is_same(&tangent.value)) {
            let message = format!(
                "leaves {} and {} are tied, their tangents are not: use the same tensor for both",
                leaves[first].path, leaf.path
            );
            return Err(Error::value(op, message));
        }
    }
    Ok(tangents.into_iter().map(|tangent| tangent.value).collect())
}
