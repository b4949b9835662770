//! Memory of the CPU device: aligned byte buffers from a size-class pool with a budget.

mod bytes;
mod line;
mod pool;
mod region;
mod size_class;

pub(crate) use bytes::Bytes;
pub(crate) use line::Line;
pub(crate) use pool::{AllocError, Pool};

/// Alignment of every buffer: a cache line, which is also the widest vector register.
const ALIGN: usize = 64;
