//! What the layers that normalise the last axes share.

use tensorkeep_tensor::{Error, Result, Shape, Tensor, ToShape};

/// The shape of the axes that a layer is made for, of which there is at least one.
#[track_caller]
pub(super) fn features(layer: &'static str, features: impl ToShape) -> Result<Shape> {
    let features = features.to_shape()?;
    if features.is_empty() || features.rank() == 0 {
        let message = format!("features of shape {features}: use sizes of at least 1");
        return Err(Error::value(layer, message));
    }
    Ok(features)
}

/// What `normalise` makes of `x` with its last axes, those of the features, merged into one.
#[track_caller]
pub(super) fn over_features(
    layer: &'static str,
    x: &Tensor,
    features: &Shape,
    normalise: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let rows = match x.shape().strip_suffix(features.sizes()) {
        Some(rows) if !features.is_empty() => rows,
        _ => {
            let rule = match features.sizes() {
                [size] => format!("the last axis of the input is not {size}, the features of the layer"),
                _ => format!("the last axes of the input are not {features}, the features of the layer"),
            };
            return Err(Error::shape(layer, rule, &[*x.shape(), *features])
                .advise("move that axis there or make the layer for it"));
        }
    };
    if features.rank() == 1 {
        return normalise(x);
    }
    let flat = x.reshape([rows, &[features.elements()]].concat())?;
    normalise(&flat)?.reshape(x.shape())
}

/// A parameter shaped like the features as the row that they are merged into.
#[track_caller]
pub(super) fn as_row(parameter: &Tensor) -> Result<Tensor> {
    if parameter.rank() == 1 { Ok(parameter.clone()) } else { parameter.flatten(0) }
}
