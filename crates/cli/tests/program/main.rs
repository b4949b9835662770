//! The program as a user meets it: what it prints, what it writes, and how it refuses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod arguments;
mod convert;
mod digits;
mod encrypt;
mod inspect;
mod keys;
mod mnist;
mod sample;
mod saved;
mod signing;
mod transcript;
mod wgpu;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a run of the program left behind.
struct Run {
    code: Option<i32>,
    out: String,
    err: String,
}

/// The program with these arguments, which has ended.
fn tensorkeep(arguments: &[&str]) -> Run {
    let output = program(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tensorkeep"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// A row of a table: arguments, the exit code, and words of the output, or of the error where the code is not 0.
type Row<'a> = (&'a [&'a str], i32, &'a str);

#[track_caller]
fn all_end_so(rows: &[Row<'_>]) {
    for (arguments, code, words) in rows {
        let run = tensorkeep(arguments);
        assert_eq!(run.code, Some(*code), "{arguments:?}: {}{}", run.out, run.err);
        match code {
            0 => assert!(run.out.contains(words), "{arguments:?}: {words:?} is missing in: {}", run.out),
            _ => run.refused(*code, words),
        }
    }
}

/// The rights that a file gives to others than its owner.
#[cfg(unix)]
fn rights(path: &str) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

impl Run {
    /// The program did what it was asked.
    #[track_caller]
    fn succeeded(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self
    }

    /// The program refused with this exit code and these words, and did not panic.
    #[track_caller]
    fn refused(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{}{}", self.out, self.err);
        assert!(self.err.contains(words), "{words:?} is missing in: {}", self.err);
        // A driver may have had its say before.
        let told = self.err.lines().any(|line| line.starts_with("error: "));
        assert!(told && !self.err.contains("panicked"), "{}", self.err);
    }
}

/// A fresh folder, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }

    /// The path of an entry, as an argument.
    fn join(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    /// What is in an entry.
    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    /// Makes a file, and gives its path as an argument.
    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        fs::write(self.0.join(name), bytes).unwrap();
        self.join(name)
    }

    /// The summary of a report in the entry of this name.
    fn summary(&self, name: &str) -> serde_json::Value {
        serde_json::from_slice(&fs::read(self.0.join(name).join("summary.json")).unwrap()).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
