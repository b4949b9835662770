//! Operations as values.
//!
//! A family is one shape rule, one kernel entry a backend, one derivative rule. Everything that can be asked
//! of an operation (its result's shape, its kernel, its derivative) is a function of an [`Op`], and every
//! match over `Op` is exhaustive, so that the compiler lists what a new family lacks.

mod attention;
mod batch_norm;
mod composed;
mod concat;
mod conv;
mod cost;
mod gather;
mod map;
mod matmul;
mod norm_grad;
mod pad;
mod pool;
mod random;
mod reduce;
mod row;
mod scan;
mod sort;
mod view;
mod window;

use smallvec::SmallVec;

pub(crate) use composed::without_elements;

pub use attention::{Attention, AttentionGrad};
pub use batch_norm::BatchNorm;
pub use concat::Concat;
pub use conv::{Conv, ConvInputGrad, ConvWeightGrad};
pub use gather::{Gather, GatherKind, Scatter, ScatterMode};
pub use map::Map;
pub use matmul::MatMul;
pub use norm_grad::NormGrad;
pub use pad::{Pad, PadAxis};
pub use pool::{Pool, PoolGrad, PoolKind};
pub use random::{Distribution, Random};
pub use reduce::{Axes, Reduce, ReduceKind};
pub use row::Row;
pub use scan::{Scan, ScanKind};
pub use sort::Sort;
pub use view::View;
pub use window::Window;

use crate::{DType, Error, Result, Shape};

/// Shape and dtype: all that a shape rule knows of an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spec {
    /// Sizes along the axes.
    pub shape: Shape,
    /// Type of the elements.
    pub dtype: DType,
}

impl Spec {
    /// The spec of a tensor of this shape and dtype.
    pub fn new(shape: Shape, dtype: DType) -> Self {
        Self { shape, dtype }
    }
}

/// The specs of an operation's results; nearly always one.
pub type Specs = SmallVec<[Spec; 1]>;

/// One operation, ready to be applied to tensors.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// Elementwise expressions over broadcast inputs.
    Map(Map),
    /// Folds over axes.
    Reduce(Reduce),
    /// Running folds along an axis.
    Scan(Scan),
    /// Batched matrix product.
    MatMul(MatMul),
    /// Convolution.
    Conv(Conv),
    /// Gradient of a convolution by its input; also the transposed convolution.
    ConvInputGrad(ConvInputGrad),
    /// Gradient of a convolution by its weight.
    ConvWeightGrad(ConvWeightGrad),
    /// Pooling over windows.
    Pool(Pool),
    /// Gradient of pooling.
    PoolGrad(PoolGrad),
    /// Picks elements by index.
    Gather(Gather),
    /// Puts elements by index.
    Scatter(Scatter),
    /// The same elements seen otherwise: no kernel on real devices.
    View(View),
    /// Joins tensors along an axis.
    Concat(Concat),
    /// Surrounds and spreads a tensor with a constant.
    Pad(Pad),
    /// Sorts along an axis.
    Sort(Sort),
    /// Random numbers, a pure function of key and position.
    Random(Random),
    /// Softmax and its kin along the last axis.
    Row(Row),
    /// Gradients of a norm of rows that scales and shifts.
    NormGrad(NormGrad),
    /// Scaled dot-product attention.
    Attention(Attention),
    /// Gradients of attention.
    AttentionGrad(AttentionGrad),
    /// Normalises channels over a batch.
    BatchNorm(BatchNorm),
}

impl Op {
    /// The name under which errors speak of it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Map(op) => op.program.name(),
            Self::Reduce(op) => op.kind.name(),
            Self::Scan(op) => op.kind.name(),
            Self::MatMul(_) => "matmul",
            Self::Conv(_) => "conv",
            Self::ConvInputGrad(_) => "conv_input_grad",
            Self::ConvWeightGrad(_) => "conv_weight_grad",
            Self::Pool(op) => op.kind.name(),
            Self::PoolGrad(_) => "pool_grad",
            Self::Gather(op) => op.name(),
            Self::Scatter(_) => "scatter",
            Self::View(op) => op.name(),
            Self::Concat(_) => "concat",
            Self::Pad(_) => "pad",
            Self::Sort(_) => "sort",
            Self::Random(op) => op.distribution.name(),
            Self::Row(op) => op.name(),
            Self::NormGrad(_) => "norm_grad",
            Self::Attention(_) => "attention",
            Self::AttentionGrad(_) => "attention_grad",
            Self::BatchNorm(_) => "batch_norm",
        }
    }

    /// The shape rule: specs of the results for operands of these specs.
    ///
    /// # Errors
    ///
    /// If the operation has no meaning for such operands.
    #[track_caller]
    pub fn infer(&self, inputs: &[Spec]) -> Result<Specs> {
        let mut results = Specs::new();
        self.infer_into(inputs, &mut results)?;
        Ok(results)
    }

    /// [`infer`](Self::infer) into a list: specs are large, and to move one costs as much as to find it.
    #[track_caller]
    pub(crate) fn infer_into(&self, inputs: &[Spec], results: &mut Specs) -> Result<()> {
        let result = match self {
            Self::Map(op) => return op.infer_into(inputs, results),
            Self::Pool(op) => return several(op.infer(operands(self, inputs)?)?, results),
            Self::Sort(op) => return several(op.infer(operands(self, inputs)?)?, results),
            Self::NormGrad(op) => return several(op.infer(operands(self, inputs)?)?, results),
            Self::AttentionGrad(op) => return several(op.infer(operands(self, inputs)?)?, results),
            Self::BatchNorm(op) => return several(op.infer(operands(self, inputs)?)?, results),
            Self::Reduce(op) => op.infer(operands(self, inputs)?)?,
            Self::Scan(op) => op.infer(inputs)?,
            Self::MatMul(op) => op.infer(inputs)?,
            Self::Conv(op) => op.infer(operands(self, inputs)?)?,
            Self::ConvInputGrad(op) => op.infer(operands(self, inputs)?)?,
            Self::ConvWeightGrad(op) => op.infer(operands(self, inputs)?)?,
            Self::PoolGrad(op) => op.infer(inputs)?,
            Self::Gather(op) => op.infer(operands(self, inputs)?)?,
            Self::Scatter(op) => op.infer(operands(self, inputs)?)?,
            Self::View(op) => op.infer(operands(self, inputs)?)?,
            Self::Concat(op) => op.infer(inputs)?,
            Self::Pad(op) => op.infer(operands(self, inputs)?)?,
            Self::Random(op) => op.infer(operands(self, inputs)?)?,
            Self::Row(op) => op.infer(inputs)?,
            Self::Attention(op) => op.infer(operands(self, inputs)?)?,
        };
        results.push(result);
        Ok(())
    }
}

/// Hands on the specs of an operation that may have several results.
fn several(specs: impl IntoIterator<Item = Spec>, results: &mut Specs) -> Result<()> {
    results.extend(specs);
    Ok(())
}

/// The operands of an operation that takes exactly `N`.
#[track_caller]
fn operands<'a, const N: usize>(op: &Op, inputs: &'a [Spec]) -> Result<&'a [Spec; N]> {
    operands_of(op.name(), inputs, N)?;
    match inputs.try_into() {
        Ok(operands) => Ok(operands),
        Err(_) => Err(Error::internal(op.name(), "operands were miscounted")),
    }
}

/// Checks the number of operands.
#[track_caller]
fn operands_of(op: &'static str, inputs: &[Spec], count: usize) -> Result<()> {
    if inputs.len() == count {
        return Ok(());
    }
    Err(Error::value(op, format!("{} operands where {count} are needed: pass {count}", inputs.len())))
}

/// The dtype that all operands share.
#[track_caller]
fn same_dtype(op: &'static str, inputs: &[Spec]) -> Result<DType> {
    let first = inputs.first().map_or(DType::F32, |spec| spec.dtype);
    match inputs.iter().find(|spec| spec.dtype != first) {
        None => Ok(first),
        Some(other) => {
            let message = format!("operands of {first} and {}: cast one with to_dtype", other.dtype);
            Err(Error::dtype(op, message))
        }
    }
}

/// Refuses dtypes without fractions.
#[track_caller]
pub(crate) fn require_float(op: &'static str, dtype: DType) -> Result<()> {
    if dtype.is_float() {
        return Ok(());
    }
    Err(Error::dtype(op, format!("{dtype} has no fractions: cast to a float dtype with to_dtype")))
}

/// Refuses what cannot be added to a variance to keep it from 0.
#[track_caller]
fn require_epsilon(op: &'static str, epsilon: f64) -> Result<()> {
    if epsilon >= 0.0 && epsilon.is_finite() {
        return Ok(());
    }
    Err(Error::value(op, format!("epsilon {epsilon}: use a finite number that is not negative")))
}

/// Refuses dtypes that cannot be summed without surprise.
#[track_caller]
pub(crate) fn require_number(op: &'static str, dtype: DType) -> Result<()> {
    if dtype != DType::Bool {
        return Ok(());
    }
    Err(Error::dtype(op, "bool is not a number: cast with to_dtype first"))
}

/// Refuses indices that are not of a signed integer type.
#[track_caller]
pub(crate) fn require_index(op: &'static str, dtype: DType) -> Result<()> {
    if matches!(dtype, DType::I32 | DType::I64) {
        return Ok(());
    }
    Err(Error::dtype(op, format!("indices of {dtype}: indices are i32 or i64, cast with to_dtype")))
}
