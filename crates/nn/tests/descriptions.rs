//! Layers as data: what is described is built again the same, and bad settings are refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, AlphaDropout, AttentionSizes, BagMode, BatchNorm, Bilinear, Celu,
    Conv, ConvTranspose, Dense, Draws, Dropout, Elu, Embedding, EmbeddingBag, FeedForward, Flatten, Gate,
    GlobalMaxPool, GlobalMeanPool, Glu, Gpt, GptSizes, GroupNorm, Gru, GruCell, GruV3, GruV3Cell, HardShrink,
    HardTanh, InstanceNorm, LayerNorm, LeakyRelu, LearnedPositions, LocalResponseNorm, LpPool, Lstm,
    LstmCell, MaxPool, MeanPool, MinMax, MultiHeadAttention, NormOver, Pad, Padding, PixelShuffle,
    PixelUnshuffle, Prelu, Recurrence, RecurrentStack, Resize, RmsNorm, Rnn, RnnCell, Rotary, RotaryLayout,
    Rrelu, Scale, SinusoidalPositions, SoftShrink, Softplus, SpectralNorm, Standardise, Threshold,
    TransformerEncoder, TransformerEncoderLayer, Upsample, WeightNorm,
};
use tensorkeep_nn::{
    Boxed, Checkpointed, Description, Layer, Merge, Module, PairwiseFusion, Parallel, Rebuild, Sequential,
    Setting, Settings, SkipConnection,
};
use tensorkeep_tensor::module::parameters;
use tensorkeep_tensor::{DType, Interpolation, PadMode, Rng, Shape, Tensor, meta};

fn rng() -> Rng {
    Rng::new(0, &meta::device())
}

/// Builds a layer again, and checks that it is described alike and has leaves of the same shapes.
fn again<L: Rebuild>(layer: L) {
    let mut settings = layer.settings().unwrap();
    let built = L::rebuild(&mut settings, &mut rng()).unwrap();
    settings.finish().unwrap();
    assert_eq!(built.describe().unwrap(), layer.describe().unwrap(), "{}", L::NAME);
    let shapes = |layer: &L| -> Vec<(String, Shape)> {
        parameters(layer).iter().map(|leaf| (leaf.path.to_string(), *leaf.value.shape())).collect()
    };
    assert_eq!(shapes(&built), shapes(&layer), "{}", L::NAME);
}

#[test]
fn layers_are_built_again() {
    let (rng, device) = (&mut rng(), meta::device());
    let dense = Dense::new(3, 2, rng).unwrap();
    again(Dense { bias: None, ..dense.clone() });
    again(dense);
    again(Dropout::new(0.3).unwrap());
    again(Embedding::new(7, 4, rng).unwrap());
    again(MinMax { low: -1.0, ..MinMax::new([1, 4], rng.device()).unwrap() });
    again(Standardise::new([1, 3, 1, 1], rng.device()).unwrap());
    again(Flatten);
    again(Celu { alpha: -0.5 });
    again(Elu::default());
    again(Glu { axis: 1, gate: Gate::GeluTanh });
    again(Glu::default());
    again(HardShrink::default());
    again(HardTanh { low: 0.0, high: 6.0 });
    again(LeakyRelu { slope: 0.2 });
    again(Prelu::new(3, &device).unwrap());
    again(Rrelu::new(0.1, 0.3).unwrap());
    again(SoftShrink { lambda: 0.0 });
    again(Softplus { beta: 2.0 });
    again(Threshold::default());
    again(LayerNorm { epsilon: 1e-6, ..LayerNorm::new(5, &device).unwrap() });
    again(BatchNorm { weight: None, momentum: 0.2, ..BatchNorm::new(5, &device).unwrap() });
    again(BatchNorm::new(5, &device).unwrap().cumulative().unwrap());
    again(BatchNorm { running_mean: None, running_variance: None, ..BatchNorm::new(5, &device).unwrap() });
    again(Dropout { draws: Draws::Channel, ..Dropout::new(0.3).unwrap() });
    again(Dropout { draws: Draws::Axes(vec![0, -1]), ..Dropout::new(0.3).unwrap() });
    again(AlphaDropout { draws: Draws::Channel, ..AlphaDropout::new(0.3).unwrap() });
    again(Embedding::new(7, 4, rng).unwrap().with_padding(6).unwrap());
    for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
        again(EmbeddingBag::new(7, 4, mode, rng).unwrap());
        again(EmbeddingBag::new(7, 4, mode, rng).unwrap().with_padding(6).unwrap());
    }
    again(Bilinear { bias: None, ..Bilinear::new([3, 4], 2, rng).unwrap() });
    again(Scale { bias: None, ..Scale::new([2, 1, 3], &device).unwrap() });
    again(Scale::new(3, &device).unwrap());
    again(LayerNorm { bias: None, ..LayerNorm::new([2, 3], &device).unwrap() });
    again(LayerNorm { weight: None, ..LayerNorm::new(3, &device).unwrap() });
    again(RmsNorm { weight: None, epsilon: 1e-6, ..RmsNorm::new([5, 2], &device).unwrap() });
    again(RmsNorm::new(5, &device).unwrap());
    again(GroupNorm { bias: None, ..GroupNorm::new(2, 4, &device).unwrap() });
    again(InstanceNorm::new(3).unwrap());
    let running_mean = BatchNorm::new(3, &device).unwrap().running_mean;
    again(InstanceNorm {
        weight: Some(Tensor::ones([3], DType::F32, &device).unwrap()),
        running_mean,
        ..InstanceNorm::new(3).unwrap()
    });
    again(LocalResponseNorm { k: 2.0, ..LocalResponseNorm::new(5) });
    again(Conv::new([3], 2, 4, rng).unwrap());
    let conv = Conv { stride: [2, 1], dilation: [1, 2], ..Conv::grouped([3, 5], 4, 8, 2, rng).unwrap() };
    again(Conv { padding: Padding::Same, bias: None, ..conv.clone() });
    again(Conv { padding: Padding::Explicit([(0, 1), (2, 3)]), ..conv });
    again(Conv::new([1, 2, 3], 2, 4, rng).unwrap());
    again(MaxPool { stride: [1, 2], padding: Padding::Same, ..MaxPool::new([3, 3]) });
    again(MaxPool { dilation: [3], padding: Padding::SameLower, ceil_mode: true, ..MaxPool::new([2]) });
    again(MeanPool { count_padding: false, ..MeanPool::new([2]) });
    again(LpPool { stride: [1, 2], padding: Padding::Same, ..LpPool::new(2.5, [3, 3]) });
    again(AdaptiveMaxPool::new([3]));
    again(AdaptiveMeanPool { uniform: true, ..AdaptiveMeanPool::new([1, 2, 3]) });
    again(GlobalMaxPool);
    again(GlobalMeanPool);
    let up = ConvTranspose::grouped([3, 5], 8, 4, 2, rng).unwrap();
    again(ConvTranspose { stride: [3, 2], output_padding: [2, 1], bias: None, ..up.clone() });
    again(ConvTranspose { dilation: [1, 2], padding: Padding::Same, ..up });
    let pad = |mode| Pad { padding: [(1, 0), (2, 3)], mode };
    let values = [0.5.into(), (-2).into(), true.into()].map(PadMode::Constant);
    let modes = [PadMode::Replicate, PadMode::Reflect, PadMode::Symmetric, PadMode::Circular];
    values.into_iter().chain(modes).for_each(|mode| again(pad(mode)));
    again(PixelShuffle { factor: 3 });
    again(PixelUnshuffle { factor: 3 });
    let modes = [false, true].map(|align_corners| {
        [Interpolation::Linear { align_corners }, Interpolation::Cubic { align_corners }]
    });
    for mode in modes.as_flattened().iter().copied().chain([Interpolation::Nearest]) {
        again(Upsample { to: Resize::Scale([1.5, 2.0]), mode });
        again(Upsample { to: Resize::Size([7]), mode });
    }
}

#[test]
fn recurrent_layers_are_built_again() {
    let rng = &mut rng();
    let relu = RnnCell { activation: Boxed::new(Tensor::relu), ..RnnCell::new(3, 2, rng).unwrap() };
    again(Rnn::new(3, 2, rng).unwrap());
    again(Recurrence { cell: relu.clone() });
    again(Lstm::new(3, 2, rng).unwrap());
    again(Recurrence { cell: LstmCell { bias: None, ..LstmCell::new(3, 2, rng).unwrap() } });
    again(Recurrence { cell: GruCell { hidden_bias: None, ..GruCell::new(3, 2, rng).unwrap() } });
    again(Gru::new(3, 2, rng).unwrap());
    again(GruV3::new(3, 2, rng).unwrap());
    let unbiased = |n| Ok(GruV3Cell { bias: None, ..GruV3Cell::new(n, 2, rng)? });
    again(RecurrentStack::new(3, 2, unbiased).unwrap());
    let rng = &mut Rng::new(0, &meta::device());
    let stack = RecurrentStack::bidirectional(3, 3, |n| GruCell::new(n, 2, rng)).unwrap();
    again(RecurrentStack { dropout: Dropout::new(0.3).unwrap(), ..stack.clone() });
    // What no name or no single set of options tells is not described.
    let own = RnnCell { activation: Boxed::new(|x: &Tensor| x.tanh()), ..relu };
    assert_eq!(Recurrence { cell: own }.describe().unwrap_err().kind().code(), "unsupported");
    let mut mixed = stack;
    mixed.backward[1].hidden_bias = None;
    assert_eq!(mixed.describe().unwrap_err().kind().code(), "value");
}

#[test]
fn attention_is_built_again() {
    let rng = &mut rng();
    again(SinusoidalPositions { base: 100.0 });
    again(LearnedPositions::new(5, 4, rng).unwrap());
    let plain = MultiHeadAttention::new(8, 4, rng).unwrap();
    again(plain.clone());
    let sizes = AttentionSizes {
        keys: 3,
        values: 5,
        value_width: 12,
        outputs: 7,
        key_heads: 2,
        ..AttentionSizes::new(8, 4)
    };
    again(MultiHeadAttention { causal: true, ..MultiHeadAttention::of_sizes(sizes, rng).unwrap() });
    let unbiased = Dense { bias: None, ..plain.output.clone() };
    let rotary = Rotary { base: 5e5, layout: RotaryLayout::Interleaved, ..Rotary::new(2).unwrap() };
    let dropout = Dropout::new(0.3).unwrap();
    again(MultiHeadAttention { output: unbiased, rotary: Some(rotary), dropout, ..plain.clone() });
    let gelu = FeedForward { activation: Boxed::new(Tensor::gelu), ..FeedForward::new(8, 6, rng).unwrap() };
    again(gelu.clone());
    let block = TransformerEncoderLayer::new(8, 4, 6, rng).unwrap().with_dropout(0.1).unwrap();
    let block = TransformerEncoderLayer { norm_first: true, feed_forward: gelu, ..block };
    again(block.clone());
    let norm = LayerNorm { epsilon: 1e-6, ..LayerNorm::new(8, &meta::device()).unwrap() };
    again(TransformerEncoder { layers: vec![block.clone(); 3], norm: Some(norm) });
    let sizes =
        GptSizes { vocabulary: 5, context: 4, features: 8, heads: 2, layers: 2, ..GptSizes::default() };
    again(Gpt::new(sizes, rng).unwrap());
    again(Gpt::new(GptSizes { rotary: true, tied: false, dropout: 0.2, ..sizes }, rng).unwrap());
    // What no single set of settings tells is not described.
    let other = TransformerEncoderLayer { norm_first: false, ..block.clone() };
    let rows = [
        TransformerEncoder { layers: Vec::new(), norm: None },
        TransformerEncoder { layers: vec![block, other], norm: None },
    ];
    for stack in rows {
        assert_eq!(stack.describe().unwrap_err().kind().code(), "value");
    }
    let heads = MultiHeadAttention { heads: 3, ..plain };
    assert_eq!(heads.describe().unwrap_err().kind().code(), "value");
}

#[test]
fn containers_describe_what_is_in_them() {
    let name = |description: &Description| match description {
        Description::Layer { name, .. } => (*name).to_owned(),
        Description::Chain(parts) => format!("chain of {}", parts.len()),
    };
    let relu = || Tensor::relu;
    let rows: [(&dyn Layer, &str); 6] = [
        (&relu(), "nn.relu"),
        (&Some(relu()), "nn.relu"),
        (&None::<Flatten>, "chain of 0"),
        (&(relu(), Flatten), "chain of 2"),
        (&vec![relu(); 3], "chain of 3"),
        (&Sequential::new().then(relu()), "chain of 1"),
    ];
    for (layer, want) in rows {
        assert_eq!(name(&layer.describe().unwrap()), want);
    }
    let named = Sequential::new().then_named("first", relu()).unwrap().then(Flatten);
    let Description::Chain(parts) = named.describe().unwrap() else { panic!("no chain") };
    assert_eq!(parts.iter().map(|(step, _)| step.as_str()).collect::<Vec<_>>(), ["first", "1"]);
    let error = (relu(), vec![|x: &Tensor| x.relu()]).describe().unwrap_err();
    assert_eq!((error.kind().code(), &*error.layer()), ("unsupported", "1.0"));
}

/// Branches, pairs, wrappers and chains, in each other.
#[test]
fn layers_around_layers_are_built_again() {
    let device = meta::device();
    let rng = &mut Rng::new(0, &device);
    let mut dense = |inputs, outputs| Dense::new(inputs, outputs, rng).unwrap();
    for merge in [Merge::Add, Merge::Mul, Merge::Mean, Merge::Max, Merge::Concat(-1)] {
        let branches = Parallel::new(merge.clone()).branch(dense(2, 3));
        again(branches.clone());
        again(branches.branch_named("wide", (dense(2, 3), Tensor::relu)).unwrap());
        let pairs = PairwiseFusion::new(merge.clone()).then(Checkpointed(dense(2, 2))).then(Flatten);
        again(pairs.then_named("last", vec![Some(dense(2, 2)), None]).unwrap());
        again(SkipConnection { layer: Boxed::new(dense(2, 2)), merge });
    }
    again(Parallel::maxout(3, || Ok(dense(4, 2))).unwrap());
    again(Sequential::new());
    again(Sequential::new().then_named("first", Flatten).unwrap().then(dense(2, 2)));
    let chain = Boxed::new((Flatten, [dense(2, 3)]));
    for over in [NormOver::All, NormOver::AllBut(0), NormOver::Axis(1)] {
        let wrapped = WeightNorm::new(chain.clone(), "1.0.weight", over).unwrap();
        again(WeightNorm::new(Boxed::new(wrapped), "layer.1.0.bias", NormOver::All).unwrap());
    }
    let rng = &mut Rng::new(0, &device);
    let wrapped = SpectralNorm::new(chain, "1.0.weight", 1, rng).unwrap();
    again(SpectralNorm { iterations: 3, epsilon: 1e-6, ..wrapped });
    // Activations that are layers, also in the layers of a stack.
    let gated =
        |activation| FeedForward { activation, ..FeedForward::new(8, 6, &mut Rng::new(0, &device)).unwrap() };
    again(gated(Boxed::new(LeakyRelu { slope: 0.2 })));
    let block = TransformerEncoderLayer::new(8, 4, 6, rng).unwrap();
    let feed_forward = gated(Boxed::new(Prelu::new(6, &device).unwrap()));
    let block = TransformerEncoderLayer { feed_forward, ..block };
    again(TransformerEncoder { layers: vec![block; 2], norm: None });
    let cell = RnnCell { activation: Boxed::new(Elu::default()), ..RnnCell::new(3, 2, rng).unwrap() };
    again(Recurrence { cell });
}

/// Whatever the types of layers inside are, the layer around them is described alike, and its leaves have the paths that they had.
#[test]
fn types_of_layers_inside_do_not_matter() {
    let rng = &mut rng();
    let inner = (Dense::new(2, 2, rng).unwrap(), Tensor::relu);
    let dynamic = Sequential::new().then(inner.0.clone()).then(Tensor::relu);
    let weight = WeightNorm::new(inner.clone(), "0.weight", NormOver::All).unwrap();
    let spectral = SpectralNorm::new(inner.clone(), "0.weight", 0, rng).unwrap();
    let (left, right) = (spectral.left.shared(), spectral.right.shared());
    let boxed = Boxed::new(dynamic.clone());
    let rows: [(Box<dyn Layer>, Box<dyn Layer>); 4] = [
        (
            Box::new(SkipConnection { layer: inner.clone(), merge: Merge::Add }),
            Box::new(SkipConnection { layer: boxed.clone(), merge: Merge::Add }),
        ),
        (
            Box::new(WeightNorm {
                layer: boxed.clone(),
                scale: weight.scale.clone(),
                path: weight.path.clone(),
                over: weight.over,
            }),
            Box::new(weight),
        ),
        (
            Box::new(SpectralNorm {
                layer: boxed,
                left,
                right,
                path: "0.weight".into(),
                iterations: 1,
                epsilon: 1e-12,
                axis: 0,
            }),
            Box::new(spectral),
        ),
        (
            Box::new(Parallel::new(Merge::Add).branch(inner)),
            Box::new(Parallel::new(Merge::Add).branch(Checkpointed(dynamic))),
        ),
    ];
    let paths = |layer: &dyn Module| -> Vec<String> {
        parameters(layer).iter().map(|leaf| leaf.path.to_string()).collect()
    };
    for (one, other) in rows {
        assert_eq!(one.describe().unwrap(), other.describe().unwrap(), "{}", one.kind());
        assert_eq!(paths(&*one), paths(&*other), "{}", one.kind());
    }
}

#[test]
fn bad_settings_of_layers_around_layers_are_refused() {
    fn refused<L: Rebuild>(mut settings: Settings) -> String {
        let built = L::rebuild(&mut settings, &mut rng()).and_then(|_| settings.finish());
        built.unwrap_err().message().to_owned()
    }
    let dense = Dense::new(2, 2, &mut rng()).unwrap();
    let layer = || Settings::new().with_layer("one", &dense).unwrap().take("one").unwrap();
    let inner = || Settings::new().with("layer", layer());
    let list = |count| Settings::new().with("layers", (0..count).map(|_| layer()).collect::<Vec<_>>());
    let names = |names: &[&str]| {
        let names: Vec<Setting> = names.iter().map(|&name| name.into()).collect();
        list(2).with("names", names).with("merge", "add")
    };
    let weight = |path: &str, over: &str| inner().with("path", path).with("over", over);
    let spectral = |iterations: i64, epsilon: f64| {
        let settings = inner().with("path", "weight").with("axis", 0).with("iterations", iterations);
        settings.with("epsilon", epsilon)
    };
    let long = "x".repeat(4096);
    let rows = [
        (refused::<SkipConnection<Boxed>>(Settings::new().with("merge", "add")), "layer is missing"),
        (refused::<SkipConnection<Boxed>>(inner()), "merge is missing"),
        (
            refused::<SkipConnection<Boxed>>(inner().with("merge", "system")),
            "merge is \"system\": it must be add",
        ),
        (refused::<SkipConnection<Boxed>>(inner().with("merge", 1)), "merge is 1: it must be a word"),
        (
            refused::<SkipConnection<Boxed>>(inner().with("merge", layer())),
            "merge is the layer nn.dense: it must be",
        ),
        (refused::<SkipConnection<Boxed>>(inner().with("merge", "concat")), "axis is missing"),
        (
            refused::<SkipConnection<Boxed>>(inner().with("merge", "concat").with("axis", 0.5)),
            "must be an axis",
        ),
        (refused::<SkipConnection<Boxed>>(inner().with("merge", "add").with("axis", 1)), "no setting axis"),
        (
            refused::<SkipConnection<Boxed>>(Settings::new().with("layer", "nn.dense").with("merge", "add")),
            "layer is \"nn.dense\": it must be a layer",
        ),
        (refused::<SkipConnection<Boxed>>(inner().as_data().with("merge", "add")), "described and not built"),
        (refused::<Parallel>(list(0).with("merge", "add")), "there is no branch"),
        (refused::<PairwiseFusion>(list(0).with("merge", "add")), "there is no layer"),
        (refused::<Parallel>(list(2)), "merge is missing"),
        (refused::<Parallel>(inner().with("merge", "add")), "layers is missing"),
        (refused::<Parallel>(Settings::new().with("layers", layer())), "it must be a list of layers"),
        (
            refused::<Sequential>(Settings::new().with("layers", vec![layer(), 1.into()])),
            "layers is 1: it must be a layer",
        ),
        (refused::<Parallel>(names(&["a"])), "names is a list of 1: it must be a list of 2 names"),
        (refused::<Parallel>(names(&["a", "a"])), "two layers are called a"),
        (refused::<Parallel>(names(&["1", "0"])), "is no name of a layer"),
        (refused::<Parallel>(names(&["a.b", "1"])), "is no name of a layer"),
        (refused::<PairwiseFusion>(names(&["", "1"])), "is no name of a layer"),
        (
            refused::<PairwiseFusion>(list(1).with("names", vec![Setting::Int(0)]).with("merge", "add")),
            "names is 0",
        ),
        (refused::<WeightNorm<Boxed>>(weight("weight", "everything")), "over is \"everything\""),
        (refused::<WeightNorm<Boxed>>(weight("weight", "all_but")), "axis is missing"),
        (refused::<WeightNorm<Boxed>>(weight("weight", "all_but").with("axis", 2)), "axis 2 of a weight"),
        (
            refused::<WeightNorm<Boxed>>(weight("weight", "axis").with("axis", i64::MAX)),
            "axis 9223372036854775807",
        ),
        (refused::<WeightNorm<Boxed>>(weight(&long, "all")), "has no parameter \"xxx"),
        (refused::<SpectralNorm<Boxed>>(spectral(1 << 40, 1e-12)), "at most 1000"),
        (refused::<SpectralNorm<Boxed>>(spectral(1, 0.0)), "must be a number above 0"),
    ];
    for (i, (message, want)) in rows.iter().enumerate() {
        assert!(message.contains(want) && message.len() < 300, "row {i}: {message}");
    }
}

#[test]
fn bad_settings_are_refused() {
    fn refused<L: Rebuild>(settings: Settings) -> String {
        let mut settings = settings;
        let built = L::rebuild(&mut settings, &mut rng()).and_then(|_| settings.finish());
        built.unwrap_err().message().to_owned()
    }
    let size = |name: &str, value: i64| Settings::new().with(name, value);
    let dense = size("inputs", 3).with("outputs", 2);
    let padded = |padding: Setting| {
        let two = || vec![Setting::Int(2)];
        Settings::new().with("kernel", two()).with("stride", two()).with("padding", padding)
    };
    let group = |groups: i64, channels: i64| {
        let settings = size("groups", groups).with("channels", channels).with("epsilon", 1e-5);
        settings.with("weight", true).with("bias", true)
    };
    // Attention with one setting more, or another instead.
    let heads = |name: &str, value: Setting| {
        let layer = MultiHeadAttention::new(8, 4, &mut rng()).unwrap();
        let layer = MultiHeadAttention { rotary: Some(Rotary::new(2).unwrap()), ..layer };
        let settings = layer.settings().unwrap();
        let others = settings.iter().filter(|(each, _)| *each != name);
        let others = others.fold(Settings::new(), |all, (name, value)| all.with(name, value.clone()));
        others.with(name, value)
    };
    let cell = size("inputs", 3).with("features", 2);
    let stack = |layers: i64, dropout: f64| {
        let stack = size("inputs", 3).with("features", 2).with("bias", true).with("layers", layers);
        stack.with("bidirectional", true).with("dropout", dropout)
    };
    let list = |sizes: &[i64]| Setting::List(sizes.iter().map(|&size| size.into()).collect());
    let edges = |mode: &str| Settings::new().with("padding", list(&[1, 1])).with("mode", mode);
    let sized = |mode: &str| Settings::new().with("size", list(&[3])).with("mode", mode);
    let bounded = |low: f64, high: f64| {
        Settings::new().with("shape", list(&[1, 2])).with("low", low).with("high", high)
    };
    let rows = [
        (refused::<Dense>(dense.clone()), "bias is missing"),
        (refused::<Dense>(dense.clone().with("bias", 1)), "bias is 1: it must be true or false"),
        (refused::<Dense>(dense.with("bias", true).with("code", "rm -rf\u{1b}")), "no setting code"),
        (refused::<Dense>(size("inputs", -1).with("outputs", 2)), "inputs is -1: it must be a size"),
        (refused::<Dense>(size("inputs", 0).with("outputs", 2).with("bias", true)), "0"),
        (refused::<Embedding>(size("count", i64::MAX).with("features", i64::MAX)), ""),
        (refused::<Dropout>(Settings::new().with("probability", 2.0)), "outside 0..=1"),
        (refused::<Dropout>(Settings::new().with("probability", f64::NAN)), "must be a finite number"),
        (refused::<Elu>(Settings::new().with("alpha", f64::NAN)), "must be a finite number"),
        (refused::<Celu>(Settings::new().with("alpha", 0.0)), "alpha is 0"),
        (refused::<HardTanh>(Settings::new().with("low", 2.0).with("high", 1.0)), "give the smaller first"),
        (refused::<Rrelu>(Settings::new().with("low", 2.0).with("high", 1.0)), "the smaller first"),
        (refused::<Rrelu>(Settings::new().with("low", 0.0).with("high", 1e300)), "use finite ones"),
        (refused::<Prelu>(size("slopes", 0)), "0"),
        (refused::<Prelu>(size("slopes", i64::MAX)), ""),
        (
            refused::<Glu>(size("axis", 0).with("gate", "system")),
            "gate is \"system\": it must be the name of a gate",
        ),
        (
            refused::<Glu>(Settings::new().with("axis", 0.5).with("gate", "relu")),
            "axis is 0.5: it must be an axis",
        ),
        (refused::<LayerNorm>(size("features", 2).with("epsilon", 0.0)), "must be a number above 0"),
        (
            refused::<LayerNorm>(size("features", 2).with("epsilon", 1.0).with("bias", 2)),
            "bias is 2: it must be",
        ),
        (
            refused::<LayerNorm>(Settings::new().with("features", list(&[])).with("epsilon", 1.0)),
            "use sizes of at least 1",
        ),
        (refused::<LayerNorm>(Settings::new().with("features", list(&[1; 9])).with("epsilon", 1.0)), ""),
        (refused::<Embedding>(size("count", 3).with("features", 2).with("padding_index", 3)), "outside 0..3"),
        (
            refused::<Embedding>(size("count", 3).with("features", 2).with("padding_index", -1)),
            "must be a size",
        ),
        (
            refused::<EmbeddingBag>(
                size("count", 3).with("features", 2).with("mode", "sum").with("padding_index", 3),
            ),
            "padding index 3 is outside 0..3",
        ),
        (
            refused::<BatchNorm>(
                BatchNorm::new(2, &meta::device()).unwrap().settings().unwrap().with("cumulative", false),
            ),
            "cumulative is false: it must be true",
        ),
        (
            refused::<EmbeddingBag>(size("count", 3).with("features", 2).with("mode", "min")),
            "mode is \"min\"",
        ),
        (refused::<GroupNorm>(group(3, 4)), "4 channels do not divide into 3 groups"),
        (refused::<GroupNorm>(group(0, 4)), "4 channels do not divide into 0 groups"),
        (
            refused::<Dropout>(Settings::new().with("probability", 0.5).with("draws", "row")),
            "draws is \"row\"",
        ),
        (
            refused::<Dropout>(Settings::new().with("probability", 0.5).with("draws", list(&[99]))),
            "draws is 99",
        ),
        (refused::<Scale>(Settings::new().with("sizes", list(&[])).with("bias", true)), "no sizes"),
        (refused::<MaxPool<1>>(padded("full".into())), "padding is \"full\""),
        (refused::<MaxPool<1>>(padded(list(&[1, -1]))), "padding is -1"),
        (refused::<MaxPool<1>>(padded(list(&[1, 1, 1]))), "3 numbers are given"),
        (refused::<MaxPool<2>>(padded("same".into())), "kernel has 1 sizes: use 2"),
        (
            refused::<LpPool<1>>(padded("same".into()).with("p", -1.0)),
            "p is -1.0: it must be a number above 0",
        ),
        (
            refused::<Pad<1>>(Settings::new().with("padding", list(&[1, 1, 1])).with("mode", "reflect")),
            "2 for each of 1 axes",
        ),
        (
            refused::<Pad<2>>(Settings::new().with("padding", list(&[1, 1])).with("mode", "reflect")),
            "2 for each of 2 axes",
        ),
        (refused::<Pad<1>>(edges("mirror")), "mode is \"mirror\""),
        (refused::<Pad<1>>(edges("constant")), "value is missing"),
        (
            refused::<Pad<1>>(edges("constant").with("value", f64::NAN)),
            "value is NaN: it must be a finite number",
        ),
        (refused::<Pad<1>>(edges("reflect").with("value", 1)), "no setting value"),
        (refused::<PixelShuffle>(size("factor", -2)), "factor is -2"),
        (
            refused::<Upsample<1>>(Settings::new().with("scale", list(&[2])).with("mode", "nearest")),
            "finite numbers above 0, one an axis",
        ),
        (refused::<Upsample<1>>(sized("area")), "mode is \"area\""),
        (refused::<Upsample<1>>(sized("linear")), "align_corners is missing"),
        (refused::<Upsample<1>>(sized("nearest").with("scale", 1.0)), "no setting scale"),
        (
            refused::<Rnn>(cell.clone().with("bias", true).with("activation", "nn.conv")),
            "activation is \"nn.conv\"",
        ),
        (refused::<Lstm>(cell.clone()), "bias is missing"),
        (refused::<SinusoidalPositions>(Settings::new().with("base", -1.0)), "must be a number above 0"),
        (refused::<MultiHeadAttention>(heads("heads", 3i64.into())), "3 heads do not divide"),
        (refused::<MultiHeadAttention>(heads("rotary.width", 3i64.into())), "3 features are no pairs"),
        (refused::<MultiHeadAttention>(heads("rotary.layout", "spiral".into())), "layout is \"spiral\""),
        (refused::<MultiHeadAttention>(heads("rotary.code", 1i64.into())), "no setting code"),
        (refused::<MultiHeadAttention>(heads("key.code", 1i64.into())), "no setting code"),
        (refused::<TransformerEncoder>(Settings::new().with("layers", 1i64 << 40)), "use 1 to 4096"),
        (refused::<TransformerEncoder>(Settings::new().with("layers", 0)), "use 1 to 4096"),
        (refused::<TransformerEncoder>(Settings::new().with("layers", 2)), "is missing"),
        (refused::<RecurrentStack<LstmCell>>(stack(1 << 40, 0.1)), "layers: a file may name at most"),
        (refused::<RecurrentStack<LstmCell>>(stack(0, 0.1)), "there are 0 layers"),
        (refused::<RecurrentStack<LstmCell>>(stack(2, 1.5)), "outside 0..=1"),
        (refused::<RecurrentStack<LstmCell>>(stack(2, 0.5).with("code", 1)), "no setting code"),
        (refused::<Standardise>(size("shape", 3)), "shape is 3: it must be a list of sizes"),
        (refused::<Standardise>(Settings::new().with("shape", list(&[1, 0]))), "0"),
        (refused::<Standardise>(Settings::new().with("shape", list(&[i64::MAX, i64::MAX]))), ""),
        (refused::<MinMax>(bounded(1.0, 1.0)), "bounds 1 and 1"),
        (refused::<MinMax>(bounded(f64::NEG_INFINITY, 1.0)), "must be a finite number"),
    ];
    for (i, (message, want)) in rows.iter().enumerate() {
        assert!(message.contains(want), "row {i}: {message}");
    }
}

#[test]
fn what_could_not_be_built_again_is_not_described() {
    let dense = Dense::new(2, 2, &mut rng()).unwrap();
    let scale = Tensor::ones([2, 1], DType::F32, &meta::device()).unwrap();
    let wrapped = WeightNorm::new(dense.clone(), "weight", NormOver::All).unwrap();
    let wrapped = WeightNorm { scale, ..wrapped };
    assert_eq!(wrapped.describe().unwrap_err().kind().code(), "value"); // one length, and it has two
    let short =
        Dense { bias: Some(Tensor::ones([1], DType::F32, &meta::device()).unwrap()), ..dense.clone() };
    assert_eq!(short.describe().unwrap_err().kind().code(), "value");
    let closure = |x: &Tensor| x.tanh();
    let merge = Merge::custom(|x: &[&Tensor]| Ok(x[0].clone()));
    let rows: [(Box<dyn Layer>, &str); 6] = [
        (Box::new(SkipConnection { layer: (dense.clone(), closure), merge: Merge::Add }), "layer.1"),
        (Box::new(Parallel::new(Merge::Add).branch(dense.clone()).branch_named("b", closure).unwrap()), "b"),
        (Box::new(PairwiseFusion::new(Merge::Add).then(Some(closure))), "0"),
        (Box::new(WeightNorm::new((closure, dense.clone()), "1.weight", NormOver::All).unwrap()), "layer.0"),
        (Box::new(Parallel::new(merge.clone()).branch(dense.clone())), ""),
        (Box::new(SkipConnection { layer: dense, merge }), ""),
    ];
    for (layer, place) in rows {
        let error = layer.describe().unwrap_err();
        assert_eq!((error.kind().code(), &*error.layer()), ("unsupported", place), "{error}");
        assert!(error.message().contains("implement"), "{error}");
    }
    let activation = Boxed::new(Dense::new(6, 6, &mut rng()).unwrap());
    let own = FeedForward { activation, ..FeedForward::new(8, 6, &mut rng()).unwrap() };
    assert_eq!(own.describe().unwrap_err().kind().code(), "value");
    let norm = LayerNorm { epsilon: 0.0, ..LayerNorm::new(2, &meta::device()).unwrap() };
    assert_eq!(norm.describe().unwrap_err().kind().code(), "value");
    let pad = Pad { padding: [(1, 1)], mode: PadMode::Constant(f64::NEG_INFINITY.into()) };
    assert_eq!(pad.describe().unwrap_err().kind().code(), "value");
    assert_eq!(LpPool::new(f64::NAN, [2]).describe().unwrap_err().kind().code(), "value");
    let upsample = Upsample { to: Resize::Scale([-1.0]), mode: Interpolation::Nearest };
    assert_eq!(upsample.describe().unwrap_err().kind().code(), "value");
}
