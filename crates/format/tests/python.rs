//! `docs/read_model.py`, a reader written from `docs/FORMAT.md` alone, agrees with ours.
//!
//! It needs Python with the package `blake3`; TENSORKEEP_PYTHON names another interpreter than `python3`.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a failing test may say so in the shortest way")]

mod model;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The interpreter, if it is there and has what the script needs.
fn python() -> Option<OsString> {
    let python = env::var_os("TENSORKEEP_PYTHON").unwrap_or("python3".into());
    let tried = Command::new(&python).args(["-c", "import blake3"]).output();
    if tried.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("skipped: {} does not run, or lacks the package blake3", python.display());
    None
}

/// The script's words on these files: for each of its lines, the place of the file and what follows.
fn read_model(python: &OsString, name: &str, files: &[Vec<u8>]) -> Vec<(usize, String)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let paths: Vec<PathBuf> = (0..files.len()).map(|i| folder.join(format!("{i}.tkm"))).collect();
    paths.iter().zip(files).for_each(|(path, file)| fs::write(path, file).unwrap());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/read_model.py");
    let output =
        Command::new(python).env("PYTHONIOENCODING", "utf-8").arg(script).args(&paths).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let words = lines.lines().map(|line| {
        let (path, words) = line.split_once(".tkm: ").unwrap();
        let place = Path::new(path).file_name().unwrap().to_str().unwrap().parse().unwrap();
        (place, words.to_string())
    });
    words.collect()
}

#[test]
fn a_second_reader_sees_the_same() {
    let Some(python) = python() else { return };
    let (manifest, _) = model::model().unwrap();
    let files = [model::file(None).unwrap(), model::file(Some(b"signatures")).unwrap()];
    let words = read_model(&python, "python-good", &files);
    for (place, signatures) in [(0, 0), (1, 10)] {
        let mut lines = words.iter().filter(|(at, _)| *at == place).map(|(_, words)| words.as_str());
        let summary = lines.next().unwrap();
        assert!(
            summary.starts_with(r#"{"id": "example/dense", "kind": "model", "created": 1700000000"#),
            "{summary}"
        );
        assert!(summary.ends_with(&format!("{signatures} bytes of signatures")), "{summary}");
        for tensor in &manifest.tensors {
            let expected = format!("{}: {} bytes, {}", tensor.name, tensor.length, tensor.digest);
            assert_eq!(lines.next(), Some(expected.as_str()));
        }
    }
}

#[test]
fn a_second_reader_refuses_damage() {
    let Some(python) = python() else { return };
    let good = model::file(Some(b"signatures")).unwrap();
    let mut files: Vec<Vec<u8>> = (0..good.len() * 8)
        .step_by(97)
        .map(|bit| {
            let mut file = good.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            file
        })
        .collect();
    files.extend([1, 127, 128, 4096, good.len() - 1].map(|length| good[..length].to_vec()));
    files.push([good.clone(), vec![0]].concat());
    let words = read_model(&python, "python-bad", &files);
    assert_eq!(words.len(), files.len());
    for (place, words) in words {
        assert!(words.starts_with("refused: "), "file {place}: {words}");
    }
}
