//! Every activation against PyTorch: `golden/activations.json`, written by `golden/activations.py`.

use serde_json::Value;
use tensorkeep_autodiff::{grad, value_and_grad, vjp};
use tensorkeep_nn::layers::{
    Celu, Elu, Gate, Glu, HardShrink, HardTanh, LeakyRelu, Prelu, SoftShrink, Softplus, Threshold,
};
use tensorkeep_nn::{Boxed, Layer, functions};
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::golden::array;

use crate::cpu;

fn assert_close(name: &str, got: &Tensor, want: &Value) {
    let tolerance = if got.dtype() == DType::F64 { 2e-14 } else { 2e-6 };
    let want = array(want, DType::F64, &cpu()).unwrap();
    assert_eq!(got.shape(), want.shape(), "{name}");
    let got_numbers = got.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
    for (i, (got, want)) in got_numbers.into_iter().zip(want.to_vec::<f64>().unwrap()).enumerate() {
        assert!(
            (got - want).abs() <= tolerance * want.abs().max(1.0),
            "{name}, element {i}: {got} is not {want}"
        );
    }
}

/// The layer of this name and these settings.
fn layer(name: &str, options: &[f64]) -> Boxed {
    match (name, options) {
        ("leaky_relu", &[slope]) => Boxed::new(LeakyRelu { slope }),
        ("elu", &[alpha]) => Boxed::new(Elu { alpha }),
        ("celu", &[alpha]) => Boxed::new(Celu { alpha }),
        ("softplus_by", &[beta]) => Boxed::new(Softplus { beta }),
        ("soft_shrink", &[lambda]) => Boxed::new(SoftShrink { lambda }),
        ("hard_shrink", &[lambda]) => Boxed::new(HardShrink { lambda }),
        ("threshold", &[threshold, value]) => Boxed::new(Threshold { threshold, value }),
        ("hard_tanh", &[low, high]) => Boxed::new(HardTanh { low, high }),
        _ => {
            let named = functions().into_iter().find(|(each, _)| each.strip_prefix("nn.") == Some(name));
            named.unwrap_or_else(|| panic!("no function is called {name}")).1
        }
    }
}

/// A function of an input, and of a slope if there is one.
fn of_tensors(name: &str, x: &Tensor, slope: Option<&Tensor>) -> Result<Tensor> {
    let gated = |gate| Glu { axis: 1, gate }.forward(x);
    match (name, slope) {
        ("prelu", Some(slope)) => Prelu { slope: slope.clone() }.forward(x),
        ("glu", None) => gated(Gate::Sigmoid),
        ("swiglu", None) => gated(Gate::Swish),
        ("geglu", None) => gated(Gate::Gelu),
        ("reglu", None) => gated(Gate::Relu),
        ("softmax", None) => x.softmax(),
        ("log_softmax", None) => x.log_softmax(),
        ("softmin", None) => x.softmin(),
        ("softmax of axis 1", None) => x.softmax_over([1]),
        ("log_softmax of axis 1", None) => x.log_softmax_over([-2]),
        ("softmax of axes 0 and 2", None) => x.softmax_over([2, 0]),
        ("logsumexp of axes 0 and 2", None) => x.logsumexp([0, 2], false),
        _ => panic!("nothing is called {name}"),
    }
}

#[test]
fn values_and_slopes_are_pytorchs() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../golden/activations.json")).unwrap();
    assert!(cases.len() > 40, "cases are lost");
    for case in &cases {
        for dtype in [DType::F64, DType::F32] {
            let name = format!("{} {} of {dtype}", case["name"], case["options"]);
            let of = |value: &Value| array(value, dtype, &cpu()).unwrap();
            if let Some(options) = case["options"].as_array() {
                let options: Vec<f64> = options.iter().map(|option| option.as_f64().unwrap()).collect();
                let (layer, x) = (layer(case["name"].as_str().unwrap(), &options), of(&case["x"]));
                assert_close(&name, &layer.forward(&x).unwrap(), &case["y"]);
                let slope = grad(|x: &Tensor| layer.forward(x)?.sum_all(), &x).unwrap();
                assert_close(&format!("slope of {name}"), &slope, &case["slope"]);
                continue;
            }
            let inputs: Vec<Tensor> = case["inputs"].as_array().unwrap().iter().map(of).collect();
            let f = |x: &Vec<Tensor>| of_tensors(case["name"].as_str().unwrap(), &x[0], x.get(1));
            assert_close(&name, &f(&inputs).unwrap(), &case["y"]);
            let dy = of(&case["dy"]);
            let (_, gradients) =
                value_and_grad(|x: &Vec<Tensor>| f(x)?.mul(&dy)?.sum_all(), &inputs).unwrap();
            for (i, gradient) in gradients.iter().enumerate() {
                assert_close(&format!("gradient {i} of {name}"), gradient, &case["gradients"][i]);
            }
        }
    }
}

/// The numbers that NNlib's suite takes from PyTorch, with a cotangent of ones.
#[test]
fn a_cotangent_of_ones() {
    let x = Tensor::new([[-0.238_639, 0.690_384, -1.146_37]], &cpu()).unwrap();
    let (_, pull) = vjp(|x: &Tensor| x.log_softmax(), &x).unwrap();
    let dx = pull.call(&x.ones_like().unwrap()).unwrap().to_vec::<f64>().unwrap();
    for (got, want) in dx.into_iter().zip([0.237_703, -0.930_163, 0.692_46]) {
        assert!((got - want).abs() < 2e-6, "{got} is not {want}");
    }
}
