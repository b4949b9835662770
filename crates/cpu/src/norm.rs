//! Rows with mean 0 and variance 1, or with root mean square 1, scaled and shifted, and the gradients of that: each row in the
//! first cache, or once through it.

use tensorkeep_tensor::op::NormGrad;
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use crate::copy::to_contiguous;
use crate::dispatch::{Loop, dispatch};
use crate::float::{self, for_wide, widened};
use crate::reduce::{Element, SquareSum, Sum, TILE, fold_row, fold_row_of};
use crate::row::{CHUNK, Wide, each, row_len, rows};
use crate::storage::{Context, contiguous, elements};
use crate::vecmath::Real;
use crate::view::View;

/// So many rows are added up in the type that they are computed in, and their sums in `f64`.
const BLOCK: usize = 64;

/// Steps that it is to handle an element on the way back.
const GRADIENT_WORK: u64 = 16;

/// A norm of rows.
#[derive(Clone, Copy)]
pub(crate) struct Norm {
    /// Whether the mean is subtracted.
    pub(crate) centred: bool,
    /// Added to the variance, or to the mean square.
    pub(crate) epsilon: f64,
}

impl Norm {
    /// The rows of `x`, multiplied by the first of `scale` and added to the second, as far as they are there.
    pub(crate) fn apply<T: Element<Lane: Wide>>(
        self,
        cpu: &Context<'_>,
        x: &Tensor,
        scale: &[&Tensor],
    ) -> Result<Outputs> {
        if scale.is_empty() {
            return rows::<T>(cpu, x, &|x, y| {
                let (mean, factor) = self.moments(x);
                each(x, y, |x| (x - mean) * factor);
            });
        }
        let n = row_len(x)?;
        let mut given = cpu.scratch::<T::Lane>(2 * n)?;
        let given = given.as_mut_slice::<T::Lane>();
        given.fill(<T::Lane as Real>::ZERO);
        for (scale, to) in scale.iter().zip(given.chunks_exact_mut(n)) {
            let scale = widened(cpu, scale)?;
            View::new(scale.layout()).read(elements(&scale)?, 0, to);
        }
        let (w, b) = given.split_at(n);
        rows::<T>(cpu, x, &|x, y| {
            let (mean, factor) = self.moments(x);
            dispatch(Scaled { x, w, b, y, mean, factor });
        })
    }

    /// What is subtracted from the elements of a row, and what they are multiplied by then.
    fn moments<L: Wide>(self, x: &[L]) -> (L, L) {
        let count = x.len() as f64;
        let mean = if self.centred { L::of_wide(fold_row::<L, Sum>(x) / count) } else { <L as Real>::ZERO };
        let square = fold_row_of::<L, SquareSum>(x, |x| x - mean) / count;
        (mean, L::of_wide((square + self.epsilon).sqrt().recip()))
    }
}

/// `y = (x − mean) · factor · w + b`.
struct Scaled<'a, L> {
    x: &'a [L],
    w: &'a [L],
    b: &'a [L],
    y: &'a mut [L],
    mean: L,
    factor: L,
}

impl<L: Wide> Loop for Scaled<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { x, w, b, y, mean, factor } = self;
        for (((y, &x), &w), &b) in y.iter_mut().zip(x).zip(w).zip(b) {
            *y = (x - mean) * factor * w + b;
        }
    }
}

/// The gradients of input, weight and bias.
pub(crate) fn gradients(cpu: &Context<'_>, op: &NormGrad, inputs: &[&Tensor]) -> Result<Outputs> {
    let &[x, w, dy] = inputs else {
        return Err(Error::internal("norm_grad", "the gradients of a norm take three operands"));
    };
    let norm = Norm { centred: op.centred, epsilon: op.epsilon };
    for_wide!(x.dtype(), W => gradients_of::<W>(cpu, norm, [x, w, dy]))
}

/// Some rows of a gradient, and the sums by weight and bias of each [`BLOCK`] of them.
type Piece<'a, L> = (&'a mut [L], &'a mut [L]);

fn gradients_of<W: float::Wide + Wide>(
    cpu: &Context<'_>,
    norm: Norm,
    inputs: [&Tensor; 3],
) -> Result<Outputs> {
    let [of_x, of_w, of_b] = cpu.results else {
        return Err(Error::internal("norm_grad", "results were miscounted"));
    };
    let [x, w, dy] = inputs.map(|x| to_contiguous(cpu, &widened(cpu, x)?));
    let (x, w, dy) = (x?, w?, dy?);
    let n = row_len(&x)?;
    let (x, w, dy) = (contiguous(&x)?, contiguous(&w)?, contiguous(&dy)?);
    let gradients = cpu.all_computed::<W, 3>([of_x, of_w, of_b], |[dx, by_weight, by_bias]| {
        let mut sums = cpu.scratch::<W>((x.len() / n).div_ceil(BLOCK) * 2 * n)?;
        let sums = sums.as_mut_slice::<W>();
        let taken = (CHUNK / n / BLOCK).max(1);
        let pieces = dx.chunks_mut(taken * BLOCK * n).zip(sums.chunks_mut(taken * 2 * n));
        let mut pieces: Vec<Piece<'_, W>> = pieces.collect();
        cpu.workers.for_each(x.len() as u64 * GRADIENT_WORK, &mut pieces, |i, (dx, sums)| {
            let at = i * taken * BLOCK * n;
            let (x, dy) = (&x[at..][..dx.len()], &dy[at..][..dx.len()]);
            let blocks = dx.chunks_mut(BLOCK * n).zip(x.chunks(BLOCK * n)).zip(dy.chunks(BLOCK * n));
            for (((dx, x), dy), sums) in blocks.zip(sums.chunks_exact_mut(2 * n)) {
                gradients_of_block(norm, [x, dy], w, dx, sums);
            }
        });
        let mut totals = cpu.scratch::<f64>(2 * n)?;
        let totals = totals.as_mut_slice::<f64>();
        totals.fill(0.0);
        for sums in sums.chunks_exact(2 * n) {
            totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum.wide());
        }
        for (to, totals) in [by_weight, by_bias].into_iter().zip(totals.chunks_exact(n)) {
            to.iter_mut().zip(totals).for_each(|(to, &total)| *to = W::of_wide(total));
        }
        Ok(())
    })?;
    Ok(gradients.into_iter().collect())
}

/// The gradients of some rows of the input, and the sums of those of weight and bias over these rows.
fn gradients_of_block<L: Wide>(norm: Norm, [x, dy]: [&[L]; 2], w: &[L], dx: &mut [L], sums: &mut [L]) {
    let n = w.len();
    sums.fill(<L as Real>::ZERO);
    let (by_weight, by_bias) = sums.split_at_mut(n);
    let mut products = [<L as Real>::ZERO; TILE];
    for ((x, dy), dx) in x.chunks_exact(n).zip(dy.chunks_exact(n)).zip(dx.chunks_exact_mut(n)) {
        let (mean, factor) = norm.moments(x);
        let (mut level, mut along) = (0.0, 0.0);
        for start in (0..n).step_by(TILE) {
            let tile = start..n.min(start + TILE);
            let products = &mut products[..tile.len()];
            dispatch(Parts {
                of: [&x[tile.clone()], &dy[tile.clone()], &w[tile.clone()]],
                by_input: &mut dx[tile.clone()],
                products,
                by_weight: &mut by_weight[tile.clone()],
                by_bias: &mut by_bias[tile.clone()],
                mean,
                factor,
            });
            along += fold_row::<L, Sum>(products);
            if norm.centred {
                level += fold_row::<L, Sum>(&dx[tile]);
            }
        }
        let [level, along] = [level, along].map(|sum| L::of_wide(sum / n as f64));
        dispatch(Rest { x, dx, mean, factor, level, along });
    }
}

/// `g = w dy` where `dx` will be, `g ŷ`, and what is added to the gradients of weight and bias: `ŷ dy` and `dy`.
struct Parts<'a, L> {
    of: [&'a [L]; 3],
    by_input: &'a mut [L],
    products: &'a mut [L],
    by_weight: &'a mut [L],
    by_bias: &'a mut [L],
    mean: L,
    factor: L,
}

impl<L: Wide> Loop for Parts<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { of: [x, dy, w], by_input, products, by_weight, by_bias, mean, factor } = self;
        let operands = x.iter().zip(dy).zip(w);
        let results = by_input.iter_mut().zip(products).zip(by_weight.iter_mut().zip(by_bias));
        for (((&x, &dy), &w), ((g, product), (by_weight, by_bias))) in operands.zip(results) {
            let y = (x - mean) * factor;
            *g = w * dy;
            *product = *g * y;
            *by_weight = y * dy + *by_weight;
            *by_bias = *by_bias + dy;
        }
    }
}

/// `dx = (g − level − ŷ along) · factor`, where `g` is.
struct Rest<'a, L> {
    x: &'a [L],
    dx: &'a mut [L],
    mean: L,
    factor: L,
    level: L,
    along: L,
}

impl<L: Wide> Loop for Rest<'_, L> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Self { x, dx, mean, factor, level, along } = self;
        for (dx, &x) in dx.iter_mut().zip(x) {
            *dx = (*dx - level - (x - mean) * factor * along) * factor;
        }
    }
}
