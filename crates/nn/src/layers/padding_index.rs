//! An index that stands for nothing, in tables of vectors.

use tensorkeep_tensor::{DType, Error, Result, Tensor};

/// It as an element, if the table has a vector for it.
#[track_caller]
pub(super) fn within(layer: &'static str, index: usize, weight: &Tensor) -> Result<i64> {
    let [count, _] = weight.dims()?;
    match i64::try_from(index) {
        Ok(padding) if index < count => Ok(padding),
        _ => {
            let message = format!("padding index {index} is outside 0..{count}: use one of the indices");
            Err(Error::value(layer, message))
        }
    }
}

/// The table with zeros for its vector.
#[track_caller]
pub(super) fn cleared(layer: &'static str, index: usize, weight: &Tensor) -> Result<Tensor> {
    let padding = within(layer, index, weight)?;
    let [count, _] = weight.dims()?;
    let rows = Tensor::arange(count, DType::INDEX, weight.device())?.unsqueeze(-1)?;
    rows.ne(padding)?.zip(weight, |kept, weight| kept.select(weight, 0.0))
}
