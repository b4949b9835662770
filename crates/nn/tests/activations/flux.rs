//! The cases of NNlib's own suite.
//!
//! Conventions: `gelu` is exact here, and NNlib's is `gelu_tanh`. Infinite numbers that share a softmax are clamped to the largest
//! finite one first: as they are, they give NaN, as in PyTorch.

use tensorkeep_autodiff::vjp;
use tensorkeep_nn::layers::Rrelu;
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::doubles;

use crate::{Activation, cpu, row};

/// NNlib's names, with its default settings.
const TABLE: [(&str, Activation); 29] = [
    ("celu", |x| x.celu(1.0)),
    ("elu", |x| x.elu(1.0)),
    ("gelu", Tensor::gelu_tanh),
    ("gelu_erf", Tensor::gelu),
    ("gelu_sigmoid", Tensor::gelu_tanh),
    ("gelu_tanh", Tensor::gelu_tanh),
    ("hardsigmoid", Tensor::hard_sigmoid),
    ("hardswish", Tensor::hard_swish),
    ("hardtanh", |x| x.hard_tanh(-1.0, 1.0)),
    ("leaky_relu", |x| x.leaky_relu(0.01)),
    ("leakyrelu", |x| x.leaky_relu(0.01)),
    ("lisht", Tensor::lisht),
    ("logcosh", Tensor::log_cosh),
    ("logsigmoid", Tensor::log_sigmoid),
    ("mish", Tensor::mish),
    ("relu", Tensor::relu),
    ("relu6", Tensor::relu6),
    ("rrelu", rrelu),
    ("selu", Tensor::selu),
    ("sigmoid", Tensor::sigmoid),
    ("sigmoid_fast", Tensor::sigmoid),
    ("softplus", Tensor::softplus),
    ("softshrink", |x| x.soft_shrink(0.5)),
    ("softsign", Tensor::softsign),
    ("swish", Tensor::swish),
    ("tanh", Tensor::tanh),
    ("tanh_fast", Tensor::tanh),
    ("tanhshrink", Tensor::tanh_shrink),
    ("trelu", |x| x.threshold(1.0, 0.0)),
];

fn rrelu(x: &Tensor) -> Result<Tensor> {
    Rrelu::default().forward_with(x, &Context::training(3))
}

/// An activation by name, with the settings of a case.
fn apply(case: &Case, name: &str, x: &Tensor) -> Option<Result<Tensor>> {
    let setting = |names: &[&str]| names.iter().find_map(|name| case.param(name).as_f64());
    let settled = match (name, setting(&["alpha", "negative_slope", "a", "lambda", "theta"])) {
        ("celu", Some(alpha)) => x.celu(alpha),
        ("elu", Some(alpha)) => x.elu(alpha),
        ("leaky_relu" | "leakyrelu", Some(slope)) => x.leaky_relu(slope),
        ("softshrink", Some(lambda)) => x.soft_shrink(lambda),
        ("trelu" | "thresholdrelu", Some(threshold)) => x.threshold(threshold, 0.0),
        _ => return TABLE.iter().find(|(each, _)| *each == name).map(|(_, f)| f(x)),
    };
    Some(settled)
}

/// Infinity in and no NaN out, but where it is the field's answer too.
fn at_infinity(case: &Case) -> Outcome {
    let excused = case.param("flux_nan_at_minus_inf").as_array().cloned().unwrap_or_default();
    for (name, f) in TABLE {
        let y = f(&row(&[f64::INFINITY, f64::NEG_INFINITY]))?.to_vec::<f64>()?;
        let softsign = name == "softsign";
        let excused = excused.iter().any(|each| each.as_str().is_some_and(|each| each.starts_with(name)));
        if (y[0].is_nan() && !softsign) || (y[1].is_nan() && !excused) {
            return Err(format!("{name} of infinity is {y:?}").into());
        }
    }
    Ok(())
}

/// NaN in, NaN out.
fn at_nan() -> Outcome {
    for (name, f) in TABLE {
        for dtype in [DType::F64, DType::F32, DType::F16, DType::BF16] {
            let y = f(&row(&[f64::NAN]).to_dtype(dtype)?)?.to_dtype(DType::F64)?.to_vec::<f64>()?;
            if !y[0].is_nan() {
                return Err(format!("{name} of NaN is {y:?} in {dtype}").into());
            }
        }
    }
    Ok(())
}

/// A random slope is within its bounds, in training; in evaluation it is their mean, as in PyTorch.
fn in_range(case: &Case) -> Outcome {
    let of = |name: &str| case.param(name).as_f64().unwrap_or(f64::NAN) as f32;
    let layer = Rrelu::new(of("lower"), of("upper"))?;
    let x = doubles(case.input("x"))?.broadcast_to([1000])?;
    let [least, most] = ["min", "max"].map(|name| case.expected()[name].as_f64().unwrap_or(f64::NAN));
    for cx in [Context::evaluation(), Context::training(1), Context::training(2)] {
        let y = layer.forward_with(&x, &cx)?.to_vec::<f64>()?;
        if y.iter().any(|y| !(least - 1e-7..=most + 1e-7).contains(y)) {
            return Err(format!("{y:?} leaves {least}..={most}").into());
        }
        if cx.is_training() == y.iter().all(|other| *other == y[0]) {
            return Err("slopes are to differ in training, and not in evaluation".into());
        }
    }
    Ok(())
}

#[test]
fn activations_are_nnlibs() {
    every_case("activation", |case| match case.id() {
        id if id.contains("inf") => at_infinity(case),
        id if id.contains("nan") => at_nan(),
        id if id.contains("range") => in_range(case),
        id if id.starts_with("glu") => {
            case.expect(&doubles(case.input("x"))?.glu(case.param("axis").as_i64().unwrap_or(0) as isize)?)
        }
        id => match apply(case, id.strip_prefix("act_").unwrap_or(id), &doubles(case.input("x"))?) {
            Some(y) => case.expect(&y?),
            None => case.unknown(),
        },
    });
}

/// The softmax family along the axes that a case names.
fn softmax(case: &Case, x: &Tensor) -> Result<Tensor> {
    let axis = case.param("dim").as_i64().map(|axis| axis as isize);
    let logarithm = case.id().starts_with("logsoftmax");
    if case.id().starts_with("logsumexp") {
        return match axis {
            Some(axis) => x.logsumexp([axis], true),
            None => x.flatten(0)?.logsumexp([0], false),
        };
    }
    let (x, shape) = match axis {
        Some(_) => (x.clone(), *x.shape()),
        None => (x.flatten(0)?, *x.shape()),
    };
    let x = x.clamp(f64::MIN, f64::MAX)?;
    let axis = axis.unwrap_or(-1);
    if logarithm { x.log_softmax_over([axis]) } else { x.softmax_over([axis]) }?.reshape(shape)
}

#[test]
fn softmaxes_are_nnlibs() {
    every_case("softmax", |case| {
        if !case.id().contains("softmax") && !case.id().contains("logsumexp") {
            return case.unknown();
        }
        let mut x = doubles(case.input("x"))?;
        if case.param("dtype").as_str() == Some("f32") {
            x = x.to_dtype(DType::F32)?;
            // The largest f64 is infinite there.
            return case.expect(&if case.id().starts_with("log") { x.log_softmax()? } else { x.softmax()? });
        }
        match case.input("dy").is_null() {
            true => case.expect(&softmax(case, &x)?),
            false => {
                case.expect(&vjp(|x: &Tensor| softmax(case, x), &x)?.1.call(&doubles(case.input("dy"))?)?)
            }
        }
    });
    assert!(
        row(&[1.0, f64::INFINITY]).to_device(&cpu()).unwrap().softmax().unwrap().to_vec::<f64>().unwrap()[1]
            .is_nan()
    );
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
