//! Whether others get the same program from the same source.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::hex::hex;
use super::packages::cargo_home;
use super::report::Report;
use super::{Check, Context, When};
use crate::cargo::cargo;
use crate::tidy::tree::tracked;

pub(super) const CHECK: Check = Check {
    name: "reproducible",
    asks: "do two builds of the program, in different folders, give the same bytes?",
    when: When::Full,
    run,
};

/// Of different lengths, so that a path in the program shows.
const FOLDERS: [&str; 2] = ["one", "another-and-longer"];

fn run(context: &Context) -> io::Result<Report> {
    let out = context.out()?.join("reproducible");
    let folders = FOLDERS.map(|name| out.join(name));
    // Both before the first build, which takes minutes: somebody may be at work here.
    for folder in &folders {
        copy(&context.root, folder)?;
    }
    let [one, another] = folders.map(|folder| build(&folder));
    Ok(compare(&one?, &another?))
}

/// Copies what git tracks: what is compared is the source as it lies here.
fn copy(root: &Path, folder: &Path) -> io::Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    for path in tracked(root)? {
        let (from, to) = (root.join(&path), folder.join(&path));
        if let (true, Some(parent)) = (from.is_file(), to.parent()) {
            fs::create_dir_all(parent)?;
            fs::copy(from, to)?;
        }
    }
    Ok(())
}

/// Builds the program as a release does, and returns its bytes.
fn build(folder: &Path) -> io::Result<Vec<u8>> {
    let mut flags = OsString::new();
    for (from, to) in [(folder.to_owned(), "tensorkeep"), (cargo_home()?, "cargo")] {
        // The separator that CARGO_ENCODED_RUSTFLAGS wants: paths may hold spaces.
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push(format!("=/{to}"));
    }
    let target: PathBuf = folder.join("target");
    let status = cargo(folder)
        .args(["build", "--quiet", "--locked", "--release", "--package", "tensorkeep-cli"])
        .env("CARGO_ENCODED_RUSTFLAGS", flags)
        .env("CARGO_TARGET_DIR", &target)
        .env("SOURCE_DATE_EPOCH", "0")
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("cargo build failed in {}", folder.display())));
    }
    fs::read(target.join("release").join(format!("tensorkeep{}", std::env::consts::EXE_SUFFIX)))
}

fn compare(one: &[u8], another: &[u8]) -> Report {
    let sums = [one, another].map(|program| hex(&Sha256::digest(program)));
    let mut report = Report::examined(format!("two programs of {} bytes", one.len()));
    if one.is_empty() {
        report.find("the program is empty");
    }
    if one != another {
        let same = one.iter().zip(another).take_while(|(a, b)| a == b).count();
        report.find(format!(
            "they differ from byte {same} of {} and {}: `strings` and `diffoscope` show what",
            one.len(),
            another.len()
        ));
    }
    report.fact("sha256", sums.to_vec());
    report
}

#[cfg(test)]
mod tests {
    use super::super::report::assert_reported;
    use super::*;

    #[test]
    fn one_other_byte_is_found() {
        let table: [(&[u8], &[u8], Vec<&str>); 4] = [
            (b"abc", b"abc", vec![]),
            (b"abc", b"abd", vec!["they differ from byte 2 of 3 and 3"]),
            (b"abc", b"abcd", vec!["they differ from byte 3 of 3 and 4"]),
            (b"", b"", vec!["the program is empty"]),
        ];
        for (one, another, findings) in table {
            assert_reported(&format!("{one:?}"), &compare(one, another), &findings, &[]);
        }
    }
}
