//! Leaves that are saved but not trained.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Tensor;

/// A tensor that is saved with the model but not trained: a running statistic.
///
/// It can be [set](State::set) through a shared reference, since layers run by `&self`. Cloning copies it, as
/// it does every other part of a model; [`shared`](State::shared) is the way to hold the same one twice.
#[derive(Debug)]
pub struct State(Arc<Mutex<Tensor>>);

impl State {
    /// A state of this value.
    pub fn new(value: Tensor) -> Self {
        Self(Arc::new(Mutex::new(value.undecorated())))
    }

    /// The value.
    pub fn get(&self) -> Tensor {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the value. What is stored is the plain number, so that no recording is kept alive.
    pub fn set(&self, value: &Tensor) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = value.undecorated();
    }

    /// What tells states apart, as a key for maps: handles to the same state have the same. Valid while one of them
    /// lives.
    pub fn identity(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Another handle to the same state.
    #[must_use]
    pub fn shared(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl Clone for State {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}
