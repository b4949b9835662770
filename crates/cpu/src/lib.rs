//! The CPU backend of Tensorkeep: SIMD kernels chosen at run time, a blocked matrix product, a caching allocator.

mod attention;
mod awake;
mod backend;
mod batch_norm;
mod cache;
mod concat;
mod conv;
mod copy;
mod dispatch;
mod float;
mod gather;
mod gemm;
mod index;
mod isa;
mod map;
mod matmul;
mod memory;
mod norm;
mod pad;
mod peak;
mod pool;
mod random;
mod reduce;
mod row;
mod scan;
mod sort;
mod storage;
mod transfer;
mod transpose;
mod vecmath;
mod view;
mod window;
mod workers;

pub use backend::{Options, device, with_options};
pub use isa::limit_instructions;
pub use peak::multiply_add;
