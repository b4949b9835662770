//! The writer.

use std::fmt;
use std::io::Write;

use super::digest::SIGNATURES;
use super::head::payload_of;
use super::header::Header;
use super::values::absorb;
use super::{Digest, MINOR, Manifest, layout};
use crate::{Code, Error, LoadLimits, Result};

/// Writes a container, from front to back. The manifest, with all digests, comes first; then the tensors' bytes in
/// pieces of any length.
///
/// The bytes are hashed once more while they pass, so that a file that was written is a file that can be read.
///
/// ```
/// use tensorkeep_format::{Code, DType, Kind, LoadLimits, Manifest, Shape, Tensor, Writer};
///
/// let bytes = 1.5_f32.to_le_bytes();
/// let mut manifest = Manifest::new(Kind::Model, "example/scale");
/// manifest.push(Tensor::new("scale", DType::F32, Shape::new(&[])?, &bytes)?)?;
///
/// let mut writer = Writer::new(Vec::new(), &manifest, None, &LoadLimits::default())?;
/// writer.update(&bytes[..1])?;
/// writer.update(&bytes[1..])?;
/// let file = writer.finish()?;
/// assert_eq!(file.len(), 4096 + 4);
///
/// // Other bytes than the manifest speaks of.
/// let mut writer = Writer::new(Vec::new(), &manifest, None, &LoadLimits::default())?;
/// assert_eq!(writer.update(&[0; 4]).unwrap_err().code(), Code::Digest);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub struct Writer<W> {
    out: W,
    /// The tensors that are not complete, last first.
    lacking: Vec<Lacking>,
    hasher: blake3::Hasher,
}

/// What a tensor lacks.
struct Lacking {
    bytes: u64,
    /// Zeros between it and the next one.
    padding: u64,
    digest: Digest,
}

impl<W: Write> Writer<W> {
    /// Writes what stands before the tensors. Signatures are made of [`signed_payload`].
    ///
    /// # Errors
    ///
    /// The code of the rule that the manifest breaks; [`Code::Limit`] for a block of signatures that is too long;
    /// [`Code::Len`] for one that is empty; [`Code::Io`] if writing fails.
    pub fn new(out: W, manifest: &Manifest, signatures: Option<&[u8]>, limits: &LoadLimits) -> Result<Self> {
        Self::with_minor(out, manifest, signatures, limits, MINOR)
    }

    pub(super) fn with_minor(
        mut out: W,
        manifest: &Manifest,
        signatures: Option<&[u8]>,
        limits: &LoadLimits,
        minor: u16,
    ) -> Result<Self> {
        let encoded = manifest.encode(limits)?;
        let block = signatures.map(seal).unwrap_or_default();
        let header = Header {
            minor,
            manifest: encoded.len() as u64,
            signatures: block.len() as u64,
            data: layout::check(&manifest.tensors)?,
            digest: Manifest::digest_of(&encoded),
        };
        let bytes = header.encode()?;
        Header::decode(&bytes, limits)?;
        let mut before = [&bytes[..], &encoded, &block].concat();
        let start = header.data_start().and_then(|start| usize::try_from(start).ok());
        before.resize(start.unwrap_or(before.len()), 0);
        put(&mut out, &before)?;
        let mut writer = Self { out, lacking: lacking(manifest), hasher: blake3::Hasher::new() };
        writer.pass_complete()?;
        Ok(writer)
    }

    /// The next bytes of tensors, which may end one and begin another.
    ///
    /// # Errors
    ///
    /// [`Code::Digest`] if a tensor's bytes are not those of the manifest; [`Code::Len`] if there are more of them;
    /// [`Code::Io`] if writing fails.
    pub fn update(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let Some(tensor) = self.lacking.last_mut() else {
                return Err(Error::new(
                    Code::Len,
                    "there are more bytes than the manifest has tensors for: list them first",
                ));
            };
            let fitting = usize::try_from(tensor.bytes).unwrap_or(usize::MAX).min(bytes.len());
            let (piece, rest) = bytes.split_at(fitting);
            absorb(&mut self.hasher, piece);
            put(&mut self.out, piece)?;
            tensor.bytes = tensor.bytes.saturating_sub(piece.len() as u64);
            bytes = rest;
            self.pass_complete()?;
        }
        Ok(())
    }

    /// Checks that nothing is missing, and gives the output back, flushed.
    ///
    /// # Errors
    ///
    /// [`Code::Trunc`] if bytes of tensors are missing; [`Code::Io`] if flushing fails.
    pub fn finish(mut self) -> Result<W> {
        if !self.lacking.is_empty() {
            let message =
                format!("{} tensors were not given in full: write all of their bytes", self.lacking.len());
            return Err(Error::new(Code::Trunc, message));
        }
        self.out.flush().map_err(|error| Error::io("writing the file", &error))?;
        Ok(self.out)
    }

    /// Checks the tensors that are complete, and goes to where the next one starts.
    fn pass_complete(&mut self) -> Result<()> {
        while let Some(tensor) = self.lacking.pop_if(|tensor| tensor.bytes == 0) {
            tensor.digest.expect(&self.hasher.finalize().into(), "a tensor that is being written")?;
            self.hasher.reset();
            let padding = usize::try_from(tensor.padding).ok().and_then(|padding| layout::GAP.get(..padding));
            put(&mut self.out, padding.unwrap_or_default())?;
        }
        Ok(())
    }
}

fn lacking(manifest: &Manifest) -> Vec<Lacking> {
    let mut next = None;
    let tensors = manifest.tensors.iter().rev();
    let lacking = tensors.map(|tensor| {
        let end = tensor.offset.saturating_add(tensor.length);
        let padding = next.replace(tensor.offset).map_or(0, |next| next.saturating_sub(end));
        Lacking { bytes: tensor.length, padding, digest: tensor.digest }
    });
    lacking.collect()
}

/// A block of signatures with the digest that shows damage.
fn seal(content: &[u8]) -> Vec<u8> {
    [content, Digest::derived(SIGNATURES, content).as_bytes()].concat()
}

fn put(out: &mut impl Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).map_err(|error| Error::io("writing the file", &error))
}

/// Writes a container whose tensors are at hand, within the default limits.
///
/// # Errors
///
/// Those of [`Writer`].
///
/// ```
/// use tensorkeep_format::{Kind, Manifest, write};
///
/// let mut file = Vec::new();
/// write(&mut file, &Manifest::new(Kind::Dataset, "example/nothing"), None, [])?;
/// assert_eq!(file.len(), 4096);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub fn write<'a>(
    out: impl Write,
    manifest: &Manifest,
    signatures: Option<&[u8]>,
    tensors: impl IntoIterator<Item = &'a [u8]>,
) -> Result<()> {
    let mut writer = Writer::new(out, manifest, signatures, &LoadLimits::default())?;
    tensors.into_iter().try_for_each(|bytes| writer.update(bytes))?;
    writer.finish().map(drop)
}

/// The bytes that signatures of a new file are about; [`Head::signed_payload`](super::Head::signed_payload) gives
/// those of a file.
///
/// # Errors
///
/// The code of the rule that the manifest breaks.
pub fn signed_payload(manifest: &Manifest, limits: &LoadLimits) -> Result<Vec<u8>> {
    let mut payload = payload_of(MINOR);
    payload.extend(manifest.encode(limits)?);
    Ok(payload)
}

impl<W> fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({} tensors to come)", self.lacking.len())
    }
}
