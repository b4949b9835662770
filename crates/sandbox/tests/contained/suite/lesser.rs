//! Kernels that lack something: this one, with a filter that answers as they do.

use std::path::Path;
use std::process::Command;

use libc::c_long;
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter};
use tensorkeep_sandbox::{Options, Requirement};

use super::place::{file, model, sandboxed};

/// How the tasks begin that this program is called with here.
pub(super) const TASK: &str = "without call ";

/// The beginning of an error's message.
const ERROR: &str = "E_SANDBOX: \"PATH\": ";

/// A call that the kernel does not know, what is required, and how a line begins that comes of it.
const ROWS: &[(c_long, Requirement, &str, &str)] = &[
    (libc::SYS_landlock_create_ruleset, Requirement::Hard, ERROR, "the sandbox is not complete: Landlock ("),
    (libc::SYS_landlock_create_ruleset, Requirement::BestEffort, "", "Landlock: MISSING, "),
    (libc::SYS_seccomp, Requirement::Hard, ERROR, "the sandbox is not complete: seccomp ("),
    (libc::SYS_seccomp, Requirement::BestEffort, "", "seccomp: MISSING, "),
    (libc::SYS_pidfd_open, Requirement::BestEffort, ERROR, "the kernel cannot wait for a child's end"),
    (libc::SYS_memfd_create, Requirement::BestEffort, ERROR, "making a memory file: "),
];

pub(super) fn kernels_that_lack_something_are_reported() {
    let path = file("lesser.tkm", &model(1));
    for (index, (call, requirement, begins, says)) in ROWS.iter().enumerate() {
        let mut this = Command::new(std::env::current_exe().unwrap());
        let output = this.arg(format!("{TASK}{index}")).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let begins = begins.replace("PATH", path.to_str().unwrap()) + says;
        assert!(said.lines().any(|line| line.starts_with(&begins)), "{call}, {requirement:?}: {output:?}");
        let missing = said.lines().filter(|line| line.contains("MISSING")).count();
        assert_eq!(missing, usize::from(says.contains("MISSING")), "{call}, {requirement:?}: {said}");
    }
}

/// Takes the call of a row away from this process and its children, and loads a file.
pub(super) fn load(task: &str, path: &str) {
    let row: usize = task.strip_prefix(TASK).unwrap().parse().unwrap();
    let (call, requirement, ..) = ROWS[row];
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let arch = TargetArch::try_from(std::env::consts::ARCH).unwrap();
    let rules = [(call, vec![])].into_iter().collect();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, unknown, arch).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    apply_filter(&program).unwrap();
    match sandboxed(Path::new(path), &Options { requirement, ..Options::default() }) {
        Ok(loaded) => println!("{}", loaded.report),
        Err(error) => println!("{error}"),
    }
}
