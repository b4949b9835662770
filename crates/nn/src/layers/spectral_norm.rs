//! Weights of spectral norm 1.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::leaf::{leaf, rows, with_leaf};
use crate::{Boxed, Context, Description, Layer, Module, Rebuild, Settings, State};

/// A layer one of whose weights is divided by its spectral norm: `w / σ(w)`, with `σ` the largest singular
/// value of the weight as a matrix whose rows are its slices along `axis`.
///
/// `σ = uᵀ w v` is estimated by power iteration: `u` and `v` are kept, and each pass of training takes a few
/// more steps from where they are. Evaluation changes nothing.
///
/// # Errors
///
/// Those of the layer.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Dense, SpectralNorm};
/// use tensorkeep_nn::Layer;
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let dense = Dense::new(3, 2, &mut rng)?;
/// let layer = SpectralNorm::new(dense, "weight", 0, &mut rng)?;
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [5, 2]);
/// let plain: Dense = layer.fold()?;
/// assert!(SpectralNorm::new(plain, "weight", 2, &mut rng).is_err()); // the weight has two axes
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Miyato, Kataoka, Koyama and Yoshida, *Spectral Normalization for Generative Adversarial Networks*,
/// 2018, arXiv:1802.05957, algorithm 1.
#[derive(Clone, Debug, Module)]
pub struct SpectralNorm<L> {
    /// The layer, with its weight as it is before the division.
    pub layer: L,
    /// `u`, one number a row.
    pub left: State,
    /// `v`, one number a column.
    pub right: State,
    /// Steps of the power iteration in each pass of training.
    pub iterations: usize,
    /// The least norm that `u` and `v` are divided by.
    pub epsilon: f64,
    /// Where in the layer the weight is.
    pub path: String,
    /// The axis of the weight whose slices are rows.
    pub axis: usize,
}

/// Steps of the power iteration when a layer is wrapped, from random vectors.
const FIRST_ITERATIONS: usize = 15;

/// The most that a file may ask for: each pass of training takes them.
const MOST_ITERATIONS: usize = 1000;

impl<L: Module + Clone> SpectralNorm<L> {
    /// Wraps a layer, with one step in each pass of training and `ε = 10⁻¹²`. The axis is that of the
    /// outputs: 0 for most weights.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the layer has no parameter at `path`, or
    /// that has no such axis.
    #[track_caller]
    pub fn new(layer: L, path: &str, axis: usize, rng: &mut Rng) -> Result<Self> {
        let matrix = rows(&leaf("spectral_norm", &layer, path)?, axis)?;
        let [height, width] = matrix.dims()?;
        let mut random = |count: usize| rng.normal([count], 0.0, 1.0)?.to_dtype(matrix.dtype());
        let (left, right) = (State::new(random(height)?), State::new(random(width)?));
        let path = path.to_owned();
        let wrapped = Self { layer, left, right, iterations: 1, epsilon: 1e-12, path, axis };
        wrapped.iterate(&matrix, FIRST_ITERATIONS)?;
        Ok(wrapped)
    }

    /// The layer with the weight divided: PyTorch's `remove_spectral_norm`.
    ///
    /// # Errors
    ///
    /// If the layer's fields were set to tensors that do not fit.
    #[track_caller]
    pub fn fold(&self) -> Result<L> {
        let weight = leaf("spectral_norm", &self.layer, &self.path)?;
        let image = product(&rows(&weight, self.axis)?, &self.right.get())?;
        let norm = image.mul(&self.left.get())?.sum_all()?;
        Ok(with_leaf(&self.layer, &self.path, &weight.div(&norm)?))
    }

    /// Takes steps of the power iteration. No gradient flows through them.
    #[track_caller]
    fn iterate(&self, matrix: &Tensor, steps: usize) -> Result<()> {
        // Where there are only shapes, no step brings anything closer.
        let steps = if matrix.device().is_hollow() { steps.min(1) } else { steps };
        let epsilon = self.epsilon;
        let unit = |x: Tensor| x.zip(&x.norm([0], true)?, |x, norm| x / norm.max(epsilon));
        let (matrix, mut right) = (matrix.undecorated(), self.right.get());
        for _ in 0..steps {
            let left = unit(product(&matrix, &right)?)?;
            right = unit(product(&matrix.t()?, &left)?)?;
            self.left.set(&left);
        }
        self.right.set(&right);
        Ok(())
    }
}

/// A matrix times a vector.
#[track_caller]
fn product(matrix: &Tensor, vector: &Tensor) -> Result<Tensor> {
    matrix.matmul(&vector.unsqueeze(-1)?)?.squeeze(-1)
}

impl<L: Layer + Clone + 'static> Layer for SpectralNorm<L> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        if cx.is_training() {
            let weight = leaf("spectral_norm", &self.layer, &self.path)?;
            self.iterate(&rows(&weight, self.axis)?, self.iterations)?;
        }
        cx.run("layer", &self.fold()?, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(&SpectralNorm {
            layer: Boxed::new(self.layer.clone()),
            left: self.left.shared(),
            right: self.right.shared(),
            iterations: self.iterations,
            epsilon: self.epsilon,
            path: self.path.clone(),
            axis: self.axis,
        })
    }
}

impl Rebuild for SpectralNorm<Boxed> {
    const NAME: &'static str = "nn.spectral_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_layer("layer", &self.layer)?.with("path", self.path.as_str());
        let settings = settings.with_size("axis", self.axis)?.with_size("iterations", self.iterations)?;
        Ok(settings.with("epsilon", self.epsilon))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (layer, path) = (settings.take_layer("layer", rng.device())?, settings.take_text("path")?);
        let wrapped = Self::new(layer, &path, settings.take_size("axis")?, rng)?;
        let (iterations, epsilon) = (settings.take_size("iterations")?, settings.take_positive("epsilon")?);
        if iterations > MOST_ITERATIONS {
            let message = format!("{iterations} iterations: a file may ask for at most {MOST_ITERATIONS}");
            return Err(Error::value("spectral_norm", message));
        }
        Ok(Self { iterations, epsilon, ..wrapped })
    }
}
