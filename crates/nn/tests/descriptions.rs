//! Layers as data: what is described is built again the same, and bad settings are refused.
#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, BatchNorm, Conv, ConvTranspose, Dense, Dropout, Embedding, Flatten,
    GlobalMaxPool, GlobalMeanPool, LayerNorm, LpPool, MaxPool, MeanPool, Pad, Padding, PixelShuffle,
    PixelUnshuffle, Resize, Upsample,
};
use tensorkeep_nn::{Description, Layer, Rebuild, Sequential, Setting, Settings};
use tensorkeep_tensor::module::parameters;
use tensorkeep_tensor::{Interpolation, PadMode, Rng, Shape, Tensor, meta};

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
    again(LayerNorm { epsilon: 1e-6, ..LayerNorm::new(5, &device).unwrap() });
    again(BatchNorm { weight: None, momentum: 0.2, ..BatchNorm::new(5, &device).unwrap() });
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
    let edges = |mode: &str| Settings::new().with("padding", list(&[1, 1])).with("mode", mode);
    let sized = |mode: &str| Settings::new().with("size", list(&[3])).with("mode", mode);
    let rows = [
        (refused::<Dense>(dense.clone()), "bias is missing"),
        (refused::<Dense>(dense.clone().with("bias", 1)), "bias is 1: it must be true or false"),
        (refused::<Dense>(dense.with("bias", true).with("code", "rm -rf\u{1b}")), "no setting code"),
        (refused::<Dense>(size("inputs", -1).with("outputs", 2)), "inputs is -1: it must be a size"),
        (refused::<Dense>(size("inputs", 0).with("outputs", 2).with("bias", true)), "0"),
        (refused::<Embedding>(size("count", i64::MAX).with("features", i64::MAX)), ""),
        (refused::<Dropout>(Settings::new().with("probability", 2.0)), "outside 0..=1"),
        (refused::<Dropout>(Settings::new().with("probability", f64::NAN)), "must be a finite number"),
        (refused::<LayerNorm>(size("features", 2).with("epsilon", 0.0)), "must be a number above 0"),
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
    ];
    for (i, (message, want)) in rows.iter().enumerate() {
        assert!(message.contains(want), "row {i}: {message}");
    }
}

#[test]
fn what_could_not_be_built_again_is_not_described() {
    let norm = LayerNorm { epsilon: 0.0, ..LayerNorm::new(2, &meta::device()).unwrap() };
    assert_eq!(norm.describe().unwrap_err().kind().code(), "value");
    let pad = Pad { padding: [(1, 1)], mode: PadMode::Constant(f64::NEG_INFINITY.into()) };
    assert_eq!(pad.describe().unwrap_err().kind().code(), "value");
    assert_eq!(LpPool::new(f64::NAN, [2]).describe().unwrap_err().kind().code(), "value");
    let upsample = Upsample { to: Resize::Scale([-1.0]), mode: Interpolation::Nearest };
    assert_eq!(upsample.describe().unwrap_err().kind().code(), "value");
}
