//! Picking examples out of an array.

use tensorkeep_tensor::{Error, ErrorKind, HostArray, HostData, Result};

/// The rows (entries of axis 0) of these numbers, stacked.
pub(crate) fn pick(array: &HostArray, indices: &[usize]) -> Result<HostArray> {
    let [count, inner @ ..] = array.shape().sizes() else {
        return Err(Error::internal("batch", "a single number has no rows"));
    };
    if let Some(&i) = indices.iter().find(|i| *i >= count) {
        return Err(out_of_range(i, *count));
    }
    let width = inner.iter().product();
    let data = match array.data() {
        HostData::F32(data) => HostData::F32(gather(data, width, indices)?),
        HostData::F64(data) => HostData::F64(gather(data, width, indices)?),
        HostData::F16(data) => HostData::F16(gather(data, width, indices)?),
        HostData::BF16(data) => HostData::BF16(gather(data, width, indices)?),
        HostData::I64(data) => HostData::I64(gather(data, width, indices)?),
        HostData::I32(data) => HostData::I32(gather(data, width, indices)?),
        HostData::U8(data) => HostData::U8(gather(data, width, indices)?),
        HostData::Bool(data) => HostData::Bool(gather(data, width, indices)?),
    };
    HostArray::new(data, [&[indices.len()], inner].concat())
}

fn gather<T: Copy>(data: &[T], width: usize, indices: &[usize]) -> Result<Vec<T>> {
    let mut rows = Vec::new();
    if rows.try_reserve_exact(indices.len().saturating_mul(width)).is_err() {
        let message =
            format!("no room for a batch of {} examples of {width} numbers: use smaller ones", indices.len());
        return Err(Error::new(ErrorKind::OutOfMemory, "batch", message));
    }
    for i in indices {
        rows.extend_from_slice(&data[i * width..(i + 1) * width]);
    }
    Ok(rows)
}

/// The error for an example that does not exist.
pub(crate) fn out_of_range(i: usize, count: usize) -> Error {
    Error::new(ErrorKind::Index, "batch", format!("no example {i} among {count}: use numbers in 0..{count}"))
}
