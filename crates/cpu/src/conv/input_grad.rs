//! The gradient of a convolution by its input.

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use super::patches::{fold, room, tiles};
use super::{depthwise, misfit};
use crate::float::Wide;
use crate::gemm::{Matrices, Store, gemm};
use crate::storage::Context;

/// `dx`, the adjoint of the convolution with `w`, of `dy`.
pub(super) fn run<S: Wide>(cpu: &Context<'_>, g: &Geometry, dy: &[S], w: &[S], dx: &mut [S]) -> Result<()> {
    if g.is_depthwise() {
        return depthwise::input_grad(cpu, g, dy, w, dx);
    }
    cpu.workers.try_chunks(g.work(), dx, g.x_len(), |i, dx| {
        let dy = &dy[i * g.y_len()..][..g.y_len()];
        let w = &w[i % g.groups * g.w_len()..][..g.w_len()];
        image(cpu, g, dy, w, dx)
    })
}

/// The gradient of one image and group.
fn image<S: Wide>(cpu: &Context<'_>, g: &Geometry, dy: &[S], w: &[S], dx: &mut [S]) -> Result<()> {
    if g.is_pointwise() {
        return product(cpu, g, dy, w, 0, dx);
    }
    let mut patches = room::<S>(cpu, g)?;
    dx.fill(S::ZERO);
    for positions in tiles::<S>(g) {
        let patches = &mut patches.as_mut_slice()[..g.depth * positions.len()];
        product(cpu, g, dy, w, positions.start, patches)?;
        fold(cpu, g, patches, positions, dx);
    }
    Ok(())
}

/// `dpatches = wᵀ · dy`, from position `start` on.
fn product<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    dy: &[S],
    w: &[S],
    start: usize,
    patches: &mut [S],
) -> Result<()> {
    let columns = patches.len() / g.depth;
    let w = Matrices { data: w, offsets: &[0], strides: [1, g.depth as isize] };
    let dy = Matrices { data: dy, offsets: &[start], strides: [g.positions as isize, 1] };
    gemm(cpu.workers, [g.depth, columns, g.outputs], w, dy, patches, Store::Overwrite).map_err(misfit)
}
