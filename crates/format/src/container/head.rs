//! Everything before the tensors.

use std::io::Read;

use super::digest::SIGNATURES;
use super::header::{Header, LENGTH};
use super::{Digest, MAGIC, MAJOR, Manifest, layout};
use crate::recognise::refusal;
use crate::{Code, Error, LoadLimits, Result};

/// Everything before the tensors: the header, the manifest and the signatures, all of them checked.
///
/// Each reader gives it before it reads a tensor. That is the moment to decide on trust, and to look at what the
/// model would cost:
///
/// ```
/// use tensorkeep_format::{Kind, Manifest, StreamReader, LoadLimits, write};
///
/// let mut file = Vec::new();
/// write(&mut file, &Manifest::new(Kind::Model, "example/empty"), None, [])?;
///
/// let reader = StreamReader::new(&file[..], &LoadLimits::default())?;
/// let head = reader.head();
/// assert_eq!(head.signed_payload()[..4], [1, 0, 0, 0]);
/// assert!(head.signatures().is_none()); // what verifies signatures decides whether that is enough
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Head {
    pub(super) header: Header,
    manifest: Manifest,
    payload: Vec<u8>,
    signatures: Option<Vec<u8>>,
}

impl Head {
    /// Reads up to the first tensor. `size` is the size of the file, where it is known.
    pub(super) fn read(source: &mut impl Read, size: Option<u64>, limits: &LoadLimits) -> Result<Self> {
        let header = read_header(source, limits)?;
        if let Some(size) = size {
            check_size(&header, size)?;
        }
        let mut payload = payload_of(header.minor);
        read_exactly(source, &mut payload, header.manifest, "reading the manifest")?;
        let encoded = payload.get(payload_of(0).len()..).unwrap_or_default();
        header.digest.expect(&Manifest::digest_of(encoded), "the manifest")?;
        let signatures = read_signatures(source, header.signatures)?;
        let manifest = Manifest::decode(encoded, limits)?;
        if layout::check(&manifest.tensors)? != header.data {
            let message =
                format!("the tensors do not end where the file does, {} bytes from their start", header.data);
            return Err(Error::new(Code::Layout, message));
        }
        let before = (LENGTH as u64).saturating_add(header.manifest).saturating_add(header.signatures);
        read_zeros(source, header.data_start().unwrap_or(before).saturating_sub(before))?;
        Ok(Self { header, manifest, payload, signatures })
    }

    /// What the file says about itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The digest of the manifest, and through it of every byte of the tensors: the identity of what is in the file,
    /// with or without signatures.
    pub fn digest(&self) -> &Digest {
        &self.header.digest
    }

    /// The version of the container.
    pub fn version(&self) -> (u16, u16) {
        (MAJOR, self.header.minor)
    }

    /// The bytes that signatures are about: major and minor version, 16 bits each, little-endian, and the encoded
    /// manifest.
    pub fn signed_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The block of signatures. It is whole, which says nothing about who made it.
    pub fn signatures(&self) -> Option<&[u8]> {
        self.signatures.as_deref()
    }

    /// The size of the file.
    pub fn file_length(&self) -> u64 {
        // Overflow was refused when the header was read.
        self.header.file_end().unwrap_or(u64::MAX)
    }

    /// Where a tensor starts in the file, and where the next one does.
    pub(super) fn span(&self, index: usize) -> Option<(u64, u64)> {
        let start = self.header.data_start()?;
        let tensor = self.manifest.tensors.get(index)?;
        let next =
            self.manifest.tensors.get(index.saturating_add(1)).map_or(self.header.data, |next| next.offset);
        Some((start.checked_add(tensor.offset)?, start.checked_add(next)?))
    }
}

/// The beginning of the payload: the version.
pub(super) fn payload_of(minor: u16) -> Vec<u8> {
    [MAJOR.to_le_bytes(), minor.to_le_bytes()].concat()
}

fn read_header(source: &mut impl Read, limits: &LoadLimits) -> Result<Header> {
    let mut first = Vec::with_capacity(LENGTH);
    source
        .take(LENGTH as u64)
        .read_to_end(&mut first)
        .map_err(|error| Error::io("reading the header", &error))?;
    let shown = first.get(..MAGIC.len()).unwrap_or(&first);
    if !MAGIC.starts_with(shown) {
        return Err(refusal(&first));
    }
    let header: &[u8; LENGTH] = first.as_slice().try_into().map_err(|_| {
        Error::new(
            Code::Trunc,
            format!("there are {} bytes, a header has {LENGTH}: fetch the whole file again", first.len()),
        )
    })?;
    Header::decode(header, limits)
}

fn check_size(header: &Header, size: u64) -> Result<()> {
    let promised = header.file_end().unwrap_or(u64::MAX);
    if size < promised {
        let message = format!("the file has {size} of its {promised} bytes: fetch the whole file again");
        return Err(Error::new(Code::Trunc, message));
    }
    match size == promised {
        true => Ok(()),
        false => Err(trailing()),
    }
}

/// Bytes behind the end.
#[cold]
pub(super) fn trailing() -> Error {
    Error::new(
        Code::Len,
        "there are bytes behind the end of the file: something was added to it, fetch it again",
    )
}

/// Appends the next `length` bytes. Room is made as they come, at most for as many again, so that a promise alone
/// takes next to nothing.
fn read_exactly(source: &mut impl Read, into: &mut Vec<u8>, length: u64, what: &str) -> Result<()> {
    const FIRST: u64 = 1 << 16;
    let mut left = length;
    while left > 0 {
        let step = left.min(FIRST.max(into.len() as u64));
        into.try_reserve_exact(usize::try_from(step).unwrap_or(usize::MAX))
            .map_err(|_| Error::new(Code::Limit, format!("{what}: no room for {length} bytes")))?;
        let got = source.take(step).read_to_end(into).map_err(|error| Error::io(what, &error))?;
        if got as u64 != step {
            return Err(Error::io(what, &std::io::ErrorKind::UnexpectedEof.into()));
        }
        left = left.saturating_sub(step);
    }
    Ok(())
}

fn read_signatures(source: &mut impl Read, length: u64) -> Result<Option<Vec<u8>>> {
    if length == 0 {
        return Ok(None);
    }
    let mut block = Vec::new();
    read_exactly(source, &mut block, length, "reading the signatures")?;
    let Some((content, digest)) = block.split_last_chunk() else {
        return Ok(None);
    };
    Digest::new(*digest).expect(&Digest::derived(SIGNATURES, content), "the block of signatures")?;
    block.truncate(content.len());
    Ok(Some(block))
}

/// Reads padding, at most a page of it.
pub(super) fn read_zeros(source: &mut impl Read, length: u64) -> Result<()> {
    let mut padding = Vec::new();
    read_exactly(source, &mut padding, length, "reading padding")?;
    check_zeros(&padding)
}

pub(super) fn check_zeros(padding: &[u8]) -> Result<()> {
    match padding.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => {
            Err(Error::new(Code::Pad, "padding is not zero: something is hidden in the file, do not use it"))
        }
    }
}
