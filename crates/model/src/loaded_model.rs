//! Models rebuilt from files.

use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::path::Path as FilePath;

use tensorkeep_format::{Architecture, Code, Input, Kind, Manifest, Output, escape};
use tensorkeep_nn::{Boxed, Context, Description, Layer, Leaf, LeafMut, Module, Path, Sequential, State};
use tensorkeep_tensor::module::replace;
use tensorkeep_tensor::{Device, Result, Tensor, meta};

use crate::leaves::{Entry, entries};
use crate::load_into::read_tensor;
use crate::parameters::Builder;
use crate::refusal::Refusal;
use crate::report::admit;
use crate::source::Source;
use crate::ties::{self, Tie};
use crate::{Cost, LayerRegistry, LoadOptions, Report, blueprint, cost, elements};

/// A model that was rebuilt from a file: layers one after another.
///
/// It is a [`Layer`] like any other, so it can be run, trained on, moved and saved. Its layers are numbered from 0, whatever
/// chains they were in; inside containers with branches and wrappers, paths are what they were.
#[derive(Clone)]
pub struct LoadedModel {
    layers: Sequential,
    input: Input,
    output: Output,
}

impl LoadedModel {
    /// Rebuilds the model in a file on a device, from layers that the registry has.
    ///
    /// What a file can reach is decided before a tensor is allocated: who vouches for it, whether the registry has its
    /// layers, whether their constructors take its settings, what the model would cost, and whether its tensors are those of
    /// its layers.
    ///
    /// ```
    /// use tensorkeep_model::{Blueprint, LayerRegistry, LoadOptions, LoadedModel, Save, SaveOptions};
    /// use tensorkeep_nn::Layer;
    /// use tensorkeep_nn::layers::Dense;
    /// use tensorkeep_tensor::{DType, Rng, Tensor};
    ///
    /// # let folder = std::env::temp_dir().join(format!("tensorkeep-loaded-model-{}", std::process::id()));
    /// # std::fs::create_dir_all(&folder)?;
    /// # let path = folder.join("model.tkm");
    /// let device = tensorkeep_cpu::device();
    /// let mut rng = Rng::new(0, &device);
    /// let model = (Dense::new(3, 4, &mut rng)?, Tensor::relu, Dense::new(4, 2, &mut rng)?);
    /// let blueprint = Blueprint::of(&model, &[None, Some(3)], DType::F32)?;
    /// let saved = model.save_with(&path, &SaveOptions::new("example/three").architecture(blueprint))?;
    ///
    /// let options = LoadOptions::strict().digest(saved.digest);
    /// let (loaded, report) = LoadedModel::load(&path, &LayerRegistry::standard(), &device, &options)?;
    /// let x = Tensor::ones([1, 3], DType::F32, &device)?;
    /// assert_eq!(loaded.forward(&x)?.to_vec::<f32>()?, model.forward(&x)?.to_vec::<f32>()?);
    /// assert_eq!(report.cost.unwrap().parameters, 26);
    ///
    /// // A program that does not know the layers does not run them.
    /// let error = LoadedModel::load(&path, &LayerRegistry::empty(), &device, &options).unwrap_err();
    /// assert_eq!(error.kind().code(), "E_LAYER");
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`load_into`](crate::load_into) but `E_MISMATCH`; `E_LAYER` for a layer, a version or a setting that the registry
    /// does not take; `E_COST`; `E_GRAPH` for a file without an architecture, one that is not a chain, layers that do not fit
    /// each other, or tensors that are not those of their layers.
    #[track_caller]
    pub fn load(
        path: impl AsRef<FilePath>,
        registry: &LayerRegistry,
        device: &Device,
        options: &LoadOptions<'_>,
    ) -> Result<(Self, Report)> {
        let at = Location::caller();
        load(path.as_ref(), registry, device, options).map_err(|refusal| refusal.into_error("load", at))
    }

    /// What it takes: name, dtype, shape and range.
    pub fn input(&self) -> &Input {
        &self.input
    }

    /// What it gives: name, dtype, shape and the names of the classes.
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// The number of layers.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are no layers.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }
}

fn load(
    path: &FilePath,
    registry: &LayerRegistry,
    device: &Device,
    options: &LoadOptions<'_>,
) -> Result<(LoadedModel, Report), Refusal> {
    let source = Source::open(path, options)?;
    rebuild(&source, registry, device, options).map_err(|refusal| refusal.within(path))
}

fn rebuild(
    source: &Source,
    registry: &LayerRegistry,
    device: &Device,
    options: &LoadOptions<'_>,
) -> Result<(LoadedModel, Report), Refusal> {
    let report = admit(source, Kind::Model, options)?;
    let manifest = source.head().manifest();
    let Plan { mut layers, places, input, output, cost } = plan(manifest, registry, options)?;
    let loaded = fill(&mut layers, &places, source, device)?;
    let layers = layers.into_iter().fold(Sequential::new(), Sequential::then);
    let model = LoadedModel { layers, input: input.clone(), output: output.clone() };
    Ok((model, Report { loaded, cost: Some(cost), ..report }))
}

/// A model before anything of it is read or allocated.
pub(crate) struct Plan<'a> {
    /// Without elements.
    pub(crate) layers: Vec<Boxed>,
    /// Which tensor of the file each leaf of each layer is.
    places: Vec<Vec<usize>>,
    input: &'a Input,
    output: &'a Output,
    pub(crate) cost: Cost,
}

/// What a manifest asks for, if it fits together and costs no more than the options allow.
pub(crate) fn plan<'a>(
    manifest: &'a Manifest,
    registry: &LayerRegistry,
    options: &LoadOptions<'_>,
) -> Result<Plan<'a>, Refusal> {
    let Some(architecture) = &manifest.architecture else {
        let message = "the file has tensors and no architecture: build the model, and use load_into";
        return Err(Refusal::new(Code::Graph, message));
    };
    let (input, output) = ends(architecture)?;
    let ties = ties::read(manifest, &options.limits)?;
    let hollow = meta::device();
    // A leaf has a tensor in the file, or is one with a leaf that has.
    let leaves = manifest.tensors.len() + ties.len();
    let mut layers = Builder::new(registry, &hollow, &options.limits, leaves).layers(architecture)?;
    cost::parameters(&layers, &options.cost)?;
    let places = bind(&mut layers, architecture, manifest, &ties)?;
    let (activations, result) = cost::activations(&layers, input, &hollow, &options.cost)?;
    if !blueprint::fits(&output.shape, result.shape()) || output.dtype != elements::to_file(result.dtype()) {
        let message = format!(
            "the model gives {}{}, which is not the output that it declares",
            result.dtype(),
            result.shape()
        );
        return Err(Refusal::new(Code::Graph, format!("{message}: write the file again")));
    }
    let parameters =
        manifest.tensors.iter().map(|tensor| tensor.shape.elements()).fold(0, u64::saturating_add);
    Ok(Plan { layers, places, input, output, cost: Cost { parameters, activations } })
}

/// The one input and the one output of a chain.
fn ends(architecture: &Architecture) -> Result<(&Input, &Output), Refusal> {
    let fault =
        |what: String| Err(Refusal::new(Code::Graph, format!("{what}: this reader runs chains of layers")));
    let ([input], [output]) = (architecture.inputs.as_slice(), architecture.outputs.as_slice()) else {
        let (inputs, outputs) = (architecture.inputs.len(), architecture.outputs.len());
        return fault(format!("the model has {inputs} inputs and {outputs} outputs"));
    };
    let is_link = |(i, op): (usize, &tensorkeep_format::Op)| {
        matches!(op.inputs.as_slice(), [from] if *from as usize == i) && op.results.is_none()
    };
    if let Some(i) = architecture.ops.iter().enumerate().position(|link| !is_link(link)) {
        return fault(format!("operation {i} does not take the one result of the operation before it"));
    }
    if output.value as usize != architecture.ops.len() {
        return fault("the output is not what the last operation gives".into());
    }
    Ok((input, output))
}

/// Finds the tensor of each leaf of each layer. Leaves get the dtypes of their tensors, still without elements.
fn bind(
    layers: &mut [Boxed],
    architecture: &Architecture,
    manifest: &Manifest,
    ties: &[Tie],
) -> Result<Vec<Vec<usize>>, Refusal> {
    let mut tied: HashMap<(usize, String), usize> = HashMap::new();
    for tie in ties {
        let Some((op, role)) = &tie.seat else {
            return Err(Refusal::new(
                Code::Graph,
                format!("the tie {} has no seat: write the file again", escape(&tie.name)),
            ));
        };
        if tied.insert((*op, role.clone()), tie.tensor).is_some() {
            return Err(Refusal::new(
                Code::Graph,
                format!("the tie {} has a twin: write the file again", escape(&tie.name)),
            ));
        }
    }
    let mut places = Vec::with_capacity(layers.len());
    let mut seats = 0;
    for (i, (layer, op)) in layers.iter_mut().zip(&architecture.ops).enumerate() {
        let leaves = entries(layer);
        seats += op.weights.len();
        let (mut own, mut hollow) = (Vec::with_capacity(leaves.len()), Vec::with_capacity(leaves.len()));
        for leaf in &leaves {
            let place = match op.weights.get(&leaf.name) {
                Some(&place) => {
                    seats -= 1;
                    place as usize
                }
                None => match tied.remove(&(i, leaf.name.clone())) {
                    Some(place) => place,
                    None => return Err(fault(i, &op.name, &format!("has no tensor {}", escape(&leaf.name)))),
                },
            };
            hollow.push(Some(hollow_like(leaf, i, &op.name, manifest, place)?));
            own.push(place);
        }
        if seats > 0 {
            return Err(fault(i, &op.name, "owns tensors that such a layer does not have"));
        }
        replace(layer, hollow);
        places.push(own);
    }
    match tied.is_empty() {
        true => Ok(places),
        false => Err(Refusal::new(
            Code::Graph,
            "a tie is to a layer that has no such tensor: write the file again",
        )),
    }
}

/// A leaf's tensor as the file has it, without elements.
fn hollow_like(
    leaf: &Entry,
    i: usize,
    op: &str,
    manifest: &Manifest,
    place: usize,
) -> Result<Tensor, Refusal> {
    let Some(tensor) = manifest.tensors.get(place) else {
        return Err(fault(i, op, "has a tensor that is not there"));
    };
    let (dtype, shape) = (elements::of_file(tensor.dtype)?, elements::shape_of_file(&tensor.shape)?);
    // A layer works in whatever float dtype its tensors have.
    let alike = dtype == leaf.value.dtype() || (dtype.is_float() && leaf.value.dtype().is_float());
    if shape != *leaf.value.shape() || !alike {
        let what = format!(
            "needs {} as {}{} and the file has {dtype}{shape}",
            escape(&leaf.name),
            leaf.value.dtype(),
            leaf.value.shape()
        );
        return Err(fault(i, op, &what));
    }
    Ok(Tensor::zeros(shape, dtype, leaf.value.device())?)
}

#[cold]
fn fault(i: usize, op: &str, what: &str) -> Refusal {
    Refusal::new(Code::Graph, format!("operation {i}, {}, {what}: write the file again", escape(op)))
}

/// Reads the tensors and puts them into the layers, those that are one once; returns their names.
fn fill(
    layers: &mut [Boxed],
    places: &[Vec<usize>],
    source: &Source,
    device: &Device,
) -> Result<Vec<String>, Refusal> {
    let (mut known, mut states): (HashMap<usize, Tensor>, HashMap<usize, State>) = Default::default();
    let mut loaded = Vec::new();
    for (i, (layer, places)) in layers.iter_mut().zip(places).enumerate() {
        let leaves = entries(layer);
        let mut values = Vec::with_capacity(places.len());
        for (leaf, &place) in leaves.iter().zip(places) {
            let value = match known.get(&place) {
                Some(value) => value.clone(),
                None => read_tensor(source, place, device)?,
            };
            known.insert(place, value.clone());
            loaded.push(format!("{i}.{}", leaf.name));
            values.push((place, value));
        }
        let mut values = values.into_iter();
        layer.visit_mut(&mut Path::root(), &mut |_, leaf| match (leaf, values.next()) {
            (_, None) => {}
            (LeafMut::Parameter(x), Some((_, value))) => *x = value,
            (LeafMut::State(state), Some((place, value))) => {
                *state = states.entry(place).or_insert_with(|| State::new(value)).shared();
            }
        });
    }
    Ok(loaded)
}

impl Module for LoadedModel {
    fn visit<'a>(&'a self, path: &mut Path, f: &mut dyn FnMut(&Path, Leaf<'a>)) {
        self.layers.visit(path, f);
    }

    fn visit_mut<'a>(&'a mut self, path: &mut Path, f: &mut dyn FnMut(&Path, LeafMut<'a>)) {
        self.layers.visit_mut(path, f);
    }
}

impl Layer for LoadedModel {
    #[track_caller]
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        self.layers.forward_with(x, cx)
    }

    #[track_caller]
    fn describe(&self) -> Result<Description> {
        self.layers.describe()
    }
}

impl fmt::Debug for LoadedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.layers, f)
    }
}
