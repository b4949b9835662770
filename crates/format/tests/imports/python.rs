//! The same arrays, written by NumPy and safetensors and read here, and the other way round.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tensorkeep_format::{
    Array, Code, DType, Npz, Rename, SafeTensors, read_npy, write_npy, write_npz, write_safetensors,
};

use super::{counting, limits};

/// The interpreter, `python3` unless this is set.
const INTERPRETER: &str = "TENSORKEEP_PYTHON";

const SHAPES: [&[u64]; 6] = [&[], &[0], &[1], &[3, 0, 2], &[2, 3, 5], &[1, 1, 1, 1, 1, 1, 1, 7]];

/// The interpreter, if it has what the scripts need; else says why not.
fn interpreter() -> Option<PathBuf> {
    let python = std::env::var_os(INTERPRETER).map_or_else(|| "python3".into(), PathBuf::from);
    let found = Command::new(&python).args(["-c", "import numpy, safetensors.numpy"]).output();
    match found {
        Ok(output) if output.status.success() => return Some(python),
        Ok(output) => {
            let reason = String::from_utf8_lossy(&output.stderr);
            println!(
                "skipped: {}; {INTERPRETER} names another interpreter",
                reason.lines().last().unwrap_or("no reason")
            );
        }
        Err(error) => println!("skipped: no Python interpreter: {error}; {INTERPRETER} names one"),
    }
    None
}

fn run(python: &Path, script: &str, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports/scripts").join(script);
    let output = Command::new(python).arg("-B").arg(script).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    print!("{}", String::from_utf8_lossy(&output.stdout));
}

/// The arrays that `arrays.py` makes.
fn arrays() -> Vec<(String, Array<'static>)> {
    let dtypes = DType::all().filter(|dtype| *dtype != DType::BF16);
    let all = dtypes.flat_map(|dtype| SHAPES.iter().enumerate().map(move |(i, shape)| (dtype, i, *shape)));
    all.map(|(dtype, i, shape)| (format!("{dtype}.{i}"), counting(dtype, shape))).collect()
}

fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("tensorkeep-format-{}-{test}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn what_python_writes_is_read() {
    let Some(python) = interpreter() else { return };
    let folder = folder("written");
    run(&python, "write.py", &folder);
    let bytes = |name: &str| fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));

    let file = bytes("all.safetensors");
    let tensors = SafeTensors::read(&file, &limits(), &Rename::default()).unwrap();
    assert_eq!(tensors.metadata()["format"], "pt");
    let archives = [bytes("stored.npz"), bytes("deflated.npz")];
    let archives = archives.each_ref().map(|file| Npz::read(file, &limits(), &Rename::default()).unwrap());
    let expected = arrays();
    assert_eq!(tensors.iter().count(), expected.len());
    for (name, array) in &expected {
        assert_eq!(tensors.tensor(name).unwrap(), *array, "{name}");
        for npz in &archives {
            assert_eq!(npz.array(name).unwrap(), *array, "{name}");
        }
        for variant in ["npy", "v2.npy", "columns.npy", "big.npy"] {
            assert_eq!(
                read_npy(&bytes(&format!("{name}.{variant}")), &limits()).unwrap(),
                *array,
                "{name}, {variant}"
            );
        }
    }
    assert_eq!(read_npy(&bytes("objects.npy"), &limits()).unwrap_err().code(), Code::DataType);
    let objects = bytes("objects.npz");
    let objects = Npz::read(&objects, &limits(), &Rename::default()).unwrap();
    assert_eq!(objects.array("objects").unwrap_err().code(), Code::DataType);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn python_reads_what_is_written() {
    let Some(python) = interpreter() else { return };
    let folder = folder("read");
    let arrays = arrays();
    let list: Vec<_> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
    let create = |name: &str| fs::File::create(folder.join(name)).unwrap();
    write_safetensors(&mut create("ours.safetensors"), &list, &[("format", "pt")]).unwrap();
    write_npz(&mut create("ours.npz"), &list).unwrap();
    for (name, array) in &list {
        write_npy(&mut create(&format!("ours.{name}.npy")), array).unwrap();
    }
    run(&python, "read.py", &folder);
    fs::remove_dir_all(&folder).unwrap();
}
