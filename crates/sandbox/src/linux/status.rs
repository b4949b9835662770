//! Exit statuses of the child, each with its meaning.

use tensorkeep_format::Code;

/// The file is good, and its image is written.
pub(super) const GOOD: i32 = 0;

/// What a measure that is missing and required ends with.
pub(super) const UNFIT: i32 = 140;

/// What a panic ends with.
pub(super) const PANICKED: i32 = 141;

/// The first of the statuses that stand for a [`Code`]. Programs that are not our child, or that their run time ends, exit with
/// other numbers: 1, 2, 101.
const CODES: i32 = 150;

/// The status that stands for a code. Both sides are the same program, so the numbers may change from version to
/// version.
pub(super) fn of(code: Code) -> i32 {
    let place = Code::ALL.iter().position(|each| *each == code);
    place.and_then(|place| CODES.checked_add(i32::try_from(place).ok()?)).unwrap_or(PANICKED)
}

/// The code that a status stands for.
pub(super) fn code(status: i32) -> Option<Code> {
    let place = usize::try_from(status.checked_sub(CODES)?).ok()?;
    Code::ALL.get(place).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_status() {
        for each in Code::ALL {
            assert_eq!(code(of(*each)), Some(*each));
            assert!(of(*each) <= 255, "an exit status has eight bits");
        }
        for other in [GOOD, 1, 2, 101, UNFIT, PANICKED, 255, i32::MIN] {
            assert_eq!(code(other), None, "{other}");
        }
    }
}
