//! Recurrent layers against PyTorch's, by `golden/recurrent.py`; and what their states are for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{Gru, Lstm, LstmState};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Rng, Tensor};
use tensorkeep_testkit::golden::doubles;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

#[track_caller]
fn assert_close(name: &str, x: &Tensor, expected: &Value) {
    let expected = array(expected);
    assert_eq!(x.shape(), expected.shape(), "{name}");
    for (x, expected) in x.to_vec::<f64>().unwrap().into_iter().zip(expected.to_vec::<f64>().unwrap()) {
        assert!((x - expected).abs() < 1e-13, "{name}: {x} is not {expected}");
    }
}

fn array(value: &Value) -> Tensor {
    doubles(value).unwrap()
}

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("golden/recurrent.json")).unwrap();
    all[name].clone()
}

/// The weighted sum of what a layer gives, and its gradients by the layer and the input.
fn gradients<L: tensorkeep_nn::Module + Clone>(
    case: &Value,
    layer: L,
    run: impl Fn(&L, &Tensor) -> Result<Tensor>,
) -> (L, Tensor) {
    let weights = array(&case["weights"]);
    let loss = |(layer, x): &(L, Tensor)| run(layer, x)?.mul(&weights)?.sum_all();
    value_and_grad(loss, &(layer, array(&case["x"]))).unwrap().1
}

#[test]
fn lstm_is_pytorchs() {
    let case = golden("lstm");
    let [input, hidden, b, d] = [0, 1, 2, 3].map(|i| array(&case["parameters"][i]));
    let layer = Lstm { input, hidden, bias: b.add(&d).unwrap() };
    let state = LstmState { hidden: array(&case["start"]), cell: array(&case["cell"]) };
    let (y, last) = layer.run(&array(&case["x"]), Some(&state)).unwrap();
    assert_close("y", &y, &case["y"]);
    assert_close("h", &last.hidden, &case["last"][0]);
    assert_close("c", &last.cell, &case["last"][1]);
    let (by_layer, dx) = gradients(&case, layer, |layer, x| Ok(layer.run(x, Some(&state))?.0));
    assert_close("dx", &dx, &case["dx"]);
    for (i, gradient) in
        [&by_layer.input, &by_layer.hidden, &by_layer.bias, &by_layer.bias].into_iter().enumerate()
    {
        assert_close(&format!("gradient {i}"), gradient, &case["gradients"][i]);
    }
}

#[test]
fn gru_is_pytorchs() {
    let case = golden("gru");
    let [input, hidden, input_bias, hidden_bias] = [0, 1, 2, 3].map(|i| array(&case["parameters"][i]));
    let layer = Gru { input, hidden, input_bias, hidden_bias };
    let start = array(&case["start"]);
    let (y, last) = layer.run(&array(&case["x"]), Some(&start)).unwrap();
    assert_close("y", &y, &case["y"]);
    assert_close("h", &last, &case["last"][0]);
    let (by_layer, dx) = gradients(&case, layer, |layer, x| Ok(layer.run(x, Some(&start))?.0));
    assert_close("dx", &dx, &case["dx"]);
    let all = [&by_layer.input, &by_layer.hidden, &by_layer.input_bias, &by_layer.hidden_bias];
    for (i, gradient) in all.into_iter().enumerate() {
        assert_close(&format!("gradient {i}"), gradient, &case["gradients"][i]);
    }
}

/// The largest difference. Not zero: how a product is summed depends on its size.
fn distance(a: &Tensor, b: &Tensor) -> f64 {
    a.sub(b).unwrap().abs().unwrap().max_all().unwrap().item().unwrap().as_f64()
}

#[test]
fn a_sequence_may_come_in_parts() {
    let rng = &mut Rng::new(3, &cpu());
    let (lstm, gru) = (Lstm::new(3, 4, rng).unwrap(), Gru::new(3, 4, rng).unwrap());
    let x = rng.normal([2, 7, 3], 0.0, 1.0).unwrap();
    for cut in [0, 1, 6, 7] {
        let parts = [x.narrow(1, ..cut).unwrap(), x.narrow(1, cut..).unwrap()];
        let (first, state) = lstm.run(&parts[0], None).unwrap();
        let (second, _) = lstm.run(&parts[1], Some(&state)).unwrap();
        let joined = Tensor::concat(&[&first, &second], 1).unwrap();
        assert!(distance(&joined, &lstm.forward(&x).unwrap()) < 1e-6, "{cut}");
        let (first, state) = gru.run(&parts[0], None).unwrap();
        let (second, _) = gru.run(&parts[1], Some(&state)).unwrap();
        let joined = Tensor::concat(&[&first, &second], 1).unwrap();
        assert!(distance(&joined, &gru.forward(&x).unwrap()) < 1e-6, "{cut}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let rng = &mut Rng::new(3, &cpu());
    let lstm = Lstm::new(3, 4, rng).unwrap();
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &cpu()).unwrap();
    let state = |h: &[usize], c: &[usize]| LstmState { hidden: zeros(h), cell: zeros(c) };
    let table = [
        ("no batch", lstm.forward(&zeros(&[5, 3])).err(), "the input is not [batch, length, 3]"),
        ("other inputs", lstm.forward(&zeros(&[2, 5, 4])).err(), "the input is not [batch, length, 3]"),
        (
            "another batch",
            lstm.run(&zeros(&[2, 5, 3]), Some(&state(&[1, 4], &[2, 4]))).err(),
            "the state does not fit the input",
        ),
        (
            "other features",
            lstm.run(&zeros(&[2, 5, 3]), Some(&state(&[2, 4], &[2, 1]))).err(),
            "the state does not fit the input",
        ),
        (
            "weights of three gates",
            Lstm { hidden: zeros(&[12, 4]), ..lstm.clone() }.forward(&zeros(&[2, 5, 3])).err(),
            "the weights are not of 4 gates of as many features",
        ),
        ("a short bias", Lstm { bias: zeros(&[4]), ..lstm.clone() }.forward(&zeros(&[2, 5, 3])).err(), ""),
    ];
    for (name, error, message) in table {
        let error = error.unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind(), ErrorKind::Shape, "{name}: {error}");
        assert!(error.message().starts_with(message), "{name}: {error}");
    }
    for (inputs, features) in [(0, 4), (3, 0)] {
        assert_eq!(Lstm::new(inputs, features, rng).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(Gru::new(inputs, features, rng).unwrap_err().kind(), ErrorKind::Value);
    }
    assert_eq!(Lstm::new(3, usize::MAX / 2, rng).unwrap_err().kind(), ErrorKind::Limit);
    // Where there are only shapes, no step is taken for its own sake.
    let meta = Rng::new(3, &tensorkeep_tensor::meta::device());
    let endless = Tensor::zeros([1, 1 << 40, 3], DType::F32, meta.device()).unwrap();
    for layer in [
        &Lstm::new(3, 4, &mut meta.clone()).unwrap() as &dyn Layer,
        &Gru::new(3, 4, &mut meta.clone()).unwrap(),
    ] {
        assert_eq!(layer.forward(&endless).unwrap().shape().sizes(), [1, 1 << 40, 4]);
    }
    // No batch and no steps are no error.
    for shape in [[0, 5, 3], [2, 0, 3]] {
        assert_eq!(lstm.forward(&zeros(&shape)).unwrap().shape().sizes(), [shape[0], shape[1], 4]);
    }
}
