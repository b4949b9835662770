//! The gradient of a convolution by its input.

use tensorkeep_tensor::Result;

use super::columns::Columns;
use super::geometry::Geometry;
use super::patches::Patches;
use super::planes::Planes;
use super::taps::{self, Adjoint, Taps};
use super::{pointwise, rows_at_a_time};
use crate::copy::copy_row;
use crate::float::Wide;
use crate::memory::Bytes;
use crate::storage::Context;

/// `dx`, the adjoint of the convolution with `w`, of `dy`: for each phase of `dx` a convolution of `dy` by itself, with those
/// elements of the kernels that see it.
pub(super) fn run<S: Wide>(cpu: &Context<'_>, g: &Geometry, dy: &[S], w: &[S], dx: &mut [S]) -> Result<()> {
    if g.is_pointwise() {
        return pointwise::input_grad(cpu, g, dy, w, dx);
    }
    let axes = g.windows.axes.each_ref().map(Adjoint::new);
    let planes = Planes { axes: axes.map(|axis| axis.planes) };
    let phases = Phase::all(cpu, g, &axes, &planes, w)?;
    let seen: usize = phases.iter().map(|phase| phase.columns.counts.iter().product::<usize>()).sum();
    cpu.workers.try_chunks(g.work(), dx, g.x_len(), |i, dx| {
        let mut room = planes.room::<S>(cpu, g.outputs)?;
        planes.fill(cpu, &dy[i * g.y_len()..][..g.y_len()], room.as_mut_slice());
        if seen < g.inputs {
            dx.fill(S::ZERO);
        }
        let part = rows_at_a_time(cpu, g.images * g.groups, g.channels);
        cpu.workers.try_chunks(g.image_work(), dx, part * g.inputs, |p, dx| {
            let first = i % g.groups * g.channels + p * part;
            phases.iter().try_for_each(|phase| phase.run(g, room.as_slice(), first, dx))
        })
    })
}

/// A phase of the image, and how it is computed.
struct Phase {
    /// Its first element on each axis.
    first: [usize; 3],
    columns: Columns,
    /// The starts of the rows of the patches.
    starts: Bytes,
    /// For each channel of each group: of each output, the elements of its kernel that see the phase.
    kernels: Bytes,
}

impl Phase {
    /// All that have elements which some window sees.
    fn all<S: Wide>(
        cpu: &Context<'_>,
        g: &Geometry,
        axes: &[Adjoint; 3],
        planes: &Planes,
        w: &[S],
    ) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        let [_, rows, cols] = axes.map(|axis| axis.phases);
        for phase in 0..axes.iter().map(|axis| axis.phases).product() {
            let numbers = [phase / cols / rows, phase / cols % rows, phase % cols];
            let phases: [_; 3] = std::array::from_fn(|axis| axes[axis].phase(numbers[axis]));
            let [counts, first] =
                [phases.each_ref().map(|axis| axis.count), phases.each_ref().map(|axis| axis.start)];
            if counts.contains(&0) {
                continue;
            }
            let taps = phases.map(|axis| axis.taps);
            all.push(Self {
                first,
                columns: Columns { counts, lens: planes.axes.map(|axis| axis.len) },
                starts: taps::starts(cpu, &taps, planes, g.outputs * taps::count(&taps))?,
                kernels: transposed_kernels(cpu, g, &taps, w)?,
            });
        }
        Ok(all)
    }

    /// Computes the phase of the channels in `dx`, of which the first is number `first` of all groups'.
    fn run<S: Wide>(&self, g: &Geometry, planes: &[S], first: usize, dx: &mut [S]) -> Result<()> {
        let patches = Patches::new(planes, self.starts.as_slice(), self.columns)?;
        let (count, depth) = (dx.len() / g.inputs, self.starts.as_slice::<isize>().len());
        let kernels = &self.kernels.as_slice()[first * depth..][..count * depth];
        let axes = &g.windows.axes;
        patches.multiply(kernels, count, |c, segment, sums| {
            let [i, j, k] =
                std::array::from_fn(|axis| self.first[axis] + segment.window[axis] * axes[axis].stride);
            let at = (i * axes[1].input + j) * axes[2].input + k;
            let dx = &mut dx[c * g.inputs + at..];
            match axes[2].stride {
                1 => copy_row(sums, &mut dx[..sums.len()]),
                step => dx.iter_mut().step_by(step).zip(sums).for_each(|(dx, &sum)| *dx = sum),
            }
        })
    }
}

/// The elements of the kernels at the taps, channel by channel and not output by output.
fn transposed_kernels<S: Wide>(cpu: &Context<'_>, g: &Geometry, taps: &[Taps; 3], w: &[S]) -> Result<Bytes> {
    let count = taps::count(taps);
    let mut kernels = cpu.scratch::<S>(g.groups * g.channels * g.outputs * count)?;
    for (i, to) in kernels.as_mut_slice::<S>().chunks_exact_mut(count).enumerate() {
        let (group, c, o) = (i / g.outputs / g.channels, i / g.outputs % g.channels, i % g.outputs);
        let from = ((group * g.outputs + o) * g.channels + c) * g.places;
        taps::of_kernel(taps, g, &w[from..][..g.places], to);
    }
    Ok(kernels)
}
