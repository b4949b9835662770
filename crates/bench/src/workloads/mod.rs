//! The workloads, a file for each group.

mod convolution;
mod elementwise;
mod inference;
mod matmul;
mod training;

use std::hint::black_box;

use tensorkeep::{DType, Device, Result, Rng, Tensor};

use crate::workload::Workload;

/// All of them, in the order of the table.
pub(crate) fn all() -> Vec<Workload> {
    [matmul::all(), elementwise::all(), convolution::all(), training::all(), inference::all()]
        .into_iter()
        .flatten()
        .collect()
}

/// Numbers in −0.5 to 0.5, the same for a `seed`.
fn random(shape: &[usize], seed: u64, device: &Device) -> Result<Tensor> {
    Rng::new(seed, device).uniform(shape, -0.5, 0.5)
}

/// Indices below `count`, the same for a `seed`.
fn random_indices(shape: &[usize], count: usize, seed: u64, device: &Device) -> Result<Tensor> {
    Rng::new(seed, device).uniform(shape, 0.0, count as f32)?.to_dtype(DType::INDEX)
}

/// Keeps the compiler from seeing that a result is not used.
fn discard<T>(result: T) {
    black_box(result);
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use tensorkeep::tensor::meta;

    use super::*;

    #[test]
    fn every_workload_fits_its_operands() {
        let (device, mut names) = (meta::device(), HashSet::new());
        for workload in all() {
            let step = (workload.make)(&device).and_then(|mut step| step());
            assert!(step.is_ok(), "{}: {step:?}", workload.name);
            assert!(names.insert(workload.name), "two workloads of one name");
        }
    }
}
