//! Methods that are short compositions of operations: what they compute on every device, and that they can be
//! differentiated.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod einsum;
mod methods;
mod printing;
mod scatter;

use std::sync::LazyLock;

use tensorkeep_tensor::{DType, Device, Tensor};
use tensorkeep_testkit::{devices, reference};

/// The one reference device of these tests.
fn reference() -> Device {
    static DEVICE: LazyLock<Device> = LazyLock::new(reference::device);
    DEVICE.clone()
}

/// Every device, and the reference.
fn every_device() -> Vec<Device> {
    let found = devices().unwrap().into_iter().map(|subject| subject.device);
    found.chain([reference()]).collect()
}

/// Small integers as `f32`, of which products and sums are exact in any order.
fn integers(shape: &[usize], seed: usize, device: &Device) -> Tensor {
    let count: usize = shape.iter().product();
    let data = (0..count).map(|i| ((i * 7 + seed * 3) % 11) as f32 - 5.0).collect();
    Tensor::from_vec(data, shape, device).unwrap()
}

/// Fractions without structure as `f64`, for differences.
fn fractions(shape: &[usize], seed: usize) -> Tensor {
    integers(shape, seed, &reference()).to_dtype(DType::F64).unwrap().map(|x| (x * 1.7).sin()).unwrap()
}
