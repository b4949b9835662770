//! Layers one upon the other, all in one pass or step by step.

use std::panic::Location;

use tensorkeep_tensor::{Error, Result, Tensor};

use crate::Context;

/// What the last of the layers gives.
#[track_caller]
pub(super) fn run_layers<L>(
    layers: &[L],
    x: &Tensor,
    cx: &Context,
    run: impl Fn(&L, &Tensor, &Context) -> Result<Tensor>,
) -> Result<Tensor> {
    let at = Location::caller();
    let mut y = x.clone();
    for (i, layer) in layers.iter().enumerate() {
        let ran = run(layer, &y, &cx.at("layers").at(i));
        y = ran.map_err(|error| error.within(format!("layers.{i}")).located(at))?;
    }
    Ok(y)
}

/// What the last of the layers gives for the steps that follow those in the caches. If one fails, all caches
/// are as before.
#[track_caller]
pub(super) fn decode_layers<L, C: Clone>(
    layers: &[L],
    x: &Tensor,
    caches: &mut [C],
    cx: &Context,
    decode: impl Fn(&L, &Tensor, &mut C, &Context) -> Result<Tensor>,
) -> Result<Tensor> {
    if caches.len() != layers.len() {
        let message = format!("{} caches for {} layers: use `caches`", caches.len(), layers.len());
        return Err(Error::value("transformer", message));
    }
    let at = Location::caller();
    let before = caches.to_vec();
    let mut y = x.clone();
    for (i, layer) in layers.iter().enumerate() {
        // As many as there are layers.
        let Some(cache) = caches.get_mut(i) else { break };
        match decode(layer, &y, cache, &cx.at("layers").at(i)) {
            Ok(decoded) => y = decoded,
            Err(error) => {
                caches.clone_from_slice(&before);
                return Err(error.within(format!("layers.{i}")).located(at));
            }
        }
    }
    Ok(y)
}
