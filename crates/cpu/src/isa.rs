//! The instruction sets that kernels are compiled for, and which of them this machine has.

use std::ffi::OsStr;
use std::sync::OnceLock;

/// An instruction set that this machine has.
///
/// Values come only from [`Isa::best`] and [`Isa::available`], which ask the machine: to hold one is the
/// proof that its instructions may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Isa(Level);

/// What an [`Isa`] may be, from the most general to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// What the compiler's target has without asking.
    Portable,
    /// AVX2, FMA, F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL, and all of [`Level::Avx2`].
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The fastest instruction set of this machine, or the fastest up to the one that the environment's
    /// `TENSORKEEP_CPU_ISA` names: what makes the tests of one machine those of a lesser one.
    pub(crate) fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| {
            let limit = std::env::var_os(LIMIT);
            let allowed = Self::available().take_while(|isa| isa.0.is_within(limit.as_deref()));
            allowed.last().unwrap_or(Self(Level::Portable))
        })
    }

    /// All instruction sets of this machine, the fastest last.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        LEVELS.iter().filter(|level| level.is_present()).map(|&level| Self(level))
    }

    /// Which one it is.
    pub(crate) fn level(self) -> Level {
        self.0
    }
}

#[cfg(target_arch = "x86_64")]
const LEVELS: &[Level] = &[Level::Portable, Level::Avx2, Level::Avx512];
#[cfg(not(target_arch = "x86_64"))]
const LEVELS: &[Level] = &[Level::Portable];

/// The variable of the environment that limits what [`Isa::best`] is.
const LIMIT: &str = "TENSORKEEP_CPU_ISA";

impl Level {
    /// Whether a limit by name admits this level. A name that is none admits the portable one alone.
    fn is_within(self, limit: Option<&OsStr>) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => limit.is_none_or(|limit| limit == "avx2" || limit == "avx512"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => limit.is_none_or(|limit| limit == "avx512"),
        }
    }

    fn is_present(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => {
                is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("fma")
                    && is_x86_feature_detected!("f16c")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_present()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_admits_what_is_below_it() {
        let admitted = |limit: Option<&str>| {
            LEVELS.iter().filter(|level| level.is_within(limit.map(OsStr::new))).count()
        };
        let all = LEVELS.len();
        for (limit, count) in [
            (None, all),
            (Some("avx512"), all),
            (Some("avx2"), all.min(2)),
            (Some("portable"), 1),
            (Some("AVX2"), 1),
            (Some(""), 1),
        ] {
            assert_eq!(admitted(limit), count, "{limit:?}");
        }
    }
}
