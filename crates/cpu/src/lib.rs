//! The CPU backend of Tensorkeep: SIMD kernels chosen at run time, a blocked matrix product, a caching allocator.

#![allow(dead_code, unused_imports)]

mod gemm;
mod isa;
mod memory;
