//! What loading asks of the kernel, by `strace`.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use tensorkeep_sandbox::Options;

use super::place::{file, model, sandboxed};

/// Paths that do not exist: opening them marks the trace.
const MARKS: [&str; 2] = ["/tensorkeep-begin", "/tensorkeep-end"];

/// Calls with which a process gets at files, other processes and the network, or makes new ones of them.
const WATCHED: &str = "%file,%process,%network,memfd_create,seccomp,kill,tkill,tgkill,ptrace,io_uring_setup,\
    prctl,prlimit64,setrlimit,landlock_create_ruleset,landlock_restrict_self";

/// How calls begin with which the child locks itself up, and how they end. The file has 8128 bytes.
const LOCKS: &[[&str; 2]] = &[
    ["prctl(PR_SET_PDEATHSIG, SIGKILL", "= 0"],
    ["prctl(PR_SET_NO_NEW_PRIVS, 1", "= 0"],
    ["prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE", "= 0"],
    ["prlimit64(0, RLIMIT_CORE, {rlim_cur=0, rlim_max=0}", "= 0"],
    ["prlimit64(0, RLIMIT_FSIZE, {rlim_cur=8129, rlim_max=8129}", "= 0"],
    ["prlimit64(0, RLIMIT_CPU, {rlim_cur=60, rlim_max=61}", "= 0"],
    ["prlimit64(0, RLIMIT_AS, {rlim_cur=268444396, rlim_max=268444396}", "= 0"],
    ["prlimit64(0, RLIMIT_NPROC, {rlim_cur=0, rlim_max=0}", "= 0"],
    ["landlock_restrict_self(", "= 0"],
    ["prlimit64(0, RLIMIT_NOFILE, {rlim_cur=0, rlim_max=0}", "= 0"],
    ["seccomp(SECCOMP_SET_MODE_FILTER, 0", "= 0"],
];

/// What is traced. The first load starts the threads that hash, which is not what the trace is about.
pub(super) fn load(path: &str) {
    let load = || drop(sandboxed(Path::new(path), &Options::default()).unwrap());
    load();
    let _ = File::open(MARKS[0]);
    load();
    let _ = File::open(MARKS[1]);
}

pub(super) fn loading_opens_one_file_and_starts_one_child() {
    let model = file("traced.tkm", &model(1000));
    let logs = model.with_file_name("traces");
    let _ = fs::remove_dir_all(&logs);
    fs::create_dir(&logs).unwrap();
    let mut strace = Command::new("strace");
    // A file for each process and thread, so that calls are not torn apart by those of others.
    strace
        .args(["-ff", "-qq", "-s", "300", "-e", &format!("trace={WATCHED}")])
        .arg("-o")
        .arg(logs.join("of"));
    match strace.arg(std::env::current_exe().unwrap()).arg("load traced").arg(&model).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(why.contains("ptrace") && why.contains("not permitted"), "{why}");
            return println!("skipped: the system does not let strace trace: {}", why.trim());
        }
        Err(error) => return println!("skipped: strace, which is not installed: {error}"),
    }
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let all = fs::read_dir(&logs).unwrap().map(|entry| read(&entry.unwrap().path()));
    let parent = all.into_iter().find(|log| log.contains(MARKS[0])).unwrap();
    let lines: Vec<_> = parent.lines().collect();
    let mark = |mark: &str| lines.iter().position(|call| call.contains(mark)).unwrap();
    let child = check_parent(&lines[mark(MARKS[0]) + 1..mark(MARKS[1])], &model);
    check_child(&read(&logs.join(format!("of.{child}"))));
}

fn name(call: &str) -> &str {
    call.split(['(', ' ']).next().unwrap_or_default()
}

/// The one that loads opens the model, makes a memory file, and starts one process, whose number this gives.
fn check_parent(calls: &[&str], model: &Path) -> String {
    let named =
        |wanted: &[&str]| calls.iter().filter(|call| wanted.contains(&name(call))).collect::<Vec<_>>();
    let opened = named(&["open", "openat", "openat2", "creat"]);
    assert_eq!(opened.len(), 1, "{calls:#?}");
    assert!(opened[0].contains(model.to_str().unwrap()) && opened[0].contains("O_NOFOLLOW"), "{opened:?}");
    assert_eq!(named(&["memfd_create"]).len(), 1, "{calls:#?}");
    let started = named(&["clone", "clone3", "fork", "vfork"]);
    assert_eq!(started.len(), 1, "{calls:#?}");
    // Beside these: facts about open files, limits that the standard library asks for, and waiting.
    let known = "openat memfd_create clone clone3 fork vfork statx fstat newfstatat prlimit64 wait4 waitid \
        pidfd_open pidfd_send_signal ---";
    calls
        .iter()
        .for_each(|call| assert!(known.split_whitespace().any(|known| known == name(call)), "{call}"));
    started[0].rsplit("= ").next().unwrap().to_string()
}

/// The child is this program, and once it has locked itself up it does nothing of what is watched, but end.
fn check_child(log: &str) {
    let calls: Vec<_> = log.lines().collect();
    let executed: Vec<_> = calls.iter().filter(|call| name(call) == "execve").collect();
    assert_eq!(executed.len(), 1, "{calls:#?}");
    assert!(executed[0].starts_with("execve(\"/proc/self/exe\", [\"tensorkeep-sandbox\","), "{executed:?}");
    for [begins, ends] in LOCKS {
        let found = calls.iter().any(|call| call.starts_with(begins) && call.ends_with(ends));
        assert!(found, "{begins}: {calls:#?}");
    }
    let locked = calls.iter().position(|call| name(call) == "seccomp").unwrap();
    let after: Vec<_> = calls[locked + 1..].iter().map(|call| name(call)).collect();
    assert_eq!(after, ["exit_group"], "{calls:#?}");
}
