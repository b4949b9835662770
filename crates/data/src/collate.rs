//! Examples into batches, and batches into examples.

use tensorkeep_tensor::{Error, HostArray, Result};

use crate::Pair;
use crate::rows::{join, pick, reshape};

/// Arrays of one shape and dtype along a new axis 0.
///
/// ```
/// use tensorkeep_data::{stack, unstack};
/// use tensorkeep_tensor::ToHostArray;
///
/// let rows = [[1, 2].to_host_array()?, [3, 4].to_host_array()?];
/// let batch = stack(&rows)?;
/// assert_eq!(batch, [[1, 2], [3, 4]].to_host_array()?);
/// assert_eq!(unstack(&batch)?, rows);
/// assert!(stack(&[[1, 2].to_host_array()?, [3].to_host_array()?]).is_err()); // pad_sequences takes these
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no arrays,
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) and [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if they
/// differ.
#[track_caller]
pub fn stack(arrays: &[HostArray]) -> Result<HostArray> {
    let Some(first) = arrays.first() else {
        return Err(Error::value("stack", "no arrays: pass at least one"));
    };
    if let Some(other) = arrays.iter().find(|array| array.shape() != first.shape()) {
        let rule = "arrays differ in shape";
        return Err(Error::shape("stack", rule, &[*first.shape(), *other.shape()])
            .advise("make them alike, or pad them with pad_sequences"));
    }
    let shape = [&[arrays.len()], first.shape().sizes()].concat();
    // As columns, since numbers of rank 0 have no rows to join.
    let flat = |array: &HostArray| reshape(array.clone(), &[array.data().len()]);
    let flat: Vec<HostArray> = arrays.iter().map(flat).collect::<Result<_>>()?;
    reshape(join("stack", &flat.iter().collect::<Vec<_>>())?, &shape)
}

/// The entries of axis 0, each an array of its own: the inverse of [`stack`].
///
/// # Errors
///
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) for a single number, and for entries that hold no numbers, of which a
/// shape alone could promise any count.
#[track_caller]
pub fn unstack(array: &HostArray) -> Result<Vec<HostArray>> {
    match array.shape().sizes() {
        [0, ..] => Ok(Vec::new()),
        [count, inner @ ..] if !array.data().is_empty() => {
            (0..*count).map(|i| reshape(pick(array, &[i])?, inner)).collect()
        }
        _ => Err(Error::shape("unstack", "there are no numbers to take apart", &[*array.shape()])
            .advise("pass an array of examples")),
    }
}

/// Single examples as a batch: inputs and targets, each [stacked](stack).
///
/// # Errors
///
/// Those of [`stack`].
#[track_caller]
pub fn collate(examples: &[Pair]) -> Result<Pair> {
    let (x, y): (Vec<HostArray>, Vec<HostArray>) = examples.iter().cloned().unzip();
    Ok((stack(&x)?, stack(&y)?))
}
