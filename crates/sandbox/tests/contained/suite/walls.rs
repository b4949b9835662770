//! Children that try what they must not.

use std::fs;
use std::time::Duration;

use tensorkeep_format::Code;
use tensorkeep_sandbox::Options;

use super::acts;
use super::place::{file, model, sandboxed};

const SYSTEM_CALL: &str = "a system call that reading does not need (signal 31)";

/// An act, the code that the caller gets, and what the message says.
const ROWS: &[(&str, Code, &str)] = &[
    ("open", Code::Sandbox, SYSTEM_CALL),
    ("create", Code::Sandbox, SYSTEM_CALL),
    ("remove", Code::Sandbox, SYSTEM_CALL),
    ("stat", Code::Sandbox, SYSTEM_CALL),
    ("list", Code::Sandbox, SYSTEM_CALL),
    ("tcp", Code::Sandbox, SYSTEM_CALL),
    ("udp", Code::Sandbox, SYSTEM_CALL),
    ("unix", Code::Sandbox, SYSTEM_CALL),
    ("spawn", Code::Sandbox, SYSTEM_CALL),
    ("thread", Code::Sandbox, SYSTEM_CALL),
    ("signal", Code::Sandbox, SYSTEM_CALL),
    ("parent", Code::Sandbox, SYSTEM_CALL),
    ("sleep", Code::Sandbox, SYSTEM_CALL),
    ("truncate", Code::Sandbox, SYSTEM_CALL),
    ("duplicate", Code::Sandbox, SYSTEM_CALL),
    ("unlimit", Code::Sandbox, SYSTEM_CALL),
    ("execute", Code::Sandbox, SYSTEM_CALL),
    ("write the file", Code::Sandbox, SYSTEM_CALL),
    ("allocate", Code::Limit, "no memory"),
    ("map a terabyte", Code::Limit, "no memory"),
    ("allocate or die", Code::Sandbox, "\"memory allocation of 314572800 bytes failed"),
    ("write", Code::Sandbox, "it wrote more than it may, which is the file's size (signal 25)"),
    ("nothing", Code::Sandbox, "gave back 0 of 4160 bytes"),
    ("no image", Code::Sandbox, "a bad image, do not use the file: E_MAGIC"),
    ("another weight", Code::Sandbox, "a bad image, do not use the file: E_DIGEST"),
    ("environment", Code::Name, "there is none"),
    ("panic", Code::Sandbox, "it panicked"),
    ("abort", Code::Sandbox, "was stopped"),
    ("overflow", Code::Sandbox, "was stopped"),
    ("exit", Code::Sandbox, "ended with status 77"),
    ("talk", Code::Sandbox, "said more than 16384 bytes"),
    ("forge", Code::Name, "?[2J?ready?+seccomp: ??…"),
];

pub(super) fn every_act_is_stopped() {
    let long = Options::default();
    ROWS.iter().for_each(|row| stopped(row, &long));
    stopped(
        &("spin", Code::Sandbox, "more processor time"),
        &Options { cpu: Duration::from_millis(1), ..Options::default() },
    );
    stopped(
        &("spin", Code::Sandbox, "longer than 2s"),
        &Options { wall: Duration::from_secs(2), ..Options::default() },
    );
    println!("{} acts", ROWS.len() + 2);
}

fn stopped((name, code, says): &(&str, Code, &str), options: &Options) {
    let path = acts::file(name);
    let error = sandboxed(&path, options).unwrap_err();
    assert_eq!(error.code(), *code, "{name}: {error}");
    assert!(error.message().contains(says), "{name}: {error}");
    assert!(error.to_string().chars().all(|c| matches!(c, ' '..='~' | '…')), "{name}: {error:?}");
}

/// The children of this thread, and its open descriptors.
fn left() -> (String, usize) {
    let children = fs::read_to_string("/proc/thread-self/children").unwrap_or_else(|error| {
        println!("skipped: counting children, which this kernel does not: {error}");
        String::new()
    });
    (children, fs::read_dir("/proc/self/fd").unwrap().count())
}

pub(super) fn nothing_is_left_behind() {
    let before = left();
    assert_eq!(before.0, "");
    let wall = Options { wall: Duration::from_millis(100), ..Options::default() };
    for name in ["open", "spin", "talk", "nothing", "exit"] {
        let path = acts::file(name);
        sandboxed(&path, &wall).unwrap_err();
        assert_eq!(left(), before, "{name}");
    }
    let path = file("good.tkm", &model(3));
    drop(sandboxed(&path, &Options::default()).unwrap());
    assert_eq!(left(), before);
}
