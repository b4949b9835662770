//! Convolutions whose groups have one channel each: a place of the kernel at a time, without patches.

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use crate::float::Wide;
use crate::storage::Context;

/// How much more a term costs here than in a product.
const TERM_WORK: u64 = 8;

/// `y = x ∗ w`.
pub(super) fn forward<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], w: &[S], y: &mut [S]) -> Result<()> {
    let work = g.work().saturating_mul(TERM_WORK);
    cpu.workers.chunks(work, y, g.positions, |i, y| {
        let x = &x[i / g.outputs * g.inputs..][..g.inputs];
        let kernel = i % (g.groups * g.outputs);
        y.fill(S::ZERO);
        for (place, &w) in w[kernel * g.depth..][..g.depth].iter().enumerate() {
            g.windows.runs(place, 0..g.positions, |run| {
                let (from, to) = (&x[run.elements()], &mut y[run.windows()]);
                match run.step {
                    1 => to.iter_mut().zip(from).for_each(|(y, &x)| *y = *y + w * x),
                    step => {
                        let from = from.iter().step_by(step);
                        to.iter_mut().zip(from).for_each(|(y, &x)| *y = *y + w * x);
                    }
                }
            });
        }
    });
    Ok(())
}

/// `dx`, the adjoint of the convolution with `w`, of `dy`.
pub(super) fn input_grad<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    dy: &[S],
    w: &[S],
    dx: &mut [S],
) -> Result<()> {
    let work = g.work().saturating_mul(TERM_WORK);
    cpu.workers.chunks(work, dx, g.inputs, |i, dx| {
        let dy = &dy[i * g.y_len()..][..g.y_len()];
        let w = &w[i % g.groups * g.w_len()..][..g.w_len()];
        dx.fill(S::ZERO);
        for (dy, w) in dy.chunks_exact(g.positions).zip(w.chunks_exact(g.depth)) {
            for (place, &w) in w.iter().enumerate() {
                g.windows.runs(place, 0..g.positions, |run| {
                    let (from, to) = (&dy[run.windows()], &mut dx[run.elements()]);
                    match run.step {
                        1 => to.iter_mut().zip(from).for_each(|(dx, &dy)| *dx = *dx + w * dy),
                        step => {
                            let to = to.iter_mut().step_by(step);
                            to.zip(from).for_each(|(dx, &dy)| *dx = *dx + w * dy);
                        }
                    }
                });
            }
        }
    });
    Ok(())
}

/// `dw`, the sum over images and positions of `dy` by what `x` it saw, in their order.
pub(super) fn weight_grad<S: Wide>(
    cpu: &Context<'_>,
    g: &Geometry,
    x: &[S],
    dy: &[S],
    dw: &mut [S],
) -> Result<()> {
    let work = g.work().saturating_mul(TERM_WORK);
    cpu.workers.chunks(work, dw, g.depth, |kernel, dw| {
        dw.fill(S::ZERO);
        for image in 0..g.images {
            let i = image * g.groups * g.outputs + kernel;
            let dy = &dy[i * g.positions..][..g.positions];
            let x = &x[i / g.outputs * g.inputs..][..g.inputs];
            for (place, dw) in dw.iter_mut().enumerate() {
                let mut sum = S::ZERO;
                g.windows.runs(place, 0..g.positions, |run| {
                    sum = sum + dot(&x[run.elements()], run.step, &dy[run.windows()]);
                });
                *dw = *dw + sum;
            }
        }
    });
    Ok(())
}

/// `Σ x[i·step]·y[i]`, in as many sums side by side as a register holds.
fn dot<S: Wide>(x: &[S], step: usize, y: &[S]) -> S {
    const LANES: usize = 8;
    let mut sums = [S::ZERO; LANES];
    let (blocks, rest) = y.as_chunks::<LANES>();
    let mut x = x.chunks(LANES * step);
    for (y, x) in blocks.iter().zip(&mut x) {
        for (lane, (sum, &y)) in sums.iter_mut().zip(y).enumerate() {
            *sum = *sum + x[lane * step] * y;
        }
    }
    let x = x.next().unwrap_or_default();
    for (sum, (&y, &x)) in sums.iter_mut().zip(rest.iter().zip(x.iter().step_by(step))) {
        *sum = *sum + x * y;
    }
    sums.into_iter().fold(S::ZERO, |a, b| a + b)
}
