//! Convolutions whose groups have one channel each: a place of the kernel at a time, without patches.

use tensorkeep_tensor::Result;

use super::geometry::Geometry;
use crate::dispatch::{Loop, dispatch};
use crate::float::Wide;
use crate::storage::Context;

/// How much more a term costs here than in a product.
const TERM_WORK: u64 = 8;

/// `y = x ∗ w`.
pub(super) fn forward<S: Wide>(cpu: &Context<'_>, g: &Geometry, x: &[S], w: &[S], y: &mut [S]) -> Result<()> {
    let work = g.work().saturating_mul(TERM_WORK);
    cpu.workers.chunks(work, y, g.positions, |i, y| {
        let x = &x[i / g.outputs * g.inputs..][..g.inputs];
        let w = &w[i % (g.groups * g.outputs) * g.depth..][..g.depth];
        y.fill(S::ZERO);
        dispatch(Forward { g, x, w, y });
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
            dispatch(InputGrad { g, dy, w, dx });
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
            dispatch(WeightGrad { g, x, dy, dw });
        }
    });
    Ok(())
}

/// `y += x ∗ w` of one channel.
struct Forward<'a, S> {
    g: &'a Geometry,
    x: &'a [S],
    w: &'a [S],
    y: &'a mut [S],
}

impl<S: Wide> Loop for Forward<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { g, x, w, y } = self;
        for (place, &w) in w.iter().enumerate() {
            g.windows.runs(g.windows.place(place), 0..g.positions, |run| {
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
    }
}

/// `dx += ` the gradient by one channel of the result.
struct InputGrad<'a, S> {
    g: &'a Geometry,
    dy: &'a [S],
    w: &'a [S],
    dx: &'a mut [S],
}

impl<S: Wide> Loop for InputGrad<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { g, dy, w, dx } = self;
        for (place, &w) in w.iter().enumerate() {
            g.windows.runs(g.windows.place(place), 0..g.positions, |run| {
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
}

/// `dw += ` the gradient by one channel of one image.
struct WeightGrad<'a, S> {
    g: &'a Geometry,
    x: &'a [S],
    dy: &'a [S],
    dw: &'a mut [S],
}

impl<S: Wide> Loop for WeightGrad<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { g, x, dy, dw } = self;
        for (place, dw) in dw.iter_mut().enumerate() {
            let mut sums = [S::ZERO; LANES];
            g.windows.runs(g.windows.place(place), 0..g.positions, |run| {
                let (x, dy) = (&x[run.elements()], &dy[run.windows()]);
                match run.step {
                    1 => add_products(&mut sums, x, dy),
                    step => x.iter().step_by(step).zip(dy).for_each(|(&x, &dy)| sums[0] = sums[0] + x * dy),
                }
            });
            *dw = sums.into_iter().fold(*dw, |sum, lane| sum + lane);
        }
    }
}

/// Sums side by side, to be added in the end.
const LANES: usize = 16;

/// `sums[i mod LANES] += x[i]·y[i]`
#[inline(always)]
fn add_products<S: Wide>(sums: &mut [S; LANES], x: &[S], y: &[S]) {
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<LANES>(), y.as_chunks::<LANES>());
    for (x, y) in x.iter().zip(y) {
        for ((sum, &x), &y) in sums.iter_mut().zip(x).zip(y) {
            *sum = *sum + x * y;
        }
    }
    for ((sum, &x), &y) in sums.iter_mut().zip(x_rest).zip(y_rest) {
        *sum = *sum + x * y;
    }
}
