//! Losses: what they compute, how they slope, what they refuse.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod ctc;
mod edges;
mod flux;

use tensorkeep_tensor::{Device, Tensor};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// A vector of doubles.
fn row(data: &[f64]) -> Tensor {
    Tensor::new(data, &cpu()).unwrap()
}
