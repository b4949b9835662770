//! What an architecture can get wrong: MF-60 to MF-66, MF-76.

use tensorkeep_format::Code;

use crate::craft::{Node, list, map, op, raw, repeated, sample, seal_parts, text};
use crate::row::{Row, file, manifest};

const OPS: &[&str] = &[
    "",
    "nn",
    "os.system/x",
    "http://example.org/x",
    "a;rm -rf",
    "`id`",
    "$(id)",
    "nn.Conv2d",
    "nn..x",
    "../x",
    "{}",
    "%n",
    "<script>",
    "@compute fn f() {}",
    "nn.\u{e9}",
];

pub(crate) fn rows() -> Vec<Row> {
    let mut rows = vec![
        manifest("MF-60 no version", Code::Cbor, |m| m.at("architecture/ops/0").remove("version")),
        manifest("MF-60 a version beyond 32 bits", Code::Cbor, |m| {
            m.set("architecture/ops/0/version", Node::Uint(1 << 32))
        }),
        manifest("MF-76 a name that clears the screen", Code::Name, |m| {
            m.set("architecture/ops/0/name", text("\u{1b}[2J"))
        }),
        manifest("MF-76 a name with a new line", Code::Layer, |m| {
            m.set("architecture/ops/0/name", text("a\nX:"))
        }),
        manifest("MF-61 a parameter that is not a number", Code::NonCanon, |m| {
            m.set("architecture/ops/0/parameters/dropout", raw(&[0xf9, 0x7e, 0]));
        }),
        manifest("MF-61 a parameter's name with a blank", Code::Name, |m| {
            m.at("architecture/ops/0/parameters").insert("a b", Node::Uint(0));
        }),
        manifest("MF-62 itself as input", Code::Graph, |m| m.set("architecture/ops/0/inputs", list([1]))),
        manifest("MF-62 a later value as input", Code::Graph, |m| {
            m.set("architecture/ops/0/inputs", list([2]))
        }),
        manifest("MF-62 a circle of two", Code::Graph, |m| {
            m.set("architecture/ops/0/inputs", list([2]));
            let mut second = op("nn.relu");
            second.insert("inputs", list([1]));
            m.push("architecture/ops", second);
        }),
        manifest("MF-62 a value beyond 32 bits", Code::Cbor, |m| {
            m.set("architecture/ops/0/inputs", list([1 << 32]))
        }),
        manifest("MF-62 262,144 edges", None, |m| m.set("architecture/ops/0/inputs", repeated(0, 262_144))),
        manifest("MF-62 262,145 edges", Code::Limit, |m| {
            m.set("architecture/ops/0/inputs", repeated(0, 262_145))
        }),
        manifest("MF-62 an output that does not exist", Code::Graph, |m| {
            m.set("architecture/outputs/0/value", Node::Uint(2))
        }),
        manifest("no output", Code::Graph, |m| m.at("architecture").remove("outputs")),
        manifest("two results", None, |m| m.at("architecture/ops/0").insert("results", Node::Uint(2))),
        manifest("one result, written", Code::Graph, |m| {
            m.at("architecture/ops/0").insert("results", Node::Uint(1))
        }),
        manifest("no result", Code::Graph, |m| m.at("architecture/ops/0").insert("results", Node::Uint(0))),
        manifest("257 results", Code::Graph, |m| {
            m.at("architecture/ops/0").insert("results", Node::Uint(257))
        }),
        manifest("MF-64 a tensor with two owners", Code::Graph, |m| {
            m.set("architecture/ops/0/weights/bias", Node::Uint(0))
        }),
        manifest("MF-64 a tensor that does not exist", Code::Graph, |m| {
            m.set("architecture/ops/0/weights/bias", Node::Uint(3))
        }),
        manifest("MF-64 a tensor without owner", Code::Graph, |m| {
            m.at("architecture/ops/0/weights").remove("mask")
        }),
        manifest("MF-64 a tensor without owner, in a checkpoint", None, |m| {
            m.set("kind", text("checkpoint"));
            m.at("architecture/ops/0/weights").remove("mask");
        }),
        manifest("a role with a blank", Code::Name, |m| {
            m.at("architecture/ops/0/weights").remove("mask");
            m.at("architecture/ops/0/weights").insert("a mask", Node::Uint(2));
        }),
        file("MF-65 65,536 operations in a row", None, || chain(65_536)),
        file("MF-65 65,537 operations", Code::Limit, || chain(65_537)),
        manifest("MF-66 an empty range", Code::Graph, |m| {
            m.set("architecture/inputs/0/range", Node::List(vec![raw(&[0xf9, 0x3c, 0]), raw(&[0xf9, 0, 0])]));
        }),
        manifest("MF-66 a range that is not a number", Code::NonCanon, |m| {
            m.set("architecture/inputs/0/range", Node::List(vec![raw(&[0xf9, 0x7e, 0]), raw(&[0xf9, 0, 0])]));
        }),
        manifest("MF-66 a range of three", Code::Cbor, |m| {
            m.set("architecture/inputs/0/range", Node::List(vec![raw(&[0xf9, 0, 0]); 3]));
        }),
        manifest("MF-66 a range of integers", Code::Cbor, |m| {
            m.set("architecture/inputs/0/range", list([0, 1]))
        }),
        manifest("MF-66 a label twice", Code::Graph, |m| m.push("architecture/outputs/0/labels", text("a"))),
        manifest("two inputs of one name", Code::Dup, |m| {
            let input = m.at("architecture/inputs/0").clone();
            m.push("architecture/inputs", input);
            m.set("architecture/outputs/0/value", Node::Uint(2));
        }),
        manifest("an input of rank 9", Code::Shape, |m| m.set("architecture/inputs/0/shape", list([1; 9]))),
        manifest("an input's axis of 2^41", Code::Shape, |m| {
            m.set("architecture/inputs/0/shape", list([1 << 41]))
        }),
        manifest("an input of an unknown dtype", Code::DType, |m| {
            m.set("architecture/inputs/0/dtype", text("f33"))
        }),
        manifest("262,144 labels and what else there is", Code::Limit, |m| {
            let labels = (0..262_144_u64).map(|i| text(&format!("l{i}")));
            m.set("architecture/outputs/0/labels", Node::List(labels.collect()));
        }),
        manifest("as many parameters as are allowed", None, |m| {
            m.set("architecture/ops/0/parameters/outputs", repeated(0, 262_100));
        }),
        manifest("16 MiB of parameters", Code::Limit, |m| {
            m.set("architecture/ops/0/parameters/outputs", repeated(0, (16 << 20) - 4096));
        }),
        manifest("200,000 small maps as parameters", Code::Limit, |m| {
            let small = raw(&[0xa1, 0x61, b'a', 0]);
            m.set("architecture/ops/0/parameters/outputs", Node::List(vec![small; 200_000]));
        }),
    ];
    rows.extend(OPS.iter().filter(|name| **name != "nn").map(|name| {
        manifest(&format!("MF-60 the operation {name:?}"), Code::Layer, move |m| {
            m.set("architecture/ops/0/name", text(name))
        })
    }));
    rows
}

/// A file whose operations each take the value before.
fn chain(length: u64) -> Vec<u8> {
    let ops = (0..length).map(|i| {
        let mut relu = op("nn.relu");
        relu.insert("inputs", list([i]));
        relu
    });
    let output = map([
        ("name", text("y")),
        ("dtype", text("f32")),
        ("shape", list([1])),
        ("value", Node::Uint(length)),
    ]);
    let mut node = sample();
    node.remove("tensors");
    node.set("architecture/ops", Node::List(ops.collect()));
    node.set("architecture/outputs/0", output);
    seal_parts(&node.encode(), None, &[])
}
