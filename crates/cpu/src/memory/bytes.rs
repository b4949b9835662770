//! An owned, aligned run of bytes that goes back to its pool when dropped.

use std::fmt;
use std::sync::Arc;

use bytemuck::Pod;

use super::ALIGN;
use super::pool::Pool;
use super::region::Region;
use super::size_class::SizeClass;

/// Initialised memory of one size class, aligned to [`ALIGN`].
pub(super) struct Block {
    region: Region,
    /// First aligned byte of `region`.
    start: usize,
    pub(super) class: SizeClass,
}

impl Block {
    /// Zeroed memory from the system, or `None` if there is none to be had.
    pub(super) fn zeroed(class: SizeClass) -> Option<Box<Self>> {
        let region = Region::zeroed(class.capacity)?;
        let start = region.bytes().as_ptr().addr().wrapping_neg() % region.align();
        Some(Box::new(Self { region, start, class }))
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
        let Some(Block { region, start, .. }) = self.block.as_deref() else { return &[] };
        bytemuck::cast_slice(&region.bytes()[*start..][..whole::<T>(self.len)])
    }

    /// The contents as whole elements of `T`, to be written.
    pub(crate) fn as_mut_slice<T: Pod>(&mut self) -> &mut [T] {
        let Some(Block { region, start, .. }) = self.block.as_deref_mut() else { return &mut [] };
        bytemuck::cast_slice_mut(&mut region.bytes_mut()[*start..][..whole::<T>(self.len)])
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
