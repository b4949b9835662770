//! What the caller asks for.

use std::time::Duration;

/// What happens where the system cannot enforce every [`Measure`](crate::Measure).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requirement {
    /// The file is not read: [`Code::Sandbox`](tensorkeep_format::Code::Sandbox), with the list of what is missing.
    #[default]
    Hard,
    /// The file is read with what there is, and the [`Report`](crate::Report) says what that was.
    BestEffort,
}

/// How a file is read in the sandbox. Memory has a limit that follows from the file: 1.1 times its size, and 256 MiB.
///
/// ```
/// use std::time::Duration;
/// use tensorkeep_sandbox::{Options, Requirement};
///
/// let options = Options { wall: Duration::from_secs(5), ..Options::default() };
/// assert_eq!(options.requirement, Requirement::Hard);
/// assert_eq!(options.cpu, Duration::from_secs(60));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What happens where something cannot be enforced.
    pub requirement: Requirement,
    /// The most time that the child may take, after which it is killed.
    pub wall: Duration,
    /// The most processor time that the child may take, after which the kernel kills it, whatever became of its
    /// parent. Whole seconds, rounded up.
    pub cpu: Duration,
}

impl Default for Options {
    /// Everything enforced; a minute of either time.
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self { requirement: Requirement::default(), wall: minute, cpu: minute }
    }
}
