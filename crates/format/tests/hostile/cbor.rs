//! What CBOR can be made to say: MF-12 to MF-18.

use tensorkeep_format::Code;

use crate::craft::{Node, head, raw, sample, text};
use crate::row::{Row, bytes, manifest};

/// Items that stand as the value of an extension, where anything canonical may.
const ITEMS: &[(&str, &[u8], Code)] = &[
    ("MF-15 1 in two bytes", &[0x18, 1], Code::NonCanon),
    ("MF-15 24 in three bytes", &[0x19, 0, 24], Code::NonCanon),
    ("MF-15 1 in nine bytes", &[0x1b, 0, 0, 0, 0, 0, 0, 0, 1], Code::NonCanon),
    ("MF-15 -1 in two bytes", &[0x38, 0], Code::NonCanon),
    ("MF-15 a length in two bytes", &[0x78, 3, b'a', b'b', b'c'], Code::NonCanon),
    ("MF-15 a list's length in two bytes", &[0x98, 0], Code::NonCanon),
    ("MF-15 an indefinite map", &[0xbf, 0xff], Code::NonCanon),
    ("MF-15 an indefinite list", &[0x9f, 0xff], Code::NonCanon),
    ("MF-15 an indefinite text", &[0x7f, 0x61, b'a', 0xff], Code::NonCanon),
    ("MF-15 indefinite bytes", &[0x5f, 0x41, 0, 0xff], Code::NonCanon),
    ("MF-15 a tag inside", &[0xc1, 0], Code::NonCanon),
    ("MF-15 a bignum", &[0xc2, 0x41, 1], Code::NonCanon),
    ("MF-15 0.5 in nine bytes", &[0xfb, 0x3f, 0xe0, 0, 0, 0, 0, 0, 0], Code::NonCanon),
    ("MF-15 0.5 in five bytes", &[0xfa, 0x3f, 0, 0, 0], Code::NonCanon),
    ("MF-15 NaN", &[0xf9, 0x7e, 0], Code::NonCanon),
    ("MF-15 NaN with a payload", &[0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 1], Code::NonCanon),
    ("MF-15 infinity", &[0xf9, 0x7c, 0], Code::NonCanon),
    ("MF-15 -infinity", &[0xf9, 0xfc, 0], Code::NonCanon),
    ("MF-15 -0.0", &[0xf9, 0x80, 0], Code::NonCanon),
    ("MF-15 undefined", &[0xf7], Code::NonCanon),
    ("MF-15 simple 32", &[0xf8, 32], Code::NonCanon),
    ("MF-15 false in two bytes", &[0xf8, 20], Code::NonCanon),
    ("MF-15 a break", &[0xff], Code::NonCanon),
    ("MF-14 a key twice", &[0xa2, 0x61, b'a', 0, 0x61, b'a', 1], Code::Dup),
    ("MF-15 keys out of order", &[0xa2, 0x61, b'b', 0, 0x61, b'a', 1], Code::NonCanon),
    ("MF-15 a longer key first", &[0xa2, 0x62, b'a', b'a', 0, 0x61, b'b', 1], Code::NonCanon),
    ("MF-18 a number as a key", &[0xa1, 0, 0], Code::Cbor),
    ("MF-18 bytes as a key", &[0xa1, 0x41, b'a', 0], Code::Cbor),
    ("MF-13 a list of 2^32", &[0x9b, 0, 0, 0, 1, 0, 0, 0, 0], Code::Cbor),
    ("MF-13 a list of 2^64-1", &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255], Code::Cbor),
    ("MF-13 a map of 2^63", &[0xbb, 128, 0, 0, 0, 0, 0, 0, 0], Code::Cbor),
    ("MF-13 a text of 2^63", &[0x7b, 128, 0, 0, 0, 0, 0, 0, 0], Code::Cbor),
    ("MF-13 bytes of 2^64-1", &[0x5b, 255, 255, 255, 255, 255, 255, 255, 255], Code::Cbor),
    ("a reserved head", &[0x1c], Code::Cbor),
    ("MF-17 not UTF-8", &[0x62, 0xc3, 0x28], Code::Cbor),
    ("MF-17 overlong", &[0x62, 0xc0, 0x80], Code::Cbor),
    ("MF-17 a surrogate", &[0x63, 0xed, 0xa0, 0x80], Code::Cbor),
    ("MF-17 NUL", &[0x61, 0], Code::Name),
    ("MF-17 escape", &[0x64, 0x1b, b'[', b'2', b'J'], Code::Name),
    ("MF-17 next line", &[0x62, 0xc2, 0x85], Code::Name),
    ("MF-17 right to left", &[0x63, 0xe2, 0x80, 0xae], Code::Name),
    ("MF-17 isolate", &[0x63, 0xe2, 0x81, 0xa6], Code::Name),
];

/// Lists in lists.
fn nested(levels: usize) -> Vec<u8> {
    [vec![0x81; levels], vec![0]].concat()
}

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        bytes("MF-12 indefinite lists, 16 MiB of them", Code::NonCanon, || vec![0x9f; 16 << 20]),
        bytes("MF-12 indefinite maps, 16 MiB of them", Code::NonCanon, || vec![0xbf; 16 << 20]),
        bytes("MF-12 17 levels", Code::Depth, || nested(17)),
        bytes("MF-12 257 levels", Code::Depth, || nested(257)),
        bytes("MF-12 100,000 levels", Code::Depth, || nested(100_000)),
        bytes("MF-12 16 MiB of levels", Code::Depth, || nested((16 << 20) - 1)),
        bytes("16 levels, but no manifest", Code::Cbor, || nested(16)),
        bytes("MF-13 a map of 2^64-1 alone", Code::Cbor, || {
            vec![0xbb, 255, 255, 255, 255, 255, 255, 255, 255]
        }),
        bytes("MF-15 a tag in front", Code::NonCanon, || {
            [&[0xd9, 0xd9, 0xf7][..], &sample().encode()].concat()
        }),
        bytes("MF-16 a byte behind", Code::NonCanon, || [sample().encode(), vec![0]].concat()),
        bytes("MF-16 a second manifest behind", Code::NonCanon, || {
            [sample().encode(), sample().encode()].concat()
        }),
        bytes("a byte too few", Code::Cbor, || {
            let mut bytes = sample().encode();
            bytes.pop();
            bytes
        }),
        bytes("MF-18 a list for the manifest", Code::Cbor, || vec![0x80]),
        bytes("an empty map", Code::Cbor, || vec![0xa0]),
        manifest("MF-14 a key of the manifest twice", Code::Dup, |m| m.insert("kind", text("model"))),
        manifest("MF-14 a note twice", Code::Dup, |m| m.at("metadata").insert("task", text("b"))),
        manifest("MF-14 a parameter twice", Code::Dup, |m| {
            m.at("architecture/ops/0/parameters").insert("inputs", Node::Uint(3));
        }),
        manifest("MF-15 keys of the manifest out of order", Code::NonCanon, |m| {
            let Node::Map(pairs) = m else { unreachable!() };
            pairs.swap(0, 1);
        }),
        manifest("MF-17 a text of 4 KiB", None, |m| m.set("metadata/task", text(&"a".repeat(4096)))),
        manifest("MF-17 a text of 4 KiB and a byte", Code::Limit, |m| {
            m.set("metadata/task", text(&"a".repeat(4097)))
        }),
        manifest("MF-17 a note with a line feed", None, |m| m.set("metadata/task", text("a\n\tb"))),
        manifest("MF-18 bytes for the tensors", Code::Cbor, |m| m.set("tensors", Node::Bytes(vec![1; 3]))),
        manifest("MF-18 a list for a digest", Code::Cbor, |m| {
            m.set("tensors/0/digest", Node::List(vec![Node::Uint(0); 32]))
        }),
        manifest("MF-18 text for a number", Code::Cbor, |m| m.set("release", text("1"))),
        manifest("MF-18 a number for text", Code::Cbor, |m| m.set("id", Node::Uint(1))),
        manifest("MF-18 a negative number", Code::Cbor, |m| m.set("release", raw(&[0x20]))),
        manifest("an extension of 16 levels in all", None, |m| m.set("extensions/vendor", raw(&nested(14)))),
        manifest("an extension of 17 levels in all", Code::Depth, |m| {
            m.set("extensions/vendor", raw(&nested(15)))
        }),
        manifest("an extension of 8 MiB", None, |m| {
            m.set("extensions/vendor", raw(&[head(2, 8 << 20), vec![7; 8 << 20]].concat()))
        }),
        manifest("an empty list that should be left out", Code::NonCanon, |m| {
            m.insert("critical", Node::List(vec![]))
        }),
        manifest("an empty map that should be left out", Code::NonCanon, |m| {
            m.set("metadata", Node::Map(vec![]))
        }),
        manifest("a mark that says no", Code::NonCanon, |m| {
            m.at("tensors/0").insert("nonfinite", raw(&[0xf4]))
        }),
        manifest("a null that should be left out", Code::NonCanon, |m| {
            m.at("provenance").insert("plan", raw(&[0xf6]))
        }),
        manifest("a parameter above 2^63", Code::Cbor, |m| {
            m.set("architecture/ops/0/parameters/inputs", Node::Uint(1 << 63))
        }),
        manifest("a parameter below -2^63", Code::Cbor, |m| {
            m.set("architecture/ops/0/parameters/inputs", raw(&[0x3b, 128, 0, 0, 0, 0, 0, 0, 0]));
        }),
        manifest("parameters at the ends", None, |m| {
            m.set("architecture/ops/0/parameters/inputs", Node::Uint(i64::MAX as u64));
            m.set(
                "architecture/ops/0/parameters/outputs",
                raw(&[0x3b, 127, 255, 255, 255, 255, 255, 255, 255]),
            );
        }),
    ];
    for &(name, item, code) in ITEMS {
        rows.push(manifest(name, code, move |m| m.set("extensions/vendor", raw(item))));
        rows.push(manifest(&format!("{name}, as a parameter"), code, move |m| {
            m.set("architecture/ops/0/parameters/outputs", raw(item));
        }));
    }
    rows
}
