//! The parameters of a tree as one vector, and back.

use super::{Module, NamedLeaf, leaves, replace};
use crate::{DType, Error, Result, Tensor};

/// The float parameters of a tree as one vector: in the order of the walk, each row by row, tied ones once.
///
/// Of several dtypes the vector has the widest, `f32` for `f16` beside `bf16`. It can be differentiated.
///
/// ```
/// use tensorkeep_tensor::{DType, Tensor, meta, module};
///
/// let device = meta::device();
/// let model = (Tensor::ones([2, 3], DType::F32, &device)?, Tensor::ones([3], DType::F64, &device)?);
/// let flat = module::flatten(&model)?;
/// assert_eq!((flat.elements(), flat.dtype()), (9, DType::F64));
/// let again = module::unflatten(&model, &flat)?;
/// assert_eq!((*again.0.shape(), again.0.dtype()), (*model.0.shape(), DType::F32));
/// assert!(module::unflatten(&model, &flat.narrow(0, ..8)?).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](crate::ErrorKind::Value) if there is no parameter of floats; those of the device.
#[track_caller]
pub fn flatten<M: Module + ?Sized>(module: &M) -> Result<Tensor> {
    let leaves = leaves(module);
    let parts: Vec<&Tensor> = leaves.iter().filter(|leaf| is_part(leaf)).map(|leaf| &leaf.value).collect();
    let Some(dtype) = parts.iter().map(|x| x.dtype()).reduce(wider) else {
        return Err(Error::value("flatten", "there is no parameter of floats: pass a tree that has one"));
    };
    let rows = parts.iter().map(|x| x.reshape([x.elements()])?.to_dtype(dtype));
    let rows = rows.collect::<Result<Vec<_>>>()?;
    Tensor::concat(&rows.iter().collect::<Vec<_>>(), 0)
}

/// A copy of a tree whose float parameters are those of a vector that [`flatten`] made of such a tree. Each
/// has the shape and dtype that it has in `module`, and tied ones are tied again. Integers stay; states are
/// copies.
///
/// # Errors
///
/// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the vector has another length, and
/// [`ErrorKind::DType`](crate::ErrorKind::DType) if it is not of floats.
#[track_caller]
pub fn unflatten<M: Module + Clone>(module: &M, flat: &Tensor) -> Result<M> {
    let leaves = leaves(module);
    let total: usize = leaves.iter().filter(|leaf| is_part(leaf)).map(|leaf| leaf.value.elements()).sum();
    if *flat.shape() != [total] {
        let rule = format!("the parameters of the tree are a vector of {total}");
        return Err(Error::shape("unflatten", rule, &[*flat.shape()]).advise("flatten a tree like this one"));
    }
    crate::op::require_float("unflatten", flat.dtype())?;
    let (mut start, mut values) = (0, Vec::<Option<Tensor>>::with_capacity(leaves.len()));
    for leaf in &leaves {
        let value = match leaf.tied.and_then(|first| values.get(first)) {
            Some(earlier) => earlier.clone(),
            None if is_part(leaf) => {
                let end = start + leaf.value.elements();
                let part = flat.narrow(0, start..end)?.reshape(leaf.value.shape())?;
                start = end;
                Some(part.to_dtype(leaf.value.dtype())?)
            }
            None => None,
        };
        values.push(value);
    }
    let mut copy = module.clone();
    replace(&mut copy, values);
    Ok(copy)
}

/// Whether a leaf is in the vector.
fn is_part(leaf: &NamedLeaf) -> bool {
    !leaf.is_state && leaf.tied.is_none() && leaf.value.dtype().is_float()
}

/// The float dtype that holds the numbers of both.
fn wider(a: DType, b: DType) -> DType {
    match (a, b) {
        _ if a == b => a,
        (DType::F64, _) | (_, DType::F64) => DType::F64,
        _ => DType::F32,
    }
}
