//! A cell over the steps of sequences.

use std::panic::Location;

use tensorkeep_tensor::{Error, Result, Tensor};

use super::lengths::Lengths;
use super::{Cell, state};

/// The order of the steps.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// From the first to the last.
    Forward,
    /// From the last to the first.
    Backward,
}

/// What to run over: `[batch, length, inputs]`, and how long each sequence is, if not all of them are
/// `length` long.
pub(super) struct Sequences<'a> {
    pub(super) x: &'a Tensor,
    pub(super) lengths: Option<&'a [usize]>,
}

/// The outputs of all steps, `[batch, length, features]`, and the state after the last one in this direction.
#[track_caller]
pub(super) fn scan<C: Cell>(
    cell: &C,
    sequences: &Sequences<'_>,
    start: Option<&C::State>,
    direction: Direction,
) -> Result<(Tensor, C::State)> {
    const LAYER: &str = "recurrence";
    let at = Location::caller();
    let [inputs, features] = cell.sizes()?;
    let x = sequences.x;
    let (batch, length) = match *x.shape().sizes() {
        [batch, length, last] if last == inputs => (batch, length),
        _ => {
            let rule = format!("the input is not [batch, length, {inputs}]");
            return Err(
                Error::shape(LAYER, rule, &[*x.shape()]).advise("reshape it, or make the layer for it")
            );
        }
    };
    let lengths = match sequences.lengths {
        Some(lengths) => Some(Lengths::new(LAYER, lengths, [batch, length], x.device())?),
        None => None,
    };
    let mut last = cell.zero_state(batch, x)?;
    if let Some(start) = start {
        state::fits(LAYER, start, &last, x)?;
        last = start.clone();
    }
    let cut = |x: Tensor| match &lengths {
        Some(lengths) => lengths.cut(&x),
        None => Ok(x),
    };
    // What stands after the end of a sequence may be anything, even NaN.
    let x = cut(x.clone())?;
    let steps = cell.steps(&x.transpose(0, 1)?)?;
    let mut outputs = Vec::new();
    for i in 0..length {
        let t = if direction == Direction::Forward { i } else { length - 1 - i };
        let (output, next) = steps(t, &last).map_err(|error| error.located(at))?;
        if output.device().is_hollow() {
            // Where there are only shapes, all steps are like the first: a length that a file names costs
            // nothing.
            let outputs = Tensor::zeros([batch, length, features], output.dtype(), output.device())?;
            return Ok((outputs, next));
        }
        last = match lengths.as_ref().map_or(Ok(None), |lengths| lengths.at(t))? {
            None => next,
            Some(go_on) => state::advance(&go_on, next, &last)?,
        };
        outputs.push(output);
    }
    if direction == Direction::Backward {
        outputs.reverse();
    }
    let outputs = match &outputs[..] {
        [] => Tensor::zeros([batch, 0, features], x.dtype(), x.device())?,
        outputs => Tensor::stack(&outputs.iter().collect::<Vec<_>>(), 1)?,
    };
    Ok((cut(outputs)?, last))
}
