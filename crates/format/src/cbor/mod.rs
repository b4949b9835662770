//! CBOR (RFC 8949) as manifests use it: one canonical form, checked before anything is made of the bytes.

pub(crate) mod canonical;
mod cursor;
mod map;
mod reader;
mod record;
mod value;
mod writer;

pub(crate) use cursor::Cursor;
pub use map::Map;
pub(crate) use map::{Fields, canonical_order};
pub(crate) use reader::Reader;
pub(crate) use record::{Record, record};
pub use value::{Raw, Value};
pub(crate) use writer::{Same, Writer};
