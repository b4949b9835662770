//! What makes an architecture a graph that can run.

use std::cmp::Ordering;

use super::{Architecture, Axis, Input, Kind, Manifest, Op, Output, name};
use crate::{Code, Error, Result, escape};

/// The most values that one operation gives.
const RESULTS: u32 = 256;

/// Checks that names, numbers of values and owners of tensors agree. Cost and parameters are for the layers to judge.
pub(super) fn check(manifest: &Manifest, architecture: &Architecture) -> Result<()> {
    check_inputs(&architecture.inputs)?;
    let mut values = architecture.inputs.len() as u64;
    let mut owned = vec![false; manifest.tensors.len()];
    for (i, op) in architecture.ops.iter().enumerate() {
        let results =
            check_op(op, values, &mut owned).map_err(|error| error.at(&format!("operation {i}")))?;
        values = values.saturating_add(u64::from(results));
    }
    check_outputs(&architecture.outputs, values)?;
    let unowned = owned.iter().zip(&manifest.tensors).find(|(owned, _)| !**owned);
    match unowned {
        Some((_, tensor)) if manifest.kind == Kind::Model => {
            Err(fault(format!("no operation owns tensor {}: leave it out of the file", escape(&tensor.name))))
        }
        _ => Ok(()),
    }
}

#[cold]
fn fault(message: String) -> Error {
    Error::new(Code::Graph, message)
}

/// Checks an operation, marks the tensors that it owns, and returns how many values it gives.
fn check_op(op: &Op, values: u64, owned: &mut [bool]) -> Result<u32> {
    name::check_dotted(&op.name, Code::Layer)?;
    if let Some(input) = op.inputs.iter().find(|input| u64::from(**input) >= values) {
        return Err(fault(format!(
            "{} takes value {input}, only {values} are there before it",
            escape(&op.name)
        )));
    }
    for (parameter, _) in op.parameters.iter() {
        name::check(parameter, name::OTHER)?;
    }
    for (role, &tensor) in op.weights.iter() {
        name::check(role, name::OTHER)?;
        let place = usize::try_from(tensor).ok().and_then(|tensor| owned.get_mut(tensor));
        let Some(owned) = place else {
            return Err(fault(format!("{} owns tensor {tensor}, which does not exist", escape(&op.name))));
        };
        if std::mem::replace(owned, true) {
            return Err(fault(format!(
                "{} owns tensor {tensor}, which has an owner: a tensor has one",
                escape(&op.name)
            )));
        }
    }
    match op.results {
        None => Ok(1),
        Some(results @ 2..=RESULTS) => Ok(results),
        Some(results) => Err(fault(format!(
            "{} gives {results} values: from 2 to {RESULTS} are written",
            escape(&op.name)
        ))),
    }
}

fn check_inputs(inputs: &[Input]) -> Result<()> {
    check_names(inputs.iter().map(|input| input.name.as_str()))?;
    for input in inputs {
        // No order means that one of them is not a number.
        if input.range.is_some_and(|[low, high]| low.partial_cmp(&high).is_none_or(Ordering::is_gt)) {
            return Err(fault(format!("the range of input {} is empty", escape(&input.name))));
        }
        if input.nonfinite && !input.dtype.is_float() {
            return Err(fault(format!(
                "input {} has finite values only: remove the mark",
                escape(&input.name)
            )));
        }
        check_axes(&input.shape)?;
    }
    Ok(())
}

fn check_outputs(outputs: &[Output], values: u64) -> Result<()> {
    check_names(outputs.iter().map(|output| output.name.as_str()))?;
    if outputs.is_empty() {
        return Err(fault("the architecture gives nothing: name an output".into()));
    }
    for output in outputs {
        if u64::from(output.value) >= values {
            return Err(fault(format!(
                "output {} is value {}, which does not exist",
                escape(&output.name),
                output.value
            )));
        }
        let mut labels: Vec<&str> = output.labels.iter().map(String::as_str).collect();
        labels.sort_unstable();
        if let Some((label, _)) = labels.iter().zip(labels.iter().skip(1)).find(|(a, b)| a == b) {
            return Err(fault(format!("two classes are labelled {}", escape(label))));
        }
        check_axes(&output.shape)?;
    }
    Ok(())
}

/// What was read has these checks behind it; what is to be written has not.
fn check_axes(axes: &[Axis]) -> Result<()> {
    super::shape::check_rank(axes.len())?;
    axes.iter().try_for_each(|axis| match axis {
        Axis::Size(size) => super::shape::check_axis(*size),
        Axis::Any => Ok(()),
    })
}

fn check_names<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Result<()> {
    for each in names.clone() {
        name::check(each, name::OTHER)?;
    }
    name::check_distinct(names)
}
