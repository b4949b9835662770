//! Sequences of different lengths in one array.

use tensorkeep_tensor::{Error, HostArray, HostData, Result, Scalar, Shape};

use crate::rows::{join, pick, reshape, room};

/// Sequences made equally long. Made by [`pad_sequences`].
#[derive(Clone, Debug, PartialEq)]
pub struct Padded {
    /// The sequences, `[count, longest, ..]`.
    pub values: HostArray,
    /// How long each is without the padding.
    pub lengths: Vec<usize>,
}

impl Padded {
    /// Where the sequences are and not the padding: `bool` of shape `[count, longest]`.
    ///
    /// # Errors
    ///
    /// If there is no room.
    pub fn mask(&self) -> Result<HostArray> {
        let longest = self.values.shape().sizes().get(1).copied().unwrap_or(0);
        let shape = Shape::new(&[self.lengths.len(), longest])?;
        let mut mask = room("pad_sequences", shape.elements())?;
        for &length in &self.lengths {
            mask.extend((0..longest).map(|i| i < length));
        }
        HostArray::new(HostData::Bool(mask), shape)
    }
}

/// Sequences `[length, ..]` as one array `[count, longest, ..]`, with `value` behind the shorter ones.
///
/// ```
/// use tensorkeep_data::pad_sequences;
/// use tensorkeep_tensor::ToHostArray;
///
/// let padded = pad_sequences(&[[1, 2, 3].to_host_array()?, [4].to_host_array()?], -1)?;
/// assert_eq!(padded.values, [[1, 2, 3], [4, -1, -1]].to_host_array()?);
/// assert_eq!(padded.lengths, [3, 1]);
/// assert_eq!(padded.mask()?, [[true, true, true], [true, false, false]].to_host_array()?);
/// assert!(pad_sequences(&[[1, 2].to_host_array()?], 0.5).is_err()); // no integer
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no sequences;
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if they differ behind axis 0 or have no axis;
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if they differ in dtype or the value does not fit into it.
#[track_caller]
pub fn pad_sequences(sequences: &[HostArray], value: impl Into<Scalar>) -> Result<Padded> {
    let rows = join("pad_sequences", &sequences.iter().collect::<Vec<_>>())?;
    let lengths: Vec<usize> = sequences.iter().filter_map(|x| x.shape().first().copied()).collect();
    let longest = lengths.iter().copied().max().unwrap_or(0);
    let padded = Shape::new(&[&[lengths.len(), longest], &rows.shape()[1..]].concat())?;
    let (rows, padding) = with_padding("pad_sequences", rows, value.into())?;
    let mut indices = room("pad_sequences", lengths.len().saturating_mul(longest))?;
    let mut start = 0;
    for &length in &lengths {
        indices.extend(start..start + length);
        indices.extend(std::iter::repeat_n(padding, longest - length));
        start += length;
    }
    Ok(Padded { values: reshape(pick(&rows, &indices)?, &padded)?, lengths })
}

/// An array that is at least `length` long along `axis`, with `value` at the end. What is longer stays as it is.
///
/// # Errors
///
/// [`ErrorKind::Axis`](tensorkeep_tensor::ErrorKind::Axis) if there is no such axis;
/// [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType) if the value does not fit;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) and [`ErrorKind::OutOfMemory`](tensorkeep_tensor::ErrorKind::OutOfMemory)
/// if the result is too large.
#[track_caller]
pub fn pad_to(array: &HostArray, axis: isize, length: usize, value: impl Into<Scalar>) -> Result<HostArray> {
    let shape = *array.shape();
    let axis = shape.axis("pad_to", axis)?;
    let (outer, n, inner) = (&shape[..axis], shape[axis], &shape[axis + 1..]);
    let length = length.max(n);
    let padded = Shape::new(&[outer, &[length], inner].concat())?;
    let outer: usize = outer.iter().product();
    let rows = Shape::new(&[outer.saturating_mul(n), inner.iter().product()])?;
    let (rows, padding) = with_padding("pad_to", reshape(array.clone(), &rows)?, value.into())?;
    let mut indices = room("pad_to", outer.saturating_mul(length))?;
    for start in (0..outer).map(|i| i * n) {
        indices.extend(start..start + n);
        indices.extend(std::iter::repeat_n(padding, length - n));
    }
    reshape(pick(&rows, &indices)?, &padded)
}

/// The rows and one more of `value`, and its number.
#[track_caller]
fn with_padding(op: &'static str, rows: HostArray, value: Scalar) -> Result<(HostArray, usize)> {
    let dtype = rows.dtype();
    if !value.fits(dtype) {
        let message = format!("a padding of {value} among {dtype}: use a value that fits");
        return Err(Error::dtype(op, message));
    }
    let [count, inner @ ..] = rows.shape().sizes() else {
        return Err(Error::internal(op, "rows without an axis"));
    };
    let shape = Shape::new(&[&[1], inner].concat())?;
    let row = HostData::cast(dtype, std::iter::repeat_n(value, shape.elements()));
    Ok((join(op, &[&rows, &HostArray::new(row, shape)?])?, *count))
}
