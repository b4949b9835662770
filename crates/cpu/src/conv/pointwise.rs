//! Convolutions with kernels of one element: the patches are the image itself.

use std::ops::Range;

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use super::misfit;
use crate::float::Wide;
use crate::gemm::{Matrices, Store, gemm};
use crate::storage::Context;

/// `y = w · x` for each image and group.
pub(super) fn forward<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], w: &[S], y: &mut [S]) -> Result<()> {
    cpu.workers.try_chunks(g.work(), y, g.y_len(), |i, y| {
        let x = matrix(&x[i * g.x_len()..], [g.positions, 1]);
        let w = matrix(&w[i % g.groups * g.w_len()..], [g.channels, 1]);
        gemm(cpu.workers, [g.outputs, g.positions, g.channels], w, x, y, Store::Overwrite).map_err(misfit)
    })
}

/// `dx = wᵀ · dy` for each image and group.
pub(super) fn input_grad<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    dy: &[S],
    w: &[S],
    dx: &mut [S],
) -> Result<()> {
    cpu.workers.try_chunks(g.work(), dx, g.x_len(), |i, dx| {
        let dy = matrix(&dy[i * g.y_len()..], [g.positions, 1]);
        let w = matrix(&w[i % g.groups * g.w_len()..], [1, g.channels]);
        gemm(cpu.workers, [g.channels, g.positions, g.outputs], w, dy, dx, Store::Overwrite).map_err(misfit)
    })
}

/// `sum = Σ x · dyᵀ` over some images of a group.
pub(super) fn weight_grad<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    [x, dy]: [&[S]; 2],
    group: usize,
    images: Range<usize>,
    sum: &mut [S],
) -> Result<()> {
    for (image, store) in images.zip(Store::first_overwrites()) {
        let i = image * g.groups + group;
        let x = matrix(&x[i * g.x_len()..], [g.positions, 1]);
        let dy = matrix(&dy[i * g.y_len()..], [1, g.positions]);
        gemm(cpu.workers, [g.channels, g.outputs, g.positions], x, dy, sum, store).map_err(misfit)?;
    }
    Ok(())
}

/// The matrix at the start of `data`.
fn matrix<S>(data: &[S], strides: [usize; 2]) -> Matrices<'_, S> {
    Matrices { data, offsets: &[0], strides: strides.map(|stride| stride as isize) }
}
