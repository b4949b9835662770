//! An owned, aligned run of bytes that goes back to its pool when dropped.

use std::fmt;
use std::sync::Arc;

use bytemuck::{Pod, allocation};

use super::ALIGN;
use super::pool::Pool;
use super::size_class::SizeClass;

/// What an allocation is made of. The system's allocator hands out zeroed memory lazily, page by page, only
/// for alignments up to this one; a block therefore aligns itself further within a slightly larger
/// allocation.
type Word = u128;

/// Initialised memory of one size class, aligned to [`ALIGN`].
pub(super) struct Block {
    words: Vec<Word>,
    /// First aligned byte of `words`.
    start: usize,
    pub(super) class: SizeClass,
}

impl Block {
    /// Zeroed memory from the system, or `None` if there is none to be had.
    pub(super) fn zeroed(class: SizeClass) -> Option<Box<Self>> {
        let slack = ALIGN - size_of::<Word>();
        let words = class.capacity.checked_add(slack)? / size_of::<Word>();
        let words: Vec<Word> = allocation::try_zeroed_vec(words).ok()?;
        let start = words.as_ptr().addr().wrapping_neg() % ALIGN;
        Some(Box::new(Self { words, start, class }))
    }
}

/// A buffer of `len` bytes, aligned to 64, which returns to its [`Pool`] when dropped.
///
/// Its first contents are zeros or whatever an earlier buffer held: always initialised, never meaningful.
pub(crate) struct Bytes {
    /// There until it is dropped. Boxed, so that to hand a buffer on copies three words.
    block: Option<Box<Block>>,
    len: usize,
    pool: Arc<Pool>,
}

impl Bytes {
    pub(super) fn new(block: Box<Block>, len: usize, pool: Arc<Pool>) -> Self {
        debug_assert!(len <= block.class.capacity);
        Self { block: Some(block), len, pool }
    }

    /// The contents as whole elements of `T`; a remainder shorter than one element is left out.
    pub(crate) fn as_slice<T: Pod>(&self) -> &[T] {
        let Some(Block { words, start, .. }) = self.block.as_deref() else { return &[] };
        bytemuck::cast_slice(&bytemuck::cast_slice::<Word, u8>(words)[*start..][..whole::<T>(self.len)])
    }

    /// The contents as whole elements of `T`, to be written.
    pub(crate) fn as_mut_slice<T: Pod>(&mut self) -> &mut [T] {
        let Some(Block { words, start, .. }) = self.block.as_deref_mut() else { return &mut [] };
        bytemuck::cast_slice_mut(
            &mut bytemuck::cast_slice_mut::<Word, u8>(words)[*start..][..whole::<T>(self.len)],
        )
    }
}

/// Bytes of the elements of `T` that fit into `len`, where `T` is a type that a buffer can hold.
fn whole<T>(len: usize) -> usize {
    const { assert!(size_of::<T>() > 0 && align_of::<T>() <= ALIGN) };
    len - len % size_of::<T>()
}

impl Drop for Bytes {
    fn drop(&mut self) {
        if let Some(block) = self.block.take() {
            self.pool.give_back(block);
        }
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bytes").field("len", &self.len).finish_non_exhaustive()
    }
}
