//! The convolution itself.

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use super::patches::{columns, room, tiles, unfold};
use super::{depthwise, misfit};
use crate::float::Wide;
use crate::gemm::{Matrices, Store, gemm};
use crate::storage::Context;

/// `y = x ∗ w`.
pub(super) fn run<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], w: &[S], y: &mut [S]) -> Result<()> {
    if g.is_depthwise() {
        return depthwise::forward(cpu, g, x, w, y);
    }
    cpu.workers.try_chunks(g.work(), y, g.y_len(), |i, y| {
        let x = &x[i * g.x_len()..][..g.x_len()];
        let w = &w[i % g.groups * g.w_len()..][..g.w_len()];
        image(cpu, g, x, w, y)
    })
}

/// The convolution of one image and group.
fn image<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], w: &[S], y: &mut [S]) -> Result<()> {
    if g.is_pointwise() {
        return product(cpu, g, w, x, y);
    }
    let mut patches = room::<S>(cpu, g)?;
    let patches = patches.as_mut_slice();
    if columns::<S>(g) == g.positions {
        unfold(cpu, g, x, 0..g.positions, patches);
        return product(cpu, g, w, patches, y);
    }
    let mut tile = cpu.scratch::<S>(g.outputs * columns::<S>(g))?;
    for positions in tiles::<S>(g) {
        let patches = &mut patches[..g.depth * positions.len()];
        let tile = &mut tile.as_mut_slice()[..g.outputs * positions.len()];
        unfold(cpu, g, x, positions.clone(), patches);
        product(cpu, g, w, patches, tile)?;
        for (y, tile) in y.chunks_exact_mut(g.positions).zip(tile.chunks_exact(positions.len())) {
            y[positions.clone()].copy_from_slice(tile);
        }
    }
    Ok(())
}

/// `y = w · patches`.
fn product<S: Wide>(cpu: &Context<'_>, g: &Geometry, w: &[S], patches: &[S], y: &mut [S]) -> Result<()> {
    let columns = y.len() / g.outputs;
    let w = Matrices { data: w, offsets: &[0], strides: [g.depth as isize, 1] };
    let patches = Matrices { data: patches, offsets: &[0], strides: [columns as isize, 1] };
    gemm(cpu.workers, [g.outputs, columns, g.depth], w, patches, y, Store::Overwrite).map_err(misfit)
}
