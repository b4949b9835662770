//! What the layers that normalise channels share.

use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use super::scale::affine;
use crate::State;

/// The sizes of `[n, channels, ..]` with the axes after the channels merged: `[n, channels, rest]`.
#[track_caller]
pub(super) fn sizes(layer: &'static str, x: &Tensor, channels: usize) -> Result<[usize; 3]> {
    match x.shape().sizes() {
        [n, c, rest @ ..] if *c == channels => Ok([*n, channels, rest.iter().product()]),
        [_, _, ..] => {
            let rule = format!("axis 1 of the input is not {channels}, the channels of the layer");
            Err(Error::shape(layer, rule, &[*x.shape(), Shape::new(&[channels])?])
                .advise("move that axis there or make the layer for it"))
        }
        _ => Err(Error::shape(layer, "an input is [batch, channels, ..]", &[*x.shape()])
            .advise("reshape the input")),
    }
}

/// Refuses fewer values than have a variance.
#[track_caller]
pub(super) fn need_variance(layer: &'static str, count: usize, whole: &str, advice: &str) -> Result<()> {
    if count < 2 {
        let message = format!("{count} values a {whole} have no variance: {advice}");
        return Err(Error::value(layer, message));
    }
    Ok(())
}

/// Each channel of `x`, of these sizes, by its factor and term, where there are such.
#[track_caller]
pub(super) fn by_channel(
    x: &Tensor,
    sizes: [usize; 3],
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let column = |x: Option<&Tensor>| x.map(|x| x.reshape([sizes[1], 1])).transpose();
    let (weight, bias) = (column(weight)?, column(bias)?);
    affine(x.reshape(sizes)?, weight.as_ref(), bias.as_ref())
}

/// Groups of channels, each with mean 0 and variance 1 in each sample, then scaled and shifted by channel.
#[track_caller]
pub(super) fn by_group(
    x: &Tensor,
    [n, channels, rest]: [usize; 3],
    groups: usize,
    epsilon: f64,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let rows = x.reshape([n, groups, channels / groups.max(1) * rest])?.layer_norm(epsilon)?;
    by_channel(&rows, [n, channels, rest], weight, bias)?.reshape(x.shape())
}

/// Each channel normalised by statistics that are known, then scaled and shifted.
///
/// One factor and one term a channel: a single pass over the input.
#[track_caller]
pub(super) fn by_statistics(
    layer: &'static str,
    x: &Tensor,
    sizes: [usize; 3],
    [mean, variance]: [&Tensor; 2],
    epsilon: f64,
    weight: Option<&Tensor>,
    bias: Option<&Tensor>,
) -> Result<Tensor> {
    let mut scale = kept(layer, x, variance)?.map(|v| (v + epsilon).rsqrt())?;
    if let Some(weight) = weight {
        scale = scale.mul(&beside(layer, x, weight)?)?;
    }
    let mut shift = kept(layer, x, mean)?.zip(&scale, |mean, scale| -(mean * scale))?;
    if let Some(bias) = bias {
        shift = shift.add(&beside(layer, x, bias)?)?;
    }
    let (scale, shift) = (scale.to_dtype(x.dtype())?, shift.to_dtype(x.dtype())?);
    by_channel(x, sizes, Some(&scale), Some(&shift))?.reshape(x.shape())
}

/// A parameter as it is used beside `x`, of whose dtype it has to be: in `f32` if that is a half.
#[track_caller]
pub(super) fn beside(layer: &'static str, x: &Tensor, parameter: &Tensor) -> Result<Tensor> {
    if parameter.dtype() != x.dtype() {
        return Err(mixed(layer, x, parameter));
    }
    parameter.to_dtype(x.dtype().widened())
}

/// A running statistic as it is used beside `x`: under halves it is kept in `f32`.
#[track_caller]
fn kept(layer: &'static str, x: &Tensor, statistic: &Tensor) -> Result<Tensor> {
    let wide = x.dtype().widened();
    if ![x.dtype(), wide].contains(&statistic.dtype()) {
        return Err(mixed(layer, x, statistic));
    }
    statistic.to_dtype(wide)
}

#[track_caller]
#[cold]
fn mixed(layer: &'static str, x: &Tensor, other: &Tensor) -> Error {
    Error::dtype(layer, format!("operands of {} and {}: cast one with to_dtype", x.dtype(), other.dtype()))
}

/// Moves a running statistic, if there is one, towards that of a batch, whose share is `momentum`.
#[track_caller]
pub(super) fn track(running: Option<&State>, batch: &Tensor, momentum: f64) -> Result<()> {
    if let Some(running) = running {
        let old = running.get();
        let batch = batch.reshape(old.shape())?.to_dtype(old.dtype())?;
        running.set(&old.zip(&batch, |old, batch| old * (1.0 - momentum) + batch * momentum)?);
    }
    Ok(())
}

/// Moves a running statistic, if there is one, to the mean of those of all batches: this one is the last of `count`.
#[track_caller]
pub(super) fn average(running: Option<&State>, batch: &Tensor, count: &Tensor) -> Result<()> {
    if let Some(running) = running {
        let old = running.get();
        let [batch, count] = [&batch.reshape(old.shape())?, count].map(|x| x.to_dtype(old.dtype()));
        running.set(&Tensor::zip_all([&old, &batch?, &count?], |[old, batch, count]| {
            old.clone() + (batch - old) / count
        })?);
    }
    Ok(())
}

/// Refuses a share that is none.
#[track_caller]
pub(super) fn share(layer: &'static str, momentum: f64) -> Result<f64> {
    if !(0.0..=1.0).contains(&momentum) {
        let message = format!("momentum {momentum} is outside 0..=1: use a share in it");
        return Err(Error::value(layer, message));
    }
    Ok(momentum)
}
