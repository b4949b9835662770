//! What a model is, as a file keeps it.

use tensorkeep_format::{Architecture, Axis, Code, Input, Map, Op, Output};
use tensorkeep_nn::{Description, Layer, Settings, hollow};
use tensorkeep_tensor::{DType, Error, ErrorKind, Result, Shape, Tensor, meta};

use crate::elements;
use crate::leaves::name_of;
use crate::parameters;
use crate::refusal::Refusal;
use crate::ties::Tie;

/// The architecture of a model as data, for [`SaveOptions::architecture`](crate::SaveOptions::architecture): its layers by
/// name and version, what they were made with, and what goes in and comes out.
///
/// ```
/// use tensorkeep_model::Blueprint;
/// use tensorkeep_nn::layers::{Dense, Flatten};
/// use tensorkeep_tensor::{DType, Rng, Tensor, meta};
///
/// let mut rng = Rng::new(0, &meta::device());
/// let model = (Flatten, Dense::new(64, 10, &mut rng)?, Tensor::softmax);
/// // Any number of pictures of 8 × 8.
/// let blueprint = Blueprint::of(&model, &[None, Some(8), Some(8)], DType::F32)?;
///
/// let model = (Flatten, |x: &Tensor| x.tanh());
/// let error = Blueprint::of(&model, &[None, Some(64)], DType::F32).unwrap_err();
/// assert_eq!(error.layer(), "1"); // a closure does not say what it is
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Blueprint {
    layers: Vec<Placed>,
    input: Input,
    output: Output,
}

/// A layer and where in the model it is.
#[derive(Clone, Debug)]
struct Placed {
    /// The path of the layer.
    path: String,
    name: &'static str,
    version: u32,
    settings: Settings,
}

impl Blueprint {
    /// The architecture of a model of layers that [describe](Layer::describe) themselves, for inputs of this dtype and shape;
    /// `None` is an axis of any size.
    ///
    /// The shape of the result is found by running the model on the device that knows only shapes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`](tensorkeep_tensor::ErrorKind::Unsupported) with the path of a layer that does not describe
    /// itself; those of the model if such an input does not fit it.
    #[track_caller]
    pub fn of<M: Layer + Clone>(model: &M, input: &[Option<usize>], dtype: DType) -> Result<Self> {
        let mut layers = Vec::new();
        flatten(model.describe()?, "", &mut layers);
        // What two sizes of the open axes give differently is open in the result too.
        let device = meta::device();
        let model = hollow(model, &device)?;
        let run = |any: usize| {
            let sizes: Vec<usize> = input.iter().map(|size| size.unwrap_or(any)).collect();
            model.forward(&Tensor::zeros(sizes, dtype, &device)?)
        };
        let (some, more) = (run(OPEN)?, run(2 * OPEN)?);
        if some.rank() != more.rank() {
            let shapes = [*some.shape(), *more.shape()];
            return Err(Error::shape(
                "blueprint",
                "the rank of the result depends on the input's sizes",
                &shapes,
            )
            .advise("fix the axis that decides it"));
        }
        let sizes = some.shape().sizes().iter().zip(more.shape().sizes());
        let shape = sizes.map(|(a, b)| if a == b { Axis::Size(*a as u64) } else { Axis::Any }).collect();
        let axis = |size: &Option<usize>| size.map_or(Axis::Any, |size| Axis::Size(size as u64));
        let count = u32::try_from(layers.len()).map_err(|_| {
            Error::new(
                ErrorKind::Limit,
                "blueprint",
                "the model has more layers than a file can number: use fewer",
            )
        })?;
        Ok(Self {
            layers,
            input: Input {
                name: "input".into(),
                dtype: elements::to_file(dtype),
                range: None,
                shape: input.iter().map(axis).collect(),
                nonfinite: false,
            },
            output: Output {
                name: "output".into(),
                dtype: elements::to_file(some.dtype()),
                shape,
                value: count,
                labels: Vec::new(),
            },
        })
    }

    /// The same for inputs between these bounds.
    #[must_use]
    pub fn range(mut self, low: f64, high: f64) -> Self {
        // A file has no negative zero.
        self.input.range = Some([low + 0.0, high + 0.0]);
        self
    }

    /// The same with names for the classes, in the order of the result's last axis.
    #[must_use]
    pub fn labels<T: Into<String>>(mut self, labels: impl IntoIterator<Item = T>) -> Self {
        self.output.labels = labels.into_iter().map(Into::into).collect();
        self
    }

    /// As a file has it, for tensors of these names in the order of the file. Ties are told their seats.
    pub(crate) fn architecture(&self, tensors: &[String], ties: &mut [Tie]) -> Result<Architecture, Refusal> {
        let mut ops = Vec::with_capacity(self.layers.len());
        for (i, layer) in (0_u32..).zip(&self.layers) {
            ops.push(Op {
                name: layer.name.into(),
                inputs: vec![i],
                results: None,
                version: layer.version,
                weights: Map::new(),
                parameters: parameters::write(&layer.settings),
            });
        }
        let seat = |name: &str| {
            let seats = self.layers.iter().enumerate();
            seats.filter_map(|(i, layer)| Some((i, role(name, &layer.path)?))).next()
        };
        for (place, name) in (0_u32..).zip(tensors) {
            if let Some((op, role)) = seat(name)
                && let Some(op) = ops.get_mut(op)
            {
                op.weights.insert(role, place);
            }
        }
        for tie in ties {
            tie.seat = seat(&tie.name);
            if tie.seat.is_none() {
                let message =
                    format!("no layer owns the tied tensor {}: describe the layer that does", tie.name);
                return Err(Refusal::new(Code::Graph, message));
            }
        }
        Ok(Architecture { ops, inputs: vec![self.input.clone()], outputs: vec![self.output.clone()] })
    }
}

/// What open axes are tried with.
const OPEN: usize = 64;

/// What the leaf of this name is called within the layer at `path`, if it is there.
fn role(name: &str, path: &str) -> Option<String> {
    if path.is_empty() || name == path {
        return Some(name_of(name.strip_prefix(path)?));
    }
    name.strip_prefix(path)?.strip_prefix('.').map(str::to_owned)
}

fn flatten(description: Description, path: &str, layers: &mut Vec<Placed>) {
    match description {
        Description::Layer { name, version, settings } => {
            layers.push(Placed { path: path.to_owned(), name, version, settings });
        }
        Description::Chain(parts) => {
            for (step, part) in parts {
                let path = if path.is_empty() { step } else { format!("{path}.{step}") };
                flatten(part, &path, layers);
            }
        }
    }
}

/// Whether a shape is one of those that the axes describe.
pub(crate) fn fits(axes: &[Axis], shape: &Shape) -> bool {
    axes.len() == shape.rank()
        && axes.iter().zip(shape.sizes()).all(|(axis, &size)| match axis {
            Axis::Size(wanted) => *wanted == size as u64,
            Axis::Any => true,
        })
}
