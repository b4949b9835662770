//! The WGSL kernels of Tensorkeep, one file a kernel family, as data.
