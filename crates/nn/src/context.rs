//! What a forward pass knows besides its input.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use tensorkeep_tensor::{Device, Result, Rng, Tensor, philox};

use crate::{Layer, Step};

/// What a layer is told besides its input: whether it trains, and its random stream.
///
/// A context is a value that nothing changes: running a layer twice with the same one gives the same numbers,
/// so a pass can be repeated, as checkpointing does. The price is one rule: **two random layers need
/// different places**, or they draw the same numbers. [`run`](Self::run) gives each its own.
///
/// ```
/// use tensorkeep_nn::layers::Dropout;
/// use tensorkeep_nn::{Context, Layer};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::ones([4], DType::F32, &meta::device())?;
/// let (first, second) = (Dropout::new(0.5)?, Dropout::new(0.5)?);
/// let cx = Context::training(7);
/// let y = cx.run("first", &first, &x)?;
/// let y = cx.run("second", &second, &y)?; // another mask than the first
/// assert!(!Context::evaluation().is_training());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Context {
    /// The key of this place's random stream; there is none in evaluation.
    key: Option<u64>,
    watch: Option<Watch>,
}

/// Who looks on, and where in the model this is.
#[derive(Clone)]
struct Watch {
    path: String,
    observer: Arc<dyn Observer>,
}

/// Looks on while the layers of a model run.
pub trait Observer: Send + Sync {
    /// The layer at `path` is about to run on `x`.
    fn enter(&self, path: &str, layer: &dyn Layer, x: &Tensor) {
        let _ = (path, layer, x);
    }

    /// The layer at `path` ran and gave `y`. Those inside it did before.
    fn leave(&self, path: &str, layer: &dyn Layer, y: &Tensor);
}

/// A function that sees layers after they ran.
struct Leaving<F>(F);

impl<F: Fn(&str, &dyn Layer, &Tensor) + Send + Sync> Observer for Leaving<F> {
    fn leave(&self, path: &str, layer: &dyn Layer, y: &Tensor) {
        (self.0)(path, layer, y);
    }
}

impl Context {
    /// Nothing is random, running statistics are used and not changed.
    pub fn evaluation() -> Self {
        Self { key: None, watch: None }
    }

    /// Dropout drops, batch norm uses the batch. Use another seed every step.
    pub fn training(seed: u64) -> Self {
        Self { key: Some(seed), watch: None }
    }

    /// The same, with an observer that is called after each layer that [`run`](Self::run) runs, inner ones first.
    #[must_use]
    pub fn observed(self, observer: impl Fn(&str, &dyn Layer, &Tensor) + Send + Sync + 'static) -> Self {
        self.observed_by(Leaving(observer))
    }

    /// The same, with an observer that is told before each layer runs, too.
    #[must_use]
    pub fn observed_by(self, observer: impl Observer + 'static) -> Self {
        Self { watch: Some(Watch { path: String::new(), observer: Arc::new(observer) }), ..self }
    }

    /// The same, with nobody looking on.
    #[must_use]
    pub fn unobserved(&self) -> Self {
        Self { key: self.key, watch: None }
    }

    /// Whether this is training.
    pub fn is_training(&self) -> bool {
        self.key.is_some()
    }

    /// The random stream of this place, in training.
    ///
    /// It starts anew at every call: a layer that draws twice keeps one.
    pub fn rng(&self, device: &Device) -> Option<Rng> {
        self.key.map(|key| Rng::new(key, device))
    }

    /// The context of a place inside this one, named or numbered.
    #[must_use]
    pub fn at<'a>(&self, step: impl Into<Step<'a>>) -> Self {
        self.child(step.into())
    }

    /// Runs a layer inside this one: `forward_with` at its place, its errors within that place.
    ///
    /// # Errors
    ///
    /// Those of the layer.
    #[track_caller]
    pub fn run<'a>(&self, step: impl Into<Step<'a>>, layer: &dyn Layer, x: &Tensor) -> Result<Tensor> {
        self.run_step(step.into(), layer, x)
    }

    #[track_caller]
    fn run_step(&self, step: Step<'_>, layer: &dyn Layer, x: &Tensor) -> Result<Tensor> {
        let at = Location::caller();
        let inner = self.child(step);
        if let Some(watch) = &inner.watch {
            watch.observer.enter(&watch.path, layer, x);
        }
        let y = layer.forward_with(x, &inner).map_err(|error| error.within(step.to_string()).located(at))?;
        if let Some(watch) = &inner.watch {
            watch.observer.leave(&watch.path, layer, &y);
        }
        Ok(y)
    }

    fn child(&self, step: Step<'_>) -> Self {
        Self {
            key: self.key.map(|key| philox::child(key, step.hash())),
            watch: self.watch.as_ref().map(|watch| watch.child(step)),
        }
    }
}

impl Watch {
    fn child(&self, step: Step<'_>) -> Self {
        let path = if self.path.is_empty() { step.to_string() } else { format!("{}.{step}", self.path) };
        Self { path, observer: Arc::clone(&self.observer) }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("key", &self.key)
            .field("path", &self.watch.as_ref().map(|watch| &watch.path))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tensorkeep_tensor::{DType, meta};

    use super::*;

    #[test]
    fn places_have_keys_of_their_own() {
        let cx = Context::training(1);
        let keys =
            [cx.key, cx.at("a").key, cx.at("b").key, cx.at(0).key, cx.at(1).key, cx.at("a").at("b").key];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{i}");
        }
        assert_eq!(cx.at("a").key, cx.at("a").key);
        assert_eq!(Context::evaluation().at("a").key, None);
    }

    #[test]
    fn an_observer_sees_inner_layers_first() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let list = Arc::clone(&seen);
        let cx = Context::evaluation().observed(move |path: &str, layer: &dyn Layer, y: &Tensor| {
            list.lock().unwrap().push(format!("{path} {} {}", layer.kind(), y.shape()));
        });
        let model = (Tensor::relu, vec![Tensor::tanh]);
        let x = Tensor::zeros([3], DType::F32, &meta::device()).unwrap();
        cx.run("model", &model, &x).unwrap();
        assert_eq!(
            *seen.lock().unwrap(),
            ["model.0 relu [3]", "model.1.0 tanh [3]", "model.1 Vec [3]", "model tuple [3]"]
        );
    }
}
