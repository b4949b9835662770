//! Zeroed memory from the system.

use bytemuck::allocation;
#[cfg(target_os = "linux")]
use memmap2::{Advice, MmapMut};

use super::ALIGN;

/// What an ordinary allocation is made of. The system's allocator hands out zeroed memory lazily, page by page, only for
/// alignments up to this one.
type Word = u128;

/// Bytes of a huge page: on x86-64, and on other machines with pages of 4 KiB.
#[cfg(target_os = "linux")]
const HUGE_PAGE: usize = 2 << 20;

/// Initialised memory that starts somewhere: whoever uses it aligns itself within.
pub(super) enum Region {
    Words(Vec<Word>),
    /// Pages of its own.
    #[cfg(target_os = "linux")]
    Pages(MmapMut),
}

impl Region {
    /// At least `len` zeros from a multiple of [`ALIGN`] on, or `None` if the system has no such memory.
    ///
    /// From 2 MiB on they start on a huge page, and the system is asked to back them by such: the first touch of 40 MB costs
    /// a fifth then, and addresses are found sooner.
    pub(super) fn zeroed(len: usize) -> Option<Self> {
        #[cfg(target_os = "linux")]
        if len >= HUGE_PAGE {
            let pages = MmapMut::map_anon(len.checked_add(HUGE_PAGE)?).ok()?;
            // Advice that the system does not follow costs nothing but time.
            let _ = pages.advise(Advice::HugePage);
            return Some(Self::Pages(pages));
        }
        let words = len.checked_add(ALIGN - size_of::<Word>())? / size_of::<Word>();
        allocation::try_zeroed_vec(words).ok().map(Self::Words)
    }

    /// What its contents should start at a multiple of.
    pub(super) fn align(&self) -> usize {
        match self {
            Self::Words(_) => ALIGN,
            #[cfg(target_os = "linux")]
            Self::Pages(_) => HUGE_PAGE,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Words(words) => bytemuck::cast_slice(words),
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => pages,
        }
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Words(words) => bytemuck::cast_slice_mut(words),
            #[cfg(target_os = "linux")]
            Self::Pages(pages) => pages,
        }
    }
}
