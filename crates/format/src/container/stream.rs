//! The reader of streams: pipes, sockets, decryption.

use std::fmt;
use std::io::Read;

use super::fill::{clear_on_error, fill, fill_tensor};
use super::head::{read_zeros, trailing};
use super::values::Scan;
use super::{Head, TensorBytes};
use crate::{Code, Error, LoadLimits, Result};

/// Reads a container from front to back, once: header, manifest, signatures, then tensor by tensor, each given out
/// only when its bytes have their digest.
///
/// ```
/// use tensorkeep_format::{Code, DType, Kind, LoadLimits, Manifest, Shape, StreamReader, Tensor, write};
///
/// let bytes = 1.5_f32.to_le_bytes();
/// let mut manifest = Manifest::new(Kind::Model, "example/scale");
/// manifest.push(Tensor::new("scale", DType::F32, Shape::new(&[])?, &bytes)?)?;
/// let mut file = Vec::new();
/// write(&mut file, &manifest, None, [&bytes[..]])?;
///
/// let mut reader = StreamReader::new(&file[..], &LoadLimits::default())?;
/// while let Some(tensor) = reader.next_tensor()? {
///     assert_eq!(tensor[..], bytes);
/// }
///
/// // One bit of a weight, flipped.
/// *file.last_mut().unwrap() ^= 1;
/// let error = StreamReader::new(&file[..], &LoadLimits::default())?.verify().unwrap_err();
/// assert_eq!(error.code(), Code::Digest);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub struct StreamReader<R> {
    head: Head,
    source: R,
    next: usize,
    state: State,
}

/// Where a stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Reading,
    Ended,
    Failed,
}

impl<R: Read> StreamReader<R> {
    /// Reads up to the first tensor.
    ///
    /// # Errors
    ///
    /// The code of the first rule that is broken; [`Code::Io`] if the source fails.
    pub fn new(source: R, limits: &LoadLimits) -> Result<Self> {
        Self::begin(source, None, limits)
    }

    /// Reads up to the first tensor of a stream that is `size` bytes long, as a file is. A file that promises another
    /// size is refused before its manifest is looked at, as [`FileReader`](super::FileReader) does it.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// ```
    /// use tensorkeep_format::{Code, Kind, LoadLimits, Manifest, StreamReader, write};
    ///
    /// let mut file = Vec::new();
    /// write(&mut file, &Manifest::new(Kind::Model, "example/empty"), None, [])?;
    /// StreamReader::sized(&file[..], 4096, &LoadLimits::default())?.verify()?;
    ///
    /// let longer = StreamReader::sized(&file[..], 4097, &LoadLimits::default());
    /// assert_eq!(longer.unwrap_err().code(), Code::Len);
    /// # Ok::<(), tensorkeep_format::Error>(())
    /// ```
    pub fn sized(source: R, size: u64, limits: &LoadLimits) -> Result<Self> {
        Self::begin(source, Some(size), limits)
    }

    fn begin(mut source: R, size: Option<u64>, limits: &LoadLimits) -> Result<Self> {
        let head = Head::read(&mut source, size, limits)?;
        Ok(Self { head, source, next: 0, state: State::Reading })
    }

    /// What stands before the tensors.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next tensor's bytes. After the last tensor it checks that the stream ends, and gives `None`.
    ///
    /// Memory grows with the bytes that arrive, not with what the manifest promises.
    ///
    /// # Errors
    ///
    /// [`Code::Trunc`], [`Code::Digest`], [`Code::Value`], [`Code::Pad`] or [`Code::Io`]; [`Code::Len`] for bytes
    /// behind the end. After an error the stream gives nothing more.
    pub fn next_tensor(&mut self) -> Result<Option<TensorBytes>> {
        self.advance(|source, tensor| {
            let mut bytes = TensorBytes::default();
            let mut scan = Scan::new(tensor.dtype);
            while (bytes.len() as u64) < tensor.length {
                let start = bytes.len();
                bytes.grow(tensor.length.min(grown(start)))?;
                fill(bytes.get_mut(start..).unwrap_or_default(), &mut scan, |block| {
                    read_block(source, block)
                })?;
            }
            tensor.accept(&scan.finish()).map(|()| bytes)
        })
    }

    /// The next tensor's bytes, into room that the caller has made. Gives `false`, and leaves it alone, after the
    /// last tensor.
    ///
    /// # Errors
    ///
    /// As [`next_tensor`](Self::next_tensor), and then `into` is zero; [`Code::Len`] if it has not the tensor's
    /// length.
    pub fn next_into(&mut self, into: &mut [u8]) -> Result<bool> {
        clear_on_error(into, |into| {
            let read =
                self.advance(|source, tensor| fill_tensor(tensor, into, |block| read_block(source, block)))?;
            Ok(read.is_some())
        })
    }

    /// Checks all that is left, and keeps none of it.
    ///
    /// # Errors
    ///
    /// As [`next_tensor`](Self::next_tensor).
    pub fn verify(self) -> Result<Head> {
        self.verify_with(|_, _| Ok(()))
    }

    /// Checks all that is left, and shows it to `each` on the way: the place of a tensor in the manifest's list, and a
    /// piece of its bytes, at most 8 MiB of whole elements, in order. So a tensor of any size is looked at in little memory.
    ///
    /// A piece is shown *before* its tensor's digest is known. What was made of it counts if this returns `Ok`.
    ///
    /// # Errors
    ///
    /// As [`next_tensor`](Self::next_tensor), and whatever `each` refuses.
    ///
    /// ```
    /// use tensorkeep_format::{DType, Kind, LoadLimits, Manifest, Shape, StreamReader, Tensor, write};
    ///
    /// let mut manifest = Manifest::new(Kind::Dataset, "example/bytes");
    /// manifest.push(Tensor::new("bytes", DType::U8, Shape::new(&[3])?, &[1, 2, 3])?)?;
    /// let mut file = Vec::new();
    /// write(&mut file, &manifest, None, [&[1, 2, 3][..]])?;
    ///
    /// let mut sum = 0;
    /// let reader = StreamReader::new(&file[..], &LoadLimits::default())?;
    /// reader.verify_with(|_, piece| Ok(sum += piece.iter().map(|byte| u32::from(*byte)).sum::<u32>()))?;
    /// assert_eq!(sum, 6);
    ///
    /// // The sum of other bytes is made, and is worth nothing.
    /// *file.last_mut().unwrap() = 4;
    /// assert!(StreamReader::new(&file[..], &LoadLimits::default())?.verify_with(|_, _| Ok(())).is_err());
    /// # Ok::<(), tensorkeep_format::Error>(())
    /// ```
    pub fn verify_with(mut self, mut each: impl FnMut(usize, &[u8]) -> Result<()>) -> Result<Head> {
        let mut buffer = TensorBytes::default();
        let mut place = self.next;
        while self
            .advance(|source, tensor| copy(source, tensor, &mut buffer, |piece| each(place, piece)))?
            .is_some()
        {
            place = self.next;
        }
        Ok(self.head)
    }

    /// Reads a tensor and what lies between it and the next.
    fn advance<T>(&mut self, read: impl FnOnce(&mut R, &super::Tensor) -> Result<T>) -> Result<Option<T>> {
        match self.state {
            State::Reading => {}
            State::Ended => return Ok(None),
            State::Failed => return Err(Error::new(Code::Io, "the stream failed before: open it again")),
        }
        // Until it is known better.
        self.state = State::Failed;
        let (Some(tensor), Some((start, next))) =
            (self.head.manifest().tensors.get(self.next), self.head.span(self.next))
        else {
            expect_end(&mut self.source)?;
            self.state = State::Ended;
            return Ok(None);
        };
        let read = read(&mut self.source, tensor)?;
        read_zeros(&mut self.source, next.saturating_sub(start).saturating_sub(tensor.length))?;
        self.next = self.next.saturating_add(1);
        self.state = State::Reading;
        Ok(Some(read))
    }
}

/// How long memory may be when so much has arrived.
fn grown(arrived: usize) -> u64 {
    const FIRST: u64 = 16 << 20;
    FIRST.max((arrived as u64).saturating_mul(2))
}

fn read_block(source: &mut impl Read, block: &mut [u8]) -> Result<()> {
    source.read_exact(block).map_err(|error| Error::io("reading tensors", &error))
}

/// Reads a tensor in pieces of a buffer's length.
fn copy(
    source: &mut impl Read,
    tensor: &super::Tensor,
    buffer: &mut TensorBytes,
    mut each: impl FnMut(&[u8]) -> Result<()>,
) -> Result<()> {
    const PIECE: u64 = 8 << 20;
    let mut scan = Scan::new(tensor.dtype);
    let mut left = tensor.length;
    while left > 0 {
        let step = left.min(PIECE);
        if (buffer.len() as u64) < step {
            buffer.grow(step)?;
        }
        let piece = usize::try_from(step).ok().and_then(|step| buffer.get_mut(..step)).unwrap_or_default();
        fill(piece, &mut scan, |block| read_block(source, block))?;
        each(piece)?;
        left = left.saturating_sub(step);
    }
    tensor.accept(&scan.finish())
}

fn expect_end(source: &mut impl Read) -> Result<()> {
    let mut behind = Vec::new();
    source.take(1).read_to_end(&mut behind).map_err(|error| Error::io("looking for the end", &error))?;
    match behind.is_empty() {
        true => Ok(()),
        false => Err(trailing()),
    }
}

impl<R> fmt::Debug for StreamReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StreamReader(tensor {} of {})", self.next, self.head.manifest().tensors.len())
    }
}
