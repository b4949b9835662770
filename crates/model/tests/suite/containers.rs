//! Layers around layers, rebuilt from files: branches, pairs, wrappers, and chains inside of them.

use std::path::Path;

use tensorkeep_model::{Blueprint, LayerRegistry, LoadedModel, Save, SaveOptions, load_into};
use tensorkeep_nn::layers::{
    BagMode, BatchNorm, Conv, Dense, Dropout, Embedding, EmbeddingBag, FeedForward, Flatten, GlobalMeanPool,
    LeakyRelu, MaxPool, NormOver, Padding, Prelu, SpectralNorm, WeightNorm,
};
use tensorkeep_nn::{
    Boxed, Checkpointed, Context, Description, Layer, Merge, Module, PairwiseFusion, Parallel, Rebuild,
    Sequential, Settings, SkipConnection, module,
};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor};
use tensorkeep_testkit::devices;

use crate::files::{anyone, code, folder};

fn save<M: Layer + Clone>(model: &M, axes: &[Option<usize>], dtype: DType, path: &Path) {
    let blueprint = Blueprint::of(model, axes, dtype).unwrap();
    model.save_with(path, &SaveOptions::new("acme/net").architecture(blueprint)).unwrap();
}

/// Saves a model and rebuilds it: the same bits come out of it, before and after it is trained on, saved again and rebuilt again.
fn survives<M: Layer + Clone>(model: &M, x: &Tensor, registry: &LayerRegistry, path: &Path) -> LoadedModel {
    let device = x.device();
    // A step of training, so that states are not what they began as.
    if x.dtype().is_float() {
        model.forward_with(x, &Context::training(0)).unwrap();
    }
    let mut axes: Vec<Option<usize>> = x.shape().sizes().iter().map(|&size| Some(size)).collect();
    axes[0] = None;
    let run = |model: &dyn Layer| model.forward(x).unwrap().to_vec::<f32>().unwrap();
    let trained =
        |model: &dyn Layer| model.forward_with(x, &Context::training(7)).unwrap().to_vec::<f32>().unwrap();
    let want = run(model);

    save(model, &axes, x.dtype(), path);
    let (loaded, report) = LoadedModel::load(path, registry, device, &anyone()).unwrap();
    assert_eq!(run(&loaded), want, "{}", device.name());
    let own = module::leaves(model).into_iter().filter(|leaf| leaf.tied.is_none());
    let numbers: usize = own.map(|leaf| leaf.value.elements()).sum();
    assert_eq!(report.cost.unwrap().parameters, numbers as u64);
    // The program that built it loads the same file still.
    load_into(&mut model.clone(), path, &anyone()).unwrap();

    save(&loaded, &axes, x.dtype(), path);
    let (again, _) = LoadedModel::load(path, registry, device, &anyone()).unwrap();
    assert_eq!(run(&again), want, "{}", device.name());
    assert_eq!(again.describe().unwrap(), loaded.describe().unwrap());
    // What is random is so at the same places, and moves the same states; chains around it are gone, though.
    assert_eq!(trained(&again), trained(&loaded));
    assert_eq!(run(&again), run(&loaded));
    loaded
}

/// The paths of the leaves.
fn paths<M: Module + ?Sized>(model: &M) -> Vec<String> {
    module::leaves(model).into_iter().map(|leaf| leaf.path.to_string()).collect()
}

/// A layer around any layer, of a program's own: `s · f(x)`.
#[derive(Clone, Debug, Module)]
struct Scaled<L> {
    inner: L,
    scale: f64,
}

impl<L: Layer + Clone + 'static> Layer for Scaled<L> {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run("inner", &self.inner, x)? * self.scale
    }

    fn describe(&self) -> Result<Description> {
        Description::of(&Scaled { inner: Boxed::new(self.inner.clone()), scale: self.scale })
    }
}

impl Rebuild for Scaled<Boxed> {
    const NAME: &'static str = "test.scaled";

    fn settings(&self) -> Result<Settings> {
        Settings::new().with("scale", self.scale).with_layer("inner", &self.inner)
    }

    fn rebuild(settings: &mut Settings, rng: &mut Rng) -> Result<Self> {
        Ok(Self { inner: settings.take_layer("inner", rng.device())?, scale: settings.take_float("scale")? })
    }
}

/// Each alone, so that the whole model is one operation: paths are what they were.
#[test]
fn each_is_rebuilt() {
    let path = folder("containers").join("model.tkm");
    let registry = LayerRegistry::standard().with::<Scaled<Boxed>>();
    for subject in devices().unwrap() {
        let device = &subject.device;
        let x = Rng::new(3, device).normal([4, 3], 0.0, 1.0).unwrap();
        let check = |model: &dyn Fn() -> Boxed| {
            let model = model();
            let loaded = survives(&model, &x, &registry, &path);
            let want: Vec<String> = paths(&model).into_iter().map(|path| format!("0.{path}")).collect();
            assert_eq!(paths(&loaded), want);
        };
        let dense = || Dense::new(3, 3, &mut Rng::new(5, device)).unwrap();
        for merge in [Merge::Add, Merge::Mul, Merge::Mean, Merge::Max, Merge::Concat(1)] {
            let branches = Parallel::new(merge.clone()).branch(dense()).branch((dense(), Tensor::tanh));
            check(&|| Boxed::new(branches.clone().branch_named("last", vec![dense()]).unwrap()));
            check(&|| Boxed::new(SkipConnection { layer: (dense(), Tensor::tanh), merge: merge.clone() }));
        }
        for merge in [Merge::Mul, Merge::Mean] {
            let pairs = PairwiseFusion::new(merge).then(dense()).then_named("second", Some(dense())).unwrap();
            check(&|| Boxed::new(pairs.clone().then(Tensor::relu)));
        }
        check(&|| Boxed::new(Parallel::maxout(3, || Ok(dense())).unwrap()));
        for over in [NormOver::All, NormOver::AllBut(0), NormOver::Axis(1)] {
            check(&|| Boxed::new(WeightNorm::new((Tensor::tanh, [dense()]), "1.0.weight", over).unwrap()));
        }
        let spectral = |layer: Boxed, path: &str| {
            let rng = &mut Rng::new(6, device);
            SpectralNorm { iterations: 2, ..SpectralNorm::new(layer, path, 1, rng).unwrap() }
        };
        check(&|| Boxed::new(spectral(Boxed::new(dense()), "weight")));
        let both = WeightNorm::new(dense(), "weight", NormOver::AllBut(0)).unwrap();
        check(&|| Boxed::new(spectral(Boxed::new(both.clone()), "layer.weight")));
        check(&|| {
            Boxed::new(Scaled { inner: Checkpointed((dense(), Dropout::new(0.5).unwrap())), scale: 0.5 })
        });
        let counted = BatchNorm::new(3, device).unwrap().cumulative().unwrap();
        check(&|| Boxed::new(SkipConnection { layer: counted.clone(), merge: Merge::Mean }));
        let feed_forward = |activation| {
            Boxed::new(FeedForward {
                activation,
                ..FeedForward::new(3, 4, &mut Rng::new(7, device)).unwrap()
            })
        };
        check(&|| feed_forward(Boxed::new(LeakyRelu { slope: 0.2 })));
        check(&|| feed_forward(Boxed::new(Prelu::new(4, device).unwrap())));
    }
}

/// `relu(norm(conv(x)))`.
fn normed(inputs: usize, outputs: usize, kernel: usize, rng: &mut Rng) -> impl Layer + Clone + 'static {
    let conv = Conv::new([kernel; 2], inputs, outputs, rng).unwrap();
    let conv = Conv { padding: Padding::Same, bias: None, ..conv };
    (conv, BatchNorm::new(outputs, rng.device()).unwrap(), Tensor::relu)
}

/// An inception block in a residual block in a chain, as vision models have them.
#[test]
fn blocks_in_blocks_are_rebuilt() {
    let path = folder("blocks").join("model.tkm");
    for subject in devices().unwrap() {
        let rng = &mut Rng::new(3, &subject.device);
        let pooled = (
            MaxPool { stride: [1, 1], padding: Padding::Same, ..MaxPool::new([3, 3]) },
            WeightNorm::new(Conv::new([1, 1], 4, 2, rng).unwrap(), "weight", NormOver::AllBut(0)).unwrap(),
        );
        let inception = Parallel::new(Merge::Concat(1))
            .branch(normed(4, 2, 1, rng))
            .branch_named("deep", (normed(4, 3, 1, rng), normed(3, 2, 3, rng)))
            .unwrap()
            .branch(pooled);
        let block = SkipConnection { layer: (inception, normed(6, 4, 1, rng)), merge: Merge::Add };
        let stem = Sequential::new().then_named("stem", normed(2, 4, 3, rng)).unwrap();
        let model = stem.then([block.clone(), block]).then(GlobalMeanPool).then(Flatten);
        let model = model.then_named("head", Dense::new(4, 2, rng).unwrap()).unwrap();
        let x = rng.normal([2, 2, 6, 6], 0.0, 1.0).unwrap();
        let loaded = survives(&model, &x, &LayerRegistry::standard(), &path);
        assert_eq!(loaded.len(), 8);
        let deep =
            paths(&loaded).into_iter().filter(|path| path.contains("layer.0.deep.1.0")).collect::<Vec<_>>();
        assert_eq!(deep, ["3.layer.0.deep.1.0.weight", "4.layer.0.deep.1.0.weight"]);
        // Two blocks that were clones have tensors that are one, and still are.
        assert_eq!(module::count(&loaded), module::count(&model));
    }
}

/// A weight that two branches share, and one in a branch that is the embedding's.
#[test]
fn ties_inside_are_ties_still() {
    let path = folder("ties inside").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let embedding = Embedding::new(6, 6, rng).unwrap().with_padding(5).unwrap();
    let tied = Dense { weight: embedding.weight.clone(), bias: None };
    let branches = Parallel::new(Merge::Add).branch(tied.clone()).branch((Tensor::tanh, tied));
    let x = Tensor::new([[0, 5, 2]], &device).unwrap();
    let loaded = survives(&(embedding, branches), &x, &LayerRegistry::standard(), &path);
    assert_eq!(module::count(&loaded), 36);
}

/// Bags, also those with an index of padding.
#[test]
fn bags_are_rebuilt() {
    let path = folder("bags").join("model.tkm");
    let device = tensorkeep_cpu::device();
    let rng = &mut Rng::new(3, &device);
    let x = Tensor::new([[0, 5, 2], [5, 5, 5]], &device).unwrap();
    for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
        let bag = EmbeddingBag::new(6, 4, mode, rng).unwrap();
        let both = Parallel::new(Merge::Add).branch(bag.clone()).branch(bag.with_padding(5).unwrap());
        survives(&both, &x, &LayerRegistry::standard(), &path);
    }
}

/// What nests more deeply than readers allow is refused when it is saved, and what no program knows when it is loaded.
#[test]
fn limits_hold() {
    let path = folder("limits of nesting").join("model.tkm");
    let device: Device = tensorkeep_cpu::device();
    let save = |deep: usize| {
        let nested = (0..deep).fold(Boxed::new(Tensor::tanh), |layer, _| {
            Boxed::new(SkipConnection { layer, merge: Merge::Add })
        });
        let blueprint = Blueprint::of(&nested, &[None], DType::F32).unwrap();
        nested.save_with(&path, &SaveOptions::new("acme/deep").architecture(blueprint)).map(drop)
    };
    let load = |registry: &LayerRegistry| code(LoadedModel::load(&path, registry, &device, &anyone()));
    for (deep, want) in [(1, "ok"), (11, "ok"), (12, "E_DEPTH"), (100, "E_DEPTH")] {
        assert_eq!(code(save(deep)), want, "{deep} deep");
    }
    assert_eq!(load(&LayerRegistry::standard()), "ok");
    assert_eq!(load(&LayerRegistry::empty().with::<SkipConnection<Boxed>>()), "E_LAYER"); // without tanh
}
