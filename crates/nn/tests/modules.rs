//! Layers as trees: which leaves, in which order, and what cloning and moving do to them.

use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, BagMode, BatchNorm, Bilinear, Conv, ConvTranspose, Dense, Dropout,
    Embedding, EmbeddingBag, Flatten, GlobalMaxPool, GlobalMeanPool, GroupNorm, InstanceNorm, LayerNorm,
    LpPool, MaxPool, NormOver, Pad, PixelShuffle, PixelUnshuffle, Resize, RmsNorm, Scale, SpectralNorm,
    Upsample, WeightNorm,
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
        (Box::new(MaxPool::new([2])), &[]),
        (Box::new(Pad { padding: [(1, 1)], mode: PadMode::Reflect }), &[]),
        (Box::new(PixelShuffle { factor: 2 }), &[]),
        (Box::new(PixelUnshuffle { factor: 2 }), &[]),
        (Box::new(Upsample { to: Resize::Size([2]), mode: Interpolation::Nearest }), &[]),
        (Box::new(Dropout::new(0.1).unwrap()), &[]),
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
