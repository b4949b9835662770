//! What a file is that is not a model of ours.

use crate::{Code, Error};

/// A format that is known by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// What it is called.
    pub name: &'static str,
    /// What to do with it.
    pub advice: &'static str,
}

/// How a format begins.
enum Mark {
    /// With these bytes, at this place.
    At(usize, &'static [u8]),
    /// With something that a function sees.
    Seen(fn(&[u8]) -> bool),
}

use Mark::{At, Seen};

const DAMAGED: &str = "a transfer in text mode damaged it: fetch it again, in binary mode";
const PICKLE: &str = "it can run code when it is loaded, so it is not read: save the tensors as safetensors where you trust the file";
const UNPACK: &str = "nothing is unpacked unasked: unpack it, and load what is inside";
const OBJECTS: &str =
    "it rebuilds objects of any type, so it is not read: save the arrays as NPY or safetensors there";
const IMPORT: &str = "import it with the reader of that format";
const EXPORT: &str = "export the weights as safetensors, and import that";

/// The first row that fits counts. Sources are the formats' own documents.
const TABLE: &[(Mark, &str, &str)] = &[
    (At(0, b"\x89TKM\n\x1a\n"), "a damaged Tensorkeep model", DAMAGED),
    (At(0, b"\x89TKM\r\n\x1a\r\n"), "a damaged Tensorkeep model", DAMAGED),
    (At(0, b"\x89TKM\r\r\n\x1a"), "a damaged Tensorkeep model", DAMAGED),
    (At(0, b"\x09TKM"), "a damaged Tensorkeep model", DAMAGED),
    (At(0, b"\xc2\x89TKM"), "a damaged Tensorkeep model", DAMAGED),
    (At(0, b"\xef\xbf\xbdTKM"), "a damaged Tensorkeep model", DAMAGED),
    (At(0, b"\x89TKM"), "a damaged Tensorkeep model", DAMAGED),
    (
        At(0, b"PK\x03\x04"),
        "a ZIP archive, as PyTorch (.pt), NumPy (.npz) and Keras (.keras) write it",
        "a .pt holds a pickle, which can run code when it is loaded: save the tensors as safetensors; an .npz has a reader of its own",
    ),
    (At(0, b"PK\x05\x06"), "an empty ZIP archive", UNPACK),
    (Seen(is_pickle), "a Python pickle, as PyTorch (.pt, .pth) writes it", PICKLE),
    (At(0, b"\x1f\x8b"), "a gzip file", UNPACK),
    (At(0, b"\x28\xb5\x2f\xfd"), "a Zstandard file", UNPACK),
    (At(0, b"\xfd7zXZ\0"), "an xz file", UNPACK),
    (At(0, b"BZh"), "a bzip2 file", UNPACK),
    (At(0, b"\x89HDF\r\n\x1a\n"), "an HDF5 file, as Keras (.h5) and JLD2 write it", EXPORT),
    (At(0, b"HDF5-based Julia Data Format"), "a JLD2 file", OBJECTS),
    (At(0, b"GGUF"), "a GGUF file", EXPORT),
    (At(0, b"\x93NUMPY"), "an NPY file", IMPORT),
    (At(4, b"TFL3"), "a TensorFlow Lite file", EXPORT),
    (At(0, b"age-encryption.org/v1\n"), "a file that is encrypted with age", "give the key to open it"),
    (
        At(0, b"-----BEGIN AGE ENCRYPTED FILE-----"),
        "a file that is encrypted with age",
        "give the key to open it",
    ),
    (
        At(0, b"version https://git-lfs.github.com/spec/"),
        "a pointer of Git LFS",
        "fetch the file itself with `git lfs pull`",
    ),
    (At(0, b"<!DOCTYPE html"), "a web page", "the address gave a page about the file: fetch the file itself"),
    (At(0, b"<html"), "a web page", "the address gave a page about the file: fetch the file itself"),
    (Seen(is_safetensors), "a safetensors file", IMPORT),
    (Seen(is_bson), "a BSON file, as BSON.jl writes it", OBJECTS),
    (Seen(is_onnx), "an ONNX model", EXPORT),
];

/// How much of a file tells what it is: readers that have all of it and readers that have its beginning say the same.
pub(crate) const FIRST: usize = 64;

/// The format that a file begins like, if it is known. Its first 64 bytes are looked at.
///
/// ```
/// use tensorkeep_format::recognise;
///
/// assert_eq!(recognise(b"GGUF\x03\0\0\0").unwrap().name, "a GGUF file");
/// assert!(recognise(b"something else").is_none());
/// ```
pub fn recognise(first: &[u8]) -> Option<Foreign> {
    let first = first.get(..FIRST).unwrap_or(first);
    let fits = |mark: &Mark| match mark {
        At(place, bytes) => first.get(*place..).is_some_and(|rest| rest.starts_with(bytes)),
        Seen(sees) => sees(first),
    };
    let row = TABLE.iter().find(|(mark, ..)| fits(mark));
    row.map(|&(_, name, advice)| Foreign { name, advice })
}

/// The error for a file that is no model of ours.
#[cold]
pub(crate) fn refusal(first: &[u8]) -> Error {
    let message = match recognise(first) {
        Some(foreign) => format!("this is {}: {}", foreign.name, foreign.advice),
        None => "this is no Tensorkeep model, nor a format that is known: give the path of a model".into(),
    };
    Error::new(Code::Magic, message)
}

/// The opcode PROTO with a protocol from 2 on, or a protocol 0 or 1 dictionary or list. Source: CPython,
/// `Lib/pickletools.py`.
fn is_pickle(first: &[u8]) -> bool {
    matches!(first, [0x80, 2..=5, ..] | [b'(', b'd' | b'l', ..] | [b'}', b'q', ..] | [b']', b'q', ..])
}

/// The length of a header, and a header that starts as JSON does.
fn is_safetensors(first: &[u8]) -> bool {
    let header = first.split_first_chunk().map(|(length, rest)| (u64::from_le_bytes(*length), rest.first()));
    matches!(header, Some((2..=100_000_000, Some(b'{'))))
}

/// The length of a document, the type of an element, and a name that ends. Source: bsonspec.org, version 1.1.
fn is_bson(first: &[u8]) -> bool {
    let Some((length, [kind @ (1..=0x13 | 0x7f | 0xff), name @ ..])) = first.split_first_chunk() else {
        return false;
    };
    let end = name.iter().position(|byte| *byte == 0);
    let is_name = |end: usize| end > 0 && name.iter().take(end).all(u8::is_ascii_graphic);
    *kind != 0 && u32::from_le_bytes(*length) >= 8 && end.is_some_and(is_name)
}

/// Field 1, the version of the IR, and then the name of the producer, the opset or the graph. Source: `onnx.proto`,
/// `ModelProto`.
fn is_onnx(first: &[u8]) -> bool {
    matches!(first, [0x08, 1..=32, 0x12 | 0x1a | 0x22 | 0x3a | 0x42, ..])
}
