//! What is written is read again, bit for bit.

use std::io::Cursor;

use tensorkeep_format::{
    Array, DType, Npz, Rename, SafeTensors, SafeTensorsFile, read_npy, write_npy, write_npz,
    write_safetensors,
};

use super::{counting, limits};

const SHAPES: [&[u64]; 6] = [&[], &[0], &[1], &[3, 0, 2], &[2, 3, 5], &[1, 1, 1, 1, 1, 1, 1, 7]];

fn arrays() -> Vec<(String, Array<'static>)> {
    let all = DType::all().flat_map(|dtype| SHAPES.map(|shape| (dtype, shape)));
    all.map(|(dtype, shape)| (format!("{dtype}/{}", shape.len()), counting(dtype, shape)))
        .enumerate()
        .map(|(i, (name, array))| (format!("{name}.{i}"), array))
        .collect()
}

#[test]
fn safetensors() {
    let arrays = arrays();
    let tensors: Vec<_> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
    let metadata = [("format", "pt"), ("", "\u{0}\n\"\\é😀"), ("\u{7f}", "")];
    let mut file = Vec::new();
    write_safetensors(&mut file, &tensors, &metadata).unwrap();

    let read = SafeTensors::read(&file, &limits(), &Rename::default()).unwrap();
    assert_eq!(read.iter().count(), arrays.len());
    assert_eq!(read.metadata().len(), metadata.len());
    metadata.iter().for_each(|(key, value)| assert_eq!(read.metadata()[*key], *value));
    let mut slow = SafeTensorsFile::new(Cursor::new(&file), &limits(), &Rename::default()).unwrap();
    assert_eq!(slow.metadata(), read.metadata());
    for (name, array) in &arrays {
        assert_eq!(read.tensor(name).unwrap(), *array, "{name}");
        assert_eq!(slow.tensor(name).unwrap(), *array, "{name}");
    }
    assert!(read.tensor("none").is_err() && slow.tensor("none").is_err());
}

#[test]
fn npy_and_npz() {
    let arrays: Vec<_> = arrays().into_iter().filter(|(_, array)| array.dtype() != DType::BF16).collect();
    for (name, array) in &arrays {
        let mut file = Vec::new();
        write_npy(&mut file, array).unwrap();
        assert_eq!((file.len() - array.bytes().len()) % 64, 0);
        assert_eq!(read_npy(&file, &limits()).unwrap(), *array, "{name}");
    }
    let list: Vec<_> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
    let mut file = Vec::new();
    write_npz(&mut file, &list).unwrap();
    let read = Npz::read(&file, &limits(), &Rename::default()).unwrap();
    assert_eq!(read.names().count(), arrays.len());
    for (name, array) in &arrays {
        assert_eq!(read.array(name).unwrap(), *array, "{name}");
    }
    assert!(read.array("none").is_err());
}
