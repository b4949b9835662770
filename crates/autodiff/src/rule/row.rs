//! Softmax and its kin, over the last axis.

use smallvec::smallvec;
use tensorkeep_tensor::op::{NormGrad, Op, Row};
use tensorkeep_tensor::{Error, Result, Tensor};

use super::{several, single};
use crate::tape::Pull;

pub(super) fn pull(row: Row, inputs: &[&Tensor], y: &Tensor) -> Result<Pull> {
    let y = y.clone();
    Ok(match (row, inputs) {
        (Row::Softmax, [_]) => single(move |dy| {
            let along = dy.mul(&y)?.sum([-1], true)?;
            Tensor::zip_all([&y, dy, &along], |[y, dy, along]| y * (dy - along))
        }),
        (Row::LogSoftmax, [_]) => single(move |dy| {
            let sum = dy.sum([-1], true)?;
            Tensor::zip_all([&y, dy, &sum], |[y, dy, sum]| dy - y.exp() * sum)
        }),
        // Ba et al., arXiv:1607.06450, section 3: dx = (dy − mean dy − y · mean(dy y)) / σ.
        (Row::LayerNorm { epsilon }, [x]) => {
            let x = (*x).clone();
            single(move |dy| {
                let scale = x.variance([-1], true)?.map(|variance| (variance + epsilon).rsqrt())?;
                let (mean, along) = (dy.mean([-1], true)?, dy.mul(&y)?.mean([-1], true)?);
                Tensor::zip_all([dy, &y, &mean, &along, &scale], |[dy, y, mean, along, scale]| {
                    (dy - mean - y * along) * scale
                })
            })
        }
        (Row::RmsNorm { epsilon }, [x]) => {
            let x = (*x).clone();
            single(move |dy| {
                let scale = x.map(|x| x * x)?.mean([-1], true)?.map(|square| (square + epsilon).rsqrt())?;
                let along = dy.mul(&y)?.mean([-1], true)?;
                Tensor::zip_all([dy, &y, &along, &scale], |[dy, y, along, scale]| (dy - y * along) * scale)
            })
        }
        (Row::LayerNorm { epsilon }, [x, w, more @ ..]) => {
            of_scaled(NormGrad { centred: true, epsilon }, x, w, more.len())
        }
        (Row::RmsNorm { epsilon }, [x, w, more @ ..]) => {
            of_scaled(NormGrad { centred: false, epsilon }, x, w, more.len())
        }
        (Row::CrossEntropy, [x, labels]) => {
            let (x, labels) = ((*x).clone(), (*labels).clone());
            several(move |dy| {
                let classes = x.shape().last().copied().unwrap_or(0);
                let error = x.softmax()?.sub(&labels.one_hot(classes, x.dtype())?)?;
                Ok(smallvec![Some(error.mul(&dy.unsqueeze(-1)?)?), None])
            })
        }
        _ => {
            return Err(Error::internal("row", "operands were miscounted on the way to the derivative rule"));
        }
    })
}

/// The gradients of a norm that scales its rows, and shifts them if it has `more` operands: all in one pass, by an operation that is
/// differentiated through its definition.
fn of_scaled(gradients: NormGrad, x: &Tensor, w: &Tensor, more: usize) -> Pull {
    let (x, w) = (x.clone(), w.clone());
    several(move |dy| {
        let gradients = Tensor::apply(&Op::NormGrad(gradients), &[&x, &w, dy])?;
        Ok(gradients.into_iter().take(2 + more).map(Some).collect())
    })
}
