//! The same numbers in awkward layouts.

use tensorkeep_tensor::{DType, Device, HostArray, HostData, Result, Scalar, Shape, Tensor};

use crate::expected::indices;

/// How the elements of a tensor lie in its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// In row-major order from the first element on.
    Plain,
    /// In a part of a larger buffer.
    Offset,
    /// With the axes in reverse order.
    Transposed,
    /// With gaps along the last axis.
    Stepped,
    /// From the last to the first along every axis: negative strides.
    Flipped,
    /// All elements along the first axis are one: stride 0.
    Stretched,
}

impl Arrangement {
    /// Every arrangement, for tables of tests.
    pub const ALL: [Self; 6] =
        [Self::Plain, Self::Offset, Self::Transposed, Self::Stepped, Self::Flipped, Self::Stretched];

    /// The elements that a tensor in this arrangement can hold: all of `host`, but for a stretched axis.
    ///
    /// # Errors
    ///
    /// None.
    pub fn content(self, host: &HostArray) -> Result<HostArray> {
        match self {
            Self::Plain | Self::Offset | Self::Transposed | Self::Stepped | Self::Flipped => Ok(host.clone()),
            Self::Stretched => rearrange(host, *host.shape(), |index| {
                let mut from = index.to_vec();
                from.iter_mut().take(1).for_each(|i| *i = 0);
                Some(from)
            }),
        }
    }

    /// The [content](Self::content) on a device, so arranged. What surrounds the elements is NaN, or another number that spoils
    /// results.
    ///
    /// # Errors
    ///
    /// If the device cannot hold it.
    pub fn lay(self, host: &HostArray, device: &Device) -> Result<Tensor> {
        let shape = *host.shape();
        if shape.is_empty() {
            return Tensor::from_host(host.clone(), device);
        }
        match self {
            Self::Plain => Tensor::from_host(host.clone(), device),
            Self::Offset => offset(host, device),
            Self::Transposed => {
                let turned =
                    rearrange(host, reversed(&shape)?, |index| Some(index.iter().rev().copied().collect()))?;
                let mut x = Tensor::from_host(turned, device)?;
                for axis in 0..shape.rank() / 2 {
                    x = x.transpose(axis as isize, -1 - axis as isize)?;
                }
                Ok(x)
            }
            Self::Stepped => stepped(host, device),
            Self::Flipped => {
                let mirror = |index: &[usize]| {
                    Some(index.iter().zip(shape.iter()).map(|(&i, &n)| n - 1 - i).collect())
                };
                let mut x = Tensor::from_host(rearrange(host, shape, mirror)?, device)?;
                for axis in 0..shape.rank() {
                    x = x.flip(axis as isize)?;
                }
                Ok(x)
            }
            Self::Stretched if shape.rank() == 0 => Tensor::from_host(host.clone(), device),
            Self::Stretched => {
                let first = resized(&shape, 0, 1)?;
                let x = Tensor::from_host(rearrange(host, first, |index| Some(index.to_vec()))?, device)?;
                x.broadcast_to(shape)
            }
        }
    }
}

/// Two more elements before and one after, along the first axis.
fn offset(host: &HostArray, device: &Device) -> Result<Tensor> {
    let shape = *host.shape();
    let rows = Shape::new(&[&[shape.first().copied().unwrap_or(1)], shape.get(1..).unwrap_or(&[])].concat())?;
    let n = rows[0];
    let around = rearrange(host, resized(&rows, 0, n + 3)?, |index| {
        let i = index[0].checked_sub(2).filter(|&i| i < n)?;
        Some(if shape.rank() == 0 { vec![] } else { [&[i], &index[1..]].concat() })
    })?;
    Tensor::from_host(around, device)?.narrow(0, 2..2 + n)?.reshape(shape)
}

/// Every third element of the last axis, from the second on.
fn stepped(host: &HostArray, device: &Device) -> Result<Tensor> {
    let shape = *host.shape();
    let Some((&n, outer)) = shape.split_last() else { return offset(host, device) };
    let spread = rearrange(host, resized(&shape, outer.len(), 3 * n)?, |index| {
        let (&i, rest) = index.split_last()?;
        (i % 3 == 1).then(|| [rest, &[i / 3]].concat())
    })?;
    Tensor::from_host(spread, device)?.slice(-1, 1.., 3)
}

/// An array of `shape` whose element at each index is that of `host` where `from` says, or one that spoils results.
fn rearrange(
    host: &HostArray,
    shape: Shape,
    from: impl Fn(&[usize]) -> Option<Vec<usize>>,
) -> Result<HostArray> {
    let junk = match host.dtype() {
        DType::F64 | DType::F32 | DType::F16 | DType::BF16 => Scalar::Float(f64::NAN),
        DType::I64 | DType::I32 | DType::U8 => Scalar::Int(113),
        DType::Bool => Scalar::Bool(true),
    };
    let position =
        |index: Vec<usize>| index.iter().zip(host.shape().iter()).fold(0, |at, (&i, &n)| at * n + i);
    let value = |index: Vec<usize>| from(&index).and_then(|at| host.data().get(position(at))).unwrap_or(junk);
    HostArray::new(HostData::cast(host.dtype(), indices(&shape).map(value)), shape)
}

fn resized(shape: &Shape, axis: usize, size: usize) -> Result<Shape> {
    let mut sizes = shape.to_vec();
    sizes[axis] = size;
    Shape::new(&sizes)
}

fn reversed(shape: &Shape) -> Result<Shape> {
    Shape::new(&shape.iter().rev().copied().collect::<Vec<_>>())
}
