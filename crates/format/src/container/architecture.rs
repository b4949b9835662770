//! An architecture as data.

use super::shape::{check_axis, check_rank, read_axis};
use crate::cbor::{Map, Reader, Record, Value, Writer, record};
use crate::limits::keep;
use crate::{DType, Result};

/// A graph of operations. What an operation does is not in the file: its name and version stand for a layer that the
/// reading program was compiled with.
///
/// Values are numbered: first the inputs, then the results of each operation in turn. An operation takes only values
/// with smaller numbers, so there are no circles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Architecture {
    /// The operations, in an order in which they can run.
    pub ops: Vec<Op>,
    /// What the model takes.
    pub inputs: Vec<Input>,
    /// What the model gives.
    pub outputs: Vec<Output>,
}

record!(Architecture { ops, inputs, outputs });

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Op {
    /// Which layer, such as `nn.conv2d`.
    pub name: String,
    /// The numbers of the values that it takes.
    pub inputs: Vec<u32>,
    /// How many values it gives, if more than one.
    pub results: Option<u32>,
    /// Which version of the layer.
    pub version: u32,
    /// The tensors that it owns: the layer's name for each, and its place in the manifest's list.
    pub weights: Map<u32>,
    /// What the layer is made with.
    pub parameters: Map<Value>,
}

record!(Op { name, inputs, results, version, weights, parameters }
    fn admit(reader: &mut Reader<'_>, count: usize) -> Result<()> {
        keep("ops", count as u64, reader.limits.ops)
    }
);

/// What the model takes: the schema that requests are checked against.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The smallest and the largest value that an element may have.
    pub range: Option<[f64; 2]>,
    /// The sizes of its axes.
    pub shape: Vec<Axis>,
    /// Whether its elements may be infinite or NaN. Without this mark they may not.
    pub nonfinite: bool,
}

record!(Input { name, dtype, range, shape, nonfinite });

/// What the model gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// The type of its elements.
    pub dtype: DType,
    /// The sizes of its axes.
    pub shape: Vec<Axis>,
    /// The number of the value.
    pub value: u32,
    /// The names of the classes, in the order of the last axis.
    pub labels: Vec<String>,
}

record!(Output { name, dtype, shape, value, labels });

/// The size of an axis, or any size: a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Just this size.
    Size(u64),
    /// Whatever is given.
    Any,
}

impl Record for Axis {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.skip_null() {
            return Ok(Self::Any);
        }
        let size = read_axis(reader)?;
        check_axis(size).map(|()| Self::Size(size))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Size(size) => writer.uint(*size),
            Self::Any => writer.null(),
        }
    }

    fn admit(_: &mut Reader<'_>, count: usize) -> Result<()> {
        check_rank(count)
    }
}
