//! Examples as rows of an array: picking, joining, stacking.

use tensorkeep_tensor::{Element, Error, ErrorKind, HostArray, HostData, Result, Shape};

/// The same on elements of any dtype: `body` sees them as `values` and gives elements of the same type.
macro_rules! by_dtype {
    ($data:expr, $values:ident => $body:expr) => {
        match $data {
            HostData::F32($values) => HostData::F32($body),
            HostData::F64($values) => HostData::F64($body),
            HostData::F16($values) => HostData::F16($body),
            HostData::BF16($values) => HostData::BF16($body),
            HostData::I64($values) => HostData::I64($body),
            HostData::I32($values) => HostData::I32($body),
            HostData::U8($values) => HostData::U8($body),
            HostData::Bool($values) => HostData::Bool($body),
        }
    };
}

/// The rows (entries of axis 0) of these numbers, stacked.
pub(crate) fn pick(array: &HostArray, indices: &[usize]) -> Result<HostArray> {
    let [count, inner @ ..] = array.shape().sizes() else {
        return Err(Error::internal("batch", "a single number has no rows"));
    };
    if let Some(&i) = indices.iter().find(|i| *i >= count) {
        return Err(out_of_range(i, *count));
    }
    let width = inner.iter().product();
    let data = by_dtype!(array.data(), rows => gather(rows, width, indices)?);
    HostArray::new(data, [&[indices.len()], inner].concat())
}

fn gather<T: Copy>(data: &[T], width: usize, indices: &[usize]) -> Result<Vec<T>> {
    let mut rows = room("batch", indices.len().saturating_mul(width))?;
    for i in indices {
        rows.extend_from_slice(&data[i * width..(i + 1) * width]);
    }
    Ok(rows)
}

/// The rows of several arrays, one array after the other.
#[track_caller]
pub(crate) fn join(op: &'static str, arrays: &[&HostArray]) -> Result<HostArray> {
    let Some((first, rest)) = arrays.split_first() else {
        return Err(Error::value(op, "no arrays: pass at least one"));
    };
    let Some((_, inner)) = first.shape().split_first() else {
        return Err(Error::shape(op, "a single number has no rows", &[*first.shape()])
            .advise("pass arrays of rank 1 or more"));
    };
    for array in rest {
        if array.dtype() != first.dtype() {
            let message = format!("{} among arrays of {}: cast one", array.dtype(), first.dtype());
            return Err(Error::dtype(op, message));
        }
        if array.shape().split_first().is_none_or(|(_, other)| other != inner) {
            let rule = "arrays differ behind axis 0";
            return Err(Error::shape(op, rule, &[*first.shape(), *array.shape()]).advise("make them alike"));
        }
    }
    let count = arrays.iter().map(|array| array.shape().first().copied().unwrap_or(0));
    let count = count.fold(0usize, usize::saturating_add);
    let shape = Shape::new(&[&[count], inner].concat())?;
    let data = by_dtype!(first.data(), _first => concat(op, arrays, shape.elements())?);
    HostArray::new(data, shape)
}

/// The elements of all arrays, which are of one dtype.
fn concat<T: Element>(op: &'static str, arrays: &[&HostArray], count: usize) -> Result<Vec<T>> {
    let mut all = room(op, count)?;
    for array in arrays {
        let elements = T::unwrap(array.data());
        all.extend_from_slice(elements.ok_or_else(|| Error::internal(op, "arrays differ in dtype"))?);
    }
    Ok(all)
}

/// The same elements under another shape.
#[track_caller]
pub(crate) fn reshape(array: HostArray, shape: &[usize]) -> Result<HostArray> {
    HostArray::new(array.into_parts().1, shape)
}

/// Room for so many, if there is.
#[track_caller]
pub(crate) fn room<T>(op: &'static str, count: usize) -> Result<Vec<T>> {
    let mut list = Vec::new();
    if list.try_reserve_exact(count).is_err() {
        let message = format!("no room for {count} values at once: take fewer or smaller examples");
        return Err(Error::new(ErrorKind::OutOfMemory, op, message));
    }
    Ok(list)
}

/// The error for an example that does not exist.
pub(crate) fn out_of_range(i: usize, count: usize) -> Error {
    Error::new(ErrorKind::Index, "batch", format!("no example {i} among {count}: use numbers in 0..{count}"))
}
