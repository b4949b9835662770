//! Elementwise functions, reductions and what else passes over memory.

use tensorkeep::{Device, Result, Tensor};

use crate::workload::{Work, Workload};

use super::{discard, random, random_indices};

/// A function of the operands.
type Function = fn(&[Tensor]) -> Result<Tensor>;

/// Functions of vectors, and of how many.
const OF_VECTORS: [(&str, usize, Function); 7] = [
    ("add", 2, |x| x[0].add(&x[1])),
    ("muladd", 3, |x| x[0].mul_add(&x[1], &x[2])),
    ("relu", 1, |x| x[0].relu()),
    ("gelu", 1, |x| x[0].gelu_tanh()),
    ("exp", 1, |x| x[0].exp()),
    ("tanh", 1, |x| x[0].tanh()),
    ("sum", 1, |x| x[0].sum_all()),
];

const LENGTHS: [(&str, usize); 3] = [("1e4", 10_000), ("1e6", 1_000_000), ("1e7", 10_000_000)];

/// Reductions of a matrix along an axis.
const OF_AXES: [(&str, Function); 6] = [
    ("sum_ax0", |x| x[0].sum([0], false)),
    ("sum_ax1", |x| x[0].sum([1], false)),
    ("mean_ax0", |x| x[0].mean([0], false)),
    ("mean_ax1", |x| x[0].mean([1], false)),
    ("max_ax0", |x| x[0].max([0], false)),
    ("max_ax1", |x| x[0].max([1], false)),
];

const MATRICES: [(&str, [usize; 2]); 2] = [("1000x1000", [1000, 1000]), ("2500x4000", [2500, 4000])];

pub(super) fn all() -> Vec<Workload> {
    let vectors = LENGTHS.iter().flat_map(|&(length, n)| {
        OF_VECTORS.iter().map(move |&(name, operands, f)| {
            let results = if name == "sum" { 0 } else { 1 };
            workload(format!("{name}_{length}"), vec![vec![n]; operands], results * n, f)
        })
    });
    let axes = OF_AXES.iter().flat_map(|&(name, f)| {
        let sizes =
            MATRICES.iter().filter(move |(size, _)| !name.starts_with("mean") || *size == "1000x1000");
        sizes.map(move |(size, shape)| workload(format!("{name}_{size}"), vec![shape.to_vec()], 0, f))
    });
    vectors.chain(axes).chain(others()).collect()
}

fn others() -> Vec<Workload> {
    let row = |n: usize| vec![n];
    vec![
        workload("softmax_512x1000", vec![vec![512, 1000]], 512_000, |x| x[0].softmax()),
        workload("layernorm_512x1024", vec![vec![512, 1024], row(1024), row(1024)], 512 * 1024, |x| {
            x[0].layer_norm_scaled(&x[1], Some(&x[2]), 1e-5)
        }),
        workload("transpose_4096", vec![vec![4096, 4096]], 4096 * 4096, |x| x[0].t()?.contiguous()),
        workload("bcast_add_1024x1024", vec![vec![1024, 1024], row(1024)], 1024 * 1024, |x| x[0].add(&x[1])),
        Workload::new("ew/embed_30000x512_8192", Work::Bytes(8.0 * 8192.0 * 512.0), |device| {
            let (weight, index) =
                (random(&[30_000, 512], 1, device)?, random_indices(&[8192], 30_000, 2, device)?);
            Ok(move || weight.take(0, &index).map(discard))
        }),
    ]
}

/// A function of operands of these shapes with so many elements in its result.
fn workload(name: impl Into<String>, shapes: Vec<Vec<usize>>, results: usize, f: Function) -> Workload {
    let elements: usize = shapes.iter().map(|shape| shape.iter().product::<usize>()).sum();
    let work = Work::Bytes(4.0 * (elements + results) as f64);
    Workload::new(format!("ew/{}", name.into()), work, move |device: &Device| {
        let operands = shapes.iter().enumerate().map(|(i, shape)| random(shape, i as u64 + 1, device));
        let operands = operands.collect::<Result<Vec<_>>>()?;
        Ok(move || f(&operands).map(discard))
    })
}
