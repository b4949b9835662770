//! What the test suites of Flux.jl and NNlib.jl say of the layers that exist here: `golden/flux.json`, MIT licence,
//! © the Flux contributors. Arrays are in our layout, `[batch, channels, spatial..]`, and indices start at 0. Flux's convolution
//! flips the kernel, ours does not: where a case says so, it is flipped here.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_autodiff::vjp;
use tensorkeep_nn::layers::{BatchNorm, Conv, Dense, Embedding, LayerNorm, MaxPool, MeanPool, Padding};
use tensorkeep_nn::losses::{cross_entropy, mse};
use tensorkeep_nn::{Layer, State};
use tensorkeep_tensor::{DType, Device, Result, Tensor};
use tensorkeep_testkit::golden::doubles;

fn array(value: &Value) -> Tensor {
    doubles(value).unwrap()
}

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// A parameter of a case, 1 where it is not named.
fn size(case: &Value, name: &str) -> usize {
    case["params"][name].as_u64().unwrap_or(1) as usize
}

fn conv<const N: usize>(case: &Value, x: &Tensor, w: &Tensor) -> Result<Tensor> {
    let mut weight = w.clone();
    if case["params"]["kernel_flipped_true_convolution"] == true {
        weight = (2..2 + N as isize).try_fold(weight, |w, axis| w.flip(axis))?;
    }
    let (padding, groups) = (size(case, "padding"), size(case, "groups"));
    let padding = Padding::Explicit([(padding, padding); N]);
    let (stride, dilation) = ([size(case, "stride"); N], [size(case, "dilation"); N]);
    Conv { weight, bias: None, stride, dilation, padding, groups }.forward(x)
}

fn pool<const N: usize>(case: &Value, x: &Tensor) -> Result<Tensor> {
    let (kernel, stride) = ([size(case, "kernel"); N], [size(case, "stride"); N]);
    let padding = Padding::Explicit([(size(case, "padding"), size(case, "padding")); N]);
    match case["id"].as_str().unwrap().starts_with("max") {
        true => MaxPool { stride, padding, ..MaxPool::new(kernel) }.forward(x),
        false => MeanPool { kernel, stride, padding, count_padding: true }.forward(x),
    }
}

/// What the case is about, of its input and, for a convolution, its weight.
fn run(case: &Value, x: &Tensor, w: Option<&Tensor>) -> Result<Tensor> {
    let id = case["id"].as_str().unwrap();
    match id.split('_').next().unwrap() {
        "conv1d" => conv::<1>(case, x, w.unwrap()),
        "conv2d" => conv::<2>(case, x, w.unwrap()),
        "conv3d" => conv::<3>(case, x, w.unwrap()),
        "maxpool1d" | "meanpool1d" => pool::<1>(case, x),
        "maxpool2d" | "meanpool2d" => pool::<2>(case, x),
        "meanpool3d" => pool::<3>(case, x),
        "softmax" => x.softmax(),
        "logsoftmax" => x.log_softmax(),
        "act" if id == "act_relu" => x.relu(),
        "act" if id == "act_gelu_tanh" => x.gelu_tanh(),
        "dense" => (Dense { weight: array(&case["input"]["weight"]), bias: None }, Tensor::tanh).forward(x),
        "embedding" => {
            let rows =
                Tensor::eye(size(case, "vocab"), DType::F64, &cpu())?.narrow(1, ..size(case, "dim"))?;
            let gain = case["params"]["gain"].as_f64().unwrap();
            Embedding { weight: rows.mul(gain)?, padding_index: None }.forward(&x.to_dtype(DType::I64)?)
        }
        "layernorm" => LayerNorm { weight: None, bias: None, ..LayerNorm::new(4, &cpu())? }.forward(x),
        "batchnorm" => {
            let state = |name: &str| State::new(array(&case["params"][name]));
            let (running_mean, running_variance) = (state("running_mean"), state("running_var"));
            BatchNorm {
                weight: None,
                bias: None,
                running_mean: Some(running_mean),
                running_variance: Some(running_variance),
                channels: 2,
                momentum: 0.1,
                epsilon: 1e-5,
            }
            .forward(x)
        }
        "mse" => mse(x, &array(&case["input"]["target"])),
        "logit" => cross_entropy(x, &array(&case["input"]["target"]).argmax(-1, false)?),
        _ => panic!("no layer for {id}"),
    }
}

/// The result, or the gradient that the name of the case speaks of.
fn answer(case: &Value) -> Result<Tensor> {
    let input = &case["input"];
    let x =
        array(["x", "pred", "indices"].into_iter().map(|name| &input[name]).find(|x| !x.is_null()).unwrap());
    let w = match &input["w"] {
        Value::Null => x.clone(),
        w => array(w),
    };
    let dy = &input["dy"];
    if dy.is_null() {
        return run(case, &x, Some(&w));
    }
    let pull = |by: &Tensor, f: &dyn Fn(&Tensor) -> Result<Tensor>| vjp(f, by)?.1.call(&array(dy));
    match case["id"].as_str().unwrap().ends_with("grad_weight") {
        true => pull(&w, &|w| run(case, &x, Some(w))),
        false => pull(&x, &|x| run(case, x, Some(&w))),
    }
}

#[test]
fn layers_agree_with_flux() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/flux.json")).unwrap();
    assert_eq!(cases.len(), 57);
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let got = answer(case).unwrap_or_else(|error| panic!("{id}: {error}"));
        let want = array(&case["expected"]);
        assert_eq!(got.shape(), want.shape(), "{id}");
        let [relative, absolute] = ["rtol", "atol"].map(|name| case["tol"][name].as_f64().unwrap());
        let pairs = got.to_vec::<f64>().unwrap().into_iter().zip(want.to_vec::<f64>().unwrap());
        for (i, (got, want)) in pairs.enumerate() {
            let close = (got - want).abs() <= absolute + relative * want.abs();
            assert!(close || (got.is_nan() && want.is_nan()), "{id}, element {i}: {got} is not {want}");
        }
    }
}
