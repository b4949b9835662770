//! The convolution itself.

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use super::patches::Patches;
use super::taps::{self, Taps};
use super::{pointwise, rows_at_a_time};
use crate::copy::copy_row;
use crate::float::Wide;
use crate::memory::Bytes;
use crate::storage::Context;

/// `y = x ∗ w`.
pub(super) fn run<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], w: &[S], y: &mut [S]) -> Result<()> {
    if g.is_pointwise() {
        return pointwise::forward(cpu, g, x, w, y);
    }
    let (taps, planes) = g.taps();
    let columns = g.columns(&planes);
    let depth = g.channels * taps::count(&taps);
    let starts = taps::starts(cpu, &taps, &planes, depth)?;
    let kernels = seen_kernels(cpu, g, &taps, w)?;
    let kernels = kernels.as_ref().map_or(w, |kernels| kernels.as_slice());
    cpu.workers.try_chunks(g.work(), y, g.y_len(), |i, y| {
        let mut room = planes.room::<S>(cpu, g.channels)?;
        planes.fill(cpu, &x[i * g.x_len()..][..g.x_len()], room.as_mut_slice());
        let patches = Patches::new(room.as_slice(), starts.as_slice(), columns)?;
        let kernels = &kernels[i % g.groups * g.outputs * depth..][..g.outputs * depth];
        let part = rows_at_a_time(cpu, g.images * g.groups, g.outputs);
        cpu.workers.try_chunks(g.image_work(), y, part * g.positions, |p, y| {
            let count = y.len() / g.positions;
            patches.multiply(&kernels[p * part * depth..][..count * depth], count, |o, segment, sums| {
                let [i, j, k] = segment.window;
                let at = (i * columns.counts[1] + j) * columns.counts[2] + k;
                copy_row(sums, &mut y[o * g.positions + at..][..sums.len()]);
            })
        })
    })
}

/// The elements of the kernels at the taps, unless those are all of them.
fn seen_kernels<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    taps: &[Taps; 3],
    w: &[S],
) -> Result<Option<Bytes>> {
    let count = taps::count(taps);
    if count == g.places {
        return Ok(None);
    }
    let mut kernels = cpu.scratch::<S>(w.len() / g.places * count)?;
    for (from, to) in w.chunks_exact(g.places).zip(kernels.as_mut_slice::<S>().chunks_exact_mut(count.max(1)))
    {
        taps::of_kernel(taps, g, from, to);
    }
    Ok(Some(kernels))
}
