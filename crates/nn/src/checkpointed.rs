//! A layer that is computed again for its gradient.

use std::sync::atomic::{AtomicBool, Ordering};

use tensorkeep_autodiff::checkpoint;
use tensorkeep_tensor::{Result, Tensor};

use crate::{Context, Description, Layer, Leaf, LeafMut, Module, Path, module};

/// A layer that remembers only its input while a gradient is recorded, and is run again for the gradient. It
/// is the layer: same leaves, same paths, same result, same description, so a model rebuilt from a file has the layer.
///
/// The second run draws the same random numbers, since those come from the [`Context`]; running statistics
/// move once, and observers see the first run alone. Of a model of `n` such segments, what is held is the
/// inputs of all and the inside of one. Whatever else takes part in the gradient has to be inside the layer,
/// or come with its input.
///
/// Source: Chen et al., *Training Deep Nets with Sublinear Memory Cost*, 2016, arXiv:1604.06174.
///
/// ```
/// use tensorkeep_autodiff::grad;
/// use tensorkeep_nn::layers::{Dense, Dropout};
/// use tensorkeep_nn::{Checkpointed, Context, Layer};
/// use tensorkeep_tensor::{Rng, Tensor};
///
/// let device = tensorkeep_cpu::device();
/// type Segment = (Dense, Dropout);
/// let segment: Segment = (Dense::new(3, 8, &mut Rng::new(0, &device))?, Dropout::new(0.5)?);
/// let x = Tensor::new([[1.0f32, -1.0, 0.5]], &device)?;
/// let cx = Context::training(7);
/// let plain = grad(|m: &Segment| m.forward_with(&x, &cx)?.sum_all(), &segment)?;
/// let kept = grad(|m: &Checkpointed<Segment>| m.forward_with(&x, &cx)?.sum_all(), &Checkpointed(segment))?;
/// assert_eq!(kept.0.0.weight.to_vec::<f32>()?, plain.0.weight.to_vec::<f32>()?);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpointed<L>(pub L);

impl<L: Module> Module for Checkpointed<L> {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.0.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.0.visit_mut(path, f);
    }
}

/// A segment and what it runs on, as one tree.
#[derive(Clone)]
struct Inputs<L>(L, Tensor);

impl<L: Module> Module for Inputs<L> {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.0.visit(path, f);
        self.1.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.0.visit_mut(path, f);
        self.1.visit_mut(path, f);
    }
}

impl<L: Layer + Clone + 'static> Layer for Checkpointed<L> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let (first, again) = (cx.clone(), cx.unobserved());
        let is_first = AtomicBool::new(true);
        checkpoint(&Inputs(module::with_shared_states(&self.0), x.clone()), move |Inputs(layer, x)| {
            let cx = if is_first.swap(false, Ordering::Relaxed) { &first } else { &again };
            layer.forward_with(x, cx)
        })
    }

    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        self.0.describe()
    }
}
