//! The gradient of a convolution by its weight.

use std::ops::Range;

use tensorkeep_tensor::Result;

use super::columns::Columns;
use super::geometry::Geometry;
use super::planes::{Axis, Planes};
use super::taps::{self, Taps};
use super::{misfit, pointwise, rows_at_a_time};
use crate::float::Wide;
use crate::gemm::{Gathered, Matrices, Store, multiply_rows};
use crate::isa::Isa;
use crate::memory::Bytes;
use crate::storage::Context;

/// The most parts that the images are cut into, each with a sum of its own. It is the same on every machine, so that the
/// order of the additions is.
const PARTS: usize = 16;

/// Bytes that the sums of all parts may take together; kernels too large for that make products that are divided themselves.
const PARTS_BYTES: usize = 8 << 20;

/// `dw`, the sum over the images of `dy · patchesᵀ`.
pub(super) fn run<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], dy: &[S], dw: &mut [S]) -> Result<()> {
    let (taps, planes) = g.taps();
    let depth = g.channels * taps::count(&taps);
    dw.fill(S::ZERO);
    if depth == 0 {
        // No window sees an element of the input.
        return Ok(());
    }
    let size = g.outputs * depth;
    let parts = (PARTS_BYTES / size_of::<S>() / size.max(1)).clamp(1, PARTS.min(g.images));
    let patches = Sums {
        taps,
        planes,
        columns: g.columns(&planes),
        starts: taps::starts(cpu, &taps, &planes, depth)?,
        rows: rows_at_a_time(cpu, g.groups * parts, depth),
    };
    let mut sums = cpu.scratch::<S>(g.groups * size * parts)?;
    let sums = sums.as_mut_slice();
    cpu.workers.try_chunks(g.work(), sums, size, |i, sum| {
        let (group, part) = (i / parts, i % parts);
        let images = g.images * part / parts..g.images * (part + 1) / parts;
        if g.is_pointwise() {
            return pointwise::weight_grad(cpu, g, [x, dy], group, images, sum);
        }
        patches.of_images(cpu, g, [x, dy], group, images, sum)
    })?;
    for (dw, sums) in dw.chunks_exact_mut(g.w_len()).zip(sums.chunks_exact(size * parts)) {
        for sum in sums.chunks_exact(size) {
            patches.add_transposed(g, sum, dw);
        }
    }
    Ok(())
}

/// How the sums over images are computed: `dw` transposed, which lets the product gather the patches as its left operand.
struct Sums {
    taps: [Taps; 3],
    planes: Planes,
    columns: Columns,
    starts: Bytes,
    /// Rows of a sum to compute at a time.
    rows: usize,
}

impl Sums {
    /// `sum = Σ patches · dyᵀ` over some images of a group.
    fn of_images<S: Wide>(
        &self,
        cpu: &Context<'_>,
        g: &Geometry,
        [x, dy]: [&[S]; 2],
        group: usize,
        images: Range<usize>,
        sum: &mut [S],
    ) -> Result<()> {
        let mut room = self.planes.room::<S>(cpu, g.channels)?;
        // The gradients of windows, and zeros for columns that are none.
        let windows = self.windows(g);
        let mut gradients = windows.room::<S>(cpu, g.outputs)?;
        for (image, store) in images.zip(Store::first_overwrites()) {
            let i = image * g.groups + group;
            self.planes.fill(cpu, &x[i * g.x_len()..][..g.x_len()], room.as_mut_slice());
            windows.fill(cpu, &dy[i * g.y_len()..][..g.y_len()], gradients.as_mut_slice());
            let patches = Gathered::new(room.as_slice(), self.starts.as_slice(), self.columns.end());
            let dy = Matrices {
                data: gradients.as_slice(),
                offsets: &[0],
                strides: [1, windows.channel() as isize],
            };
            let patches = patches.map_err(misfit)?;
            cpu.workers.try_chunks(g.image_work(), sum, self.rows * g.outputs, |p, sum| {
                let patches = patches.rows_from(p * self.rows, sum.len() / g.outputs);
                multiply_rows(Isa::best(), patches, dy, g.outputs, sum, store).map_err(misfit)
            })?;
        }
        Ok(())
    }

    /// Planes with an element for each column.
    fn windows(&self, g: &Geometry) -> Planes {
        let axis = |axis: usize| Axis::whole(g.windows.axes[axis].output, self.columns.lens[axis], 0);
        Planes { axes: std::array::from_fn(axis) }
    }

    /// `dw[o, k] += sum[k, o]` for the elements of kernels that see the image.
    fn add_transposed<S: Wide>(&self, g: &Geometry, sum: &[S], dw: &mut [S]) {
        for (o, dw) in dw.chunks_exact_mut(g.depth).enumerate() {
            let mut sums = sum[o..].iter().step_by(g.outputs);
            for dw in dw.chunks_exact_mut(g.places) {
                taps::each_place(&self.taps, g, |place| {
                    dw[place] = dw[place] + sums.next().copied().unwrap_or(S::ZERO)
                });
            }
        }
    }
}
