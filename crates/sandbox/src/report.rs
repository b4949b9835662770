//! What was enforced.

use std::fmt;

/// One row a measure: variant, name, meaning.
macro_rules! measures {
    ($($(#[$doc:meta])+ $variant:ident $name:literal;)+) => {
        /// What confines the child, in the order in which it comes into force.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Measure { $($(#[$doc])+ $variant,)+ }

        impl Measure {
            /// Every measure.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// What it is called in a report.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

measures! {
    /// Nothing but the thread that reads, so that what binds a thread binds the process.
    OneThread "one thread";
    /// The child dies with the thread that waits for it.
    DiesWithParent "dies with its parent";
    /// No program that it could start would gain rights (`no_new_privs`).
    NoNewPrivileges "no new privileges";
    /// No other process of the same user may look into it, and its memory is not dumped.
    NotDumpable "not dumpable";
    /// No core dump (`RLIMIT_CORE`).
    NoCore "no core dump";
    /// Bytes that it may write (`RLIMIT_FSIZE`): the file's size, and one.
    Written "bytes written";
    /// Seconds of processor time (`RLIMIT_CPU`).
    Processor "processor time";
    /// Bytes of address space (`RLIMIT_AS`): 1.1 times the file's size, and 256 MiB.
    Memory "memory";
    /// No further processes of this user (`RLIMIT_NPROC`). The kernel does not hold root to it.
    Processes "processes";
    /// No access to files, ports, abstract sockets and other processes, by Landlock.
    Landlock "Landlock";
    /// No further descriptors (`RLIMIT_NOFILE`).
    Descriptors "descriptors";
    /// No system call but those that reading from the one descriptor and writing to the other takes, by seccomp.
    SystemCalls "seccomp";
}

/// Whether a [`Measure`] is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is; with a number or a version, where there is one.
    Enforced(String),
    /// It is not, and why.
    Missing(String),
}

/// What confined the child that read a file: each measure in force, or the reason why it is not.
///
/// The child writes it before it reads the first byte of the file, so no file has a say in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub(crate) outcomes: Vec<(Measure, Outcome)>,
}

impl Report {
    /// Whether every measure is in force.
    pub fn is_complete(&self) -> bool {
        Measure::ALL.iter().all(|measure| matches!(self.get(*measure), Some(Outcome::Enforced(_))))
    }

    /// What became of a measure; nothing if the child did not get so far.
    pub fn get(&self, measure: Measure) -> Option<&Outcome> {
        self.outcomes.iter().find(|(noted, _)| *noted == measure).map(|(_, outcome)| outcome)
    }

    /// The measures and what became of them.
    pub fn iter(&self) -> impl Iterator<Item = (Measure, &Outcome)> {
        self.outcomes.iter().map(|(measure, outcome)| (*measure, outcome))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (measure, outcome) in self.iter() {
            match outcome {
                Outcome::Enforced(detail) if detail.is_empty() => {
                    writeln!(f, "{}: enforced", measure.name())?
                }
                Outcome::Enforced(detail) => writeln!(f, "{}: enforced, {detail}", measure.name())?,
                Outcome::Missing(reason) => writeln!(f, "{}: MISSING, {reason}", measure.name())?,
            }
        }
        Ok(())
    }
}
