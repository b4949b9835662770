//! Memory for one tensor.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::{Code, Error, Result};

/// The bytes of one tensor, aligned to 16: a slice of any element type can be seen in them without copying.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TensorBytes {
    /// The type is what makes the alignment.
    words: Vec<u128>,
    length: usize,
}

impl TensorBytes {
    /// Room for `length` bytes, all zero.
    ///
    /// # Errors
    ///
    /// [`Code::Limit`] if there is not so much memory.
    pub fn zeroed(length: u64) -> Result<Self> {
        let mut bytes = Self::default();
        bytes.grow(length)?;
        Ok(bytes)
    }

    /// Makes it `length` bytes long; new ones are zero.
    pub(super) fn grow(&mut self, length: u64) -> Result<()> {
        let full = || {
            Error::new(
                Code::Limit,
                format!("no memory for a tensor of {length} bytes: lower LoadLimits::tensor"),
            )
        };
        let length = usize::try_from(length).map_err(|_| full())?;
        let words = length.div_ceil(size_of::<u128>());
        // A vector of zeros comes from the system without being touched, but cannot be refused; so room is asked for
        // first.
        self.words.try_reserve_exact(words.saturating_sub(self.words.len())).map_err(|_| full())?;
        if self.words.is_empty() {
            self.words = Vec::new();
            self.words = vec![0; words];
        } else {
            self.words.resize(words, 0);
        }
        self.length = length;
        Ok(())
    }
}

impl Deref for TensorBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words).get(..self.length).unwrap_or_default()
    }
}

impl DerefMut for TensorBytes {
    fn deref_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(&mut self.words).get_mut(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for TensorBytes {
    /// Weights may be a secret: only their number is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TensorBytes({} bytes)", self.length)
    }
}
