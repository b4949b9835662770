//! How the child locks itself up.

use std::fs::File;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr,
    RulesetError, RulesetStatus, Scope,
};
use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};

use super::calls;
use super::order::Order;
use crate::{Measure, Report};

/// The room beside what follows from the file: the program itself, the manifest, buffers.
const ROOM: u64 = 256 << 20;

/// Locks this process up for good, and says what is in force. Nothing of the file has been read.
pub(super) fn lock(order: &Order, input: &File, output: &File) -> Report {
    let mut report = Report::default();
    report.note(Measure::OneThread, one_thread());
    report.note(Measure::DiesWithParent, die_with_parent());
    report.note(Measure::NoNewPrivileges, rustix::thread::set_no_new_privs(true).map(done));
    report.note(
        Measure::NotDumpable,
        rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map(done),
    );
    report.note(Measure::NoCore, limit(Resource::Core, 0, 0));
    let image = order.size.min(order.limits.file).saturating_add(1);
    report.note(Measure::Written, limit(Resource::Fsize, image, image));
    // The first limit gives a signal that says why, the second one that cannot be ignored.
    report.note(Measure::Processor, limit(Resource::Cpu, order.cpu, order.cpu.saturating_add(1)));
    let memory = order.size.saturating_add(order.size / 10).saturating_add(ROOM);
    report.note(Measure::Memory, limit(Resource::As, memory, memory));
    report.note(Measure::Processes, limit(Resource::Nproc, 0, 0));
    report.note(Measure::Landlock, landlock());
    // Landlock takes a descriptor, so this comes after it.
    report.note(Measure::Descriptors, limit(Resource::Nofile, 0, 0));
    report.note(Measure::SystemCalls, seccomp(input, output));
    report
}

fn done<T>(_: T) -> String {
    String::new()
}

/// Checks that there is one thread, and sees to it that reading starts no others: what is divided among cores
/// elsewhere is done in turn here.
fn one_thread() -> Result<String, String> {
    let threads = threads()?;
    if threads != 1 {
        return Err(format!("there are {threads}: call child_entry first in main"));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().map(done).map_err(|error| error.to_string())
}

/// The number of this process's threads.
pub(super) fn threads() -> Result<usize, String> {
    match std::fs::read_dir("/proc/self/task") {
        Ok(threads) => Ok(threads.count()),
        Err(error) => Err(format!("threads cannot be counted: /proc: {error}")),
    }
}

fn die_with_parent() -> rustix::io::Result<String> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map(done)
}

/// Lowers a limit: to this, or to what it is already.
fn limit(resource: Resource, soft: u64, hard: u64) -> rustix::io::Result<String> {
    let highest = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX);
    let (soft, hard) = (soft.min(highest), hard.min(highest));
    rustix::process::setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) })?;
    Ok(soft.to_string())
}

/// Forbids everything that this kernel's Landlock knows of, without exception. The first version is needed; of later ones, as much
/// as there is.
fn landlock() -> Result<String, String> {
    let newest = ABI::V10;
    let forbid = || -> Result<_, RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(newest))?
            .handle_access(AccessNet::from_all(newest))?
            .scope(Scope::from_all(newest))?
            .create()?
            .restrict_self()
    };
    let status = forbid().map_err(|error| format!("the kernel does not have it: {error}"))?;
    match (status.ruleset, status.landlock) {
        (RulesetStatus::NotEnforced, _) => Err("the kernel has no Landlock".into()),
        (_, LandlockStatus::Available { effective_abi, .. }) => Ok(format!("ABI {}", effective_abi as i32)),
        (_, status) => Err(format!("the kernel's Landlock is {status:?}")),
    }
}

fn seccomp(input: &File, output: &File) -> Result<String, String> {
    let filter = calls::filter(input, output).map_err(|error| error.to_string())?;
    seccompiler::apply_filter(&filter).map(done).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    /// Seccomp ends a child before Landlock is asked, so Landlock has to show alone that it holds: on a thread, which
    /// is all that it binds.
    #[test]
    fn landlock_leaves_nothing() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, path) = (listener.local_addr().unwrap(), std::env::current_exe().unwrap());
        let open = || (File::open(&path).map(drop), std::fs::read_dir("/").map(drop));
        assert!(matches!(open(), (Ok(()), Ok(()))));
        let confined = || match landlock() {
            Err(reason) => println!("skipped: Landlock, which is not to be had: {reason}"),
            Ok(version) => {
                let denied = |result: std::io::Result<()>| {
                    assert_eq!(result.unwrap_err().kind(), ErrorKind::PermissionDenied, "{version}");
                };
                let (file, folder) = open();
                denied(file);
                denied(folder);
                match version.trim_start_matches("ABI ").parse::<u32>().unwrap() {
                    4.. => denied(TcpStream::connect(port).map(drop)),
                    _ => println!("skipped: ports, which Landlock knows from its version 4 on: {version}"),
                }
            }
        };
        std::thread::scope(|scope| scope.spawn(confined).join().unwrap());
        assert!(matches!(open(), (Ok(()), Ok(()))));
    }
}
