//! Activations, and every function that files may name.

use serde_json::Value;
use tensorkeep_nn::functions;
use tensorkeep_nn::layers::{
    Celu, Elu, Gate, Glu, HardShrink, HardTanh, LeakyRelu, Prelu, SoftShrink, Softplus, Threshold,
};
use tensorkeep_tensor::{DType, Result, Tensor};

use crate::group::Group;
use crate::{Row, cpu};

/// One function of one number needs little room.
pub(crate) const GROUP: Group = Group {
    json: include_str!("../golden/activations.json"),
    tolerances: &[(DType::F64, 2e-14), (DType::F32, 2e-6)],
    row,
};

#[test]
fn activations_are_pytorchs() {
    GROUP.check();
}

fn of(covers: &str, f: impl Fn(&Tensor) -> Result<Tensor> + 'static) -> Row {
    Row::function(covers, move |x, _| Ok(vec![f(&x[0])?]))
}

fn row(name: &str, settings: &Value) -> Result<Row> {
    let options = settings["options"].as_array().into_iter().flatten();
    let options: Vec<f64> = options.map(|option| option.as_f64().unwrap()).collect();
    let gated = |gate| Row::layer(Glu { axis: 1, gate });
    Ok(match (name, &options[..]) {
        ("leaky_relu", &[slope]) => Row::layer(LeakyRelu { slope }),
        ("elu", &[alpha]) => Row::layer(Elu { alpha }),
        ("celu", &[alpha]) => Row::layer(Celu { alpha }),
        ("softplus_by", &[beta]) => Row::layer(Softplus { beta }),
        ("soft_shrink", &[lambda]) => Row::layer(SoftShrink { lambda }),
        ("hard_shrink", &[lambda]) => Row::layer(HardShrink { lambda }),
        ("threshold", &[threshold, value]) => Row::layer(Threshold { threshold, value }),
        ("hard_tanh", &[low, high]) => Row::layer(HardTanh { low, high }),
        ("prelu of channels", _) => Row::layer(Prelu::new(4, &cpu())?),
        ("prelu", _) => Row::layer(Prelu::new(1, &cpu())?),
        ("glu", _) => gated(Gate::Sigmoid),
        ("swiglu", _) => gated(Gate::Swish),
        ("geglu", _) => gated(Gate::Gelu),
        ("geglu_tanh", _) => gated(Gate::GeluTanh),
        ("reglu", _) => gated(Gate::Relu),
        ("bilinear", _) => gated(Gate::Identity),
        ("softmax of axis 1", _) => of("softmax_over", |x| x.softmax_over([1])),
        ("log_softmax of axis 1", _) => of("log_softmax_over", |x| x.log_softmax_over([-2])),
        ("softmax of axes 0 and 2", _) => of("softmax_over", |x| x.softmax_over([2, 0])),
        ("logsumexp of axes 0 and 2", _) => of("logsumexp", |x| x.logsumexp([0, 2], false)),
        _ => {
            let found = functions().into_iter().find(|(each, _)| each.strip_prefix("nn.") == Some(name));
            let (full, function) = found.unwrap_or_else(|| panic!("no row for {name}"));
            Row::layer(function).named(full)
        }
    })
}
