//! Layers as trees: which leaves, in which order, and what cloning and moving do to them.

use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, BagMode, BatchNorm, Bilinear, Conv, ConvTranspose, Dense, Dropout,
    Elu, Embedding, EmbeddingBag, FeedForward, Flatten, GlobalMaxPool, GlobalMeanPool, Glu, Gpt, GptSizes,
    GroupNorm, Gru, GruV3, InstanceNorm, LayerNorm, LearnedPositions, LpPool, Lstm, LstmCell, MaxPool,
    MinMax, MultiHeadAttention, NormOver, Pad, PixelShuffle, PixelUnshuffle, Prelu, RecurrentStack, Resize,
    RmsNorm, Rnn, Rrelu, Scale, SinusoidalPositions, SpectralNorm, Standardise, TransformerDecoderLayer,
    TransformerEncoderLayer, Upsample, WeightNorm,
};
use tensorkeep_nn::{
    Boxed, Context, Layer, Leaf, LeafMut, Merge, Module, PairwiseFusion, Parallel, Path, Sequential,
    SkipConnection, module,
};
use tensorkeep_tensor::{Interpolation, PadMode, Rng, Tensor, meta};

/// The paths of both walks; states are marked.
fn leaves(model: &mut dyn Layer) -> Vec<String> {
    let (mut read, mut written) = (Vec::new(), Vec::new());
    model.visit(&mut Path::root(), &mut |path, leaf| match leaf {
        Leaf::Parameter(_) => read.push(path.to_string()),
        Leaf::State(_) => read.push(format!("{path} (state)")),
    });
    model.visit_mut(&mut Path::root(), &mut |path, leaf| match leaf {
        LeafMut::Parameter(_) => written.push(path.to_string()),
        LeafMut::State(_) => written.push(format!("{path} (state)")),
    });
    assert_eq!(read, written, "the two walks differ");
    read
}

#[test]
fn every_layer_names_its_leaves() {
    let device = meta::device();
    let mut rng = Rng::new(0, &device);
    let dense = Dense::new(2, 2, &mut rng).unwrap();
    let rows: Vec<(Box<dyn Layer>, &[&str])> = vec![
        (Box::new(dense.clone()), &["weight", "bias"]),
        (Box::new(Dense { bias: None, ..dense.clone() }), &["weight"]),
        (Box::new(Conv::new([3, 3], 1, 1, &mut rng).unwrap()), &["weight", "bias"]),
        (Box::new(ConvTranspose::new([3, 3], 1, 1, &mut rng).unwrap()), &["weight", "bias"]),
        (Box::new(Embedding::new(3, 2, &mut rng).unwrap()), &["weight"]),
        (Box::new(LayerNorm::new(2, &device).unwrap()), &["weight", "bias"]),
        (
            Box::new(BatchNorm::new(2, &device).unwrap()),
            &["weight", "bias", "running_mean (state)", "running_variance (state)"],
        ),
        (
            Box::new(
                BatchNorm { weight: None, bias: None, ..BatchNorm::new(2, &device).unwrap() }
                    .cumulative()
                    .unwrap(),
            ),
            &["running_mean (state)", "running_variance (state)", "batches (state)"],
        ),
        (Box::new(AdaptiveMaxPool::new([2])), &[]),
        (Box::new(AdaptiveMeanPool::new([2])), &[]),
        (Box::new(GlobalMaxPool), &[]),
        (Box::new(GlobalMeanPool), &[]),
        (Box::new(LpPool::new(2.0, [2])), &[]),
        (
            Box::new(BatchNorm {
                running_mean: None,
                running_variance: None,
                bias: None,
                ..BatchNorm::new(2, &device).unwrap()
            }),
            &["weight"],
        ),
        (Box::new(InstanceNorm::new(2).unwrap()), &[]),
        (Box::new(GroupNorm::new(1, 2, &device).unwrap()), &["weight", "bias"]),
        (Box::new(RmsNorm::new(2, &device).unwrap()), &["weight"]),
        (Box::new(Scale::new(2, &device).unwrap()), &["weight", "bias"]),
        (Box::new(Bilinear::new([2, 2], 2, &mut rng).unwrap()), &["weight", "bias"]),
        (Box::new(EmbeddingBag::new(3, 2, BagMode::Sum, &mut rng).unwrap()), &["weight"]),
        (
            Box::new(WeightNorm::new(dense.clone(), "weight", NormOver::All).unwrap()),
            &["layer.weight", "layer.bias", "scale"],
        ),
        (
            Box::new(SpectralNorm::new(dense.clone(), "weight", 0, &mut rng).unwrap()),
            &["layer.weight", "layer.bias", "left (state)", "right (state)"],
        ),
        (
            Box::new(
                Parallel::new(Merge::Add).branch(dense.clone()).branch_named("b", dense.clone()).unwrap(),
            ),
            &["0.weight", "0.bias", "b.weight", "b.bias"],
        ),
        (Box::new(PairwiseFusion::new(Merge::Add).then(dense.clone())), &["0.weight", "0.bias"]),
        (
            Box::new(SkipConnection { layer: dense.clone(), merge: Merge::Add }),
            &["layer.weight", "layer.bias"],
        ),
        (Box::new(MinMax::new([1, 2], &device).unwrap()), &["minimum (state)", "range (state)"]),
        (Box::new(Standardise::new([1, 2], &device).unwrap()), &["mean (state)", "deviation (state)"]),
        (Box::new(MaxPool::new([2])), &[]),
        (Box::new(Pad { padding: [(1, 1)], mode: PadMode::Reflect }), &[]),
        (Box::new(PixelShuffle { factor: 2 }), &[]),
        (Box::new(PixelUnshuffle { factor: 2 }), &[]),
        (Box::new(Upsample { to: Resize::Size([2]), mode: Interpolation::Nearest }), &[]),
        (Box::new(Rnn::new(3, 2, &mut rng).unwrap()), &["input", "hidden", "bias"]),
        (Box::new(Lstm::new(3, 2, &mut rng).unwrap()), &["input", "hidden", "bias"]),
        (Box::new(Gru::new(3, 2, &mut rng).unwrap()), &["input", "hidden", "input_bias", "hidden_bias"]),
        (Box::new(GruV3::new(3, 2, &mut rng).unwrap()), &["input", "hidden", "candidate", "bias"]),
        (
            Box::new(RecurrentStack::bidirectional(3, 1, |n| LstmCell::new(n, 2, &mut rng)).unwrap()),
            &[
                "forward.0.input",
                "forward.0.hidden",
                "forward.0.bias",
                "backward.0.input",
                "backward.0.hidden",
                "backward.0.bias",
            ],
        ),
        (Box::new(SinusoidalPositions::default()), &[]),
        (Box::new(LearnedPositions::new(3, 2, &mut rng).unwrap()), &["weight"]),
        (Box::new(FeedForward::new(2, 3, &mut rng).unwrap()), &FEED_FORWARD),
        (Box::new(MultiHeadAttention::new(2, 1, &mut rng).unwrap()), &ATTENTION),
        (Box::new(Dropout::new(0.1).unwrap()), &[]),
        (Box::new(Prelu::new(2, &device).unwrap()), &["slope"]),
        (Box::new((Rrelu::default(), Glu::default(), Elu::default())), &[]),
        (Box::new((Flatten, Tensor::relu)), &[]),
        (Box::new((Flatten, dense.clone())), &["1.weight", "1.bias"]),
        (Box::new(Boxed::new(dense.clone())), &["weight", "bias"]),
        (Box::new(vec![Boxed::new(Tensor::relu), Boxed::new((dense.clone(),))]), &["1.0.weight", "1.0.bias"]),
        (
            Box::new(Sequential::new().then(Tensor::relu).then([Some(dense), None])),
            &["1.0.weight", "1.0.bias"],
        ),
    ];
    for (mut layer, want) in rows {
        assert_eq!(leaves(&mut *layer), want, "{}", layer.kind());
    }
}

const ATTENTION: [&str; 8] = [
    "query.weight",
    "query.bias",
    "key.weight",
    "key.bias",
    "value.weight",
    "value.bias",
    "output.weight",
    "output.bias",
];
const FEED_FORWARD: [&str; 4] = ["expand.weight", "expand.bias", "contract.weight", "contract.bias"];

/// What attention and the dense layers are called in the layers of a transformer, and those in a model.
#[test]
fn transformers_name_their_leaves() {
    let mut rng = Rng::new(0, &meta::device());
    let parts = |parts: &[&str]| -> Vec<String> {
        let inner = |part: &&str| -> Vec<String> {
            let names: &[&str] = match *part {
                "feed_forward" => &FEED_FORWARD,
                norm if norm.ends_with("_norm") => &["weight", "bias"],
                _ => &ATTENTION,
            };
            names.iter().map(|name| format!("{part}.{name}")).collect()
        };
        parts.iter().flat_map(inner).collect()
    };
    let paths = |model: &dyn Module| -> Vec<String> {
        module::parameters(model).iter().map(|leaf| leaf.path.to_string()).collect()
    };
    let block = parts(&["attention", "attention_norm", "feed_forward", "feed_forward_norm"]);
    assert_eq!(paths(&TransformerEncoderLayer::new(2, 1, 3, &mut rng).unwrap()), block);
    let decoder = TransformerDecoderLayer::new(2, 1, 3, &mut rng).unwrap();
    let across = ["attention", "attention_norm", "memory_attention", "memory_attention_norm"];
    assert_eq!(paths(&decoder), parts(&[&across[..], &["feed_forward", "feed_forward_norm"]].concat()));
    let sizes =
        GptSizes { vocabulary: 5, context: 4, features: 2, heads: 1, layers: 1, ..GptSizes::default() };
    let want: Vec<String> = ["tokens.weight", "positions.weight"]
        .map(String::from)
        .into_iter()
        .chain(block.iter().map(|path| format!("blocks.layers.0.{path}")))
        .chain(["blocks.norm.weight", "blocks.norm.bias"].map(String::from))
        .collect();
    assert_eq!(paths(&Gpt::new(sizes, &mut rng).unwrap()), want);
}

#[test]
fn a_clone_of_boxed_layers_stands_alone() {
    let mut rng = Rng::new(0, &tensorkeep_cpu::device());
    let model = Sequential::new().then(Dense::new(2, 3, &mut rng).unwrap()).then(Tensor::tanh);
    let mut clone = model.clone();
    assert!(module::parameters(&model)[0].value.is_same(&module::parameters(&clone)[0].value));
    clone.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let LeafMut::Parameter(x) = leaf {
            *x = x.zeros_like().unwrap();
        }
    });
    let x = Tensor::new([[1.0f32, -1.0]], rng.device()).unwrap();
    assert_eq!(clone.forward(&x).unwrap().to_vec::<f32>().unwrap(), [0.0; 3]);
    assert_ne!(model.forward(&x).unwrap().to_vec::<f32>().unwrap(), [0.0; 3]);
}

#[test]
fn a_model_moves_with_its_statistics_and_ties() {
    let (cpu, meta) = (tensorkeep_cpu::device(), meta::device());
    let mut rng = Rng::new(0, &cpu);
    let weight = Dense::new(2, 2, &mut rng).unwrap();
    let model = (weight.clone(), BatchNorm::new(2, &cpu).unwrap(), weight);
    // Two weights, of which the tied one counts once.
    assert_eq!(module::count(&model), 6 + 4);
    let moved = module::to_device(&model, &meta).unwrap();
    assert_eq!(module::count(&moved), 6 + 4);
    assert_eq!(moved.1.running_mean.unwrap().get().device(), &meta);
    assert!(moved.0.weight.is_same(&moved.2.weight));
}

/// What a wrapped layer leaves in its states is left in the layer, though another weight is put into a copy of it.
#[test]
fn wrapped_layers_keep_their_statistics() {
    let device = tensorkeep_cpu::device();
    let mut rng = Rng::new(0, &device);
    let inner =
        || (Dense::new(2, 3, &mut Rng::new(1, &device)).unwrap(), BatchNorm::new(3, &device).unwrap());
    let weight = WeightNorm::new(inner(), "0.weight", NormOver::AllBut(0)).unwrap();
    let spectral = SpectralNorm::new(inner(), "0.weight", 0, &mut rng).unwrap();
    let x = rng.normal([4, 2], 0.0, 1.0).unwrap();
    let moved = |norm: &BatchNorm| {
        let mean = norm.running_mean.as_ref().unwrap().get().to_vec::<f32>().unwrap();
        mean.iter().all(|&mean| mean != 0.0)
    };
    weight.forward_with(&x, &Context::training(0)).unwrap();
    spectral.forward_with(&x, &Context::training(0)).unwrap();
    assert!(moved(&weight.layer.1) && moved(&spectral.layer.1));
    assert!(moved(&weight.fold().unwrap().1) && moved(&spectral.fold().unwrap().1));
}
