//! Data for Tensorkeep: sets of examples, readers that trust nothing, and the loader that feeds training.
//!
//! Four ideas carry the crate:
//!
//! - a [`Dataset`] is a length and a function from indices to a batch, so splitting and mapping are values on
//!   top of it;
//! - what chooses examples gives their numbers: a [`Split`], a [`KFold`], [`oversample`], a [`Sampler`]; a [`Subset`] makes a
//!   dataset of them;
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

mod by_length;
mod characters;
mod classes;
mod collate;
mod concat;
mod csv;
mod dataset;
mod digits;
mod draws;
mod fields;
mod fold;
#[doc(hidden)]
pub mod fuzzing;
mod grouping;
mod idx;
mod image_folder;
mod k_fold;
mod leave_p_out;
mod limits;
mod loader;
mod map;
mod mnist;
mod netpbm;
mod order;
mod pad;
mod plan;
mod prefetch;
mod ragged;
mod repeat;
mod resample;
mod rows;
mod sampler;
mod share;
mod shift;
mod source;
mod split;
mod subset;
mod tensor_dataset;
mod time_series;
mod toy;
mod transform;
mod weighted;
mod windows;
mod words;
mod zip;

pub use by_length::ByLength;
pub use characters::Characters;
pub use classes::{Classes, one_cold};
pub use collate::{collate, stack, unstack};
pub use concat::Concat;
pub use csv::{Csv, Label, Target};
pub use dataset::{Dataset, Pair};
pub use digits::digits;
pub use fold::Fold;
pub use grouping::{group_counts, group_indices};
pub use idx::{read_idx, read_idx_file};
pub use image_folder::{Decode, ImageFolder, ImageFolderOptions};
pub use k_fold::{Folds, KFold};
pub use leave_p_out::{LeavePOut, leave_p_out};
pub use limits::ReadLimits;
pub use loader::{Epoch, Loader};
pub use map::Map;
pub use mnist::{Images, mnist};
pub use netpbm::{read_netpbm, write_netpbm};
pub use pad::{Padded, pad_sequences, pad_to};
pub use ragged::RaggedDataset;
pub use repeat::Repeat;
pub use resample::{oversample, undersample};
pub use sampler::Sampler;
pub use share::Share;
pub use shift::Shift;
pub use split::{Split, parts};
pub use subset::Subset;
pub use tensor_dataset::TensorDataset;
pub use time_series::TimeSeriesSplit;
pub use toy::{iris, moons, polynomial, sine, spirals};
pub use transform::Transform;
pub use weighted::{WeightedSampler, balanced_weights};
pub use windows::{Windows, sliding_windows};
pub use words::Words;
pub use zip::Zip;
