//! The file formats of Tensorkeep: bytes and views, no tensors.
//!
//! A model is one file that holds data and nothing else: no code, no paths, no names of types. `docs/FORMAT.md` gives
//! it byte by byte. Three ideas carry the crate:
//!
//! - a file of a given content can be written in one way only, and every byte is covered by a digest or has to be zero, so whatever
//!   was changed is refused, with a [`Code`] that says why;
//! - [`LoadLimits`] come from the caller, and no room is made for a length before it was checked;
//! - a reader has two steps: first the [`Head`], from which the caller decides on trust and cost, then the tensors, each given
//!   out only with its digest checked.
//!
//! | to read | use |
//! |---|---|
//! | a file | [`FileReader`] |
//! | a pipe, a socket, decrypted bytes | [`StreamReader`] |
//! | bytes in memory | [`SliceReader`] |
//! | a file that cannot change, without copying | [`MappedReader`] |
//!
//! ```
//! use tensorkeep_format::{Code, DType, Kind, LoadLimits, Manifest, Shape, SliceReader, Tensor, write};
//!
//! let weight = [1.5_f32, -2.0].map(f32::to_le_bytes).concat();
//! let mut manifest = Manifest::new(Kind::Model, "example/pair");
//! manifest.push(Tensor::new("weight", DType::F32, Shape::new(&[2])?, &weight)?)?;
//! let mut file = Vec::new();
//! write(&mut file, &manifest, None, [&weight[..]])?;
//!
//! let reader = SliceReader::new(&file[..], &LoadLimits::default())?;
//! assert_eq!(reader.head().manifest().id, "example/pair");
//! assert_eq!(reader.tensor(0)?, weight);
//!
//! let cut = SliceReader::new(&file[..100], &LoadLimits::default());
//! assert_eq!(cut.unwrap_err().code(), Code::Trunc);
//! # Ok::<(), tensorkeep_format::Error>(())
//! ```

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod array;
mod cbor;
mod container;
mod dtype;
mod error;
mod fill;
mod foreign;
#[doc(hidden)]
pub mod fuzzing;
mod limits;
pub mod npy;
pub mod npz;
mod open;
mod read_file;
mod recognise;
mod rename;
pub mod safetensors;
mod scanner;

pub use array::Array;
pub use cbor::{Map, Raw, Value};
pub use container::{
    Architecture, Axis, Digest, FileReader, Head, Input, Kind, MAGIC, MAJOR, MINOR, Manifest, MapPolicy,
    MappedReader, Op, Output, Provenance, Shape, SliceReader, StreamReader, Tensor, TensorBytes,
    TensorHasher, Writer, reseal, signed_payload, write,
};
pub use dtype::DType;
pub use error::{Code, Error, Result, escape};
pub use limits::LoadLimits;
pub use npy::{read_npy, write_npy};
pub use npz::{Npz, write_npz};
pub use open::FileRules;
pub use read_file::read_file;
pub use recognise::{Foreign, recognise};
pub use rename::{Rename, Rule};
pub use safetensors::{SafeTensors, SafeTensorsFile, write_safetensors};
