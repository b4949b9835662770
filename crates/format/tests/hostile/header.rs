//! What a header can lie about: MF-01 to MF-11, MF-71.

use tensorkeep_format::Code;

use crate::craft::{patch, sample, sample_data, sample_file, seal_parts};
use crate::row::{Row, file};

/// First bytes of other formats, and a word that the message has to say.
pub(crate) const FOREIGN: &[(&str, &[u8], &str)] = &[
    ("pickle", b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.", "pickle"),
    ("old torch", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.", "pickle"),
    ("pickle of protocol 0", b"(dp0\nS'a'\n", "pickle"),
    ("torch zip, npz, keras", b"PK\x03\x04\x14\0\0\0\0\0", "ZIP"),
    ("empty zip", b"PK\x05\x06\0\0\0\0", "ZIP"),
    ("gzip", b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "gzip"),
    ("zstd", b"\x28\xb5\x2f\xfd\x04\0", "Zstandard"),
    ("xz", b"\xfd7zXZ\0\0\x04", "xz"),
    ("bzip2", b"BZh91AY&SY", "bzip2"),
    ("hdf5", b"\x89HDF\r\n\x1a\n\0\0", "HDF5"),
    ("jld2", b"HDF5-based Julia Data Format, version 0.1.1", "JLD2"),
    ("gguf", b"GGUF\x03\0\0\0", "GGUF"),
    ("npy", b"\x93NUMPY\x01\0v\0", "NPY"),
    ("tflite", b"\x1c\0\0\0TFL3\x14\0", "Lite"),
    ("age", b"age-encryption.org/v1\n-> X25519", "encrypted"),
    ("lfs", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
    ("html", b"<!DOCTYPE html><html>", "page"),
    ("safetensors", b"\x40\0\0\0\0\0\0\0{\"a\":{\"dtype\"", "safetensors"),
    ("bson", b"\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0", "BSON"),
    ("onnx", b"\x08\x09\x12\x07pytorch", "ONNX"),
    ("lf to crlf", b"\x89TKM\r\r\n\x1a\r\n", "damaged"),
    ("crlf to lf", b"\x89TKM\n\x1a\n\x01", "damaged"),
    ("seven bits", b"\x09TKM\r\n\x1a\n", "damaged"),
    ("utf-8", b"\xc2\x89TKM\r\n\x1a\n", "damaged"),
    ("replaced", b"\xef\xbf\xbdTKM\r\n\x1a\n", "damaged"),
    ("something else", b"hello, world", "no Tensorkeep"),
];

/// Changes to a good file's header at an offset, and the code.
const PATCHES: &[(&str, usize, &[u8], Code)] = &[
    ("MF-05 major 0", 8, &[0, 0], Code::Version),
    ("MF-05 major 2", 8, &[2, 0], Code::Version),
    ("MF-05 major 65535", 8, &[255, 255], Code::Version),
    ("MF-06 flag 1", 12, &[2, 0, 0, 0], Code::Flags),
    ("MF-06 flag 31", 12, &[0, 0, 0, 128], Code::Flags),
    ("MF-06 signed without signatures", 12, &[1, 0, 0, 0], Code::Flags),
    ("MF-07 manifest 0", 16, &[0; 8], Code::Len),
    ("MF-07 manifest 2^24+1", 16, &[1, 0, 0, 1, 0, 0, 0, 0], Code::Limit),
    ("MF-07 manifest 2^63", 16, &[0, 0, 0, 0, 0, 0, 0, 128], Code::Limit),
    ("MF-07 manifest 2^64-1", 16, &[255; 8], Code::Limit),
    ("MF-07 manifest beyond the file", 16, &[0, 0, 2, 0, 0, 0, 0, 0], Code::Len),
    ("MF-07 manifest a byte shorter", 16, &[0], Code::Digest),
    ("MF-08 tensors not at a page", 32, &[64, 16, 0, 0, 0, 0, 0, 0], Code::Len),
    ("MF-08 tensors inside the manifest", 32, &[0; 8], Code::Len),
    ("MF-08 tensors beyond the file", 32, &[0, 0, 1, 0, 0, 0, 0, 0], Code::Len),
    ("MF-09 end a byte later", 48, &[0x86], Code::Len),
    ("MF-09 end a byte earlier", 48, &[0x84], Code::Len),
    ("MF-09 end at 2^64-1", 48, &[255; 8], Code::Limit),
    ("MF-09 data 2^64-1", 40, &[255; 8], Code::Len),
    ("MF-10 reserved", 56, &[0, 0, 0, 0, 0, 0, 0, 1], Code::Pad),
    ("MF-11 another manifest digest", 64, &[0; 32], Code::Digest),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows: Vec<Row> = vec![
        file("the sample itself", None, sample_file),
        file("a later minor version", None, || patch(sample_file(), 10, &[7, 0])),
        file("signed", None, || seal_parts(&sample().encode(), Some(b"signatures"), &sample_data())),
        file("MF-01 empty", Code::Trunc, Vec::new),
        file("MF-01 a byte", Code::Trunc, || sample_file()[..1].into()),
        file("MF-01 127 bytes", Code::Trunc, || sample_file()[..127].into()),
        file("MF-09 a byte added", Code::Len, || [sample_file(), vec![0]].concat()),
        file("MF-09 a second model added", Code::Len, || [sample_file(), sample_file()].concat()),
        file("MF-09 a zip added", Code::Len, || [sample_file(), b"PK\x05\x06".to_vec()].concat()),
        file("MF-09 end and data a byte later", Code::Trunc, || {
            patch(patch(sample_file(), 40, &[0x86]), 48, &[0x86])
        }),
        file("MF-09 end and data a byte later, and there", Code::Layout, || {
            [patch(patch(sample_file(), 40, &[0x86]), 48, &[0x86]), vec![0]].concat()
        }),
        file("MF-10 padding before the tensors", Code::Pad, || with(sample_file(), 4095, 1)),
        file("MF-10 padding between tensors", Code::Pad, || with(sample_file(), 4096 + 24, 1)),
        file("MF-10 padding at its end", Code::Pad, || with(sample_file(), 4096 + 127, 1)),
        file("MF-11 another header digest", Code::Digest, || with(sample_file(), 96, 0)),
        file("MF-06 signatures without the flag", Code::Flags, || patch(signed(), 12, &[0; 4])),
        file("a damaged block of signatures", Code::Digest, || {
            let at = 128 + sample().encode().len();
            with(signed(), at, b'S')
        }),
        file("a block of signatures without content", Code::Len, || {
            seal_parts(&sample().encode(), Some(b""), &sample_data())
        }),
        file("signatures at their limit", None, || {
            seal_parts(&sample().encode(), Some(&[0; 64 << 10]), &sample_data())
        }),
        file("signatures beyond their limit", Code::Limit, || {
            seal_parts(&sample().encode(), Some(&[0; (64 << 10) + 1]), &sample_data())
        }),
        file("a weight changed", Code::Digest, || with(sample_file(), 4096, 1)),
    ];
    for &(name, at, bytes, code) in PATCHES {
        rows.push(file(name, code, move || patch(sample_file(), at, bytes)));
    }
    for &(name, first, _) in FOREIGN {
        rows.push(file(&format!("MF-04 {name}"), Code::Magic, move || [first, &[7; 500]].concat()));
        rows.push(file(&format!("MF-04 {name}, short"), Code::Magic, move || first.to_vec()));
    }
    rows
}

fn signed() -> Vec<u8> {
    seal_parts(&sample().encode(), Some(b"signatures"), &sample_data())
}

/// The file with another byte at this place, and no digest made right.
fn with(mut file: Vec<u8>, at: usize, byte: u8) -> Vec<u8> {
    assert_ne!(file[at], byte, "nothing would change");
    file[at] = byte;
    file
}
