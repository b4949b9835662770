//! The filter, by an interpreter of its own: it answers for calls that no safe program can make.

use libc::c_long;
use seccompiler::sock_filter;

use super::filter;

const INPUT: i32 = 7;
const OUTPUT: i32 = 8;

const ALLOWED: u32 = 0x7fff_0000;
const KILLED: u32 = 0x8000_0000;

/// `AUDIT_ARCH_*` of this machine. Source: `linux/audit.h`.
const ARCH: u32 = if cfg!(target_arch = "x86_64") {
    0xc000_003e
} else if cfg!(target_arch = "aarch64") {
    0xc000_00b7
} else {
    0xc000_00f3
};

/// Runs a filter on a call, laid out as `struct seccomp_data`. Source: `linux/seccomp.h`, `linux/bpf_common.h`.
fn run(program: &[sock_filter], call: u32, arch: u32, arguments: [u64; 6]) -> u32 {
    let mut data = [call.to_le_bytes(), arch.to_le_bytes(), [0; 4], [0; 4]].concat();
    data.extend(arguments.iter().flat_map(|argument| argument.to_le_bytes()));
    let (mut at, mut a) = (0, 0_u32);
    loop {
        let step = &program[at];
        at += 1;
        let mut jump = |taken: bool| at += usize::from(if taken { step.jt } else { step.jf });
        match step.code {
            0x20 => {
                let from = step.k as usize;
                a = u32::from_le_bytes(data[from..from + 4].try_into().unwrap());
            }
            0x54 => a &= step.k,
            0x05 => at += step.k as usize,
            0x15 => jump(a == step.k),
            0x25 => jump(a > step.k),
            0x35 => jump(a >= step.k),
            0x06 => return step.k,
            code => panic!("instruction {code:#x}"),
        }
    }
}

struct Fd(i32);

impl std::os::fd::AsRawFd for Fd {
    fn as_raw_fd(&self) -> i32 {
        self.0
    }
}

fn verdict(call: c_long, arguments: &[i64]) -> u32 {
    let mut six = [0; 6];
    six.iter_mut().zip(arguments).for_each(|(to, from)| *to = from.cast_unsigned());
    run(&filter(&Fd(INPUT), &Fd(OUTPUT)).unwrap(), u32::try_from(call).unwrap(), ARCH, six)
}

const ANON: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as i64;
const SHARED: i64 = libc::MAP_SHARED as i64;

/// A call, its arguments, and whether it passes.
const CALLS: &[(&str, c_long, &[i64], bool)] = &[
    ("read the file", libc::SYS_read, &[7], true),
    ("read stdin", libc::SYS_read, &[0], false),
    ("read another", libc::SYS_read, &[3], false),
    ("read the file, upper half set", libc::SYS_read, &[7 | 1 << 32], true),
    ("write the image", libc::SYS_write, &[8], true),
    ("write the report", libc::SYS_write, &[2], true),
    ("write stdout", libc::SYS_write, &[1], false),
    ("write the file", libc::SYS_write, &[7], false),
    ("write to -1", libc::SYS_write, &[-1], false),
    ("pread", libc::SYS_pread64, &[7], true),
    ("pread of the image", libc::SYS_pread64, &[8], false),
    ("pwrite", libc::SYS_pwrite64, &[8], true),
    ("pwrite to the file", libc::SYS_pwrite64, &[7], false),
    ("seek", libc::SYS_lseek, &[8], true),
    ("seek elsewhere", libc::SYS_lseek, &[4], false),
    ("fresh memory", libc::SYS_mmap, &[0, 4096, 3, ANON, -1], true),
    ("executable memory", libc::SYS_mmap, &[0, 4096, 7, ANON, -1], false),
    ("memory to execute only", libc::SYS_mmap, &[0, 4096, 4, ANON, -1], false),
    ("a mapped file", libc::SYS_mmap, &[0, 4096, 1, SHARED, 7], false),
    ("making memory executable", libc::SYS_mprotect, &[0, 4096, 7], false),
    ("more heap", libc::SYS_brk, &[0], true),
    ("random bytes", libc::SYS_getrandom, &[], true),
    ("the end", libc::SYS_exit_group, &[], true),
];

#[test]
fn calls_pass_or_kill() {
    for (name, call, arguments, passes) in CALLS {
        let expected = if *passes { ALLOWED } else { KILLED };
        assert_eq!(verdict(*call, arguments), expected, "{name}");
    }
}

#[test]
fn nothing_else_passes() {
    let listed: Vec<c_long> = vec![
        libc::SYS_read,
        libc::SYS_pread64,
        libc::SYS_write,
        libc::SYS_pwrite64,
        libc::SYS_fstat,
        libc::SYS_lseek,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_getrandom,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigreturn,
        libc::SYS_exit_group,
    ];
    let program = filter(&Fd(INPUT), &Fd(OUTPUT)).unwrap();
    // The numbers of calls, and those of the x32 variant, which x86-64 kernels may serve too.
    for call in (0..1024).chain(0x4000_0000..0x4000_0400) {
        let best = [7, 8, 2].map(|fd| run(&program, call, ARCH, [fd, 0, 0, 0x20, 0, 0]));
        let passes = best.contains(&ALLOWED);
        assert_eq!(passes, listed.contains(&c_long::from(call)), "call {call}");
        assert!(best.iter().all(|verdict| [ALLOWED, KILLED].contains(verdict)), "call {call}");
    }
    // Calls of another architecture have other numbers.
    for arch in [0, 0x4000_0003, ARCH ^ 1] {
        let call = u32::try_from(libc::SYS_read).unwrap();
        assert_eq!(run(&program, call, arch, [7, 0, 0, 0, 0, 0]), KILLED, "{arch:#x}");
    }
}
