//! Normalisations, embeddings and products against PyTorch's, by `golden/layers.py`: results, all gradients
//! and what is left in states, on every device in every float dtype that it has.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::collections::BTreeSet;

use serde_json::Value;
use tensorkeep_autodiff::Options;
use tensorkeep_nn::layers::{
    BagMode, BatchNorm, Bilinear, Conv, Dense, Embedding, EmbeddingBag, GroupNorm, InstanceNorm, LayerNorm,
    LocalResponseNorm, NormOver, RmsNorm, SpectralNorm, WeightNorm,
};
use tensorkeep_nn::{Context, Layer, Leaf, LeafMut, Module, Path, State, init};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor};
use tensorkeep_testkit::devices;
use tensorkeep_testkit::golden::array;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("golden/layers.json")).unwrap();
    assert!(all[name].is_object(), "there is no case {name}");
    all[name].clone()
}

/// How far off a dtype may be, beside numbers that are rounded to it before a case begins.
const TOLERANCES: [(DType, f64); 4] =
    [(DType::F64, 1e-12), (DType::F32, 2e-5), (DType::F16, 0.02), (DType::BF16, 0.15)];

#[track_caller]
fn assert_close(name: &str, x: &Tensor, want: &Value, tolerance: f64) {
    let want = array(want, DType::F64, &cpu()).unwrap();
    let x = x.to_device(&cpu()).unwrap().to_dtype(DType::F64).unwrap();
    assert_eq!(x.elements(), want.elements(), "{name}");
    for (x, want) in x.to_vec::<f64>().unwrap().into_iter().zip(want.to_vec::<f64>().unwrap()) {
        assert!((x - want).abs() <= tolerance * want.abs().max(1.0), "{name}: {x} is not {want}");
    }
}

/// The layer with the leaves of the case, which names each of them.
fn filled<L: Module + Clone>(case: &Value, layer: &L, dtype: DType, device: &Device) -> L {
    let mut layer = layer.clone();
    let mut named = BTreeSet::new();
    layer.visit_mut(&mut Path::root(), &mut |path, leaf| {
        named.insert(path.to_string());
        let value =
            |kind: &str, part: &str| array(&case[kind][path.as_str()][part], DType::F64, &cpu()).unwrap();
        let value = |kind, part| value(kind, part).to_dtype(dtype).unwrap().to_device(device).unwrap();
        match leaf {
            LeafMut::Parameter(x) => *x = value("parameters", "value").reshape(x.shape()).unwrap(),
            LeafMut::State(state) => *state = State::new(value("states", "before")),
        }
    });
    let keys = ["parameters", "states"].iter().filter_map(|kind| case[kind].as_object());
    let known: BTreeSet<String> = keys.flat_map(|leaves| leaves.keys().cloned()).collect();
    assert_eq!(named, known);
    layer
}

/// Runs a case everywhere: the layer, the input, and one more input that has a gradient.
fn agree<L: Layer + Clone>(
    name: &str,
    layer: &L,
    extra: Option<&str>,
    run: impl Fn(&L, &Tensor, &Tensor) -> Result<Tensor>,
) {
    let case = golden(name);
    for subject in devices().unwrap() {
        for kind in TOLERANCES.into_iter().filter(|(dtype, _)| subject.has(*dtype)) {
            let name = format!("{name} in {} on {}", kind.0, subject.device.name());
            one(&name, &case, layer, extra, &run, kind, &subject.device);
        }
    }
}

fn one<L: Layer + Clone>(
    name: &str,
    case: &Value,
    layer: &L,
    extra: Option<&str>,
    run: &impl Fn(&L, &Tensor, &Tensor) -> Result<Tensor>,
    (dtype, tolerance): (DType, f64),
    device: &Device,
) {
    let number = |value: &Value, dtype| {
        array(value, DType::F64, &cpu()).unwrap().to_dtype(dtype).unwrap().to_device(device).unwrap()
    };
    let layer = filled(case, layer, dtype, device);
    let words = case["dx"].is_null();
    let x = number(&case["x"], if words { DType::INDEX } else { dtype });
    let weights = number(&case["weights"], dtype);
    let more = extra.map_or_else(|| weights.clone(), |key| number(&case[key]["value"], dtype));
    let y = run(&layer.clone(), &x, &more).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!((y.dtype(), y.shape()), (dtype, weights.shape()), "{name}");
    assert_close(name, &y, &case["y"], tolerance);

    let loss = |(layer, x, more): &(L, Tensor, Tensor)| run(layer, x, more)?.mul(&weights)?.sum_all();
    let operands = (layer.clone(), x.clone(), more.clone());
    let (_, gradient) = Options::new().allow_unused("2").value_and_grad(loss, &operands).unwrap();
    if !words {
        assert_close(&format!("{name}, x"), &gradient.1, &case["dx"], tolerance);
    }
    if let Some(key) = extra {
        assert_close(&format!("{name}, {key}"), &gradient.2, &case[key]["gradient"], tolerance);
    }
    gradient.0.visit(&mut Path::root(), &mut |path, leaf| {
        if let Leaf::Parameter(slope) = leaf {
            let want = &case["parameters"][path.as_str()]["gradient"];
            assert_close(&format!("{name}, {path}"), slope, want, tolerance);
        }
    });

    // One pass that is not recorded, from where the case begins, leaves in the states what PyTorch's does.
    run(&layer, &x, &more).unwrap();
    layer.visit(&mut Path::root(), &mut |path, leaf| {
        if let Leaf::State(state) = leaf {
            let want = &case["states"][path.as_str()]["after"];
            assert_close(&format!("{name}, {path}"), &state.get(), want, tolerance);
        }
    });
}

fn layer<L: Layer + Clone>(name: &str, layer: &L, training: bool) {
    let cx = || if training { Context::training(0) } else { Context::evaluation() };
    agree(name, layer, None, |layer, x, _| layer.forward_with(x, &cx()));
}

#[test]
fn batch_and_instance_norm_are_pytorchs() {
    let ones = |n: usize| init::ones([n], &cpu()).unwrap();
    let batch = |n: usize| BatchNorm::new(n, &cpu()).unwrap();
    layer("batch_norm", &BatchNorm { momentum: 0.3, ..batch(3) }, true);
    layer("batch_norm_evaluation", &batch(3), false);
    let untracked = BatchNorm { running_mean: None, running_variance: None, ..batch(2) };
    layer("batch_norm_untracked", &untracked, false);

    layer("instance_norm", &InstanceNorm::new(3).unwrap(), true);
    layer("instance_norm", &InstanceNorm::new(3).unwrap(), false);
    let tracked = InstanceNorm {
        weight: Some(ones(2)),
        bias: Some(ones(2)),
        running_mean: Some(State::new(ones(2))),
        running_variance: Some(State::new(ones(2))),
        ..InstanceNorm::new(2).unwrap()
    };
    layer("instance_norm_tracked", &tracked, true);
    layer("instance_norm_evaluation", &tracked, false);
}

#[test]
fn norms_without_statistics_are_pytorchs() {
    layer("group_norm", &GroupNorm::new(2, 4, &cpu()).unwrap(), true);
    let group = GroupNorm::new(1, 4, &cpu()).unwrap();
    layer("group_norm_plain", &GroupNorm { weight: None, bias: None, epsilon: 1e-3, ..group }, true);
    layer("layer_norm", &LayerNorm::new(4, &cpu()).unwrap(), true);
    let wide = LayerNorm { bias: None, ..LayerNorm::new([2, 3], &cpu()).unwrap() };
    layer("layer_norm_two_axes", &wide, true);
    let plain = LayerNorm::new(3, &cpu()).unwrap();
    layer("layer_norm_plain", &LayerNorm { weight: None, bias: None, epsilon: 1e-3, ..plain }, true);
    layer("rms_norm", &RmsNorm::new(4, &cpu()).unwrap(), true);
    let wide = RmsNorm { epsilon: 1e-2, ..RmsNorm::new([2, 3], &cpu()).unwrap() };
    layer("rms_norm_two_axes", &wide, true);
    for (name, size) in [("local_response_norm", 3), ("local_response_norm_even", 4)] {
        layer(name, &LocalResponseNorm { size, alpha: 0.7, beta: 0.6, k: 1.5 }, true);
    }
}

#[test]
fn norms_of_weights_are_pytorchs() {
    let rng = &mut Rng::new(3, &cpu());
    let (dense, conv) = (Dense::new(3, 2, rng).unwrap(), Conv::new([2], 2, 3, rng).unwrap());
    let of_dense = |over| WeightNorm::new(dense.clone(), "weight", over).unwrap();
    let of_conv = |over| WeightNorm::new(conv.clone(), "weight", over).unwrap();
    layer("weight_norm", &of_dense(NormOver::AllBut(0)), true);
    layer("weight_norm_of_kernels", &of_conv(NormOver::AllBut(0)), true);
    layer("weight_norm_of_inputs", &of_conv(NormOver::AllBut(1)), false);
    layer("weight_norm_whole", &of_dense(NormOver::All), false);
    layer("weight_norm_of_flux", &of_conv(NormOver::Axis(0)), true);

    let of_dense = SpectralNorm::new(dense.clone(), "weight", 0, rng).unwrap();
    layer("spectral_norm", &of_dense, true);
    layer("spectral_norm_evaluation", &of_dense, false);
    let of_conv = SpectralNorm::new(conv.clone(), "weight", 0, rng).unwrap();
    layer("spectral_norm_of_kernels", &SpectralNorm { iterations: 3, ..of_conv }, true);
    layer("spectral_norm_of_inputs", &SpectralNorm::new(conv, "weight", 1, rng).unwrap(), true);
}

#[test]
fn embeddings_and_products_are_pytorchs() {
    let rng = &mut Rng::new(3, &cpu());
    let padded = Embedding::new(5, 3, rng).unwrap().with_padding(1).unwrap();
    layer("embedding", &padded, true);
    for (name, mode) in [("sum", BagMode::Sum), ("mean", BagMode::Mean), ("max", BagMode::Max)] {
        let bag = EmbeddingBag::new(5, 3, mode, rng).unwrap();
        layer(&format!("embedding_bag_{name}"), &bag, true);
        let name = format!("embedding_bag_{name}_offsets");
        agree(&name, &bag, None, |bag, x, _| bag.bags(x, &[0, 2, 2, 5], None));
    }
    let bag = EmbeddingBag::new(5, 3, BagMode::Sum, rng).unwrap();
    agree("embedding_bag_factors", &bag, Some("factors"), |bag, x, factors| {
        bag.bags(x, &[0, 2, 2, 5], Some(factors))
    });
    let product = Bilinear::new([3, 2], 2, rng).unwrap();
    agree("bilinear", &product, Some("other"), |product, x, other| product.forward_pair(x, other));
}
