//! What can be said of tensors: MF-20 to MF-40.

use tensorkeep_format::Code;

use crate::craft::{Node, list, map, raw, repeated, sample, sample_data, seal_parts, tensor, text};
use crate::row::{Row, file, manifest};

const NAMES: &[&str] = &[
    "", ".", "..", "a/../b", "/abs", "a//b", "a/", "C:\\x", "nul", "a/CON", "lpt1", "a.", "a b", "a:b", "é",
    "e\u{301}", "a*", "%n", "{}", "a\\b", "~", "$HOME",
];

const DTYPES: &[&str] = &["F32", "f8", "float32", "", "f32 ", "object", "c64", "f32\u{e9}"];

/// Shapes of the first tensor, all of them wrong.
const SHAPES: &[(&str, &[u64], Code)] = &[
    ("MF-24 [2^63]", &[1 << 63], Code::Shape),
    ("MF-24 [2^32, 2^32]", &[1 << 32, 1 << 32], Code::Overflow),
    ("MF-24 [2^63, 2, 0]", &[1 << 63, 2, 0], Code::Shape),
    ("MF-24 [0, 2^63]", &[0, 1 << 63], Code::Shape),
    ("MF-24 [0, 2^40, 2^40]", &[0, 1 << 40, 1 << 40], Code::Overflow),
    ("MF-24 [2^40, 0, 2^40]", &[1 << 40, 0, 1 << 40], Code::Overflow),
    ("MF-24 [2^40+1]", &[(1 << 40) + 1], Code::Shape),
    ("MF-24 [2^40, 2]", &[1 << 40, 2], Code::Shape),
    ("MF-24 [2^40]", &[1 << 40], Code::Overflow),
    ("MF-24 rank 9", &[1; 9], Code::Shape),
    ("MF-25 congruent to 6 by 2^64", &[6, 1 << 40, 1 << 24], Code::Overflow),
    ("MF-25 an element less", &[5], Code::Overflow),
    ("MF-25 an element more", &[7], Code::Overflow),
    ("an empty shape that should be left out", &[], Code::NonCanon),
    ("MF-25 empty", &[0], Code::Overflow),
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        manifest("MF-20 255 bytes", None, |m| m.set("tensors/0/name", text(&"a".repeat(255)))),
        manifest("MF-20 256 bytes", Code::Name, |m| m.set("tensors/0/name", text(&"a".repeat(256)))),
        manifest("MF-20 a path of segments", None, |m| m.set("tensors/0/name", text("a/b.c/D-1_"))),
        manifest("MF-21 a name twice", Code::Dup, |m| m.set("tensors/1/name", text("dense.weight"))),
        manifest("MF-21 a name twice but for case", Code::Dup, |m| {
            m.set("tensors/1/name", text("Dense.Weight"))
        }),
        manifest("MF-22 65,537 tensors", Code::Limit, |m| m.set("tensors", empty_tensors(65_537))),
        manifest("MF-22 a million tensors in 15 MiB", Code::Limit, |m| {
            let fifteen_bytes = map([("name", text("aaaaaaaa"))]);
            m.set("tensors", Node::List(vec![fifteen_bytes; 1_000_000]));
        }),
        file("MF-22 65,536 tensors", None, || {
            let mut node = sample();
            node.remove("architecture");
            node.set("tensors", empty_tensors(65_536));
            seal_parts(&node.encode(), None, &[])
        }),
        manifest("MF-23 a number for a dtype", Code::DType, |m| m.set("tensors/0/dtype", Node::Uint(4))),
        manifest("MF-23 bytes for a dtype", Code::DType, |m| {
            m.set("tensors/0/dtype", Node::Bytes(b"f32".into()))
        }),
        manifest("MF-24 a negative axis", Code::Shape, |m| m.set("tensors/0/shape/0", raw(&[0x22]))),
        manifest("MF-24 a float axis", Code::Shape, |m| m.set("tensors/0/shape/0", raw(&[0xf9, 0x42, 0]))),
        manifest("MF-24 text for an axis", Code::Shape, |m| m.set("tensors/0/shape/0", text("3"))),
        manifest("MF-24 rank 100,000", Code::Shape, |m| m.set("tensors/0/shape", repeated(1, 100_000))),
        manifest("MF-25 a length that wraps", Code::Overflow, |m| {
            m.set("tensors/0/length", Node::Uint(24_u64.wrapping_add(1 << 63)))
        }),
        manifest("MF-25 a scalar", Code::Overflow, |m| m.at("tensors/0").remove("shape")),
        manifest("MF-25 a byte less", Code::Overflow, |m| m.set("tensors/0/length", Node::Uint(23))),
        manifest("MF-25 a byte more", Code::Overflow, |m| m.set("tensors/0/length", Node::Uint(25))),
        manifest("MF-26 overlapping", Code::Layout, |m| m.set("tensors/1/offset", Node::Uint(0))),
        manifest("MF-26 overlapping the gap", Code::Layout, |m| m.set("tensors/1/offset", Node::Uint(24))),
        manifest("MF-26 misaligned by one", Code::Layout, |m| m.set("tensors/1/offset", Node::Uint(65))),
        manifest("MF-26 a hole", Code::Layout, |m| m.set("tensors/1/offset", Node::Uint(128))),
        manifest("MF-26 not from the start", Code::Layout, |m| m.set("tensors/0/offset", Node::Uint(64))),
        manifest("MF-26 descending", Code::Layout, |m| {
            m.set("tensors/0/offset", Node::Uint(64));
            m.set("tensors/1/offset", Node::Uint(0));
        }),
        manifest("MF-26 the last tensor left out", Code::Layout, |m| {
            m.at("architecture/ops/0/weights").remove("mask");
            let Node::List(tensors) = m.at("tensors") else { unreachable!() };
            tensors.pop();
        }),
        manifest("MF-27 an end beyond 2^64", Code::Overflow, |m| {
            m.set("tensors/1/offset", Node::Uint(u64::MAX - 7))
        }),
        manifest("MF-28 another digest", Code::Digest, |m| {
            m.set("tensors/0/digest", Node::Bytes(vec![0; 32]))
        }),
        manifest("MF-28 two digests swapped", Code::Digest, |m| {
            let (a, b) = (m.at("tensors/0/digest").clone(), m.at("tensors/1/digest").clone());
            m.set("tensors/0/digest", b);
            m.set("tensors/1/digest", a);
        }),
        manifest("MF-28 a digest of 31 bytes", Code::Digest, |m| {
            m.set("tensors/0/digest", Node::Bytes(vec![0; 31]))
        }),
        manifest("MF-28 a digest of 33 bytes", Code::Digest, |m| {
            m.set("tensors/0/digest", Node::Bytes(vec![0; 33]))
        }),
        manifest("MF-30 marked as not finite", Code::Value, |m| {
            m.at("tensors/0").insert("nonfinite", raw(&[0xf5]))
        }),
        manifest("MF-30 a bool marked as not finite", Code::Value, |m| {
            m.at("tensors/2").insert("nonfinite", raw(&[0xf5]))
        }),
        one_tensor("MF-31 a bool of 2", Code::Value, "bool", [1, 2, 0]),
        one_tensor("MF-31 bools", None, "bool", [1, 0, 1]),
        one_tensor("MF-32 NaN", Code::Value, "f32", f32::NAN.to_le_bytes()),
        one_tensor("MF-32 a signalling NaN", Code::Value, "f32", 0x7f80_0001_u32.to_le_bytes()),
        one_tensor("MF-32 infinity", Code::Value, "f64", f64::INFINITY.to_le_bytes()),
        one_tensor("MF-32 -infinity", Code::Value, "f16", [0, 0xfc]),
        one_tensor("MF-32 NaN as bf16", Code::Value, "bf16", [0xc0, 0x7f]),
        one_tensor("MF-30 subnormal", None, "f32", 1_u32.to_le_bytes()),
        one_tensor("MF-30 -0", None, "f32", (-0.0_f32).to_le_bytes()),
        manifest("MF-40 a critical feature", Code::Crit, |m| {
            m.insert("critical", Node::List(vec![text("future.feature")]))
        }),
        manifest("MF-40 an unknown key", Code::Cbor, |m| m.insert("extra", Node::Uint(0))),
        manifest("MF-40 an unknown key of a tensor", Code::Cbor, |m| {
            m.at("tensors/0").insert("x", Node::Uint(0))
        }),
        manifest("MF-40 an unknown key of an operation", Code::Cbor, |m| {
            m.at("architecture/ops/0").insert("code", text("x"))
        }),
        manifest("MF-40 an extension's name of 2 MiB", Code::Limit, |m| {
            m.at("extensions").insert(&"x".repeat(2 << 20), Node::Uint(0));
        }),
        manifest("an extension's name with a blank", Code::Name, |m| {
            m.at("extensions").insert("a b", Node::Uint(0))
        }),
        manifest("metadata of 1 MiB", None, |m| m.set("metadata", notes(256, 4092))),
        manifest("metadata of 1 MiB and more", Code::Limit, |m| m.set("metadata", notes(257, 4092))),
        manifest("300,000 notes", Code::Limit, |m| m.set("metadata", notes(300_000, 0))),
        manifest("an unknown kind", Code::Cbor, |m| m.set("kind", text("program"))),
        manifest("an id that is a path", Code::Name, |m| m.set("id", text("../../etc/passwd"))),
        manifest("an id of 129 bytes", Code::Name, |m| m.set("id", text(&"a".repeat(129)))),
        manifest("no id", Code::Cbor, |m| m.remove("id")),
        manifest("no release", Code::Cbor, |m| m.remove("release")),
        manifest("a digest of provenance of 16 bytes", Code::Digest, |m| {
            m.at("provenance").insert("plan", Node::Bytes(vec![0; 16]))
        }),
        manifest("tensors for a file without", Code::Layout, |m| {
            m.remove("tensors");
            m.remove("architecture");
        }),
    ];
    rows.extend(NAMES.iter().map(|name| {
        manifest(&format!("MF-20 the name {name:?}"), Code::Name, move |m| {
            m.set("tensors/0/name", text(name))
        })
    }));
    rows.extend(DTYPES.iter().map(|name| {
        manifest(&format!("MF-23 the dtype {name:?}"), Code::DType, move |m| {
            m.set("tensors/0/dtype", text(name))
        })
    }));
    rows.extend(SHAPES.iter().map(|&(name, dims, code)| {
        manifest(name, code, move |m| m.set("tensors/0/shape", list(dims.iter().copied())))
    }));
    rows
}

/// A file with one tensor and nothing else.
fn one_tensor(
    name: &str,
    code: impl Into<Option<Code>>,
    dtype: &'static str,
    bytes: impl Into<Vec<u8>>,
) -> Row {
    let bytes = bytes.into();
    let size = if dtype.ends_with("64") {
        8
    } else if dtype.ends_with("32") {
        4
    } else if dtype.ends_with("16") {
        2
    } else {
        1
    };
    file(name, code, move || {
        let node = map([
            ("id", text("a")),
            ("kind", text("dataset")),
            ("created", Node::Uint(0)),
            ("release", Node::Uint(0)),
            ("tensors", Node::List(vec![tensor("a", dtype, &[bytes.len() as u64 / size], 0, &bytes)])),
        ]);
        seal_parts(&node.encode(), None, &bytes)
    })
}

fn empty_tensors(count: u64) -> Node {
    Node::List((0..count).map(|i| tensor(&format!("t{i}"), "u8", &[0], 0, &[])).collect())
}

fn notes(count: usize, length: usize) -> Node {
    Node::Map((0..count).map(|i| (char_key(i), text(&"a".repeat(length)))).collect())
}

/// Four letters for a number, in its order.
fn char_key(i: usize) -> String {
    (0..4).rev().map(|place| char::from(b'a' + (i / 26_usize.pow(place) % 26) as u8)).collect()
}

/// The specification's example of bytes that no one looks at.
#[test]
fn the_sample_has_gaps() {
    assert_eq!(sample_data().len(), 133);
}
