//! The system calls that are left.

use std::os::fd::{AsRawFd, RawFd};

use libc::c_long;
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// Where the report goes.
const STDERR: RawFd = 2;

/// A condition on an argument: which, what of it, and what that is.
type Condition = (u8, SeccompCmpOp, u64);

/// The filter: what is listed passes, where its conditions hold; anything else kills the process.
///
/// Calls with a descriptor take only those that they are for. So a descriptor that the parent left open for its children, which
/// happens in programs with parts in C, is open in vain.
pub(super) fn filter(input: &impl AsRawFd, output: &impl AsRawFd) -> Result<BpfProgram, BackendError> {
    let on = |fd: RawFd| vec![(0, SeccompCmpOp::Eq, u64::from(fd.unsigned_abs()))];
    let input = on(input.as_raw_fd());
    let output = on(output.as_raw_fd());
    let bits = |bits: i32| u64::from(bits.unsigned_abs());
    // Fresh memory, of which nothing can be executed.
    let memory = vec![
        (2, SeccompCmpOp::MaskedEq(bits(libc::PROT_EXEC)), 0),
        (3, SeccompCmpOp::MaskedEq(bits(libc::MAP_ANONYMOUS)), bits(libc::MAP_ANONYMOUS)),
    ];
    let always = Vec::new;
    // A call, and alternatives of what its arguments may be; none where they may be anything.
    let table: Vec<(c_long, Vec<Vec<Condition>>)> = vec![
        (libc::SYS_read, vec![input.clone()]),
        (libc::SYS_pread64, vec![input.clone()]),
        (libc::SYS_write, vec![output.clone(), on(STDERR)]),
        (libc::SYS_pwrite64, vec![output.clone()]),
        (libc::SYS_fstat, vec![input.clone(), output.clone()]),
        (libc::SYS_lseek, vec![input, output]),
        (libc::SYS_mmap, vec![memory]),
        (libc::SYS_munmap, always()),
        (libc::SYS_mremap, always()),
        (libc::SYS_madvise, always()),
        (libc::SYS_brk, always()),
        (libc::SYS_futex, always()),
        (libc::SYS_getrandom, always()),
        (libc::SYS_sigaltstack, always()),
        (libc::SYS_rt_sigaction, always()),
        (libc::SYS_rt_sigreturn, always()),
        (libc::SYS_exit_group, always()),
    ];
    let rules = table.into_iter().map(|(call, alternatives)| Ok((call, rules(alternatives)?)));
    let filter = SeccompFilter::new(
        rules.collect::<Result<_, BackendError>>()?,
        SeccompAction::KillProcess,
        SeccompAction::Allow,
        TargetArch::try_from(std::env::consts::ARCH)?,
    )?;
    filter.try_into()
}

fn rules(alternatives: Vec<Vec<Condition>>) -> Result<Vec<SeccompRule>, BackendError> {
    let condition = |(argument, operator, value): Condition| {
        // Descriptors and flags are the lower half of a register; what the kernel does not look at says nothing.
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
    };
    let rule = |conditions: Vec<Condition>| {
        SeccompRule::new(conditions.into_iter().map(condition).collect::<Result<_, _>>()?)
    };
    alternatives.into_iter().map(rule).collect()
}

#[cfg(test)]
mod tests;
