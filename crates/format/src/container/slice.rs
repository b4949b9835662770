//! The reader of bytes that are in memory.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Head;
use super::head::check_zeros;
use crate::{Code, Error, LoadLimits, Result};

/// Reads a container from memory, and gives out tensors where they lie. Each is checked the first time that it is
/// asked for.
///
/// ```
/// use tensorkeep_format::{DType, Kind, LoadLimits, Manifest, Shape, SliceReader, Tensor, write};
///
/// let bytes = 1.5_f32.to_le_bytes();
/// let mut manifest = Manifest::new(Kind::Model, "example/scale");
/// manifest.push(Tensor::new("scale", DType::F32, Shape::new(&[])?, &bytes)?)?;
/// let mut file = Vec::new();
/// write(&mut file, &manifest, None, [&bytes[..]])?;
///
/// let reader = SliceReader::new(file, &LoadLimits::default())?;
/// let place = reader.head().manifest().position("scale").unwrap();
/// assert_eq!(reader.tensor(place)?, bytes);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub struct SliceReader<B> {
    head: Head,
    bytes: B,
    accepted: Vec<AtomicBool>,
}

impl<B: AsRef<[u8]>> SliceReader<B> {
    /// Reads up to the first tensor.
    ///
    /// # Errors
    ///
    /// The code of the first rule that is broken.
    pub fn new(bytes: B, limits: &LoadLimits) -> Result<Self> {
        let mut source = bytes.as_ref();
        let size = source.len() as u64;
        let head = Head::read(&mut source, Some(size), limits)?;
        let accepted = head.manifest().tensors.iter().map(|_| AtomicBool::new(false)).collect();
        Ok(Self { head, bytes, accepted })
    }

    /// What stands before the tensors.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The bytes of the tensor at this place of the manifest's list.
    ///
    /// # Errors
    ///
    /// [`Code::Digest`], [`Code::Value`] or [`Code::Pad`], each time that it is asked for; [`Code::Len`] if there is
    /// no such place.
    pub fn tensor(&self, index: usize) -> Result<&[u8]> {
        let (Some(tensor), Some(accepted)) =
            (self.head.manifest().tensors.get(index), self.accepted.get(index))
        else {
            return Err(no_tensor(index));
        };
        let (data, padding) = self.lie(index, tensor.length).ok_or_else(|| no_tensor(index))?;
        if !accepted.load(Ordering::Acquire) {
            tensor.verify(data)?;
            check_zeros(padding)?;
            accepted.store(true, Ordering::Release);
        }
        Ok(data)
    }

    /// Checks every tensor.
    ///
    /// # Errors
    ///
    /// As [`tensor`](Self::tensor).
    pub fn verify(&self) -> Result<()> {
        (0..self.accepted.len()).try_for_each(|index| self.tensor(index).map(drop))
    }

    /// A tensor's bytes, and those up to the next.
    fn lie(&self, index: usize, length: u64) -> Option<(&[u8], &[u8])> {
        let (start, next) = self.head.span(index)?;
        let span = self.bytes.as_ref().get(usize::try_from(start).ok()?..usize::try_from(next).ok()?)?;
        span.split_at_checked(usize::try_from(length).ok()?)
    }
}

#[cold]
pub(super) fn no_tensor(index: usize) -> Error {
    Error::new(Code::Len, format!("there is no tensor {index}: ask Manifest::position for its place"))
}

impl<B> fmt::Debug for SliceReader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SliceReader({} tensors)", self.accepted.len())
    }
}
