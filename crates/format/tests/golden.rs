//! Files of released versions are read for ever.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod model;

use tensorkeep_format::{DType, Kind, LoadLimits, Manifest, Shape, SliceReader, Tensor, reseal, write};

/// A file of version 1.0 as it was first written. It is never made anew.
const V1: &[u8] = include_bytes!("golden/v1.tkm");

#[test]
fn version_1_is_read_and_written_to_the_same_bytes() {
    let limits = LoadLimits::default();
    let (manifest, tensors) = model::model().unwrap();
    let reader = SliceReader::new(V1, &limits).unwrap();
    assert_eq!(reader.head().manifest(), &manifest);
    assert_eq!(reader.head().version(), (1, 0));
    assert_eq!(reader.head().signatures(), Some(&b"not a signature"[..]));
    for (place, tensor) in tensors.iter().enumerate() {
        assert_eq!(reader.tensor(place).unwrap(), tensor);
    }
    assert!(model::file(Some(b"not a signature")).unwrap() == V1, "the writer's bytes changed");
}

#[test]
fn signatures_come_and_go_without_a_trace() {
    let limits = LoadLimits::default();
    let sealed = |file: &[u8], signatures: Option<&[u8]>| {
        let mut out = Vec::new();
        reseal(file, &mut out, signatures, &limits).unwrap();
        out
    };
    let plain = sealed(V1, None);
    assert!(plain == model::file(None).unwrap());
    // Long enough for the tensors to move by pages.
    let long = sealed(&plain, Some(&[7; 10_000]));
    assert!(sealed(&long, Some(b"not a signature")) == V1);
    let payload = |file: &[u8]| SliceReader::new(file, &limits).unwrap().head().signed_payload().to_vec();
    let (manifest, _) = model::model().unwrap();
    assert_eq!(payload(V1), tensorkeep_format::signed_payload(&manifest, &limits).unwrap());
    assert_eq!(payload(&long), payload(&plain));
}

/// The example of `docs/FORMAT.md`: lines of an offset, and of up to sixteen bytes.
#[test]
fn the_documented_example_is_a_real_file() {
    let page = include_str!("../../../docs/FORMAT.md");
    let example = page.split("```text").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let mut documented = Vec::new();
    for line in example.lines().filter(|line| !line.is_empty()) {
        let (offset, rest) = line.split_once("  ").unwrap();
        let hex = rest.split("  ").next().unwrap();
        documented.resize(usize::from_str_radix(offset, 16).unwrap(), 0);
        documented.extend(hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    let bytes = 1.5_f32.to_le_bytes();
    let mut manifest = Manifest::new(Kind::Model, "example/scale");
    manifest.push(Tensor::new("scale", DType::F32, Shape::new(&[1]).unwrap(), &bytes).unwrap()).unwrap();
    let mut file = Vec::new();
    write(&mut file, &manifest, None, [&bytes[..]]).unwrap();
    assert!(documented == file);
}
