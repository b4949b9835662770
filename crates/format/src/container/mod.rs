//! The container, version 1: `docs/FORMAT.md` gives it byte by byte.

mod architecture;
mod bytes;
mod check;
mod digest;
mod file;
mod fill;
mod graph;
mod head;
mod header;
mod layout;
mod manifest;
mod map;
pub(crate) mod name;
mod reseal;
mod shape;
mod slice;
mod stream;
mod tensor;
pub(crate) mod values;
mod write;

pub use architecture::{Architecture, Axis, Input, Op, Output};
pub use bytes::TensorBytes;
pub use digest::Digest;
pub use file::FileReader;
pub use head::Head;
pub use header::{MAGIC, MAJOR, MINOR};
pub use manifest::{Kind, Manifest, Provenance};
pub use map::{MapPolicy, MappedReader};
pub use reseal::reseal;
pub use shape::Shape;
pub use slice::SliceReader;
pub use stream::StreamReader;
pub use tensor::{Tensor, TensorHasher};
pub use write::{Writer, signed_payload, write};
