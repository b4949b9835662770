//! The reader of files.

use std::fs::File;
use std::io;
use std::path::Path;

use super::fill::{clear_on_error, fill_tensor};
use super::head::check_zeros;
use super::slice::no_tensor;
use super::{Head, TensorBytes, layout};
use crate::open::{FileRules, check_regular, open};
use crate::{Error, LoadLimits, Result};

/// Reads a container from a file, tensor by tensor, in any order.
///
/// The file is opened once, and only the descriptor is used from then on. A tensor is copied first, and then its
/// *copy* is checked: whatever happens to the file meanwhile, what is given out has its digest.
///
/// ```no_run
/// use tensorkeep_format::{FileReader, FileRules, LoadLimits};
///
/// let reader = FileReader::open("model.tkm", &LoadLimits::default(), &FileRules::strict())?;
/// println!("{} {}", reader.head().manifest().id, reader.head().digest());
/// let first = reader.tensor(0)?;
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Debug)]
pub struct FileReader {
    head: Head,
    file: File,
}

impl FileReader {
    /// Opens a file and reads up to the first tensor.
    ///
    /// # Errors
    ///
    /// [`Code::FileType`](crate::Code::FileType) if it is not a regular file; [`Code::Perm`](crate::Code::Perm) if it
    /// breaks the rules; [`Code::Io`](crate::Code::Io) if it cannot be opened; then the code of the first rule of the
    /// format that is broken.
    pub fn open(path: impl AsRef<Path>, limits: &LoadLimits, rules: &FileRules) -> Result<Self> {
        let path = path.as_ref();
        let read = || Self::from_file(open(path, rules)?, limits);
        read().map_err(|error| error.within(&path.to_string_lossy()))
    }

    /// Reads up to the first tensor of a file that is open, and at its start.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn from_file(mut file: File, limits: &LoadLimits) -> Result<Self> {
        let size = check_regular(&file)?;
        let head = Head::read(&mut file, Some(size), limits)?;
        Ok(Self { head, file })
    }

    /// What stands before the tensors.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The bytes of the tensor at this place of the manifest's list.
    ///
    /// # Errors
    ///
    /// [`Code::Digest`](crate::Code::Digest), [`Code::Value`](crate::Code::Value) or [`Code::Pad`](crate::Code::Pad);
    /// [`Code::Trunc`](crate::Code::Trunc) if the file was cut after it was opened; [`Code::Io`](crate::Code::Io) if
    /// reading fails; [`Code::Len`](crate::Code::Len) if there is no such place.
    pub fn tensor(&self, index: usize) -> Result<TensorBytes> {
        let tensor = self.head.manifest().tensors.get(index).ok_or_else(|| no_tensor(index))?;
        // The file was found to be so long.
        let mut bytes = TensorBytes::zeroed(tensor.length)?;
        self.read_into(index, &mut bytes).map(|()| bytes)
    }

    /// The bytes of a tensor, into room that the caller has made.
    ///
    /// # Errors
    ///
    /// As [`tensor`](Self::tensor), and then `into` is zero; [`Code::Len`](crate::Code::Len) if it has not the
    /// tensor's length.
    pub fn read_into(&self, index: usize, into: &mut [u8]) -> Result<()> {
        let (Some(tensor), Some((start, next))) =
            (self.head.manifest().tensors.get(index), self.head.span(index))
        else {
            return Err(no_tensor(index));
        };
        clear_on_error(into, |into| {
            let mut at = start;
            let read = |block: &mut [u8]| {
                read_exact_at(&self.file, block, at)
                    .map_err(|error| Error::io("reading a tensor", &error))?;
                at = at.saturating_add(block.len() as u64);
                Ok(())
            };
            fill_tensor(tensor, into, read)?;
            let end = start.saturating_add(tensor.length);
            self.check_gap(end, next)
        })
    }

    /// Checks what lies between a tensor and the next.
    fn check_gap(&self, end: u64, next: u64) -> Result<()> {
        let mut gap = layout::GAP;
        let length = usize::try_from(next.saturating_sub(end)).ok();
        let gap = length.and_then(|length| gap.get_mut(..length)).unwrap_or_default();
        read_exact_at(&self.file, gap, end).map_err(|error| Error::io("reading padding", &error))?;
        check_zeros(gap)
    }

    /// Checks every tensor, one at a time.
    ///
    /// # Errors
    ///
    /// As [`tensor`](Self::tensor).
    pub fn verify(&self) -> Result<()> {
        (0..self.head.manifest().tensors.len()).try_for_each(|index| self.tensor(index).map(drop))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, into, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                into = into.get_mut(count..).unwrap_or_default();
                at = at.saturating_add(count as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
