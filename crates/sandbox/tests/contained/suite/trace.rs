//! What loading asks of the kernel, by `strace`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use tensorkeep_sandbox::Options;

use super::place::{file, model, sandboxed};

/// Paths that do not exist: opening them marks the trace.
const MARKS: [&str; 2] = ["/tensorkeep-begin", "/tensorkeep-end"];

/// Calls with which a process gets at files, other processes and the network, or makes new ones of them.
const WATCHED: &str = "%file,%process,%network,memfd_create,seccomp,kill,tkill,tgkill,ptrace,io_uring_setup";

/// What is traced. The first load starts the threads that hash, which is not what the trace is about.
pub(super) fn load(path: &str) {
    let load = || drop(sandboxed(Path::new(path), &Options::default()).unwrap());
    load();
    let _ = File::open(MARKS[0]);
    load();
    let _ = File::open(MARKS[1]);
}

pub(super) fn loading_opens_one_file_and_starts_one_child() {
    let (model, log) = (file("traced.tkm", &model(1000)), file("trace", b""));
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "300", "-e", &format!("trace={WATCHED}")]).arg("-o").arg(&log);
    match strace.arg(std::env::current_exe().unwrap()).arg("load traced").arg(&model).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(why.contains("ptrace") && why.contains("not permitted"), "{why}");
            return println!("skipped: the system does not let strace trace: {}", why.trim());
        }
        Err(error) => return println!("skipped: strace, which is not installed: {error}"),
    }
    let log = fs::read_to_string(log).unwrap();
    let lines: Vec<_> = log.lines().filter_map(|line| line.split_once(char::is_whitespace)).collect();
    let mark = |mark: &str| lines.iter().position(|(_, call)| call.contains(mark)).unwrap();
    let (begin, end) = (mark(MARKS[0]), mark(MARKS[1]));
    let between = &lines[begin + 1..end];
    check_parent(lines[begin].0, between, &model);
    check_child(lines[begin].0, between);
}

fn name(call: &str) -> &str {
    call.trim_start().split(['(', ' ']).next().unwrap_or_default()
}

/// The one that loads opens the model, makes a memory file, and starts one process.
fn check_parent(parent: &str, lines: &[(&str, &str)], model: &Path) {
    let calls: Vec<_> = lines.iter().filter(|(pid, _)| *pid == parent).map(|(_, call)| call.trim()).collect();
    let named =
        |wanted: &[&str]| calls.iter().filter(|call| wanted.contains(&name(call))).collect::<Vec<_>>();
    let opened = named(&["open", "openat", "openat2", "creat"]);
    assert_eq!(opened.len(), 1, "{calls:#?}");
    assert!(opened[0].contains(model.to_str().unwrap()) && opened[0].contains("O_NOFOLLOW"), "{opened:?}");
    assert_eq!(named(&["memfd_create"]).len(), 1, "{calls:#?}");
    assert_eq!(named(&["clone", "clone3", "fork", "vfork"]).len(), 1, "{calls:#?}");
    let known = [
        "openat",
        "memfd_create",
        "clone",
        "clone3",
        "vfork",
        "wait4",
        "waitid",
        "pidfd_open",
        "pidfd_send_signal",
    ];
    let files = ["statx", "fstat", "newfstatat"];
    for call in &calls {
        let fine = known.contains(&name(call)) || files.contains(&name(call)) || call.starts_with("---");
        let resumed = call.starts_with("<... ") || call.starts_with("+++");
        assert!(fine || resumed, "{call}");
    }
}

/// The child is this program, and once it has locked itself up it does nothing of what is watched, but end.
fn check_child(parent: &str, lines: &[(&str, &str)]) {
    let others: Vec<_> = lines.iter().filter(|(pid, _)| *pid != parent).collect();
    let executed: Vec<_> = others.iter().filter(|(_, call)| name(call) == "execve").collect();
    assert_eq!(executed.len(), 1, "{others:#?}");
    assert!(executed[0].1.contains("execve(\"/proc/self/exe\", [\"tensorkeep-sandbox\","), "{executed:?}");
    let child = executed[0].0;
    let calls: Vec<_> = others.iter().filter(|(pid, _)| *pid == child).map(|(_, call)| call.trim()).collect();
    let locked = calls.iter().position(|call| name(call) == "seccomp").expect("the child locks itself up");
    let after: BTreeSet<_> = calls[locked + 1..].iter().map(|call| name(call)).collect();
    assert_eq!(after.into_iter().collect::<Vec<_>>(), ["exit_group"], "{calls:#?}");
}
