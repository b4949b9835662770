//! The GPU backend of Tensorkeep: Vulkan, Metal and DX12 through wgpu.
//!
//! ```no_run
//! use tensorkeep_tensor::Tensor;
//!
//! let gpu = tensorkeep_wgpu::device(0)?;
//! let x = Tensor::new([[1.0f32, 2.0], [3.0, 4.0]], &gpu)?;
//! assert_eq!((&x * 2.0)?.to_vec::<f32>()?, [2.0, 4.0, 6.0, 8.0]);
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```
//!
//! How it is built, from the ground up:
//!
//! - an [`adapter`](adapters) is what the system offers; a `driver` is one opened, with everything that can go wrong with it
//!   turned into errors;
//! - `memory` keeps one buffer a tensor, pooled by size, under a budget of its own;
//! - the `stream` records operations and submits many at a time; `transfer` brings tensors in and out in the same order;
//! - a `kernel` is a `.wgsl` file of the package `tensorkeep-shaders` with its constants set, or the WGSL
//!   generated for an elementwise program; pipelines are made once;
//! - a family of operations is a file here and a `.wgsl` there: it says which kernel, with which numbers, over how many workgroups.
//!
//! | dtype | in a buffer | in registers |
//! |---|---|---|
//! | `f32`, `i32` | itself | itself |
//! | `f16`, where the adapter has it | itself | `f32` |
//! | `u8` | `u32` | `u32` |
//! | `bool` | `u32`, 0 or 1 | `bool` |
//!
//! `f64`, `i64` and `bf16` do not exist here: they are refused by name, never cast in silence.

mod adapter;
mod attention;
mod axes;
mod backend;
mod concat;
mod context;
mod conv;
mod device;
mod doubt;
mod driver;
mod element;
mod fault;
mod gather;
mod kernel;
mod lines;
mod map;
mod matmul;
mod memory;
mod pad;
mod pool;
mod random;
mod reduce;
mod report;
mod row;
mod scan;
mod sort;
mod staging;
mod storage;
mod stream;
mod tile;
mod transfer;
mod wait;
mod window;

pub use adapter::{AdapterInfo, AdapterKind, adapters};
pub use device::{Options, device, with_options};
