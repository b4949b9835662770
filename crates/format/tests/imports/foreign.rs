//! Files of formats that are not read: recognised, refused, with advice, and by no reader taken for its own.

use tensorkeep_format::{Code, Npz, Rename, Result, SafeTensors, SafeTensorsFile, read_npy};

use super::limits;

/// How files begin, filled up with zeros, and a word that the advice has.
const FIRST: [(&str, &[u8], &str); 12] = [
    ("pickle, protocol 2", b"\x80\x02}q\0(X\x01\0\0\0a", "safetensors"),
    ("pickle, protocol 4", b"\x80\x04\x95\x0b\0\0\0\0\0\0\0}\x94.", "safetensors"),
    ("old PyTorch", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "safetensors"),
    ("HDF5", b"\x89HDF\r\n\x1a\n", "safetensors"),
    ("JLD2", b"HDF5-based Julia Data Format, version 0.1.1\0", "NPY"),
    ("BSON", b"\x31\0\0\0\x03model\0\x20\0\0\0\x02tag\0\x07\0\0\0struct\0", "NPY"),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "unpack"),
    ("xz", b"\xfd7zXZ\0\0\x04", "unpack"),
    ("Zstandard", b"\x28\xb5\x2f\xfd\x04\0\0\0", "unpack"),
    ("GGUF", b"GGUF\x03\0\0\0\0\0\0\0", "safetensors"),
    ("a web page", b"<!DOCTYPE html><html>", "page"),
    ("Git LFS", b"version https://git-lfs.github.com/spec/v1\noid sha256:", "git lfs pull"),
];

type Reader = fn(&[u8]) -> Result<()>;

const READERS: [(&str, Reader); 4] = [
    ("safetensors", |file| SafeTensors::read(file, &limits(), &Rename::default()).map(drop)),
    ("safetensors, from a file", |file| {
        SafeTensorsFile::new(std::io::Cursor::new(file), &limits(), &Rename::default()).map(drop)
    }),
    ("npy", |file| read_npy(file, &limits()).map(drop)),
    ("npz", |file| Npz::read(file, &limits(), &Rename::default()).map(drop)),
];

#[test]
fn foreign_files_are_refused_with_advice() {
    for (name, first, word) in FIRST {
        // Short, and longer than what their first bytes are as a length of a header.
        for length in [first.len(), first.len() + 100, 1 << 21] {
            let mut file = first.to_vec();
            file.resize(length, 0);
            for (reader, read) in READERS {
                let error = read(&file).unwrap_err();
                assert_eq!(error.code(), Code::DataMagic, "{name}, {reader}, {length} bytes: {error}");
                assert!(error.message().contains(word), "{name}, {reader}: {error}");
            }
        }
    }
}

#[test]
fn readers_know_each_other() {
    let safetensors = super::safetensors::file("{}", 0);
    let npy = super::npy::file([1, 0], "{'descr': '|u1', 'fortran_order': False, 'shape': (0,)}", 0);
    let npz = super::zip::archive(&[super::zip::stored("a.npy", &npy)]);
    for (own, file) in [("safetensors", safetensors), ("npy", npy), ("npz", npz)] {
        for (reader, read) in READERS {
            match read(&file) {
                Ok(()) => assert!(reader.starts_with(own), "{reader} takes {own}"),
                Err(error) => {
                    assert!(!reader.starts_with(own) && error.code() == Code::DataMagic, "{reader}: {error}")
                }
            }
        }
    }
}
