//! A model's leaves, seated on a recorder and brought back as a gradient.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tensorkeep_tensor::module::{Leaf, LeafMut, Module, Path, parameters, with_shared_states};
use tensorkeep_tensor::{Device, Error, ErrorKind, Layout, Result, Tensor};

use crate::recorder::{self, Recorder};
use crate::tape::{Slot, Tape};

/// A model whose watched leaves live on a recorder.
pub(crate) struct Seated<M> {
    pub(crate) model: M,
    pub(crate) tape: Arc<Tape>,
    /// The level of the recorder.
    level: u64,
    /// How many leaves are watched; they have the first slots. Tied leaves share one.
    pub(crate) watched: usize,
    /// The slot of each parameter, in the order of the walk; `None` where it is not watched.
    slots: Vec<Option<Slot>>,
}

/// What a tensor is that stands in two places of a tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ties {
    /// One leaf.
    One,
    /// As many leaves as places.
    Apart,
}

impl<M: Module + Clone> Seated<M> {
    /// Seats the float parameters of `model` that `watch` accepts; a tied one, where it accepts each of its paths. States
    /// are shared with the original, so that running statistics reach it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoGradient`] if there is none.
    #[track_caller]
    pub(crate) fn new(model: &M, watch: impl Fn(&Path) -> bool, ties: Ties) -> Result<Self> {
        let constants = constants(model, &watch);
        let watched = |x: &Tensor| x.dtype().is_float() && !constants.contains(&x.identity());
        let Some(base) = first_device(model, &watched) else {
            let message =
                "the argument has no trainable leaf: pass a tensor or model of floats that is not all frozen";
            return Err(Error::new(ErrorKind::NoGradient, "grad", message));
        };
        let (device, tape) = Recorder::start(&base);
        // Tied leaves become one seated leaf.
        let mut known: HashMap<(Identity, usize), (Slot, Tensor)> = HashMap::new();
        let (mut slots, mut result) = (Vec::new(), Ok(()));
        let mut seated = with_shared_states(model);
        seated.visit_mut(&mut Path::root(), &mut |_, leaf| {
            let LeafMut::Parameter(x) = leaf else { return };
            if !watched(x) {
                return slots.push(None);
            }
            let key = (x.identity(), if ties == Ties::Apart { slots.len() } else { 0 });
            let leaf = match known.get(&key) {
                Some(leaf) => Ok(leaf.clone()),
                None => tape.leaf().map(|slot| {
                    let leaf = (slot, recorder::seat(&device, &tape, x.clone(), slot));
                    known.insert(key, leaf.clone());
                    leaf
                }),
            };
            match leaf {
                Ok((slot, leaf)) => {
                    slots.push(Some(slot));
                    *x = leaf;
                }
                Err(error) => result = Err(error),
            }
        });
        let (level, watched) = (device.level(), known.len());
        result.map(|()| Self { model: seated, tape, level, watched, slots })
    }

    /// The slot and the value of a result, or `None` and the value if it depends on no watched leaf.
    pub(crate) fn result(&self, mut y: Tensor) -> (Option<Slot>, Tensor) {
        // What a closure let out of an inner recording, which is over, stands for a value of this one.
        while y.device().level() > self.level
            && let Some(lower) = y.device().lower(&y)
        {
            y = lower;
        }
        match recorder::traced_by(&y, &self.tape) {
            Some(traced) => (Some(traced.slot), traced.primal.clone()),
            None => (None, y),
        }
    }
}

/// Puts gradients in the places of the leaves: `None` for a leaf without one, which `unused` answers.
///
/// Leaves that were not watched become tensors without elements.
#[track_caller]
pub(crate) fn gradient_tree<M: Module + Clone>(
    model: &M,
    slots: &Slots,
    gradients: &[Option<Tensor>],
    unused: impl Fn(&Path, &Tensor) -> Result<Tensor>,
) -> Result<M> {
    let mut tree = model.clone();
    let (mut slots, mut result) = (slots.0.iter(), Ok(()));
    tree.visit_mut(&mut Path::root(), &mut |path, leaf| {
        let LeafMut::Parameter(x) = leaf else { return };
        let gradient = match slots.next() {
            Some(Some(slot)) => match gradients.get(*slot as usize).cloned().flatten() {
                Some(gradient) => Ok(gradient),
                None => unused(path, x),
            },
            _ => Tensor::zeros([0], x.dtype(), x.device()),
        };
        match gradient {
            Ok(gradient) => *x = gradient,
            Err(error) if result.is_ok() => result = Err(error),
            Err(_) => {}
        }
    });
    result.map(|()| tree)
}

/// Which slot each parameter of a walk has.
#[derive(Clone, Debug)]
pub(crate) struct Slots(Vec<Option<Slot>>);

impl Slots {
    /// The leaf of each slot, in order.
    pub(crate) fn leaves<M: Module>(&self, model: &M) -> Vec<Tensor> {
        let mut leaves: Vec<Tensor> = Vec::new();
        for (slot, leaf) in self.0.iter().zip(parameters(model)) {
            // Slots are given out in the order of the walk, and those of tied leaves again.
            if slot.is_some_and(|slot| slot as usize == leaves.len()) {
                leaves.push(leaf.value);
            }
        }
        leaves
    }

    /// What is at the slot of each parameter; that of tied ones at the first.
    pub(crate) fn once(&self, mut gradients: Vec<Option<Tensor>>) -> Vec<Option<Tensor>> {
        let mut take = |slot: Slot| gradients.get_mut(slot as usize)?.take();
        self.0.iter().map(|slot| slot.and_then(&mut take)).collect()
    }
}

impl<M> Seated<M> {
    /// Which slot each parameter has.
    pub(crate) fn slots(&self) -> Slots {
        Slots(self.slots.clone())
    }
}

/// What tells leaves apart: tied ones have the same.
type Identity = (usize, Layout);

/// The leaves that `watch` refuses under one of their paths.
fn constants<M: Module>(model: &M, watch: &impl Fn(&Path) -> bool) -> HashSet<Identity> {
    let mut constants = HashSet::new();
    model.visit(&mut Path::root(), &mut |path, leaf| {
        if let Leaf::Parameter(x) = leaf
            && !watch(path)
        {
            constants.insert(x.identity());
        }
    });
    constants
}

fn first_device<M: Module>(model: &M, watched: &impl Fn(&Tensor) -> bool) -> Option<Device> {
    let mut first = None;
    model.visit(&mut Path::root(), &mut |_, leaf| {
        if let Leaf::Parameter(x) = leaf
            && first.is_none()
            && watched(x)
        {
            first = Some(x.device().clone());
        }
    });
    first
}
