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
        (Row::LayerNorm { epsilon }, [x, scale @ ..]) => {
            of_norm(NormGrad { centred: true, epsilon }, x, scale)?
        }
        (Row::RmsNorm { epsilon }, [x, scale @ ..]) => {
            of_norm(NormGrad { centred: false, epsilon }, x, scale)?
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

/// The gradients of a norm and of what it scales and shifts by, if it does: all in one pass, by an operation that is differentiated
/// through its definition.
fn of_norm(gradients: NormGrad, x: &Tensor, scale: &[&Tensor]) -> Result<Pull> {
    let w = match scale.first() {
        Some(&w) => w.clone(),
        None => Tensor::ones([x.shape().last().copied().unwrap_or(1)], x.dtype(), x.device())?,
    };
    let (x, count) = (x.clone(), 1 + scale.len());
    Ok(several(move |dy| {
        let gradients = Tensor::apply(&Op::NormGrad(gradients), &[&x, &w, dy])?;
        Ok(gradients.into_iter().take(count).map(Some).collect())
    }))
}
