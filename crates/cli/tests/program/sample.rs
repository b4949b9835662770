//! Small files of tensors.

use tensorkeep_format::{
    Architecture, Array, Axis, DType, Input, Kind, Manifest, Op, Output, Shape, Tensor, Value, write,
    write_npy, write_npz, write_safetensors,
};

/// An array of f32.
pub(crate) fn floats(dims: &[u64], values: &[f32]) -> Array<'static> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Array::new(DType::F32, Shape::new(dims).unwrap(), bytes).unwrap()
}

/// The manifest of these tensors.
pub(crate) fn manifest(id: &str, tensors: &[(&str, &Array<'_>)]) -> Manifest {
    let mut manifest = Manifest { release: 3, ..Manifest::new(Kind::Model, id) };
    for (name, array) in tensors {
        let tensor = Tensor::new(name, array.dtype(), array.shape().clone(), array.bytes()).unwrap();
        manifest.push(tensor).unwrap();
    }
    manifest
}

pub(crate) fn container(manifest: &Manifest, tensors: &[(&str, &Array<'_>)]) -> Vec<u8> {
    let mut file = Vec::new();
    write(&mut file, manifest, None, tensors.iter().map(|(_, array)| array.bytes())).unwrap();
    file
}

/// A model of one operation with two tensors, `dense.weight` and `dense.bias`.
pub(crate) fn model(id: &str) -> Vec<u8> {
    let (weight, bias) = (floats(&[2, 2], &[1.0, -2.0, 0.0, 3.0]), floats(&[2], &[0.5, 0.5]));
    let tensors = [("dense.weight", &weight), ("dense.bias", &bias)];
    let mut manifest = manifest(id, &tensors);
    manifest.metadata.insert("task", "an example".into());
    manifest.architecture = Some(Architecture {
        inputs: vec![Input {
            name: "x".into(),
            dtype: DType::F32,
            range: None,
            shape: vec![Axis::Any, Axis::Size(2)],
            nonfinite: false,
        }],
        ops: vec![Op {
            name: "nn.dense".into(),
            version: 1,
            inputs: vec![0],
            results: None,
            weights: [("weight", 0), ("bias", 1)].into_iter().collect(),
            parameters: [("activation", Value::Text("relu".into()))].into_iter().collect(),
        }],
        outputs: vec![Output {
            name: "y".into(),
            dtype: DType::F32,
            shape: vec![Axis::Any, Axis::Size(2)],
            value: 1,
            labels: vec!["cat".into(), "dog".into()],
        }],
    });
    container(&manifest, &tensors)
}

/// The same tensors without an architecture.
pub(crate) fn plain(id: &str) -> Vec<u8> {
    let (weight, bias) = (floats(&[2, 2], &[1.0, -2.0, 0.0, 3.0]), floats(&[2], &[0.5, 0.5]));
    let tensors = [("dense.weight", &weight), ("dense.bias", &bias)];
    container(&Manifest { release: 0, ..manifest(id, &tensors) }, &tensors)
}

pub(crate) fn safetensors(tensors: &[(&str, &Array<'_>)], metadata: &[(&str, &str)]) -> Vec<u8> {
    let mut file = Vec::new();
    write_safetensors(&mut file, tensors, metadata).unwrap();
    file
}

pub(crate) fn npz(tensors: &[(&str, &Array<'_>)]) -> Vec<u8> {
    let mut file = Vec::new();
    write_npz(&mut file, tensors).unwrap();
    file
}

pub(crate) fn npy(array: &Array<'_>) -> Vec<u8> {
    let mut file = Vec::new();
    write_npy(&mut file, array).unwrap();
    file
}
