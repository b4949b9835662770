//! Images laid out so that what all windows see at one place is a run of neighbours.
//!
//! An axis is split by the stride `s`: element `u` of the padded input goes to phase `u mod s`, at `u div s` of it. Then window
//! `p` sees, at place `k` of the kernel with dilation `d`, element `p + k·d div s` of phase `k·d mod s`: one further for each
//! window. Padding is written out as zeros, so that this holds at the edges too.

use tensorkeep_tensor::Result;

use crate::copy::copy_row;
use crate::float::Wide;
use crate::gemm::SLACK;
use crate::memory::Bytes;
use crate::storage::Context;

/// What it costs to copy an element, in steps of [`Workers`](crate::workers::Workers).
const COPY_WORK: u64 = 2;

/// One axis of the planes of an image. Element `i` of phase `f` is element `i·step + residue(f) − low` of the image, or zero
/// if there is none such.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Elements of the image.
    pub(super) size: usize,
    pub(super) step: usize,
    /// Phases that are kept.
    pub(super) phases: usize,
    /// Residues of the phases: of these multiples, from `first` on, by `step`.
    pub(super) dilation: usize,
    pub(super) first: usize,
    /// Elements of a phase.
    pub(super) len: usize,
    pub(super) low: isize,
}

impl Axis {
    /// An axis that is not split, with zeros before and after it: element `i` is element `i − low` of the image.
    pub(super) fn whole(size: usize, len: usize, low: isize) -> Self {
        Self { size, step: 1, phases: 1, dilation: 1, first: 0, len, low }
    }

    fn residue(&self, phase: usize) -> usize {
        (self.first + phase) * self.dilation % self.step
    }

    /// Which elements of a phase lie in the image.
    fn inside(&self, phase: usize) -> Inside {
        let residue = self.residue(phase) as isize;
        let first_from = |position: usize| {
            let ahead = position as isize + self.low - residue;
            usize::try_from(ahead).map_or(0, |ahead| ahead.div_ceil(self.step)).min(self.len)
        };
        let (start, end) = (first_from(0), first_from(self.size));
        let source = if start < end { (start * self.step) as isize + residue - self.low } else { 0 };
        Inside { start, end, source: source as usize, step: self.step }
    }
}

/// The elements `start..end` of a phase: the first is element `source` of the image, and so on by `step`.
#[derive(Clone, Copy)]
struct Inside {
    start: usize,
    end: usize,
    source: usize,
    step: usize,
}

impl Inside {
    /// Element `i` of the phase in the image, if it lies there.
    fn source(&self, i: usize) -> Option<usize> {
        (self.start <= i && i < self.end).then(|| self.source + (i - self.start) * self.step)
    }
}

/// How the channels of an image are laid out: for each the phases of all axes in row-major order, each in row-major order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Planes {
    pub(super) axes: [Axis; 3],
}

impl Planes {
    /// Elements of a plane: of one channel and phase.
    pub(super) fn plane(&self) -> usize {
        product(self.axes.map(|axis| axis.len))
    }

    /// Elements of a channel.
    pub(super) fn channel(&self) -> usize {
        self.plane().saturating_mul(product(self.axes.map(|axis| axis.phases)))
    }

    /// Where in a channel an element of a phase lies.
    pub(super) fn position(&self, phase: [usize; 3], element: [usize; 3]) -> usize {
        let [_, rows, cols] = self.axes;
        let plane = (phase[0] * rows.phases + phase[1]) * cols.phases + phase[2];
        plane * self.plane() + (element[0] * rows.len + element[1]) * cols.len + element[2]
    }

    /// Room for so many channels, and for what tiles read beyond the last one.
    pub(super) fn room<S: Wide>(&self, cpu: &Context<'_>, channels: usize) -> Result<Bytes> {
        // A size that overflows is refused as any that is too large.
        let mut room = cpu.scratch::<S>(self.channel().saturating_mul(channels).saturating_add(SLACK))?;
        let planes = room.as_mut_slice::<S>();
        let end = planes.len() - SLACK;
        planes[end..].fill(S::ZERO);
        Ok(room)
    }

    /// Lays out the channels of `image`.
    pub(super) fn fill<S: Wide>(&self, cpu: &Context<'_>, image: &[S], planes: &mut [S]) {
        let inputs = product(self.axes.map(|axis| axis.size));
        let end = planes.len() - SLACK;
        let work = (end as u64).saturating_mul(COPY_WORK);
        cpu.workers.chunks(work, &mut planes[..end], self.channel(), |c, planes| {
            let image = &image[c * inputs..][..inputs];
            for (phase, plane) in phases(self.axes).zip(planes.chunks_exact_mut(self.plane())) {
                fill_plane(self.axes, phase, image, plane);
            }
        });
    }
}

fn product(sizes: [usize; 3]) -> usize {
    sizes.iter().fold(1, |product: usize, &size| product.saturating_mul(size))
}

/// All phases of three axes in row-major order.
fn phases([planes, rows, cols]: [Axis; 3]) -> impl Iterator<Item = [usize; 3]> {
    let count = planes.phases * rows.phases * cols.phases;
    (0..count).map(move |i| [i / cols.phases / rows.phases, i / cols.phases % rows.phases, i % cols.phases])
}

/// Writes one phase of a channel.
fn fill_plane<S: Wide>(axes: [Axis; 3], phase: [usize; 3], image: &[S], plane: &mut [S]) {
    let inside: [Inside; 3] = std::array::from_fn(|axis| axes[axis].inside(phase[axis]));
    let [_, rows, cols] = axes;
    if (0..3).any(|axis| inside[axis].start > 0 || inside[axis].end < axes[axis].len) {
        // All of it, since beside each row there are but a few.
        plane.fill(S::ZERO);
    }
    for (i, plane) in plane.chunks_exact_mut(rows.len * cols.len).enumerate() {
        let Some(i) = inside[0].source(i) else { continue };
        for (j, line) in plane.chunks_exact_mut(cols.len).enumerate() {
            let Some(j) = inside[1].source(j) else { continue };
            fill_line(inside[2], &image[(i * rows.size + j) * cols.size..][..cols.size], line);
        }
    }
}

/// Writes the elements of a phase of a row.
#[inline]
fn fill_line<S: Wide>(inside: Inside, row: &[S], line: &mut [S]) {
    let (from, to) = (&row[inside.source..], &mut line[inside.start..inside.end]);
    match inside.step {
        1 => copy_row(&from[..to.len()], to),
        step => to.iter_mut().zip(from.iter().step_by(step)).for_each(|(to, &from)| *to = from),
    }
}
