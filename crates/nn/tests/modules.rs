//! Layers as trees: which leaves, in which order, and what cloning and moving do to them.

use tensorkeep_nn::layers::{
    BatchNorm, Conv, Dense, Dropout, Elu, Embedding, Flatten, Glu, LayerNorm, MaxPool, Prelu, Rrelu,
};
use tensorkeep_nn::{Boxed, Layer, Leaf, LeafMut, Module, Path, Sequential, module};
use tensorkeep_tensor::{Rng, Tensor, meta};

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
        (Box::new(Embedding::new(3, 2, &mut rng).unwrap()), &["weight"]),
        (Box::new(LayerNorm::new(2, &device).unwrap()), &["weight", "bias"]),
        (
            Box::new(BatchNorm::new(2, &device).unwrap()),
            &["weight", "bias", "running_mean (state)", "running_variance (state)"],
        ),
        (Box::new(MaxPool::new([2])), &[]),
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
    assert_eq!(moved.1.running_mean.get().device(), &meta);
    assert!(moved.0.weight.is_same(&moved.2.weight));
}
