//! Scaling layers against scikit-learn's, by `golden/standardise.py`: fitted to one part, used on another;
//! and bad input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{MinMax, Standardise};
use tensorkeep_tensor::{DType, Device, Result, Tensor, f16};
use tensorkeep_testkit::golden::doubles;
use tensorkeep_testkit::refusal;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/standardise.json")).unwrap()
}

#[track_caller]
fn assert_close(name: &str, got: &Tensor, want: &Value) {
    let want = doubles(want).unwrap();
    assert_eq!(got.shape(), want.shape(), "{name}");
    for (got, want) in got.to_vec::<f64>().unwrap().into_iter().zip(want.to_vec::<f64>().unwrap()) {
        assert!((got - want).abs() <= 1e-10 * want.abs().max(1.0), "{name}: {got} is not {want}");
    }
}

/// The last column is constant, and not a number that sums are exact for. Of the second and third, f32 keeps
/// too few digits to be compared at all: what it does to ordinary numbers is in `pytorch/layers.rs`.
#[test]
fn scaled_as_scikit_learn_does() {
    let golden = golden();
    let [x, other] = ["x", "other"].map(|name| doubles(&golden[name]).unwrap());
    let parts = || x.split(0, &[4, 3, 2]).unwrap().into_iter().map(Ok);
    let whole = Standardise::fit(&x, 1).unwrap();
    for (name, layer) in [("whole", whole.clone()), ("parts", Standardise::fit_batches(1, parts()).unwrap())]
    {
        let want = &golden["standardise"];
        assert_close(name, &layer.forward(&x).unwrap(), &want["x"]);
        assert_close(name, &layer.forward(&other).unwrap(), &want["other"]);
        assert_close(name, &layer.inverse(&other).unwrap(), &want["inverse"]);
        let constant = layer.forward(&x).unwrap().narrow(1, 3..).unwrap().to_vec::<f64>().unwrap();
        assert_eq!(constant, [0.0; 9], "{name}");
    }
    for fitted in [MinMax::fit(&x, 1), MinMax::fit_batches(-1, parts())] {
        let (layer, want) = (MinMax { low: -1.0, high: 2.0, ..fitted.unwrap() }, &golden["min_max"]);
        assert_close("min_max", &layer.forward(&x).unwrap(), &want["x"]);
        assert_close("min_max", &layer.forward(&other).unwrap(), &want["other"]);
        assert_close("min_max", &layer.inverse(&other).unwrap(), &want["inverse"]);
    }
}

#[test]
fn features_lie_along_any_axis() {
    let x = Tensor::arange(24, DType::F32, &cpu()).unwrap();
    let images = x.reshape([2, 3, 2, 2]).unwrap();
    let layer = Standardise::fit(&images, 1).unwrap();
    assert_eq!(*layer.mean.get().shape(), [1, 3, 1, 1]);
    // The first channel holds 0 to 3 and 12 to 15.
    assert_eq!(layer.mean.get().to_vec::<f32>().unwrap(), [7.5, 11.5, 15.5]);
    let y = layer.forward(&images).unwrap();
    let of_channel = |y: &Tensor, channel: usize| y.narrow(1, channel..=channel).unwrap();
    for channel in 0..3 {
        let mean = of_channel(&y, channel).mean_all().unwrap().item().unwrap().as_f64();
        let square =
            of_channel(&y, channel).map(|y| y * y).unwrap().mean_all().unwrap().item().unwrap().as_f64();
        assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6, "{mean} {square}");
    }
    let sequences = MinMax::fit(&x.reshape([2, 4, 3]).unwrap(), -1).unwrap();
    assert_eq!(sequences.minimum.get().to_vec::<f32>().unwrap(), [0.0, 1.0, 2.0]);
    assert_eq!(sequences.range.get().to_vec::<f32>().unwrap(), [21.0; 3]);
}

#[test]
fn dtypes_meet() {
    let x = Tensor::new([[1.0f32], [3.0]], &cpu()).unwrap();
    let layer = Standardise::fit(&x, 1).unwrap();
    for dtype in [DType::F64, DType::F32, DType::F16, DType::BF16] {
        let y = layer.forward(&x.to_dtype(dtype).unwrap()).unwrap();
        assert_eq!(
            (y.dtype(), y.to_dtype(DType::F32).unwrap().to_vec().unwrap()),
            (dtype, vec![-1.0f32, 1.0])
        );
    }
    let pixels = Tensor::new([[0u8], [255]], &cpu()).unwrap();
    let layer = MinMax::fit(&pixels, 1).unwrap();
    assert_eq!(layer.forward(&pixels).unwrap().to_vec::<f32>().unwrap(), [0.0, 1.0]);
    // What a half cannot hold is computed with in the dtype of the layer.
    let far = Standardise::fit(&Tensor::new([[100_000.0f32], [100_002.0]], &cpu()).unwrap(), 1).unwrap();
    let half = Tensor::new([[f16::from_f32(0.0)]], &cpu()).unwrap();
    assert_eq!(
        far.forward(&half).unwrap().to_dtype(DType::F32).unwrap().item().unwrap().as_f64(),
        f64::NEG_INFINITY
    );
}

#[test]
fn every_device_scales() {
    for subject in tensorkeep_testkit::devices().unwrap() {
        let x = Tensor::new([[1.0f32, 7.0], [3.0, 7.0]], &subject.device).unwrap();
        let numbers = |y: Result<Tensor>| y.unwrap().to_vec::<f32>().unwrap();
        let (scale, bounds) = (Standardise::fit(&x, 1).unwrap(), MinMax::fit(&x, 1).unwrap());
        assert_eq!(numbers(scale.forward(&x)), [-1.0, 0.0, 1.0, 0.0], "{}", subject.device);
        assert_eq!(numbers(bounds.forward(&x)), [0.0, 0.0, 1.0, 0.0], "{}", subject.device);
        assert_eq!(numbers(scale.inverse(&x)), [3.0, 14.0, 5.0, 14.0], "{}", subject.device);
    }
}

#[test]
fn bad_input_is_refused() {
    let table = |rows: &[[f64; 2]]| Tensor::new(rows, &cpu()).unwrap();
    let x = table(&[[1.0, 2.0], [3.0, 4.0]]);
    let fit = |x: &Tensor| refusal(Standardise::fit(x, 1));
    let layer = Standardise::fit(&x, 1).unwrap();
    let bounds = MinMax::fit(&x, 1).unwrap();
    let batches =
        |batches: &[&Tensor]| refusal(MinMax::fit_batches(1, batches.iter().map(|&x| Ok(x.clone()))));
    let with = |low, high| refusal(MinMax { low, high, ..bounds.clone() }.forward(&x));
    let wide = Tensor::zeros([2, 3], DType::F64, &cpu()).unwrap();
    let rows = [
        (fit(&table(&[])), "value: no examples to learn from"),
        (batches(&[]), "value: no examples to learn from"),
        (fit(&table(&[[1.0, f64::NAN]])), "value: feature 1 has NaN"),
        (fit(&table(&[[f64::INFINITY, 1.0]])), "value: feature 0 has inf"),
        (
            fit(&table(&[[f64::MAX, 0.0], [-f64::MAX, 1.0]])),
            "value: the numbers of feature 0 are too far apart",
        ),
        (batches(&[&x, &wide]), "shape: batches differ in their features, along axis 1: [1, 2] and [1, 3]"),
        (refusal(Standardise::fit(&x, 2)), "axis: "),
        (
            refusal(Standardise::fit_batches(1, [Err(tensorkeep_tensor::Error::value("read", "gone"))])),
            "value: gone",
        ),
        (
            refusal(layer.forward(&wide)),
            "shape: the input has not the features of the layer: [2, 3] and [1, 2]",
        ),
        (refusal(layer.forward(&x.flatten(0).unwrap())), "shape: the input has not the features"),
        (refusal(layer.inverse(&wide)), "shape: the input has not the features"),
        (with(1.0, 1.0), "value: bounds 1 and 1"),
        (with(2.0, 1.0), "value: bounds 2 and 1"),
        (with(f64::NAN, 1.0), "value: bounds NaN and 1"),
        (with(-f64::MAX, f64::MAX), "value: bounds -"),
        (refusal(Standardise::new([1, 0], &cpu())), "value: "),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
    }
    // A batch without examples among others says nothing.
    let none = x.narrow(0, ..0).unwrap();
    assert_eq!(batches(&[&none, &x]), "accepted");
    assert_eq!(*layer.forward(&none).unwrap().shape(), [0, 2]);
}
