//! Every derivative rule against differences in `f64`, of first order and of second.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod contraction;
mod conventions;
mod devices;
mod elementwise;
mod flux;
mod fused;
mod higher;
mod reduce;
mod shape;
mod window;

use tensorkeep_tensor::op::Op;
use tensorkeep_tensor::{DType, Result, Tensor, ToShape};
use tensorkeep_testkit::{gradient, values};

/// Ordinary numbers on the CPU.
fn ordinary(shape: impl ToShape, seed: u64) -> Tensor {
    Tensor::from_host(values::ordinary(shape, DType::F64, seed).unwrap(), &tensorkeep_cpu::device()).unwrap()
}

/// Indices on the CPU.
fn indices(shape: impl ToShape, bound: usize, seed: u64) -> Tensor {
    let indices = values::indices(shape, DType::INDEX, bound, seed).unwrap();
    Tensor::from_host(indices, &tensorkeep_cpu::device()).unwrap()
}

/// These numbers on the CPU.
fn listed(numbers: &[f64]) -> Tensor {
    Tensor::from_vec(numbers.to_vec(), [numbers.len()], &tensorkeep_cpu::device()).unwrap()
}

/// The first result of an operation.
fn apply(op: &Op, inputs: &[Tensor]) -> Result<Tensor> {
    Ok(Tensor::apply(op, &inputs.iter().collect::<Vec<_>>())?.remove(0))
}

/// Checks both orders of the first result of an operation.
fn check(op: &Op, inputs: &[Tensor]) {
    if let Err(error) = gradient::check(|x| apply(op, x), inputs) {
        panic!("{op:?} on {inputs:?}: {error}");
    }
}
