//! Products with the Jacobian, from either side.

use tensorkeep_tensor::module::{Module, parameters};
use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use crate::gradient::Options;
use crate::seat::{Seated, Slots, gradient_tree};
use crate::tape::{Recording, Slot};

/// The value of `f` at `model`, and the function that pulls a cotangent of it back to the leaves: `dy ↦ Jᵀ dy`.
///
/// # Errors
///
/// Those of `f`, and [`ErrorKind::NoGradient`](tensorkeep_tensor::ErrorKind::NoGradient) if there is no trainable leaf.
#[track_caller]
pub fn vjp<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
) -> Result<(Tensor, Pullback<M>)> {
    let seated = Seated::new(model, |_| true)?;
    let result = f(&seated.model);
    let recording = seated.tape.close();
    let (slot, value) = seated.result(result?);
    let pullback = Pullback {
        recording,
        slot,
        shape: *value.shape(),
        model: model.clone(),
        slots: seated.slots(),
        watched: seated.watched,
    };
    Ok((value, pullback))
}

/// Pulls cotangents of a result back to the leaves it came from. It holds the recording, and may be called again and again.
pub struct Pullback<M> {
    recording: Recording,
    slot: Option<Slot>,
    shape: Shape,
    model: M,
    slots: Slots,
    watched: usize,
}

impl<M: Module + Clone> Pullback<M> {
    /// `Jᵀ dy`, as a tree of the model's type; zero for leaves that the result does not depend on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `dy` is not shaped like the result.
    #[track_caller]
    pub fn call(&self, dy: &Tensor) -> Result<M> {
        if *dy.shape() != self.shape {
            return Err(Error::shape(
                "vjp",
                "the cotangent is not shaped like the result",
                &[*dy.shape(), self.shape],
            ));
        }
        let gradients = match self.slot {
            Some(slot) => self.recording.sweep(slot, dy.clone(), self.watched)?,
            None => Vec::new(),
        };
        gradient_tree(&self.model, &self.slots, &gradients, |_, x| x.undecorated().zeros_like())
    }
}

impl<M> std::fmt::Debug for Pullback<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pullback(to {:?})", self.shape)
    }
}

/// The value of `f` at `model`, and its change along `tangent`: `J v`.
///
/// `u ↦ Jᵀ u` is linear, and the gradient of `⟨Jᵀ u, v⟩` by `u` is `J v`: pulling back twice pushes forward, with no second set of
/// rules. (Christianson, *Reverse accumulation and accurate rounding error estimates*, 1992.)
///
/// # Errors
///
/// Those of `f`; [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if `tangent` is not shaped like `model`.
#[track_caller]
pub fn jvp<M: Module + Clone>(
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
    tangent: &M,
) -> Result<(Tensor, Tensor)> {
    let (value, pullback) = vjp(f, model)?;
    let inner = |u: &Tensor| {
        let pulled = parameters(&pullback.call(u)?);
        let tangents = parameters(tangent);
        if pulled.len() != tangents.len() {
            let message =
                format!("a tangent of {} leaves for {}: give one a leaf", tangents.len(), pulled.len());
            return Err(Error::value("jvp", message));
        }
        let mut total = u.mul(0.0)?.sum_all()?;
        for (pulled, tangent) in
            pulled.iter().zip(&tangents).filter(|(pulled, _)| pulled.value.elements() > 0)
        {
            if pulled.value.shape() != tangent.value.shape() {
                let shapes = [*tangent.value.shape(), *pulled.value.shape()];
                return Err(Error::shape("jvp", "the tangent is not shaped like the argument", &shapes));
            }
            total = total.add(&pulled.value.mul(&tangent.value)?.sum_all()?)?;
        }
        Ok(total)
    };
    let (_, pushed) = Options::new().value_and_grad(inner, &value.zeros_like()?)?;
    Ok((value, pushed))
}
