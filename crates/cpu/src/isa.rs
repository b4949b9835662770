//! The instruction sets that kernels are compiled for, and which of them this machine has.

use std::sync::OnceLock;

use tensorkeep_tensor::{Error, Result};

/// An instruction set that this machine has.
///
/// Values come only from [`Isa::best`] and [`Isa::available`], which ask the machine: to hold one is the
/// proof that its instructions may be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Isa(Level);

/// What an [`Isa`] may be, from the most general to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// What the compiler's target has without asking.
    Portable,
    /// NEON, which every such machine has, and with it the multiply-add.
    #[cfg(target_arch = "aarch64")]
    Neon,
    /// AVX2, FMA, F16C.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, BW, DQ, VL, and all of [`Level::Avx2`].
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The fastest instruction set of this machine, up to [the limit](limit_instructions) if there is one.
    pub(crate) fn best() -> Self {
        *BEST.get_or_init(|| {
            let limit = LIMIT.get().copied().unwrap_or(Level::FASTEST);
            Self::available().take_while(|isa| isa.0 <= limit).last().unwrap_or(Self(Level::Portable))
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
#[cfg(target_arch = "aarch64")]
const LEVELS: &[Level] = &[Level::Portable, Level::Neon];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
const LEVELS: &[Level] = &[Level::Portable];

/// What kernels use, once one has asked.
static BEST: OnceLock<Isa> = OnceLock::new();

/// What they may use.
static LIMIT: OnceLock<Level> = OnceLock::new();

/// Limits the kernels of this process to instructions up to those of a set: `portable`, `avx2` or `avx512`, on ARM `portable` or `neon`. What makes the
/// tests of one machine those of a lesser one; results may differ by rounding, since lesser sets do not fuse products and
/// sums.
///
/// ```
/// tensorkeep_cpu::limit_instructions("portable")?;
/// assert!(tensorkeep_cpu::limit_instructions("sse9").is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for another name, and if there is another limit, or kernels use more already: they choose once.
#[track_caller]
pub fn limit_instructions(to: &str) -> Result<()> {
    let Some(level) = LEVELS.iter().copied().find(|level| level.name() == to) else {
        let names: Vec<&str> = LEVELS.iter().map(|level| level.name()).collect();
        let message = format!("`{to}` is no instruction set: use one of {}", names.join(", "));
        return Err(Error::value("cpu", message));
    };
    if *LIMIT.get_or_init(|| level) != level || Isa::best().0 > level {
        let message = format!("kernels use {} already: limit them before the first", Isa::best().0.name());
        return Err(Error::value("cpu", message));
    }
    Ok(())
}

impl Level {
    /// The last of [`LEVELS`].
    #[cfg(target_arch = "x86_64")]
    const FASTEST: Self = Self::Avx512;
    #[cfg(target_arch = "aarch64")]
    const FASTEST: Self = Self::Neon;
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    const FASTEST: Self = Self::Portable;

    fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "aarch64")]
            Self::Neon => "neon",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
        }
    }

    fn is_present(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "aarch64")]
            Self::Neon => std::arch::is_aarch64_feature_detected!("neon"),
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
