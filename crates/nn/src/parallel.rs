//! Layers side by side.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::children::Children;
use crate::{
    Boxed, Context, Description, Layer, Leaf, LeafMut, Merge, Module, Path, Rebuild, Settings, Step,
};

/// Layers side by side, whose results are [merged](Merge): `y = merge(f₁(x), …, fₙ(x))`.
///
/// It can take several inputs: see [`forward_many`](Self::forward_many).
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) without branches; those of the branches and of
/// the merge.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::Dense;
/// use tensorkeep_nn::{Layer, Merge, Parallel};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let model = Parallel::new(Merge::Concat(-1))
///     .branch(Dense::new(4, 3, &mut rng)?)
///     .branch_named("wide", (Dense::new(4, 8, &mut rng)?, Tensor::relu))?;
/// let x = Tensor::zeros([5, 4], DType::F32, rng.device())?;
/// assert_eq!(*model.forward(&x)?.shape(), [5, 11]);
///
/// // Goodfellow et al., Maxout Networks, 2013, arXiv:1302.4389: the largest of several layers.
/// let maxout = Parallel::maxout(3, || Dense::new(4, 2, &mut rng))?;
/// assert_eq!(*maxout.forward(&x)?.shape(), [5, 2]);
///
/// assert!(Parallel::new(Merge::Add).forward(&x).is_err()); // no branch
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parallel {
    branches: Children,
    /// What is made of the results.
    pub merge: Merge,
}

impl Parallel {
    /// No branches yet, and what will be made of their results.
    pub fn new(merge: Merge) -> Self {
        Self { branches: Children::default(), merge }
    }

    /// The largest, element by element, of `count` layers that `make` makes.
    ///
    /// # Errors
    ///
    /// Those of `make`.
    #[track_caller]
    pub fn maxout<L: Layer + Clone + 'static>(
        count: usize,
        mut make: impl FnMut() -> Result<L>,
    ) -> Result<Self> {
        (0..count).try_fold(Self::new(Merge::Max), |all, _| Ok(all.branch(make()?)))
    }

    /// The same with one more branch.
    #[must_use]
    pub fn branch(mut self, layer: impl Layer + Clone + 'static) -> Self {
        self.branches.push(layer);
        self
    }

    /// The same with one more branch, whose place in paths is this name and not its position.
    ///
    /// # Errors
    ///
    /// As for [`Sequential::then_named`](crate::Sequential::then_named).
    #[track_caller]
    pub fn branch_named(mut self, name: &str, layer: impl Layer + Clone + 'static) -> Result<Self> {
        self.branches.push_named(name, layer)?;
        Ok(self)
    }

    /// The branches, each with its name or position.
    pub fn iter(&self) -> impl Iterator<Item = (Step<'_>, &Boxed)> {
        self.branches.iter()
    }

    /// The result for several inputs: the first branch has the first input, and so on. A single branch has
    /// each of them; a single input goes to all branches.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for other numbers of inputs than these;
    /// those of the branches and of the merge.
    #[track_caller]
    pub fn forward_many(&self, inputs: &[&Tensor], cx: &Context) -> Result<Tensor> {
        let (branches, count) = (self.branches.len(), inputs.len());
        let pairs = match (branches, count) {
            (0, _) => return Err(no_branch()),
            (_, 0) => return Err(Error::value("parallel", "there is no input: pass one")),
            (1, n) | (n, 1) => n,
            (n, m) if n == m => n,
            _ => {
                let message =
                    format!("{count} inputs for {branches} branches: pass one input, or one a branch");
                return Err(Error::value("parallel", message));
            }
        };
        let mut results = Vec::with_capacity(pairs);
        let branches = self.branches.layers().cycle();
        for (i, ((step, layer), x)) in branches.zip(inputs.iter().cycle()).take(pairs).enumerate() {
            // A branch that runs more than once draws other random numbers each time.
            let place = if self.branches.len() == 1 && i > 0 { cx.at(i) } else { cx.clone() };
            results.push(place.run(step, layer, x)?);
        }
        self.merge.apply(&results.iter().collect::<Vec<_>>())
    }
}

impl Module for Parallel {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.branches.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.branches.visit_mut(path, f);
    }
}

impl Layer for Parallel {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        self.forward_many(&[x], cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Parallel {
    const NAME: &'static str = "nn.parallel";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        self.merge.write(self.branches.settings()?)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (branches, merge) = (Children::take(settings, rng.device())?, Merge::take(settings)?);
        if branches.len() == 0 {
            return Err(no_branch());
        }
        Ok(Self { branches, merge })
    }
}

#[track_caller]
#[cold]
fn no_branch() -> Error {
    Error::value("parallel", "there is no branch: add one")
}
