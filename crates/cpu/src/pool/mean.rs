//! The mean of each window.

use tensorkeep_tensor::Result;

use super::work;
use crate::float::Wide;
use crate::memory::Bytes;
use crate::storage::Context;
use crate::window::Windows;

/// The means.
pub(super) fn forward<S: Wide>(
    cpu: &Context<'_>,
    windows: &Windows,
    count_padding: bool,
    x: &[S],
    y: &mut [S],
) -> Result<()> {
    let counts = counts::<S>(cpu, windows, count_padding)?;
    let (inputs, outputs, counts) = (windows.inputs(), windows.outputs(), counts.as_slice());
    cpu.workers.chunks(work(windows, y.len()), y, outputs, |i, y| {
        y.fill(S::ZERO);
        for place in windows.seen() {
            windows.runs(place, 0..outputs, |run| {
                let x = x[i * inputs..][run.elements()].iter().step_by(run.step);
                y[run.windows()].iter_mut().zip(x).for_each(|(y, &x)| *y = *y + x);
            });
        }
        y.iter_mut().zip(counts).for_each(|(y, &count)| *y = *y / count);
    });
    Ok(())
}

/// The gradient goes to all elements of a window in equal parts.
pub(super) fn backward<S: Wide>(
    cpu: &Context<'_>,
    windows: &Windows,
    count_padding: bool,
    dy: &[S],
    dx: &mut [S],
) -> Result<()> {
    let counts = counts::<S>(cpu, windows, count_padding)?;
    let (inputs, outputs, counts) = (windows.inputs(), windows.outputs(), counts.as_slice());
    cpu.workers.chunks(work(windows, dy.len()), dx, inputs, |i, dx| {
        dx.fill(S::ZERO);
        let dy = &dy[i * outputs..][..outputs];
        for place in windows.seen() {
            windows.runs(place, 0..outputs, |run| {
                let dx = dx[run.elements()].iter_mut().step_by(run.step);
                let parts = dy[run.windows()].iter().zip(&counts[run.windows()]);
                dx.zip(parts).for_each(|(dx, (&dy, &count))| *dx = *dx + dy / count);
            });
        }
    });
    Ok(())
}

/// By how much the sum of each window is divided.
fn counts<S: Wide>(cpu: &Context<'_>, windows: &Windows, count_padding: bool) -> Result<Bytes> {
    let mut counts = cpu.scratch::<S>(windows.outputs())?;
    let numbers = counts.as_mut_slice::<S>();
    if count_padding {
        let sizes = windows.axes.map(|axis| axis.kernel as f64);
        numbers.fill(S::nearest(sizes.iter().product()));
        return Ok(counts);
    }
    numbers.fill(S::ZERO);
    for place in windows.seen() {
        windows.runs(place, 0..windows.outputs(), |run| {
            numbers[run.windows()].iter_mut().for_each(|count| *count = *count + S::ONE);
        });
    }
    Ok(counts)
}
