//! Models rebuilt from files.

use std::path::Path;

use tensorkeep_data::{Classes, TensorDataset, iris};
use tensorkeep_model::{Blueprint, LayerRegistry, LoadedModel, Save, SaveOptions, load_into};
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, AlphaDropout, AttentionSizes, BatchNorm, Bilinear, Conv,
    ConvTranspose, Dense, Draws, Dropout, Embedding, Flatten, GlobalMaxPool, GlobalMeanPool, Gpt, GptSizes,
    GroupNorm, Gru, GruCell, InstanceNorm, LayerNorm, LocalResponseNorm, LpPool, Lstm, MaxPool, MeanPool,
    MinMax, MultiHeadAttention, Pad, Padding, PixelShuffle, PixelUnshuffle, RecurrentStack, Resize, RmsNorm,
    Rnn, Rotary, Scale, SinusoidalPositions, Standardise, Upsample,
};
use tensorkeep_nn::{Context, Description, Layer, Module, Rebuild, Sequential, Settings, State, module};
use tensorkeep_tensor::{DType, Interpolation, PadMode, Result, Rng, Tensor};
use tensorkeep_testkit::devices;

use crate::files::{anyone, code, folder};

/// `g · (W x + b)`: a layer that the framework does not know.
#[derive(Clone, Debug, Module)]
struct Gated {
    inner: Dense,
    gate: Tensor,
    sharpness: f64,
}

impl Layer for Gated {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let y = cx.run("inner", &self.inner, x)?;
        y.mul(&(&self.gate * self.sharpness)?)
    }

    fn describe(&self) -> Result<Description> {
        Description::of(self)
    }
}

impl Rebuild for Gated {
    const NAME: &'static str = "test.gated";
    const VERSION: u32 = 2;

    fn settings(&self) -> Result<Settings> {
        Ok(self.inner.settings()?.with("sharpness", self.sharpness))
    }

    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        let (inner, sharpness) = (Dense::rebuild(settings, rng)?, settings.take_float("sharpness")?);
        let gate = Tensor::ones([inner.weight.dims::<2>()?[0]], DType::F32, rng.device())?;
        Ok(Self { inner, gate, sharpness })
    }
}

fn save(model: &(impl Layer + Clone), input: &[Option<usize>], path: &Path) {
    let blueprint = Blueprint::of(model, input, DType::F32).unwrap().labels(["no", "yes"]).range(-1.0, 1.0);
    model.save_with(path, &SaveOptions::new("acme/net").architecture(blueprint)).unwrap();
}

/// Every layer, in nested containers, on every device: the same bits come out.
#[test]
fn a_rebuilt_model_computes_the_same() {
    let path = folder("rebuild").join("model.tkm");
    let registry = LayerRegistry::standard().with::<Gated>();
    for subject in devices().unwrap() {
        let rng = &mut Rng::new(3, &subject.device);
        let gate = rng.uniform([2], 0.5, 1.5).unwrap();
        let conv = Conv { padding: Padding::Same, ..Conv::new([3, 3], 2, 4, rng).unwrap() };
        let norm = BatchNorm::new(4, rng.device()).unwrap();
        norm.running_mean.as_ref().unwrap().set(&rng.uniform([4], -1.0, 1.0).unwrap());
        let features = Sequential::new().then(conv).then(norm).then(Tensor::relu).then(MaxPool::new([2, 2]));
        let pooled = MeanPool { count_padding: false, ..MeanPool::new([2, 2]) };
        let gated = Gated { inner: Dense::new(8, 2, rng).unwrap(), gate, sharpness: 0.5 };
        let head = (LayerNorm::new(16, rng.device()).unwrap(), Dense::new(16, 8, rng).unwrap(), gated);
        let model =
            (features, vec![pooled], Flatten, Some(Dropout::new(0.3).unwrap()), head, Tensor::softmax);
        save(&model, &[None, Some(2), Some(8), Some(8)], &path);

        let (loaded, report) = LoadedModel::load(&path, &registry, rng.device(), &anyone()).unwrap();
        let x = rng.normal([3, 2, 8, 8], 0.0, 1.0).unwrap();
        let want = model.forward(&x).unwrap().to_vec::<f32>().unwrap();
        assert_eq!(loaded.forward(&x).unwrap().to_vec::<f32>().unwrap(), want, "{}", rng.device().name());
        assert_eq!((loaded.len(), loaded.output().labels.len()), (11, 2));
        // Two more numbers a channel than are trained: the running statistics.
        assert_eq!(report.cost.unwrap().parameters, module::count(&model) as u64 + 8);

        // Saved again it is the same model, and the program that built it can load the file still.
        save(&loaded, &[None, Some(2), Some(8), Some(8)], &path);
        let (again, _) = LoadedModel::load(&path, &registry, rng.device(), &anyone()).unwrap();
        assert_eq!(again.forward(&x).unwrap().to_vec::<f32>().unwrap(), want);
    }
}

#[test]
fn layers_of_space_are_rebuilt() {
    let path = folder("space").join("model.tkm");
    for subject in devices().unwrap() {
        let rng = &mut Rng::new(3, &subject.device);
        let up = ConvTranspose { stride: [2, 2], ..ConvTranspose::grouped([3, 3], 4, 4, 2, rng).unwrap() };
        let up = ConvTranspose { padding: Padding::SameLower, output_padding: [1, 1], ..up };
        let mode = Interpolation::Cubic { align_corners: false };
        let pools = (
            MaxPool { dilation: [2, 1], ceil_mode: true, ..MaxPool::new([2, 2]) },
            LpPool::new(3.0, [2, 2]),
            AdaptiveMaxPool { uniform: true, ..AdaptiveMaxPool::new([5, 5]) },
            AdaptiveMeanPool::new([4, 3]),
        );
        let pads =
            [PadMode::Circular, PadMode::Constant(0.5.into())].map(|mode| Pad { padding: [(1, 0); 2], mode });
        let sizes = (PixelShuffle { factor: 2 }, Upsample { to: Resize::Scale([1.5, 2.0]), mode }, pads);
        let both = Sequential::new().then(up).then(sizes).then(pools).then(PixelUnshuffle { factor: 1 });
        for model in [both.clone().then(GlobalMaxPool), both.then(GlobalMeanPool)] {
            save(&model, &[None, Some(4), Some(5), Some(6)], &path);
            let registry = LayerRegistry::standard();
            let (loaded, _) = LoadedModel::load(&path, &registry, rng.device(), &anyone()).unwrap();
            let x = rng.normal([2, 4, 5, 6], 0.0, 1.0).unwrap();
            let run = |y: Tensor| y.to_vec::<f32>().unwrap();
            assert_eq!(
                run(loaded.forward(&x).unwrap()),
                run(model.forward(&x).unwrap()),
                "{}",
                subject.device
            );
        }
    }
}

#[test]
fn recurrent_layers_are_rebuilt() {
    let path = folder("recurrent").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let both = RecurrentStack::bidirectional(2, 2, |inputs| GruCell::new(inputs, 3, rng)).unwrap();
    let model =
        (Lstm::new(3, 4, rng).unwrap(), Gru::new(4, 2, rng).unwrap(), both, Rnn::new(6, 2, rng).unwrap());
    save(&model, &[None, Some(5), Some(3)], &path);
    let (loaded, _) = LoadedModel::load(&path, &LayerRegistry::standard(), &device, &anyone()).unwrap();
    let x = rng.normal([2, 5, 3], 0.0, 1.0).unwrap();
    let run = |y: Tensor| y.to_vec::<f32>().unwrap();
    assert_eq!(run(loaded.forward(&x).unwrap()), run(model.forward(&x).unwrap()));
}

/// Options that are not at their defaults, and layers at names.
#[test]
fn normalisations_and_named_layers_are_rebuilt() {
    let path = folder("norms").join("model.tkm");
    for subject in devices().unwrap() {
        let (device, rng) = (&subject.device, &mut Rng::new(3, &subject.device));
        let weight = Some(rng.uniform([4], 0.5, 1.5).unwrap());
        let model = Sequential::new()
            .then_named("embedding", Embedding::new(9, 6, rng).unwrap().with_padding(2).unwrap())
            .unwrap()
            .then(InstanceNorm { weight, ..InstanceNorm::new(4).unwrap() })
            .then_named("groups", GroupNorm::new(2, 4, device).unwrap())
            .unwrap()
            .then(LocalResponseNorm { alpha: 0.5, ..LocalResponseNorm::new(3) })
            .then(LayerNorm { bias: None, ..LayerNorm::new([4, 6], device).unwrap() })
            .then(Scale::new([4, 1], device).unwrap())
            .then(RmsNorm { weight: None, ..RmsNorm::new(6, device).unwrap() })
            .then(Dropout { draws: Draws::Channel, ..Dropout::new(0.5).unwrap() })
            .then(AlphaDropout::new(0.5).unwrap())
            .then_named("product", Bilinear::new([6, 6], 2, rng).unwrap())
            .unwrap();
        let blueprint = Blueprint::of(&model, &[None, Some(4)], DType::I32).unwrap();
        model.save_with(&path, &SaveOptions::new("acme/net").architecture(blueprint)).unwrap();
        let (loaded, _) = LoadedModel::load(&path, &LayerRegistry::standard(), device, &anyone()).unwrap();
        let x = Tensor::new([[0, 2, 8, 1], [2, 2, 3, 4]], device).unwrap();
        let run = |model: &dyn Layer| model.forward(&x).unwrap().to_vec::<f32>().unwrap();
        assert_eq!(run(&loaded), run(&model), "{}", device.name());
    }
}

#[test]
fn attention_is_rebuilt() {
    let folder = folder("attention");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let registry = LayerRegistry::standard();
    let sizes = AttentionSizes { key_heads: 2, bias: false, ..AttentionSizes::new(8, 4) };
    let attention = MultiHeadAttention {
        causal: true,
        rotary: Some(Rotary::new(2).unwrap()),
        ..MultiHeadAttention::of_sizes(sizes, rng).unwrap()
    };
    let model = (SinusoidalPositions::default(), attention);
    let path = folder.join("model.tkm");
    save(&model, &[None, Some(5), Some(8)], &path);
    let (loaded, _) = LoadedModel::load(&path, &registry, &device, &anyone()).unwrap();
    let x = rng.normal([2, 5, 8], 0.0, 1.0).unwrap();
    let run = |y: Tensor| y.to_vec::<f32>().unwrap();
    assert_eq!(run(loaded.forward(&x).unwrap()), run(model.forward(&x).unwrap()));

    let sizes =
        GptSizes { vocabulary: 11, context: 6, features: 8, heads: 2, layers: 2, ..GptSizes::default() };
    let model = Gpt::new(sizes, rng).unwrap();
    let path = folder.join("gpt.tkm");
    let blueprint = Blueprint::of(&model, &[None, Some(6)], DType::I32).unwrap();
    model.save_with(&path, &SaveOptions::new("acme/gpt").architecture(blueprint)).unwrap();
    let (loaded, _) = LoadedModel::load(&path, &registry, &device, &anyone()).unwrap();
    let x = Tensor::new([[3, 1, 4, 1, 5, 9]], &device).unwrap();
    assert_eq!(run(loaded.forward(&x).unwrap()), run(model.forward(&x).unwrap()));
}

/// What turns data into numbers and numbers into labels is saved with the model: whoever loads it needs nothing else.
#[test]
fn a_model_keeps_its_scale_and_its_classes() {
    let path = folder("scale").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let flowers: TensorDataset = iris().unwrap();
    let x = Tensor::from_host(flowers.inputs().clone(), &device).unwrap();
    let classes = Classes::new(["setosa", "versicolor", "virginica"]).unwrap();
    let scale = MinMax { low: -1.0, ..MinMax::fit(&x, 1).unwrap() };
    let model = (Standardise::fit(&x, 1).unwrap(), scale, Dense::new(4, 3, rng).unwrap());
    let blueprint = Blueprint::of(&model, &[None, Some(4)], DType::F32).unwrap().labels(classes.names());
    model.save_with(&path, &SaveOptions::new("acme/iris").architecture(blueprint)).unwrap();

    let (loaded, _) = LoadedModel::load(&path, &LayerRegistry::standard(), &device, &anyone()).unwrap();
    let scores = |model: &dyn Layer| model.forward(&x).unwrap().to_host().unwrap();
    assert_eq!(scores(&loaded), scores(&model));
    let again = Classes::new(loaded.output().labels.clone()).unwrap();
    assert_eq!(again.one_cold(&scores(&loaded)).unwrap(), classes.one_cold(&scores(&model)).unwrap());
}

#[test]
fn the_program_that_built_a_model_loads_the_same_file() {
    let path = folder("both").join("model.tkm");
    let rng = &mut Rng::new(3, &tensorkeep_cpu::device());
    let net =
        |rng: &mut Rng| (vec![Dense::new(3, 4, rng).unwrap()], Tensor::tanh, Dense::new(4, 2, rng).unwrap());
    let model = net(rng);
    save(&model, &[None, Some(3)], &path);
    let mut other = net(rng);
    load_into(&mut other, &path, &anyone()).unwrap();
    assert_eq!(other.2.weight.to_vec::<f32>().unwrap(), model.2.weight.to_vec::<f32>().unwrap());
}

#[test]
fn ties_and_dtypes_survive() {
    let path = folder("rebuilt-ties").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let embedding = Embedding::new(6, 4, rng).unwrap();
    let weight = embedding.weight.to_dtype(DType::F64).unwrap();
    let model = (
        Embedding { weight: weight.clone(), padding_index: None },
        Tensor::tanh,
        Dense { weight, bias: None },
    );
    let blueprint = Blueprint::of(&model, &[None], DType::I32).unwrap();
    let saved = model.save_with(&path, &SaveOptions::new("acme/tied").architecture(blueprint)).unwrap();
    assert_eq!(saved.tensors, 1);
    let (loaded, report) = LoadedModel::load(&path, &LayerRegistry::standard(), &device, &anyone()).unwrap();
    assert_eq!(report.cost.unwrap().parameters, 24);
    let leaves = module::parameters(&loaded);
    assert!(leaves[1].tied && leaves[1].value.dtype() == DType::F64);
    let x = Tensor::new([0, 5, 2], &device).unwrap();
    let run = |y: Tensor| y.to_vec::<f64>().unwrap();
    assert_eq!(run(loaded.forward(&x).unwrap()), run(model.forward(&x).unwrap()));
}

#[test]
fn a_program_runs_only_layers_that_it_knows() {
    let path = folder("unknown").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let inner = Dense::new(3, 2, rng).unwrap();
    let gate = Tensor::ones([2], DType::F32, &device).unwrap();
    save(&Gated { inner, gate, sharpness: 1.0 }, &[None, Some(3)], &path);
    let rows = [
        (LayerRegistry::standard().with::<Gated>(), "ok"),
        (LayerRegistry::standard(), "E_LAYER"),
        (LayerRegistry::empty(), "E_LAYER"),
    ];
    for (registry, want) in rows {
        assert_eq!(code(LoadedModel::load(&path, &registry, &device, &anyone())), want);
    }
}

#[test]
fn a_chain_may_be_long() {
    let path = folder("long").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let model = vec![Tensor::neg; 1 << 16];
    save(&model, &[Some(2)], &path);
    let load = || {
        LoadedModel::load(&path, &LayerRegistry::standard(), &device, &anyone()).map(|(model, _)| model.len())
    };
    // On a stack that any recursion over layers would break.
    let thread = std::thread::Builder::new().stack_size(512 << 10);
    let count =
        std::thread::scope(|scope| thread.spawn_scoped(scope, load).unwrap().join().unwrap()).unwrap();
    assert_eq!(count, 1 << 16);
}

/// Two layers that share their running statistics share them still.
#[test]
fn shared_states_stay_shared() {
    let path = folder("shared-states").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let first = BatchNorm::new(2, &device).unwrap();
    let running_mean = first.running_mean.as_ref().map(State::shared);
    let second = BatchNorm { running_mean, ..BatchNorm::new(2, &device).unwrap() };
    save(&(first, second), &[None, Some(2)], &path);
    let (loaded, _) = LoadedModel::load(&path, &LayerRegistry::standard(), &device, &anyone()).unwrap();
    let mut states = Vec::new();
    loaded.visit(&mut tensorkeep_nn::Path::root(), &mut |path, leaf| {
        if let tensorkeep_nn::Leaf::State(state) = leaf {
            states.push((path.to_string(), state.identity()));
        }
    });
    let of = |name: &str| states.iter().find(|(path, _)| path == name).unwrap().1;
    assert_eq!(of("0.running_mean"), of("1.running_mean"));
    assert_ne!(of("0.running_variance"), of("1.running_variance"));
}

/// A model without an architecture is for a program that builds it.
#[test]
fn tensors_alone_are_no_architecture() {
    let path = folder("alone").join("model.tkm");
    let device = tensorkeep_cpu::device();
    Dense::new(3, 2, &mut Rng::new(0, &device)).unwrap().save(&path).unwrap();
    assert_eq!(code(LoadedModel::load(&path, &LayerRegistry::standard(), &device, &anyone())), "E_GRAPH");
}
