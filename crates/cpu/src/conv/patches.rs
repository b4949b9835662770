//! Tiles of the matrix of patches.

use std::ops::Range;

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use crate::float::Wide;
use crate::memory::Bytes;
use crate::storage::Context;
use crate::window::Place;

/// Bytes of a tile of patches: it stays in the second cache together with the product's own blocks.
const TILE_BYTES: usize = 512 << 10;

/// The fewest columns of a tile, so that a product is worth its overhead.
const MIN_COLUMNS: usize = 64;

/// What it costs to copy an element of a patch, in steps of [`Workers`](crate::workers::Workers).
const COPY_WORK: u64 = 2;

/// Room for a tile.
pub(super) fn room<S: Wide>(cpu: &Context<'_>, g: &Geometry) -> Result<Bytes> {
    cpu.scratch::<S>(g.depth * columns::<S>(g))
}

/// The ranges of positions of the tiles.
pub(super) fn tiles<S: Wide>(g: &Geometry) -> impl Iterator<Item = Range<usize>> {
    let (columns, positions) = (columns::<S>(g), g.positions);
    (0..positions).step_by(columns).map(move |start| start..positions.min(start + columns))
}

/// Positions of a tile.
pub(super) fn columns<S: Wide>(g: &Geometry) -> usize {
    (TILE_BYTES / size_of::<S>() / g.depth).max(MIN_COLUMNS).min(g.positions)
}

/// Writes the patches of `image` at `positions`.
pub(super) fn unfold<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    image: &[S],
    positions: Range<usize>,
    patches: &mut [S],
) {
    let work = (patches.len() as u64).saturating_mul(COPY_WORK);
    cpu.workers.chunks(work, patches, positions.len(), |row, patches| {
        let channel = &image[row / g.places * g.inputs..][..g.inputs];
        unfold_row(g, channel, g.windows.place(row % g.places), positions.clone(), patches);
    });
}

/// Writes what `positions` see of a channel at one place of the kernel, zeros where that is padding.
fn unfold_row<S: Wide>(g: &Geometry, channel: &[S], place: Place, positions: Range<usize>, row: &mut [S]) {
    let mut done = 0;
    g.windows.runs(place, positions, |run| {
        row[done..run.at].fill(S::ZERO);
        done = run.at + run.len;
        let (from, to) = (&channel[run.elements()], &mut row[run.windows()]);
        match run.step {
            1 => to.copy_from_slice(from),
            step => to.iter_mut().zip(from.iter().step_by(step)).for_each(|(to, &from)| *to = from),
        }
    });
    row[done..].fill(S::ZERO);
}

/// Adds the patches at `positions` to where in `image` they were seen: the adjoint of [`unfold`].
pub(super) fn fold<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    patches: &[S],
    positions: Range<usize>,
    image: &mut [S],
) {
    let work = (patches.len() as u64).saturating_mul(COPY_WORK);
    cpu.workers.chunks(work, image, g.inputs, |c, channel| {
        let rows = patches[c * g.places * positions.len()..].chunks_exact(positions.len());
        for (place, row) in rows.take(g.places).enumerate() {
            g.windows.runs(g.windows.place(place), positions.clone(), |run| {
                let (from, to) = (&row[run.windows()], &mut channel[run.elements()]);
                match run.step {
                    1 => to.iter_mut().zip(from).for_each(|(to, &from)| *to = *to + from),
                    step => {
                        let to = to.iter_mut().step_by(step);
                        to.zip(from).for_each(|(to, &from)| *to = *to + from);
                    }
                }
            });
        }
    });
}
