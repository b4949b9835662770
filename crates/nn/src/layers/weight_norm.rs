//! Weights as directions and lengths.

use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use super::leaf::{along, leaf, rows, with_leaf};
use crate::settings::{shown, unfit};
use crate::{Boxed, Context, Description, Layer, Module, Rebuild, Settings};

/// A layer one of whose weights is made of a direction and a length, both trained: `w = g v / ‖v‖`.
///
/// `v` takes the place of the weight inside the layer. It wraps any layer and any parameter of it, by its
/// path; a weight of [`Dense`](super::Dense) and [`Conv`](super::Conv) is `"weight"`.
///
/// # Errors
///
/// Those of the layer.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::layers::{Dense, NormOver, WeightNorm};
/// use tensorkeep_nn::{Layer, module};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(7, &meta::device());
/// let layer = WeightNorm::new(Dense::new(3, 2, &mut rng)?, "weight", NormOver::AllBut(0))?;
/// assert_eq!(*layer.scale.shape(), [2, 1]); // a length for each output
/// let x = Tensor::ones([5, 3], DType::F32, rng.device())?;
/// assert_eq!(*layer.forward(&x)?.shape(), [5, 2]);
///
/// let plain: Dense = layer.fold()?;
/// assert_eq!(module::count(&plain), 8);
/// assert!(WeightNorm::new(plain, "kernel", NormOver::AllBut(0)).is_err()); // there is no such parameter
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Salimans and Kingma, *Weight Normalization*, 2016, arXiv:1602.07868, equation 2.
#[derive(Clone, Debug, Module)]
pub struct WeightNorm<L> {
    /// The layer, whose weight is `v`.
    pub layer: L,
    /// `g`.
    pub scale: Tensor,
    /// Where in the layer the weight is.
    pub path: String,
    /// Over which axes of it a norm is taken.
    #[module(skip)]
    pub over: NormOver,
}

/// Over which axes a norm of a weight is taken, and so how many there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NormOver {
    /// All axes but this one, so that each of its slices has a norm: PyTorch's `dim`, and with 0 the paper's
    /// norm for each output.
    AllBut(usize),
    /// All axes: one norm.
    All,
    /// This axis alone. Flux's norm of a convolution is over axis 0, and so for each input and place in the
    /// kernel.
    Axis(usize),
}

impl NormOver {
    /// The norms, in a shape that broadcasts with the weight.
    #[track_caller]
    fn norm(self, weight: &Tensor) -> Result<Tensor> {
        let mut shape = weight.shape().to_vec();
        match self {
            Self::AllBut(axis) => {
                let norms = rows(weight, axis)?.norm([1], false)?;
                for (each, size) in shape.iter_mut().enumerate() {
                    *size = if each == axis { *size } else { 1 };
                }
                norms.reshape(shape)
            }
            Self::All => {
                shape.fill(1);
                weight.reshape([weight.elements()])?.norm([0], false)?.reshape(shape)
            }
            Self::Axis(axis) => weight.norm([along(weight, axis)?.0], true),
        }
    }

    /// The same settings with what this is called in files.
    #[track_caller]
    fn write(self, settings: Settings) -> Result<Settings> {
        match self {
            Self::AllBut(axis) => settings.with("over", "all_but").with_size("axis", axis),
            Self::All => Ok(settings.with("over", "all")),
            Self::Axis(axis) => settings.with("over", "axis").with_size("axis", axis),
        }
    }

    /// What [`write`](Self::write) told of.
    #[track_caller]
    fn take(settings: &mut Settings) -> Result<Self> {
        let over = settings.take_text("over")?;
        match over.as_str() {
            "all_but" => settings.take_size("axis").map(Self::AllBut),
            "all" => Ok(Self::All),
            "axis" => settings.take_size("axis").map(Self::Axis),
            _ => Err(unfit("over", &over.into(), "all_but, all or axis")),
        }
    }
}

impl<L: Module + Clone> WeightNorm<L> {
    /// Wraps a layer, whose weight at `path` stays what it is: `g` is its norm.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if the layer has no parameter there, or one
    /// of its norms is 0, so that it has no direction, or it lacks the axis.
    #[track_caller]
    pub fn new(layer: L, path: &str, over: NormOver) -> Result<Self> {
        let scale = over.norm(&leaf("weight_norm", &layer, path)?)?;
        // Where there are only shapes, no norm is known.
        if !scale.device().is_hollow() && scale.elements() > 0 && scale.min_all()?.item()?.as_f64() <= 0.0 {
            let message =
                format!("a slice of {} is zero and has no direction: start from other numbers", shown(path));
            return Err(Error::value("weight_norm", message));
        }
        Ok(Self { layer, scale, path: path.to_owned(), over })
    }

    /// The layer with the weight that direction and length make: PyTorch's `remove_weight_norm`.
    ///
    /// # Errors
    ///
    /// If the layer's fields were set to tensors that do not fit.
    #[track_caller]
    pub fn fold(&self) -> Result<L> {
        let direction = leaf("weight_norm", &self.layer, &self.path)?;
        let weight = direction.mul(&self.scale.div(&self.over.norm(&direction)?)?)?;
        Ok(with_leaf(&self.layer, &self.path, &weight))
    }
}

impl<L: Layer + Clone + 'static> Layer for WeightNorm<L> {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run("layer", &self.fold()?, x)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        let (layer, scale) = (Boxed::new(self.layer.clone()), self.scale.clone());
        Description::of(&WeightNorm { layer, scale, path: self.path.clone(), over: self.over })
    }
}

impl Rebuild for WeightNorm<Boxed> {
    const NAME: &'static str = "nn.weight_norm";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        let settings = Settings::new().with_layer("layer", &self.layer)?.with("path", self.path.as_str());
        self.over.write(settings)
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (layer, path) = (settings.take_layer("layer", rng.device())?, settings.take_text("path")?);
        Self::new(layer, &path, NormOver::take(settings)?)
    }
}
