//! The cases of Flux's and NNlib's own suites. Their spatial axes are listed first to last as in Julia; where
//! an array is given as printed, its first axis is Julia's first. Which spatial axis is called the first
//! changes no number, as long as sizes, kernels and paddings are listed alike.

mod convolutions;
mod edges;
mod pools;
mod samples;
mod sizes;

use serde_json::Value;
use tensorkeep_autodiff::vjp;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::Padding;
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::flux::Case;
use tensorkeep_testkit::golden::doubles;

use crate::HOLLOW;

/// One number an axis; a single one is meant for all.
fn per_axis<const N: usize>(value: &Value, default: usize) -> [usize; N] {
    let number = |value: &Value| value.as_u64().map_or(default, |n| n as usize);
    match value.as_array() {
        Some(list) => std::array::from_fn(|axis| number(&list[axis])),
        None => [number(value); N],
    }
}

/// A number, one an axis, one a side of each axis, or a word.
fn padding<const N: usize>(value: &Value) -> Padding<N> {
    match value.as_array() {
        // Flux puts the odd one before.
        _ if value == "same" => Padding::SameLower,
        Some(sides) if sides.len() == 2 * N => {
            let sides = |side: usize| sides[side].as_u64().unwrap() as usize;
            Padding::Explicit(std::array::from_fn(|axis| (sides(2 * axis), sides(2 * axis + 1))))
        }
        _ => Padding::Explicit(per_axis(value, 0).map(|n| (n, n))),
    }
}

/// An option under the first of these names that the case has.
fn option<'a>(case: &'a Case, names: &[&str]) -> &'a Value {
    names.iter().map(|name| case.param(name)).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// An array, or `ones(..)`.
fn array(value: &Value) -> Result<Tensor> {
    let sizes = value.as_str().and_then(|word| word.strip_prefix("ones(")?.strip_suffix(')'));
    match sizes {
        Some(sizes) => {
            let sizes: Vec<usize> = sizes.split(',').map(|size| size.trim().parse().unwrap()).collect();
            Tensor::ones(sizes, DType::F64, &tensorkeep_cpu::device())
        }
        None => doubles(value),
    }
}

/// What the name of a case asks for of a function of an input and a weight: its result, or the gradient by
/// one of them.
fn asked(case: &Case, f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>, w: &Tensor) -> Result<Tensor> {
    let (x, dy) = (array(case.input("x"))?, case.input("dy"));
    let pull = |by: &Tensor, f: &dyn Fn(&Tensor) -> Result<Tensor>| vjp(f, by)?.1.call(&array(dy)?);
    match case.id() {
        id if id.ends_with("grad_weight") => pull(w, &|w| f(&x, w)),
        id if id.contains("_grad") => pull(&x, &|x| f(x, w)),
        _ => f(&x, w),
    }
}

/// The sizes `[spatial0, spatial1, channels, batch]` that a layer gives, for an input of the case's sizes.
fn sizes(case: &Case, layer: &dyn Layer) -> std::result::Result<[usize; 4], Box<dyn std::error::Error>> {
    let [s, t, channels, batch] = per_axis(case.input("input_size"), 1);
    let x = Tensor::zeros([batch, channels, s, t], DType::F32, &HOLLOW)?;
    let [batch, channels, s, t] = layer.forward(&x)?.dims()?;
    Ok([s, t, channels, batch])
}
