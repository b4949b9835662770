//! The memory of a device.

mod pool;
mod size_class;

pub(crate) use pool::Pool;
pub(crate) use size_class::size_class;
