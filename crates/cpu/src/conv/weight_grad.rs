//! The gradient of a convolution by its weight.

use std::ops::Range;

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use super::patches::{room, tiles, unfold};
use super::{depthwise, misfit};
use crate::float::Wide;
use crate::gemm::{Matrices, Store, gemm};
use crate::storage::Context;

/// The most parts that the images are cut into, each with a sum of its own. It is the same on every machine, so that the
/// order of the additions is.
const PARTS: usize = 16;

/// Bytes that the sums of all parts may take together; kernels too large for that make products that are divided themselves.
const PARTS_BYTES: usize = 8 << 20;

/// `dw`, the sum over the images of `dy · patchesᵀ`.
pub(super) fn run<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], dy: &[S], dw: &mut [S]) -> Result<()> {
    if g.is_depthwise() {
        return depthwise::weight_grad(cpu, g, x, dy, dw);
    }
    let parts = (PARTS_BYTES / size_of_val(dw)).clamp(1, PARTS.min(g.images));
    let mut sums = cpu.scratch::<S>(dw.len() * parts)?;
    let sums = sums.as_mut_slice();
    cpu.workers.try_chunks(g.work(), sums, g.w_len(), |i, sum| {
        let (group, part) = (i / parts, i % parts);
        let images = g.images * part / parts..g.images * (part + 1) / parts;
        sum_of_images(cpu, g, x, dy, group, images, sum)
    })?;
    let sums = sums.chunks_exact(g.w_len() * parts);
    for (dw, sums) in dw.chunks_exact_mut(g.w_len()).zip(sums) {
        add_transposed(g, sums, dw);
    }
    Ok(())
}

/// `sum = Σ patches · dyᵀ` over some images of a group: `dw` transposed, which lets the product read the patches as they lie.
fn sum_of_images<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    x: &[S],
    dy: &[S],
    group: usize,
    images: Range<usize>,
    sum: &mut [S],
) -> Result<()> {
    let mut store = Store::Overwrite;
    let mut patches = if g.is_pointwise() { cpu.scratch::<S>(0)? } else { room::<S>(cpu, g)? };
    for image in images {
        let i = image * g.groups + group;
        let x = &x[i * g.x_len()..][..g.x_len()];
        let dy = &dy[i * g.y_len()..][..g.y_len()];
        let mut add = |patches: &[S], positions: Range<usize>| {
            let columns = positions.len();
            let patches = Matrices { data: patches, offsets: &[0], strides: [columns as isize, 1] };
            let dy = Matrices { data: dy, offsets: &[positions.start], strides: [1, g.positions as isize] };
            gemm(cpu.workers, [g.depth, g.outputs, columns], patches, dy, sum, store).map_err(misfit)?;
            store = Store::Accumulate;
            Ok(())
        };
        if g.is_pointwise() {
            add(x, 0..g.positions)?;
            continue;
        }
        for positions in tiles::<S>(g) {
            let patches = &mut patches.as_mut_slice()[..g.depth * positions.len()];
            unfold(cpu, g, x, positions.clone(), patches);
            add(patches, positions)?;
        }
    }
    Ok(())
}

/// `dw[o, k] = Σ sum[k, o]` over the sums of all parts, in their order.
fn add_transposed<S: Wide>(g: &Geometry, sums: &[S], dw: &mut [S]) {
    dw.fill(S::ZERO);
    for sum in sums.chunks_exact(dw.len()) {
        for (o, dw) in dw.chunks_exact_mut(g.depth).enumerate() {
            for (dw, &sum) in dw.iter_mut().zip(sum[o..].iter().step_by(g.outputs)) {
                *dw = *dw + sum;
            }
        }
    }
}
