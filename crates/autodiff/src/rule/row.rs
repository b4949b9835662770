//! Softmax and its kin, over the last axis.

use smallvec::smallvec;
use tensorkeep_tensor::op::Row;
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
