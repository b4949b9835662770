//! Tensors, operations as values, and the backend trait of Tensorkeep.
//!
//! Four ideas carry the crate:
//!
//! - an operation is a value, an [`Op`](op::Op) of some dozen families; its shape rule is a function of it;
//! - an elementwise function is a value too, an [`Expr`](expr::Expr) that is evaluated, differentiated and composed;
//! - a device is whatever can apply an operation, a [`Backend`]; a [`Device`] is a handle to it;
//! - a model is a tree of named tensors, a [`Module`].
//!
//! The crate names no real device and no gradient: those are built on top of it. It has [`meta`], which knows
//! only shapes, and [`strict`], which replaces fused operations by their definitions.

pub mod backend;
pub mod dtype;
mod error;
pub mod expr;
mod host;
mod layout;
pub mod meta;
pub mod module;
pub mod op;
pub mod philox;
mod rng;
mod scalar;
mod shape;
pub mod strict;
mod tensor;

pub use backend::{Backend, Buffer, Device, Limits, Memory, Outputs};
pub use dtype::{DType, DTypes, bf16, f16};
pub use error::{Error, ErrorKind, Result};
pub use host::{Element, HostArray, HostData, Nested, ToHostArray};
pub use layout::Layout;
pub use module::Module;
pub use rng::Rng;
pub use scalar::Scalar;
pub use shape::{MAX_RANK, Shape, ToShape};
pub use tensor::{
    Access, GridSample, Interpolation, Operand, PadMode, Rotation, SampleMode, SamplePadding, ScatterFold,
    Tensor,
};
