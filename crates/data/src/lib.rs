//! Data for Tensorkeep: sets of examples, readers that trust nothing, and the loader that feeds training.
//!
//! Three ideas carry the crate:
//!
//! - a [`Dataset`] is a length and a function from indices to a batch, so splitting and mapping are values on
//!   top of it;
//! - order is a function of (seed, epoch, index), never a state: the [`Loader`] gives the same batches for
//!   any number of workers;
//! - every reader works under [`ReadLimits`], and allocates for what is there, never for what a header promises.
//!
//! ```
//! use tensorkeep_data::{Dataset, Loader, digits};
//! use tensorkeep_tensor::meta;
//!
//! let (train, test) = digits()?.split(0.2, 42)?;
//! assert_eq!((train.len(), test.len()), (1438, 359));
//!
//! let loader = Loader::new(train, 64, &meta::device())?.shuffle(7).workers(2);
//! for batch in loader.epoch(0) {
//!     let (x, y) = batch?;
//!     assert_eq!(x.shape()[1..], [1, 8, 8]);
//!     assert_eq!(x.shape()[0], y.shape()[0]);
//! }
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```

mod csv;
mod dataset;
mod digits;
mod fields;
#[doc(hidden)]
pub mod fuzzing;
mod idx;
mod limits;
mod loader;
mod map;
mod mnist;
mod order;
mod plan;
mod prefetch;
mod rows;
mod shift;
mod source;
mod subset;
mod tensor_dataset;
mod transform;

pub use csv::{Csv, Label, Target};
pub use dataset::{Dataset, Pair};
pub use digits::digits;
pub use idx::{read_idx, read_idx_file};
pub use limits::ReadLimits;
pub use loader::{Epoch, Loader};
pub use map::Map;
pub use mnist::{Images, mnist};
pub use shift::Shift;
pub use subset::Subset;
pub use tensor_dataset::TensorDataset;
pub use transform::Transform;
