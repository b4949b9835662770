//! Files for the tests.

use std::fs;
use std::path::{Path, PathBuf};

use tensorkeep_format::{DType, FileRules, Kind, LoadLimits, Manifest, Result, Shape, Tensor, write};
use tensorkeep_sandbox::{Loaded, Options, load};

/// A file of this content, under a name of its own.
pub(super) fn file(name: &str, content: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("contained");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    fs::write(&path, content).unwrap();
    path
}

/// A model with a tensor of so many elements, and an empty one.
pub(super) fn model(elements: u64) -> Vec<u8> {
    let bytes: Vec<u8> = (0..elements).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let mut manifest = Manifest::new(Kind::Model, "example/sandbox");
    for (name, shape, bytes) in [("weight", elements, &bytes[..]), ("nothing", 0, &[])] {
        manifest.push(Tensor::new(name, DType::F32, Shape::new(&[shape]).unwrap(), bytes).unwrap()).unwrap();
    }
    let mut file = Vec::new();
    write(&mut file, &manifest, Some(b"signatures"), [&bytes[..]]).unwrap();
    file
}

/// Loads a file in the sandbox, with everything at its default but these options.
pub(super) fn sandboxed(path: &Path, options: &Options) -> Result<Loaded> {
    load(path, &LoadLimits::default(), &FileRules::default(), options)
}
