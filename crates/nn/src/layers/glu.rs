//! Gated linear units.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_tensor::{Result, Rng, Tensor};

use crate::settings::unfit;
use crate::{Context, Description, Layer, Module, Rebuild, Setting, Settings};

/// The first half of an axis times a function of the second half; the last axis and the sigmoid by default.
///
/// | | shape |
/// |---|---|
/// | `x` | `[.., 2n, ..]` |
/// | result | `[.., n, ..]` |
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the axis has no two halves,
/// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) if there is no such axis.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::Layer;
/// use tensorkeep_nn::layers::{Gate, Glu};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([2, 5, 8], DType::F32, &meta::device())?;
/// let swiglu = Glu { gate: Gate::Swish, ..Glu::default() };
/// assert_eq!(*swiglu.forward(&x)?.shape(), [2, 5, 4]);
/// assert!(Glu { axis: 1, ..swiglu }.forward(&x).is_err()); // no halves of 5
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// Source: Shazeer, *GLU Variants Improve Transformer*, 2020, arXiv:2002.05202, equation 5.
#[derive(Clone, Copy, Debug, Module)]
pub struct Glu {
    /// Along which axis, counted from the end where negative.
    #[module(skip)]
    pub axis: isize,
    /// The function of the second half.
    #[module(skip)]
    pub gate: Gate,
}

/// The function of the half that gates the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// GLU.
    #[default]
    Sigmoid,
    /// SwiGLU.
    Swish,
    /// GeGLU.
    Gelu,
    /// GeGLU with the tanh approximation.
    GeluTanh,
    /// ReGLU.
    Relu,
    /// The bilinear unit, which has no function there.
    Identity,
}

impl Gate {
    const ALL: [Self; 6] =
        [Self::Sigmoid, Self::Swish, Self::Gelu, Self::GeluTanh, Self::Relu, Self::Identity];

    fn name(self) -> &'static str {
        match self {
            Self::Sigmoid => "sigmoid",
            Self::Swish => "swish",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_tanh",
            Self::Relu => "relu",
            Self::Identity => "identity",
        }
    }

    fn of(self, x: &Expr) -> Expr {
        match self {
            Self::Sigmoid => x.sigmoid(),
            Self::Swish => x.swish(),
            Self::Gelu => x.gelu(),
            Self::GeluTanh => x.gelu_tanh(),
            Self::Relu => x.relu(),
            Self::Identity => x.clone(),
        }
    }
}

impl Default for Glu {
    fn default() -> Self {
        Self { axis: -1, gate: Gate::Sigmoid }
    }
}

impl Layer for Glu {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, _: &Context) -> Result<Tensor> {
        x.gated(self.axis, |x| self.gate.of(x))
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Glu {
    const NAME: &'static str = "nn.glu";

    #[track_caller]
    fn settings(&self) -> Result<Settings> {
        Ok(Settings::new().with("axis", self.axis as i64).with("gate", self.gate.name()))
    }

    #[track_caller]
    fn rebuild(settings: &mut Settings, _: &mut Rng) -> Result<Self> {
        let (axis, gate) = (settings.take_axis("axis")?, settings.take("gate")?);
        let named = Gate::ALL.into_iter().find(|each| gate == Setting::from(each.name()));
        let gate = named.ok_or_else(|| unfit("gate", &gate, "the name of a gate"))?;
        Ok(Self { axis, gate })
    }
}
