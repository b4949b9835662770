//! A model with something of everything, for the tests of readers.

use tensorkeep_format::{
    Architecture, Axis, DType, Digest, Input, Kind, LoadLimits, Manifest, Map, Op, Output, Provenance, Raw,
    Result, Shape, Tensor, Value,
};

/// The manifest, and the bytes of its tensors.
pub(crate) fn model() -> Result<(Manifest, Vec<Vec<u8>>)> {
    let floats = |range: std::ops::Range<i16>| {
        range.flat_map(|i| (f32::from(i) * 0.5).to_le_bytes()).collect::<Vec<u8>>()
    };
    let tensors = [
        ("dense.weight", DType::F32, &[3, 2][..], floats(-3..3)),
        ("dense.bias", DType::F32, &[3], floats(6..9)),
        ("dense.mask", DType::Bool, &[3], vec![1, 0, 1]),
        ("dense.unused", DType::I64, &[0], vec![]),
        ("dense.scale", DType::F16, &[], vec![0x00, 0x3c]),
    ];
    let mut manifest = Manifest::new(Kind::Model, "example/dense");
    manifest.created = 1_700_000_000;
    manifest.release = 3;
    for (name, dtype, dims, bytes) in &tensors {
        manifest.push(Tensor::new(name, *dtype, Shape::new(dims)?, bytes)?)?;
    }
    manifest.metadata.insert("task", "an example: ½".to_string());
    manifest.extensions.insert("vendor.colour", Raw::new([0x83, 1, 0x20, 0xf4], &LoadLimits::default())?);
    manifest.provenance =
        Provenance { data: Some(Digest::of(b"data")), step: Some(10), ..Provenance::default() };
    manifest.architecture = Some(architecture());
    Ok((manifest, tensors.map(|(.., bytes)| bytes).into()))
}

fn architecture() -> Architecture {
    let dense = Op {
        name: "nn.dense".into(),
        inputs: vec![0],
        results: None,
        version: 1,
        weights: ["weight", "bias", "mask", "unused", "scale"].into_iter().zip(0..).collect(),
        parameters: Map::from_iter([
            ("inputs", Value::Int(2)),
            ("outputs", Value::Int(3)),
            ("dropout", Value::Float(0.1)),
            ("activation", Value::Text("relu".into())),
        ]),
    };
    let input = Input {
        name: "x".into(),
        dtype: DType::F32,
        range: Some([-1.0, 1.0]),
        shape: vec![Axis::Any, Axis::Size(2)],
        nonfinite: false,
    };
    let output = Output {
        name: "y".into(),
        dtype: DType::F32,
        shape: vec![Axis::Any, Axis::Size(3)],
        value: 1,
        labels: ["cat", "dog", "eel"].map(String::from).into(),
    };
    Architecture { ops: vec![dense], inputs: vec![input], outputs: vec![output] }
}

/// The file, with this block of signatures.
pub(crate) fn file(signatures: Option<&[u8]>) -> Result<Vec<u8>> {
    let (manifest, tensors) = model()?;
    let mut file = Vec::new();
    tensorkeep_format::write(&mut file, &manifest, signatures, tensors.iter().map(Vec::as_slice))?;
    Ok(file)
}
