//! Shapes whose products are known to fit.

use std::fmt;

use ciborium_ll::Header;

use crate::cbor::{Reader, Record, Writer};
use crate::{Code, Error, Result};

/// Axes of a tensor.
pub(super) const RANK: usize = 8;
/// Places along an axis, and elements of a tensor.
pub(super) const ELEMENTS: u64 = 1 << 40;

/// The sizes of a tensor's axes: at most 8 axes, and at most 2⁴⁰ elements, where an axis of size 0 counts as 1.
///
/// Counting zeros so means that every part of the product fits, in any order: `[0, 2⁴⁰, 2⁴⁰]` is no shape, although
/// it would have no elements.
///
/// ```
/// use tensorkeep_format::{Code, Shape};
///
/// assert_eq!(Shape::new(&[2, 3])?.elements(), 6);
/// assert_eq!(Shape::new(&[])?.elements(), 1);
/// assert_eq!(Shape::new(&[1 << 32, 1 << 32]).unwrap_err().code(), Code::Overflow);
/// assert_eq!(Shape::new(&[0, 1 << 63]).unwrap_err().code(), Code::Shape);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape(Vec<u64>);

impl Shape {
    /// A shape.
    ///
    /// # Errors
    ///
    /// [`Code::Shape`] for more than 8 axes, an axis or a product above 2⁴⁰; [`Code::Overflow`] for a product that no
    /// 64-bit number holds.
    pub fn new(dims: &[u64]) -> Result<Self> {
        check_rank(dims.len())?;
        let mut elements = 1_u64;
        for &dim in dims {
            check_axis(dim)?;
            elements = elements.checked_mul(dim.max(1)).ok_or_else(|| {
                Error::new(
                    Code::Overflow,
                    format!("the product of {dims:?} does not fit in 64 bits: no tensor is so large"),
                )
            })?;
        }
        if elements > ELEMENTS {
            let message =
                format!("{dims:?} has {elements} elements or more, the most is 2^40: split the tensor");
            return Err(Error::new(Code::Shape, message));
        }
        Ok(Self(dims.into()))
    }

    /// The sizes.
    pub fn dims(&self) -> &[u64] {
        &self.0
    }

    /// The number of elements.
    pub fn elements(&self) -> u64 {
        // The product of what is not zero was checked, so nothing saturates.
        self.0.iter().fold(1, |product: u64, &dim| product.saturating_mul(dim))
    }
}

pub(super) fn check_rank(rank: usize) -> Result<()> {
    match rank <= RANK {
        true => Ok(()),
        false => {
            Err(Error::new(Code::Shape, format!("a shape has {rank} axes, the most is {RANK}: merge axes")))
        }
    }
}

pub(super) fn check_axis(dim: u64) -> Result<()> {
    match dim <= ELEMENTS {
        true => Ok(()),
        false => Err(Error::new(
            Code::Shape,
            format!("an axis has size {dim}, the most is 2^40: split the tensor"),
        )),
    }
}

pub(super) fn read_axis(reader: &mut Reader<'_>) -> Result<u64> {
    match reader.header()? {
        Header::Positive(dim) => Ok(dim),
        _ => Err(reader.fault(Code::Shape, "the size of an axis is an unsigned integer")),
    }
}

impl Record for Shape {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let rank = reader.list()?;
        check_rank(rank)?;
        let dims = (0..rank).map(|_| read_axis(reader)).collect::<Result<Vec<u64>>>()?;
        Self::new(&dims)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(self.0.len());
        self.0.iter().for_each(|dim| writer.uint(*dim));
    }

    fn absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_hide_no_product() {
        let table: [(&[u64], Option<Code>); 8] = [
            (&[], None),
            (&[0, 1 << 40], None),
            (&[1 << 20, 1 << 20], None),
            (&[0, 2, 1 << 40], Some(Code::Shape)),
            (&[0, 1 << 40, 1 << 40], Some(Code::Overflow)),
            (&[1 << 40, 1 << 40, 0], Some(Code::Overflow)),
            (&[(1 << 40) + 1], Some(Code::Shape)),
            (&[1; 9], Some(Code::Shape)),
        ];
        for (dims, code) in table {
            assert_eq!(Shape::new(dims).err().map(|error| error.code()), code, "{dims:?}");
        }
    }
}
