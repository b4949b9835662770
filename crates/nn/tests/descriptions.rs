//! Layers as data: what is described is built again the same, and bad settings are refused.
#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{
    BatchNorm, Celu, Conv, Dense, Dropout, Elu, Embedding, Flatten, Gate, Glu, HardShrink, HardTanh,
    LayerNorm, LeakyRelu, MaxPool, MeanPool, Padding, Prelu, Rrelu, SoftShrink, Softplus, Threshold,
};
use tensorkeep_nn::{Description, Layer, Rebuild, Sequential, Setting, Settings};
use tensorkeep_tensor::module::parameters;
use tensorkeep_tensor::{Rng, Shape, Tensor, meta};

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
    again(Conv::new([3], 2, 4, rng).unwrap());
    let conv = Conv { stride: [2, 1], dilation: [1, 2], ..Conv::grouped([3, 5], 4, 8, 2, rng).unwrap() };
    again(Conv { padding: Padding::Same, bias: None, ..conv.clone() });
    again(Conv { padding: Padding::Explicit([(0, 1), (2, 3)]), ..conv });
    again(Conv::new([1, 2, 3], 2, 4, rng).unwrap());
    again(MaxPool { stride: [1, 2], padding: Padding::Same, ..MaxPool::new([3, 3]) });
    again(MeanPool { count_padding: false, ..MeanPool::new([2]) });
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
    let error = (relu(), vec![|x: &Tensor| x.relu()]).describe().unwrap_err();
    assert_eq!((error.kind().code(), &*error.layer()), ("unsupported", "1.0"));
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
    let list = |sizes: &[i64]| Setting::List(sizes.iter().map(|&size| size.into()).collect());
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
        (refused::<MaxPool<1>>(padded("full".into())), "padding is \"full\""),
        (refused::<MaxPool<1>>(padded(list(&[1, -1]))), "padding is -1"),
        (refused::<MaxPool<1>>(padded(list(&[1, 1, 1]))), "3 numbers are given"),
        (refused::<MaxPool<2>>(padded("same".into())), "kernel has 1 sizes: use 2"),
    ];
    for (i, (message, want)) in rows.iter().enumerate() {
        assert!(message.contains(want), "row {i}: {message}");
    }
}

#[test]
fn what_could_not_be_built_again_is_not_described() {
    let norm = LayerNorm { epsilon: 0.0, ..LayerNorm::new(2, &meta::device()).unwrap() };
    assert_eq!(norm.describe().unwrap_err().kind().code(), "value");
}
