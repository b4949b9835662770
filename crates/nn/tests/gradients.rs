//! Each parameter of each layer moves the loss as its gradient says, whatever was done to the layer before.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{Gradcheck, Options, value_and_grad};
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, AlphaDropout, AttentionSizes, BagMode, BatchNorm, Bilinear, Celu,
    Conv, ConvTranspose, Dense, Draws, Dropout, Elu, Embedding, EmbeddingBag, FeedForward, Flatten, Gate,
    GlobalMaxPool, GlobalMeanPool, Glu, Gpt, GptSizes, GroupNorm, Gru, GruV3, HardShrink, HardTanh,
    InstanceNorm, LayerNorm, LeakyRelu, LearnedPositions, LocalResponseNorm, LpPool, Lstm, LstmCell, MaxPool,
    MeanPool, MinMax, MultiHeadAttention, NormOver, Pad, Padding, PixelShuffle, PixelUnshuffle, Prelu,
    RecurrentStack, Resize, RmsNorm, Rnn, RnnCell, Rotary, Rrelu, Scale, SinusoidalPositions, SoftShrink,
    Softplus, SpectralNorm, Standardise, Threshold, TransformerEncoder, TransformerEncoderLayer, Upsample,
    WeightNorm,
};
use tensorkeep_nn::losses::{binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, mse};
use tensorkeep_nn::module::{self, parameters};
use tensorkeep_nn::{
    Boxed, Context, Layer, LeafMut, Merge, Module, PairwiseFusion, Parallel, Path, Sequential,
    SkipConnection, State,
};
use tensorkeep_tensor::{DType, Device, Interpolation, PadMode, Result, Rng, Tensor};
use tensorkeep_testkit::{Subject, devices};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn rng() -> Rng {
    Rng::new(11, &cpu())
}

/// Normal numbers in `f64`.
fn normal(shape: &[usize]) -> Tensor {
    rng().normal(shape, 0.0, 1.0).unwrap().to_dtype(DType::F64).unwrap()
}

/// The model with every parameter `f(position of the parameter, its value)`.
fn replace<M: Module + Clone>(model: &M, mut f: impl FnMut(usize, &Tensor) -> Tensor) -> M {
    let (mut model, mut i) = (model.clone(), 0);
    model.visit_mut(&mut Path::root(), &mut |_, leaf| match leaf {
        LeafMut::Parameter(x) => {
            *x = f(i, x);
            i += 1;
        }
        LeafMut::State(state) => state.set(&state.get().to_dtype(DType::F64).unwrap()),
    });
    model
}

/// Compares the gradient of `loss` by each number of each parameter with the central difference.
fn check<M: Module + Clone>(name: &str, model: &M, loss: impl Fn(&M) -> Result<Tensor>) {
    // In f64, and away from the ones and zeros that layers start with.
    let model = replace(model, |i, x| {
        let noise = Rng::new(i as u64, &cpu()).normal(x.shape(), 0.0, 0.3).unwrap();
        x.add(&noise.to_dtype(x.dtype()).unwrap()).unwrap().to_dtype(DType::F64).unwrap()
    });
    // Every parameter has a gradient of its shape, and it is right.
    let (_, gradient) = value_and_grad(&loss, &model).unwrap_or_else(|error| panic!("{name}: {error}"));
    for (parameter, slope) in parameters(&model).iter().zip(parameters(&gradient)) {
        assert_eq!(slope.value.shape(), parameter.value.shape(), "{name}, {}", parameter.path);
    }
    let differences = Gradcheck { step: 1e-5, tolerance: 1e-8, ..Gradcheck::new() };
    differences.check(loss, &model).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// The loss of a layer: its result weighted with fixed random numbers, squared a little so that it bends.
fn loss<L: Layer>(layer: &L, x: &Tensor) -> Result<Tensor> {
    let y = layer.forward_with(x, &Context::training(5))?;
    let weights = normal(y.shape()).to_dtype(y.dtype())?.to_device(&y.undecorated().device().clone())?;
    y.zip(&weights, |y, w| w * y + 0.1 * (y * y))?.mean_all()
}

/// Checks the gradient of a layer, and that it outlives what is done to layers.
fn layer<L: Layer + Clone>(name: &str, layer: &L, x: &Tensor) {
    check(name, layer, |layer: &L| loss(layer, x));
    survives(layer, x).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// The gradient of a layer, by path.
fn slopes<L: Layer + Clone>(layer: &L, x: &Tensor, options: &Options) -> Result<Vec<(String, Vec<f32>)>> {
    // Running statistics move in a copy.
    let (_, gradient) = options.value_and_grad(|layer: &L| loss(layer, x), &layer.clone())?;
    parameters(&gradient).iter().map(|leaf| Ok((leaf.path.to_string(), leaf.value.to_vec()?))).collect()
}

/// A layer that was cloned, saved, loaded, frozen in part or moved to another device has the gradient that it had.
fn survives<L: Layer + Clone>(layer: &L, x: &Tensor) -> Result<()> {
    let layer = module::to_dtype(layer, DType::F32)?;
    let x = if x.dtype().is_float() { x.to_dtype(DType::F32)? } else { x.clone() };
    let want = slopes(&layer, &x, &Options::new())?;

    let mut loaded = module::map(&layer, |leaf| leaf.value.zeros_like())?;
    module::load(&mut loaded, &module::state(&layer), module::Matching::Exact)?;
    assert_eq!(slopes(&loaded, &x, &Options::new())?, want, "loaded");

    if let [(frozen, _), _, ..] = &want[..] {
        let got = slopes(&layer, &x, &Options::new().freeze(frozen.clone()))?;
        assert!(got[0].1.is_empty(), "{frozen} is frozen");
        // What is tied to it is frozen with it.
        for (got, want) in got.iter().zip(&want).filter(|(got, _)| !got.1.is_empty()) {
            assert_eq!(got, want, "beside {frozen}, which is frozen");
        }
    }
    for Subject { device, .. } in devices()?.iter().filter(|subject| subject.arithmetic.shader) {
        let moved = module::to_device(&layer, device)?;
        let got = slopes(&moved, &x.to_device(device)?, &Options::new())?;
        for ((path, want), (_, got)) in want.iter().zip(&got) {
            let largest = want.iter().fold(0.0, |largest: f32, slope| largest.max(slope.abs()));
            let near = |(want, got): (&f32, &f32)| (want - got).abs() <= 1e-3 * largest + 1e-6;
            assert!(want.iter().zip(got).all(near), "{path} on {}: {got:?}, not {want:?}", device.name());
        }
    }
    Ok(())
}

#[test]
fn dense_and_embedding() {
    layer("dense", &Dense::new(4, 3, &mut rng()).unwrap(), &normal(&[5, 4]));
    layer("dense of a stack", &Dense::new(4, 3, &mut rng()).unwrap(), &normal(&[2, 3, 4]));
    let words = Tensor::new([[0, 2, 2], [1, 0, 2]], &cpu()).unwrap();
    layer("embedding", &Embedding::new(3, 4, &mut rng()).unwrap(), &words);
    for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
        let bag = EmbeddingBag::new(3, 4, mode, &mut rng()).unwrap();
        layer("embedding bag", &bag, &words);
        layer("embedding bag with padding", &EmbeddingBag { padding_index: Some(2), ..bag.clone() }, &words);
        check("embedding bag of lengths", &bag, |bag: &EmbeddingBag| {
            bag.bags(&words.flatten(0)?, &[0, 1, 1], None)?.map(|y| y * y)?.sum_all()
        });
    }
    layer("bilinear", &Bilinear::new([3, 3], 2, &mut rng()).unwrap(), &normal(&[2, 2, 3]));
    layer("scale", &Scale::new([2, 1], &cpu()).unwrap(), &normal(&[3, 2, 3]));
}

/// The vector of padding has no gradient, in training and in evaluation, and the rest have theirs.
#[test]
fn padding_is_not_trained() {
    let embedding = Embedding::new(4, 3, &mut rng()).unwrap().with_padding(2).unwrap();
    assert_eq!(embedding.weight.at(0, 2).unwrap().to_vec::<f32>().unwrap(), [0.0; 3]);
    for words in [vec![2, 0, 2], vec![2, 2, 2], vec![0, 3, 3]] {
        for cx in [Context::training(0), Context::evaluation()] {
            let x = Tensor::new(words.clone(), &cpu()).unwrap();
            let loss = |layer: &Embedding| layer.forward_with(&x, &cx)?.exp()?.sum_all();
            let (_, gradient) = value_and_grad(loss, &embedding).unwrap();
            for row in 0..4 {
                let slopes = gradient.weight.at(0, row as usize).unwrap().to_vec::<f32>().unwrap();
                let moved = slopes.iter().any(|&slope| slope != 0.0);
                assert_eq!(moved, row != 2 && words.contains(&row), "{words:?}, row {row}");
            }
        }
    }
}

#[test]
fn containers() {
    let dense = |inputs, outputs| Dense::new(inputs, outputs, &mut rng()).unwrap();
    let x = normal(&[4, 3]);
    for merge in [
        Merge::Add,
        Merge::Mul,
        Merge::Mean,
        Merge::Max,
        Merge::Concat(1),
        Merge::custom(|y: &[&Tensor]| y[0].sub(y[1])),
    ] {
        let name = format!("parallel, {merge:?}");
        layer(
            &name,
            &Parallel::new(merge.clone()).branch(dense(3, 2)).branch((dense(3, 2), Tensor::tanh)),
            &x,
        );
        layer("skip connection", &SkipConnection { layer: dense(3, 3), merge: merge.clone() }, &x);
        if !matches!(merge, Merge::Concat(_)) {
            layer("pairwise fusion", &PairwiseFusion::new(merge).then(dense(3, 3)).then(dense(3, 3)), &x);
        }
    }
    layer("maxout", &Parallel::maxout(3, || Dense::new(3, 2, &mut rng())).unwrap(), &x);
}

#[test]
fn convolutions() {
    let conv = Conv::new([3], 2, 3, &mut rng()).unwrap();
    layer("one axis", &conv, &normal(&[2, 2, 6]));
    let strided = Conv { stride: [2], dilation: [2], padding: Padding::Explicit([(1, 2)]), ..conv };
    layer("strided and dilated", &strided, &normal(&[2, 2, 6]));
    let grouped = Conv::grouped([3, 2], 4, 2, 2, &mut rng()).unwrap();
    layer("groups", &grouped, &normal(&[2, 4, 4, 3]));
    let same = Conv { padding: Padding::Same, ..Conv::new([1, 3, 3], 1, 2, &mut rng()).unwrap() };
    layer("three axes", &same, &normal(&[1, 1, 2, 3, 3]));
    let lower = Conv { padding: Padding::SameLower, ..Conv::depthwise([2, 4], 2, 2, &mut rng()).unwrap() };
    layer("depthwise", &lower.flip_kernel().unwrap(), &normal(&[1, 2, 3, 4]));
}

#[test]
fn transposed_convolutions() {
    let up = ConvTranspose::new([3], 2, 3, &mut rng()).unwrap();
    layer("one axis", &up, &normal(&[2, 2, 4]));
    let padding = Padding::Explicit([(1, 2)]);
    layer(
        "strided",
        &ConvTranspose { stride: [3], padding, output_padding: [2], ..up.clone() },
        &normal(&[2, 2, 4]),
    );
    layer("zeros behind", &ConvTranspose { dilation: [3], output_padding: [2], ..up }, &normal(&[2, 2, 4]));
    let grouped = ConvTranspose::grouped([3, 2], 4, 2, 2, &mut rng()).unwrap();
    let same = ConvTranspose { stride: [2, 2], padding: Padding::Same, ..grouped };
    layer("groups", &same, &normal(&[1, 4, 2, 3]));
    layer("three axes", &ConvTranspose::new([1, 2, 2], 1, 2, &mut rng()).unwrap(), &normal(&[1, 1, 2, 2, 2]));
}

#[test]
fn space() {
    let conv = || Conv::new([2, 2], 1, 4, &mut rng()).unwrap();
    let image = normal(&[1, 1, 5, 4]);
    let pad = |mode| Pad { padding: [(2, 1), (1, 2)], mode };
    let to = |mode| Upsample { to: Resize::Size([6, 2]), mode };
    let rows: [(&str, Boxed); 16] = [
        ("adaptive max pool", Boxed::new(AdaptiveMaxPool::new([3, 2]))),
        ("adaptive mean pool", Boxed::new(AdaptiveMeanPool::new([3, 2]))),
        ("global max pool", Boxed::new(GlobalMaxPool)),
        ("global mean pool", Boxed::new(GlobalMeanPool)),
        ("lp pool", Boxed::new(LpPool::new(3.0, [2, 2]))),
        (
            "max pool, dilated",
            Boxed::new(MaxPool { dilation: [2, 1], stride: [1, 2], ..MaxPool::new([2, 2]) }),
        ),
        ("pad with a constant", Boxed::new(pad(PadMode::Constant(1.into())))),
        ("pad by replication", Boxed::new(pad(PadMode::Replicate))),
        ("pad by reflection", Boxed::new(pad(PadMode::Reflect))),
        ("pad symmetrically", Boxed::new(pad(PadMode::Symmetric))),
        ("pad from the other side", Boxed::new(pad(PadMode::Circular))),
        ("shuffle", Boxed::new(PixelShuffle { factor: 2 })),
        (
            "unshuffle",
            Boxed::new((
                Pad { padding: [(0, 0), (1, 0)], mode: PadMode::Circular },
                PixelUnshuffle { factor: 2 },
            )),
        ),
        ("upsample, nearest", Boxed::new(to(Interpolation::Nearest))),
        ("upsample, linear", Boxed::new(to(Interpolation::Linear { align_corners: false }))),
        ("upsample, cubic", Boxed::new(to(Interpolation::Cubic { align_corners: false }))),
    ];
    for (name, space) in rows {
        layer(name, &(conv(), space), &image);
    }
}

#[test]
fn recurrent() {
    layer("lstm", &Lstm::new(3, 4, &mut rng()).unwrap(), &normal(&[2, 5, 3]));
    layer("gru", &Gru::new(3, 4, &mut rng()).unwrap(), &normal(&[2, 5, 3]));
    layer("gru with an early reset", &GruV3::new(3, 4, &mut rng()).unwrap(), &normal(&[2, 5, 3]));
    layer("rnn", &Rnn::new(3, 4, &mut rng()).unwrap(), &normal(&[2, 5, 3]));
    let stack = (Lstm::new(3, 4, &mut rng()).unwrap(), Gru::new(4, 2, &mut rng()).unwrap());
    layer("one upon the other", &stack, &normal(&[1, 3, 3]));
    let both = RecurrentStack::bidirectional(3, 2, |inputs| LstmCell::new(inputs, 2, &mut rng())).unwrap();
    layer("both directions", &both, &normal(&[2, 3, 3]));
    let dropped = RecurrentStack::new(3, 3, |inputs| RnnCell::new(inputs, 4, &mut rng())).unwrap();
    let dropped = RecurrentStack { dropout: Dropout::new(0.4).unwrap(), ..dropped };
    layer("dropout between layers", &dropped, &normal(&[2, 3, 3]));
}

#[test]
fn attention() {
    let rng = &mut rng();
    let x = normal(&[2, 3, 4]);
    let heads = MultiHeadAttention::new(4, 2, rng).unwrap();
    layer("attention", &heads, &x);
    let sizes = AttentionSizes { key_heads: 1, bias: false, outputs: 3, ..AttentionSizes::new(4, 2) };
    let turned = MultiHeadAttention {
        causal: true,
        dropout: Dropout::new(0.3).unwrap(),
        rotary: Some(Rotary::new(2).unwrap()),
        ..MultiHeadAttention::of_sizes(sizes, rng).unwrap()
    };
    layer("one key head, causal, turned, with dropout", &turned, &x);
    layer("learned positions", &(LearnedPositions::new(3, 4, rng).unwrap(), heads.clone()), &x);
    layer("sinusoidal positions", &(SinusoidalPositions::default(), heads), &x);
    layer("feed forward", &FeedForward::new(4, 5, rng).unwrap(), &x);
    let block = TransformerEncoderLayer::new(4, 2, 5, rng).unwrap().with_dropout(0.2).unwrap();
    layer("norms last", &block, &x);
    let block = TransformerEncoderLayer { norm_first: true, ..block };
    let norm = Some(LayerNorm::new(4, &cpu()).unwrap());
    layer("norms first", &TransformerEncoder { layers: vec![block.clone(), block], norm }, &x);
    let tokens = Tensor::new([[0, 2, 1], [2, 2, 0]], &cpu()).unwrap();
    let sizes =
        GptSizes { vocabulary: 3, context: 3, features: 4, heads: 2, layers: 1, ..GptSizes::default() };
    layer("gpt", &Gpt::new(sizes, rng).unwrap(), &tokens);
    layer(
        "gpt with turns",
        &Gpt::new(GptSizes { rotary: true, tied: false, ..sizes }, rng).unwrap(),
        &tokens,
    );
}

#[test]
fn norms() {
    layer("layer norm", &LayerNorm::new(5, &cpu()).unwrap(), &normal(&[3, 5]));
    layer("batch norm", &BatchNorm::new(3, &cpu()).unwrap(), &normal(&[4, 3, 2]));
    let counted = BatchNorm::new(3, &cpu()).unwrap().cumulative().unwrap();
    layer("batch norm of counted batches", &counted, &normal(&[4, 3, 2]));
    // A layer below, so that the gradient passes through the statistics of the batch.
    let model = (Dense::new(3, 4, &mut rng()).unwrap(), BatchNorm::new(4, &cpu()).unwrap());
    layer("dense and batch norm", &model, &normal(&[5, 3]));
    let model = (Dense::new(3, 4, &mut rng()).unwrap(), LayerNorm::new(4, &cpu()).unwrap());
    layer("dense and layer norm", &model, &normal(&[5, 3]));

    layer("layer norm over two axes", &LayerNorm::new([2, 3], &cpu()).unwrap(), &normal(&[2, 2, 3]));
    layer("rms norm", &(dense_4(), RmsNorm::new(4, &cpu()).unwrap()), &normal(&[5, 3]));
    layer("group norm", &(dense_4(), GroupNorm::new(2, 4, &cpu()).unwrap()), &normal(&[5, 3]));
    let ones = || Some(Tensor::ones([2], DType::F32, &cpu()).unwrap());
    let instance = InstanceNorm { weight: ones(), bias: ones(), ..InstanceNorm::new(2).unwrap() };
    let conv = Conv::new([2], 1, 2, &mut rng()).unwrap();
    layer("instance norm", &(conv.clone(), instance), &normal(&[2, 1, 4]));
    let response = LocalResponseNorm { alpha: 0.5, ..LocalResponseNorm::new(3) };
    layer("local response norm", &(conv.clone(), response), &normal(&[2, 1, 4]));
    for over in [NormOver::AllBut(0), NormOver::All, NormOver::Axis(0)] {
        layer("weight norm", &WeightNorm::new(conv.clone(), "weight", over).unwrap(), &normal(&[2, 1, 4]));
    }
}

fn dense_4() -> Dense {
    Dense::new(3, 4, &mut rng()).unwrap()
}

/// In evaluation, where `u` and `v` stay where they are while a parameter moves.
#[test]
fn spectral_norm() {
    let norm = SpectralNorm::new(dense_4(), "weight", 0, &mut rng()).unwrap();
    let x = normal(&[2, 3]);
    check("spectral norm", &norm, |norm| norm.forward(&x)?.map(|y| y * y)?.mean_all());
}

#[test]
fn pools_dropout_and_functions() {
    let conv = || Conv::new([2, 2], 1, 2, &mut rng()).unwrap();
    let image = normal(&[2, 1, 5, 5]);
    layer("max pool", &(conv(), MaxPool::new([2, 2])), &image);
    layer("mean pool", &(conv(), MeanPool::new([2, 2]), Flatten), &image);
    layer("dropout", &(conv(), Dropout::new(0.4).unwrap(), Flatten, Tensor::softmax), &image);
    let channels = Dropout { draws: Draws::Channel, ..Dropout::new(0.4).unwrap() };
    layer("dropout of channels", &(conv(), channels, Flatten, Tensor::softmax), &image);
    layer("alpha dropout", &(conv(), AlphaDropout::new(0.4).unwrap(), Flatten, Tensor::softmax), &image);
    let dense = || Dense::new(3, 3, &mut rng()).unwrap();
    let model = Sequential::new()
        .then(dense())
        .then(Tensor::gelu)
        .then(dense())
        .then(Tensor::swish)
        .then(vec![dense(), dense()])
        .then(Tensor::log_softmax);
    layer("functions", &model, &normal(&[4, 3]));
}

/// Layers without parameters of their own, above one that has some.
#[test]
fn scalers() {
    let data = normal(&[7, 3]);
    let standardise = Standardise::fit(&data, 1).unwrap();
    layer("standardise", &(Dense::new(4, 3, &mut rng()).unwrap(), standardise), &normal(&[5, 4]));
    let min_max = MinMax { low: -2.0, ..MinMax::fit(&data, 1).unwrap() };
    layer("min-max", &(Dense::new(4, 3, &mut rng()).unwrap(), min_max), &normal(&[5, 4]));
}

#[test]
fn activations() {
    layer("one slope", &Prelu::new(1, &cpu()).unwrap(), &normal(&[4, 3]));
    layer("a slope a channel", &Prelu::new(3, &cpu()).unwrap(), &normal(&[2, 3, 2, 2]));
    let dense = || Dense::new(4, 4, &mut rng()).unwrap();
    let model = Sequential::new()
        .then(dense())
        .then(LeakyRelu { slope: -0.3 })
        .then(dense())
        .then(Elu { alpha: -0.5 })
        .then(Celu { alpha: 0.7 })
        .then(dense())
        .then(Softplus { beta: 2.0 })
        .then(HardTanh { low: 0.1, high: 1.5 })
        .then(Rrelu::default())
        .then(dense())
        .then(SoftShrink { lambda: 0.05 })
        .then(HardShrink { lambda: 0.05 })
        .then(Threshold { threshold: -0.4, value: 0.1 });
    layer("activations with settings", &model, &normal(&[3, 4]));
    for gate in [Gate::Sigmoid, Gate::Swish, Gate::Gelu, Gate::GeluTanh, Gate::Relu, Gate::Identity] {
        layer("gated", &(dense(), Glu { gate, ..Glu::default() }), &normal(&[3, 4]));
    }
}

#[test]
fn losses() {
    let x = normal(&[4, 3]);
    let targets = x.flip(0).and_then(|x| x.sigmoid()).unwrap();
    let labels = Tensor::new([2, 0, 1, 1], &cpu()).unwrap();
    check("mse", &x, |x: &Tensor| mse(x, &targets));
    check("binary cross-entropy", &x, |x: &Tensor| binary_cross_entropy(&x.sigmoid()?, &targets));
    check("binary cross-entropy of logits", &x, |x: &Tensor| binary_cross_entropy_with_logits(x, &targets));
    check("cross-entropy", &x, |x: &Tensor| cross_entropy(x, &labels));
}

/// What a recorded pass leaves in the running statistics is what a plain pass leaves.
#[test]
fn statistics_survive_the_gradient() {
    let x = normal(&[6, 2]).to_dtype(DType::F32).unwrap();
    let statistics = |recorded: bool| {
        let norm = BatchNorm::new(2, &cpu()).unwrap();
        let loss = |norm: &BatchNorm| norm.forward_with(&x, &Context::training(0))?.sum_all();
        if recorded {
            value_and_grad(loss, &norm).unwrap();
        } else {
            loss(&norm).unwrap();
        }
        let of = |state: &Option<State>| state.as_ref().unwrap().get().to_vec::<f32>().unwrap();
        assert_eq!(norm.running_mean.as_ref().unwrap().get().device(), &cpu(), "no recording is kept");
        [of(&norm.running_mean), of(&norm.running_variance)]
    };
    assert_eq!(statistics(true), statistics(false));
    assert_ne!(statistics(true)[0], [0.0, 0.0]);
}
