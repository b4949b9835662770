//! Norms that scale and shift, and their gradients.

use crate::backend::Outputs;
use crate::op::{NormGrad, Op, Row};
use crate::{Result, Tensor};

/// A norm, then a product, then a sum. Halves in `f32`, so that a backend whose kernel this is rounds once.
#[track_caller]
pub(super) fn scaled(norm: &Row, x: &Tensor, w: &Tensor, b: Option<&Tensor>) -> Result<Tensor> {
    let y = Tensor::apply_one(&Op::Row(*norm), &[&x.wide()?])?;
    let w = w.wide()?;
    let y = match b {
        Some(b) => y.into_mul_add(&w, &b.wide()?)?,
        None => y.mul(&w)?,
    };
    y.to_dtype(x.dtype())
}

impl NormGrad {
    #[track_caller]
    pub(super) fn gradients(&self, [x, w, dy]: [&Tensor; 3]) -> Result<Outputs> {
        let dtype = x.dtype();
        let [x, w, dy] = [x.wide()?, w.wide()?, dy.wide()?];
        let centred = if self.centred { x.sub(&x.mean([-1], true)?)? } else { x };
        let (square, epsilon) = (centred.map(|x| x * x)?.mean([-1], true)?, self.epsilon);
        let scale = square.map(|square| (square + epsilon).rsqrt())?;
        let y = centred.mul(&scale)?;
        let g = dy.mul(&w)?;
        let along = g.mul(&y)?.mean([-1], true)?;
        let level = if self.centred { g.mean([-1], true)? } else { along.zeros_like()? };
        let dx = Tensor::zip_all([&g, &y, &level, &along, &scale], |[g, y, level, along, scale]| {
            (g - level - y * along) * scale
        })?;
        let (by_weight, by_bias) = (dy.mul(&y)?.sum_to(w.shape())?, dy.sum_to(w.shape())?);
        [dx, by_weight, by_bias].into_iter().map(|x| x.to_dtype(dtype)).collect()
    }
}
