//! Which element of which phase a window sees at the places of a kernel.

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use super::planes::{Axis, Planes};
use crate::float::Wide;
use crate::memory::Bytes;
use crate::storage::Context;
use crate::window;

/// The places of one axis of a kernel at which some window sees an element of the image. Padding and dilation may make a
/// window much larger than that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taps {
    /// The places: so many, from the first on, so far apart.
    pub(super) count: usize,
    pub(super) first: usize,
    pub(super) every: usize,
    /// How far place `k` is from the start of the window, in windows: `k·dilation div stride`.
    pub(super) dilation: usize,
    pub(super) stride: usize,
    /// Phases of the planes, which neighbouring places see in turn.
    pub(super) phases: usize,
    /// What the first window sees at `distance` from its start is element `base + distance` of a plane, or for the adjoint
    /// `base − distance`.
    pub(super) base: isize,
    pub(super) adjoint: bool,
}

/// One of the places.
pub(super) struct Tap {
    pub(super) place: usize,
    pub(super) phase: usize,
    /// The element of the phase that the first window sees.
    pub(super) element: usize,
}

impl Taps {
    /// How far a place is from the start of the window.
    pub(super) fn distance(&self, place: usize) -> isize {
        (place * self.dilation / self.stride) as isize
    }

    fn tap(&self, i: usize) -> Tap {
        let place = self.first + i * self.every;
        let distance = self.distance(place);
        let element = if self.adjoint { self.base - distance } else { self.base + distance };
        Tap { place, phase: i % self.phases, element: element as usize }
    }
}

/// The taps of an axis and the planes that they see, for all windows.
pub(super) fn forward(axis: &window::Axis) -> (Taps, Axis) {
    let seen = axis.seen();
    let period = axis.stride / gcd(axis.stride, axis.dilation);
    let phases = period.min(seen.len()).max(1);
    let mut taps = Taps {
        count: seen.len(),
        first: seen.start,
        every: 1,
        dilation: axis.dilation,
        stride: axis.stride,
        phases,
        base: 0,
        adjoint: false,
    };
    let nearest = taps.distance(seen.start);
    let farthest = taps.distance(seen.end.saturating_sub(1).max(seen.start));
    taps.base = -nearest;
    let planes = Axis {
        size: axis.input,
        step: axis.stride,
        phases,
        dilation: axis.dilation,
        first: seen.start,
        len: axis.output + (farthest - nearest) as usize,
        low: axis.low as isize - nearest * axis.stride as isize,
    };
    (taps, planes)
}

/// The adjoint of an axis: what gradient each element of the image gets from the windows that see it. Elements a stride
/// apart are seen at the same places, so each phase of the image is handled by itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Adjoint {
    axis: window::Axis,
    /// Phases of the image that some place sees.
    pub(super) phases: usize,
    /// From one place that sees a phase to the next.
    period: usize,
    /// The planes of the windows' gradients.
    pub(super) planes: Axis,
}

/// A phase of an image, and the places that see it.
pub(super) struct Phase {
    pub(super) taps: Taps,
    /// Its elements in the image: so many, from the first on, a stride apart.
    pub(super) count: usize,
    pub(super) start: usize,
    /// The window that would have the first of them as its own first element, were it not for the places.
    window: isize,
}

impl Adjoint {
    pub(super) fn new(axis: &window::Axis) -> Self {
        let period = axis.stride / gcd(axis.stride, axis.dilation);
        let phases = period.min(axis.seen().len());
        let mut adjoint = Self { axis: *axis, phases, period, planes: Axis::whole(axis.output, 1, 0) };
        let all = || (0..phases).map(|phase| adjoint.phase(phase)).filter(|phase| phase.count > 0);
        // The farthest place sees the earliest window.
        let low =
            all().map(|phase| phase.taps.distance(phase.last_place()) - phase.window).max().unwrap_or(0);
        let last =
            |phase: &Phase| phase.count as isize + phase.window - phase.taps.distance(phase.taps.first);
        let len = all().map(|phase| low + last(&phase)).max().unwrap_or(1);
        adjoint.planes.low = low;
        adjoint.planes.len = len as usize;
        adjoint
    }

    /// A phase of the image, below [`phases`](Self::phases).
    pub(super) fn phase(&self, phase: usize) -> Phase {
        let window::Axis { input, stride, dilation, low, .. } = self.axis;
        let seen = self.axis.seen();
        let first = seen.start + phase;
        let residue = first * dilation % stride;
        let window = low.saturating_sub(residue).div_ceil(stride);
        let start = window * stride + residue - low;
        Phase {
            taps: Taps {
                count: (seen.end - first).div_ceil(self.period),
                first,
                every: self.period,
                dilation,
                stride,
                phases: 1,
                base: window as isize + self.planes.low,
                adjoint: true,
            },
            count: input.saturating_sub(start).div_ceil(stride),
            start,
            window: window as isize,
        }
    }
}

impl Phase {
    fn last_place(&self) -> usize {
        self.taps.first + (self.taps.count - 1) * self.taps.every
    }
}

/// Where so many rows of patches start in planes, channel by channel and tap by tap.
pub(super) fn starts(cpu: &Context<'_>, taps: &[Taps; 3], planes: &Planes, rows: usize) -> Result<Bytes> {
    let mut bytes = cpu.scratch::<isize>(rows)?;
    let channels = bytes.as_mut_slice::<isize>().chunks_exact_mut(count(taps).max(1));
    for (channel, starts) in channels.enumerate() {
        for (start, tap) in starts.iter_mut().zip(all(taps)) {
            let at =
                planes.position(tap.each_ref().map(|tap| tap.phase), tap.each_ref().map(|tap| tap.element));
            *start = (channel * planes.channel() + at) as isize;
        }
    }
    Ok(bytes)
}

/// All taps of three axes in row-major order.
fn all([planes, rows, cols]: &[Taps; 3]) -> impl Iterator<Item = [Tap; 3]> {
    (0..planes.count).flat_map(move |i| {
        (0..rows.count)
            .flat_map(move |j| (0..cols.count).map(move |k| [planes.tap(i), rows.tap(j), cols.tap(k)]))
    })
}

/// How many taps three axes have.
pub(super) fn count(taps: &[Taps; 3]) -> usize {
    taps.iter().map(|taps| taps.count).product()
}

/// The elements at the taps of a kernel in one channel, in their order.
pub(super) fn of_kernel<S: Wide>(taps: &[Taps; 3], g: &Geometry, kernel: &[S], to: &mut [S]) {
    let mut to = to.iter_mut();
    each_place(taps, g, |place| to.next().map_or((), |to| *to = kernel[place]));
}

/// Calls `each` with the number that each tap has among the elements of a kernel in one channel.
pub(super) fn each_place(taps: &[Taps; 3], g: &Geometry, mut each: impl FnMut(usize)) {
    if count(taps) == g.places {
        return (0..g.places).for_each(each);
    }
    let [_, rows, cols] = g.windows.axes.map(|axis| axis.kernel);
    all(taps).for_each(|[a, b, c]| each((a.place * rows + b.place) * cols + c.place));
}

/// The greatest common divisor.
fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}
