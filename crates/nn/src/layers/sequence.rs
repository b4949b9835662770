//! What recurrent layers have in common: batches of sequences, step by step.

use tensorkeep_tensor::{Error, Outputs, Result, Shape, Tensor};

use crate::Settings;

/// The sizes of a recurrent layer at work.
pub(super) struct Sequence {
    batch: usize,
    length: usize,
    features: usize,
    /// Gates times features.
    width: usize,
}

impl Sequence {
    /// The sizes of `x` and of weights of so many gates, if they fit each other.
    #[track_caller]
    pub(super) fn new(
        layer: &'static str,
        x: &Tensor,
        input: &Tensor,
        hidden: &Tensor,
        gates: usize,
    ) -> Result<Self> {
        let ([width, inputs], [_, features]) = (input.dims()?, hidden.dims()?);
        if hidden.shape().sizes() != [width, features] || features.checked_mul(gates) != Some(width) {
            let rule = format!("the weights are not of {gates} gates of as many features");
            return Err(Error::shape(layer, rule, &[*input.shape(), *hidden.shape()])
                .advise("make the layer by its `new`, or both weights of gates × features rows"));
        }
        match *x.shape().sizes() {
            [batch, length, last] if last == inputs => Ok(Self { batch, length, features, width }),
            _ => {
                let rule = format!("the input is not [batch, length, {inputs}]");
                Err(Error::shape(layer, rule, &[*x.shape()]).advise("reshape it, or make the layer for it"))
            }
        }
    }

    /// What all steps get from the inputs, `[length, batch, gates · features]`: one product.
    pub(super) fn inputs(&self, x: &Tensor, input: &Tensor, bias: &Tensor) -> Result<Tensor> {
        let rows = x.transpose(0, 1)?.reshape([self.length * self.batch, input.dims::<2>()?[1]])?;
        rows.matmul_add(&input.t()?, bias)?.reshape([self.length, self.batch, self.width])
    }

    /// The state to start from: the given one, or zeros.
    #[track_caller]
    pub(super) fn start(&self, layer: &'static str, x: &Tensor, state: Option<&Tensor>) -> Result<Tensor> {
        let shape = Shape::new(&[self.batch, self.features])?;
        match state {
            None => Tensor::zeros(shape, x.dtype(), x.device()),
            Some(state) if *state.shape() == shape => Ok(state.clone()),
            Some(state) => {
                Err(Error::shape(layer, "the state does not fit the input", &[*state.shape(), *x.shape()])
                    .advise(&format!("pass one of shape {shape}")))
            }
        }
    }

    /// The results of `step` for every step, `[batch, length, features]`.
    pub(super) fn each(&self, x: &Tensor, mut step: impl FnMut(usize) -> Result<Tensor>) -> Result<Tensor> {
        let shape = [self.batch, self.length, self.features];
        if self.length == 0 {
            return Tensor::zeros(shape, x.dtype(), x.device());
        }
        let first = step(0)?;
        if first.device().is_hollow() {
            // Where there are only shapes, all steps are like the first: a length that a file names costs nothing.
            return Tensor::zeros(shape, first.dtype(), first.device());
        }
        let steps = std::iter::once(Ok(first)).chain((1..self.length).map(step));
        let steps = steps.collect::<Result<Vec<Tensor>>>()?;
        Tensor::stack(&steps.iter().collect::<Vec<_>>(), 1)
    }
}

/// What a recurrent layer was made with, by its weights.
#[track_caller]
pub(super) fn settings(input: &Tensor, hidden: &Tensor) -> Result<Settings> {
    let ([_, inputs], [_, features]) = (input.dims()?, hidden.dims()?);
    Settings::new().with_size("inputs", inputs)?.with_size("features", features)
}

/// The inputs and the features that [`settings`] told.
#[track_caller]
pub(super) fn sizes(settings: &mut Settings) -> Result<[usize; 2]> {
    Ok([settings.take_size("inputs")?, settings.take_size("features")?])
}

/// Half the width of the range of weights: `1/√features`.
pub(super) fn bound(features: usize) -> f32 {
    1.0 / (features.max(1) as f32).sqrt()
}

/// The results of a cell, as many as it has.
pub(super) fn exactly<const N: usize>(outputs: Outputs) -> Result<[Tensor; N]> {
    let count = outputs.len();
    let outputs: Result<[Tensor; N], _> = outputs.into_vec().try_into();
    outputs.map_err(|_| Error::internal("cell", format!("{count} results of a cell of {N}")))
}
