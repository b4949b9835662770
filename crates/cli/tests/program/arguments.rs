//! Help, and arguments that make no sense.

use std::fs::File;
use std::process::Stdio;

use crate::{Folder, program, tensorkeep};

#[test]
fn help_tells_a_newcomer_where_to_start() {
    let rows: [(&[&str], &[&str]); 4] = [
        (&["--help"], &["Usage: tensorkeep", "train", "devices", "tensorkeep train digits"]),
        (
            &["train", "--help"],
            &[
                "Usage: tensorkeep train",
                "<TASK>",
                "--data <DIR>",
                "--model <MODEL>",
                "--device <cpu|wgpu|wgpu:N>",
                "--epochs <N>",
                "--batch-size <N>",
                "--lr <X>",
                "--seed <N>",
                "--threads <N>",
                "--report <DIR>",
                "tensorkeep train digits --device wgpu --report out",
            ],
        ),
        (&["devices", "--help"], &["Usage: tensorkeep devices"]),
        (&["--version"], &[env!("CARGO_PKG_VERSION")]),
    ];
    for (arguments, words) in rows {
        let run = tensorkeep(arguments);
        run.succeeded();
        for word in words {
            assert!(run.out.contains(word), "{arguments:?} without {word:?}:\n{}", run.out);
        }
    }
    let none = tensorkeep(&[]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("Usage: tensorkeep"), "{}", none.err);
}

/// What the program does not understand: exit code 2, before any work.
#[test]
fn unknown_arguments_are_refused() {
    let rows: [(&[&str], &str); 20] = [
        (&["trian"], "'trian'"),
        (&["train"], "<TASK>"),
        (&["train", "cifar"], "[possible values: digits, mnist]"),
        (&["train", "digits", "--frobnicate"], "unexpected argument '--frobnicate'"),
        (&["train", "digits", "--epoch", "3"], "'--epochs'"),
        (&["train", "digits", "twice"], "unexpected argument 'twice'"),
        (&["train", "digits", "--model", "resnet"], "[possible values: mlp, lenet]"),
        (&["train", "digits", "--device", "cuda"], "use cpu, wgpu or wgpu:N"),
        (&["train", "digits", "--device", "wgpu:x"], "`x` is not the number of an adapter"),
        (&["train", "digits", "--epochs", "0"], "0 is not in 1..=100000"),
        (&["train", "digits", "--epochs", "100001"], "100001 is not in 1..=100000"),
        (&["train", "digits", "--epochs", "1e3"], "invalid digit"),
        (&["train", "digits", "--batch-size", "0"], "0 is not in 1..=65536"),
        (&["train", "digits", "--batch-size", "99999999999999999999"], "'--batch-size <N>'"),
        (&["train", "digits", "--threads", "0"], "0 is not in 1..=1024"),
        (&["train", "digits", "--seed", "-1"], "'-1'"),
        (&["train", "digits", "--lr", "nan"], "use a number from 0 on"),
        (&["train", "digits", "--lr", "-1"], "use a number from 0 on"),
        (&["train", "digits", "--lr", "inf"], "use a number from 0 on"),
        (&["train", "digits", "--lr", "fast"], "use a number from 0 on"),
    ];
    for (arguments, words) in rows {
        tensorkeep(arguments).refused(2, words);
    }
}

/// What is understood and cannot be done: exit code 1.
#[test]
fn impossible_requests_are_refused() {
    let rows: [(&[&str], &str); 6] = [
        (&["train", "digits", "--data", "somewhere"], "the digits are embedded"),
        (&["train", "mnist"], "mnist needs --data DIR"),
        (&["train", "digits", "--device", "wgpu", "--threads", "2"], "--threads is for the device cpu"),
        (&["train", "digits", "--device", "wgpu:99"], "adapter"),
        (&["train", "digits", "--device", "wgpu:18446744073709551615"], "adapter"),
        // Finite as the user wrote it, and the loss is not.
        (&["train", "digits", "--lr", "1e300", "--epochs", "1"], "the loss of epoch 1 is "),
    ];
    for (arguments, words) in rows {
        tensorkeep(arguments).refused(1, words);
    }
}

#[test]
fn devices_are_listed() {
    let run = tensorkeep(&["devices"]);
    assert!(run.succeeded().out.starts_with("cpu "), "{}", run.out);
    // The first adapter, or why there is none.
    assert!(run.out.lines().any(|line| line.starts_with("wgpu")), "{}", run.out);
}

/// Whoever closes the pipe has read enough, and no report is lost for it.
#[test]
fn a_closed_pipe_is_no_fault() {
    for arguments in [&["devices"][..], &["--help"], &["train", "digits", "--epochs", "1"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success() && !err.contains("panicked"), "{arguments:?}: {err}");
    }
    let folder = Folder::new("closed-pipe");
    let report = folder.join("report");
    let mut training = program(&["train", "digits", "--epochs", "1", "--report", &report]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    // Nobody sees the progress.
    assert!(training.stdout(Stdio::null()).stderr(writer).status().unwrap().success());
    assert_eq!(folder.summary("report")["epochs"], 1);
}

/// A full disk is a fault.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = program(&["devices"]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.starts_with("error: the output cannot be written: "), "{err}");
}
