//! Files made by hand: an encoder of CBOR that lets anything pass, and a sealer that makes every digest right.
//!
//! It shares no code with the crate but BLAKE3, so a rule that the crate's own writer breaks in step with its reader
//! shows here.

/// A CBOR item.
#[derive(Clone)]
pub(crate) enum Node {
    Uint(u64),
    Text(String),
    Bytes(Vec<u8>),
    List(Vec<Node>),
    /// Encoded in the order in which the pairs stand.
    Map(Vec<(String, Node)>),
    /// Bytes of an item, or of what should have been one.
    Raw(Vec<u8>),
}

pub(crate) fn text(text: &str) -> Node {
    Node::Text(text.into())
}

pub(crate) fn list(items: impl IntoIterator<Item = u64>) -> Node {
    Node::List(items.into_iter().map(Node::Uint).collect())
}

/// A list of the same number, below 24.
pub(crate) fn repeated(number: u8, count: usize) -> Node {
    Node::Raw([head(4, count as u64), vec![number; count]].concat())
}

pub(crate) fn map<const N: usize>(pairs: [(&str, Node); N]) -> Node {
    Node::Map(pairs.into_iter().map(|(key, node)| (key.into(), node)).collect())
}

pub(crate) fn raw(bytes: &[u8]) -> Node {
    Node::Raw(bytes.into())
}

/// A head of an item in its shortest form.
pub(crate) fn head(major: u8, argument: u64) -> Vec<u8> {
    let major = major << 5;
    match argument {
        0..=23 => vec![major | argument as u8],
        24..=0xff => vec![major | 24, argument as u8],
        0x100..=0xffff => [&[major | 25][..], &(argument as u16).to_be_bytes()].concat(),
        0x1_0000..=0xffff_ffff => [&[major | 26][..], &(argument as u32).to_be_bytes()].concat(),
        _ => [&[major | 27][..], &argument.to_be_bytes()].concat(),
    }
}

impl Node {
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Uint(value) => head(0, *value),
            Self::Bytes(bytes) => [head(2, bytes.len() as u64), bytes.clone()].concat(),
            Self::Text(text) => [head(3, text.len() as u64), text.clone().into_bytes()].concat(),
            Self::List(items) => {
                let mut bytes = head(4, items.len() as u64);
                items.iter().for_each(|item| bytes.extend(item.encode()));
                bytes
            }
            Self::Map(pairs) => {
                let mut bytes = head(5, pairs.len() as u64);
                for (key, value) in pairs {
                    bytes.extend(text(key).encode());
                    bytes.extend(value.encode());
                }
                bytes
            }
            Self::Raw(bytes) => bytes.clone(),
        }
    }

    /// What stands at a path such as `tensors/0/shape`.
    pub(crate) fn at(&mut self, path: &str) -> &mut Node {
        path.split('/').fold(self, |node, step| match node {
            Self::List(items) => &mut items[step.parse::<usize>().unwrap()],
            Self::Map(pairs) => &mut pairs.iter_mut().find(|(key, _)| key == step).expect(step).1,
            _ => panic!("{step} is inside nothing"),
        })
    }

    pub(crate) fn set(&mut self, path: &str, node: Node) {
        *self.at(path) = node;
    }

    pub(crate) fn push(&mut self, path: &str, node: Node) {
        match self.at(path) {
            Self::List(items) => items.push(node),
            _ => panic!("{path} is no list"),
        }
    }

    /// Adds a pair to this map, where the canonical order has it.
    pub(crate) fn insert(&mut self, key: &str, node: Node) {
        let Self::Map(pairs) = self else { panic!("no map") };
        pairs.push((key.into(), node));
        pairs.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then(a.cmp(b)));
    }

    pub(crate) fn remove(&mut self, key: &str) {
        let Self::Map(pairs) = self else { panic!("no map") };
        pairs.retain(|(each, _)| each != key);
    }
}

/// The tensors' bytes of [`sample`]: six floats, three floats behind a gap, five bools behind another.
pub(crate) fn sample_data() -> Vec<u8> {
    let floats =
        |range: std::ops::Range<i32>| range.flat_map(|i| (i as f32 * 0.5).to_le_bytes()).collect::<Vec<u8>>();
    let mut data = floats(0..6);
    data.resize(64, 0);
    data.extend(floats(6..9));
    data.resize(128, 0);
    data.extend([1, 0, 1, 1, 0]);
    data
}

/// A tensor's line for these bytes.
pub(crate) fn tensor(name: &str, dtype: &str, shape: &[u64], offset: u64, bytes: &[u8]) -> Node {
    map([
        ("name", text(name)),
        ("dtype", text(dtype)),
        ("shape", list(shape.iter().copied())),
        ("digest", Node::Bytes(blake3::hash(bytes).as_bytes().to_vec())),
        ("length", Node::Uint(bytes.len() as u64)),
        ("offset", Node::Uint(offset)),
    ])
}

/// An operation with nothing but a name and a version.
pub(crate) fn op(name: &str) -> Node {
    map([("name", text(name)), ("version", Node::Uint(1))])
}

/// The manifest of a small model: one operation, three tensors.
pub(crate) fn sample() -> Node {
    let data = sample_data();
    let op = map([
        ("name", text("nn.dense")),
        ("inputs", list([0])),
        ("version", Node::Uint(1)),
        ("weights", map([("bias", Node::Uint(1)), ("mask", Node::Uint(2)), ("weight", Node::Uint(0))])),
        (
            "parameters",
            map([("inputs", Node::Uint(2)), ("dropout", raw(&[0xf9, 0x38, 0])), ("outputs", Node::Uint(3))]),
        ),
    ]);
    let input = map([
        ("name", text("x")),
        ("dtype", text("f32")),
        ("range", Node::List(vec![raw(&[0xf9, 0, 0]), raw(&[0xf9, 0x3c, 0])])),
        ("shape", Node::List(vec![raw(&[0xf6]), Node::Uint(2)])),
    ]);
    let output = map([
        ("name", text("y")),
        ("dtype", text("f32")),
        ("shape", Node::List(vec![raw(&[0xf6]), Node::Uint(3)])),
        ("value", Node::Uint(1)),
        ("labels", Node::List(vec![text("a"), text("b"), text("c")])),
    ]);
    let mut architecture = map([("ops", Node::List(vec![op])), ("inputs", Node::List(vec![input]))]);
    architecture.insert("outputs", Node::List(vec![output]));
    map([
        ("id", text("example/dense")),
        ("kind", text("model")),
        ("created", Node::Uint(1_700_000_000)),
        ("release", Node::Uint(1)),
        (
            "tensors",
            Node::List(vec![
                tensor("dense.weight", "f32", &[3, 2], 0, &data[..24]),
                tensor("dense.bias", "f32", &[3], 64, &data[64..76]),
                tensor("dense.mask", "bool", &[5], 128, &data[128..]),
            ]),
        ),
        ("metadata", map([("task", text("an example"))])),
        ("extensions", map([("vendor", Node::List(vec![Node::Uint(1), text("two")]))])),
        ("provenance", map([("step", Node::Uint(10))])),
        ("architecture", architecture),
    ])
}

/// A file with this manifest, block of signatures and data, all digests right.
pub(crate) fn seal_parts(manifest: &[u8], signatures: Option<&[u8]>, data: &[u8]) -> Vec<u8> {
    let block = signatures.map_or(vec![], |content| {
        [content, &blake3::derive_key("tensorkeep v1 signatures", content)].concat()
    });
    let start = (128 + manifest.len() + block.len()).next_multiple_of(4096);
    let mut file = b"\x89TKM\r\n\x1a\n\x01\0\0\0".to_vec();
    file.extend(u32::from(signatures.is_some()).to_le_bytes());
    for number in [manifest.len(), block.len(), start, data.len(), start + data.len(), 0] {
        file.extend((number as u64).to_le_bytes());
    }
    file.extend(blake3::derive_key("tensorkeep v1 manifest", manifest));
    file.extend(blake3::derive_key("tensorkeep v1 header", &file));
    file.extend(manifest);
    file.extend(block);
    file.resize(start, 0);
    file.extend(data);
    file
}

/// A file with this manifest and the sample's data.
pub(crate) fn seal(manifest: &[u8]) -> Vec<u8> {
    seal_parts(manifest, None, &sample_data())
}

/// The sample's file.
pub(crate) fn sample_file() -> Vec<u8> {
    seal(&sample().encode())
}

/// Writes over bytes of a file's header, and makes the header's digest right again.
pub(crate) fn patch(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    file[at..at + bytes.len()].copy_from_slice(bytes);
    let digest = blake3::derive_key("tensorkeep v1 header", &file[..96]);
    file[96..128].copy_from_slice(&digest);
    file
}
