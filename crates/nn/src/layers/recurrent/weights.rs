//! What the cells here have in common: weights of gates, one after the other.

use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use super::{Cell, state};

/// The inputs and the features of a cell of so many gates, if its weights fit each other.
#[track_caller]
pub(super) fn sizes(cell: &'static str, input: &Tensor, hidden: &Tensor, gates: usize) -> Result<[usize; 2]> {
    let ([width, inputs], [_, features]) = (input.dims()?, hidden.dims()?);
    if hidden.shape().sizes() != [width, features] || features.checked_mul(gates) != Some(width) {
        let rule = format!("the weights are not of {gates} gates of as many features");
        return Err(Error::shape(cell, rule, &[*input.shape(), *hidden.shape()])
            .advise("make the cell by its `new`, or both weights of gates × features rows"));
    }
    Ok([inputs, features])
}

/// What all steps get from their inputs `[length, batch, inputs]`: one product,
/// `[length, batch, gates · features]`.
#[track_caller]
pub(super) fn project(x: &Tensor, input: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let ([length, batch, inputs], [width, _]) = (x.dims()?, input.dims()?);
    let rows = x.reshape([length * batch, inputs])?;
    product(&rows, &input.t()?, bias)?.reshape([length, batch, width])
}

/// `x w + b`, as far as there is a `b`.
#[track_caller]
pub(super) fn product(x: &Tensor, w: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(bias) => x.matmul_add(w, bias),
        None => x.matmul(w),
    }
}

/// One step of a cell that writes all steps at once.
#[track_caller]
pub(super) fn step<C: Cell>(cell: &C, x: &Tensor, last: &C::State) -> Result<(Tensor, C::State)> {
    let [inputs, _] = cell.sizes()?;
    match *x.shape().sizes() {
        [batch, width] if width == inputs => {
            state::fits("cell", last, &cell.zero_state(batch, x)?, x)?;
            cell.steps(&x.unsqueeze(0)?)?(0, last)
        }
        _ => {
            let rule = format!("the input of a step is not [batch, {inputs}]");
            Err(Error::shape("cell", rule, &[*x.shape()]).advise("reshape it, or make the cell for it"))
        }
    }
}

/// Zeros, `[batch, features]`.
pub(super) fn zeros(batch: usize, features: usize, x: &Tensor) -> Result<Tensor> {
    Tensor::zeros(Shape::new(&[batch, features])?, x.dtype(), x.device())
}

/// Half the width of the range of weights: `1/√features`.
pub(super) fn bound(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

/// The results of a program, as many as it has.
pub(super) fn exactly<const N: usize>(outputs: Outputs) -> Result<[Tensor; N]> {
    let count = outputs.len();
    let outputs: Result<[Tensor; N], _> = outputs.into_vec().try_into();
    outputs.map_err(|_| Error::internal("cell", format!("{count} results of a cell of {N}")))
}
