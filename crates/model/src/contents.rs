//! A file in the making.

use std::io::Write;

use tensorkeep_format::{Code, LoadLimits, Manifest, Writer, escape, signed_payload};
use tensorkeep_tensor::Tensor;
use tensorkeep_trust::{PayloadDigest, SecretKey, add_signature};

use crate::elements;
use crate::refusal::Refusal;

/// The manifest of a file, and handles to its tensors. Their bytes are fetched from their device twice, once to be hashed
/// and once to be written, so that only one tensor at a time is in the host's memory.
pub(crate) struct Contents {
    pub(crate) manifest: Manifest,
    tensors: Vec<Tensor>,
    nonfinite: bool,
}

impl Contents {
    pub(crate) fn new(manifest: Manifest, nonfinite: bool) -> Self {
        Self { manifest, tensors: Vec::new(), nonfinite }
    }

    /// Adds a tensor, and returns its place in the manifest's list.
    pub(crate) fn push(&mut self, name: &str, value: &Tensor) -> Result<usize, Refusal> {
        let array = value.to_host()?;
        let (dtype, shape) = (elements::to_file(array.dtype()), elements::shape_to_file(array.shape())?);
        let line = tensorkeep_format::Tensor::new(name, dtype, shape, elements::bytes(array.data()))?;
        if line.nonfinite && !self.nonfinite {
            let message = format!(
                "tensor {} holds infinities or NaN: find out where the training went wrong, or ask for them with allow_nonfinite",
                escape(name)
            );
            return Err(Refusal::new(Code::Value, message));
        }
        self.tensors.push(value.clone());
        Ok(self.manifest.push(line)?)
    }

    /// What is allowed in a file that this program writes.
    pub(crate) fn limits(&self) -> LoadLimits {
        LoadLimits { nonfinite: self.nonfinite, ..LoadLimits::default() }
    }

    /// The block of signatures by these keys, and the digest of what they sign.
    pub(crate) fn sign(&self, keys: &[&SecretKey]) -> Result<(Option<Vec<u8>>, PayloadDigest), Refusal> {
        let payload = signed_payload(&self.manifest, &self.limits())?;
        let mut block = Vec::new();
        for key in keys {
            block = add_signature(&block, key, &payload)?;
        }
        Ok(((!block.is_empty()).then_some(block), PayloadDigest::of(&payload)))
    }

    /// Writes the file.
    pub(crate) fn write(&self, out: impl Write, signatures: Option<&[u8]>) -> Result<(), Refusal> {
        let mut writer = Writer::new(out, &self.manifest, signatures, &self.limits())?;
        for value in &self.tensors {
            writer.update(elements::bytes(value.to_host()?.data()))?;
        }
        writer.finish()?;
        Ok(())
    }
}
