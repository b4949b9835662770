//! BLAKE3 digests.

use std::fmt;

use crate::cbor::{Reader, Record, Writer};
use crate::{Code, Error, Result};

/// The contexts of BLAKE3's key derivation: a digest of one part can never pass for a digest of another.
pub(super) const MANIFEST: &str = "tensorkeep v1 manifest";
pub(super) const HEADER: &str = "tensorkeep v1 header";
pub(super) const SIGNATURES: &str = "tensorkeep v1 signatures";

/// A BLAKE3 digest of 32 bytes. It is shown in hexadecimal.
///
/// ```
/// use tensorkeep_format::Digest;
///
/// // The first row of BLAKE3's own test vectors: no input.
/// assert!(Digest::of(b"").to_string().starts_with("af1349b9f5f9a1a6"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Bytes of a digest.
    pub const LENGTH: usize = 32;

    /// The digest of the bytes themselves, as `b3sum` prints it.
    pub fn of(bytes: &[u8]) -> Self {
        Self::from(blake3::hash(bytes))
    }

    /// The digest of the bytes as the part that the context names.
    pub(super) fn derived(context: &str, bytes: &[u8]) -> Self {
        Self(blake3::derive_key(context, bytes))
    }

    /// A digest that was made elsewhere.
    pub fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Compares with the digest of what is really there.
    pub(super) fn expect(&self, found: &Self, what: &str) -> Result<()> {
        if self == found {
            return Ok(());
        }
        let message = format!(
            "{what} has the digest {found}, not {self}: the file was damaged or changed, fetch it again"
        );
        Err(Error::new(Code::Digest, message))
    }
}

impl From<blake3::Hash> for Digest {
    fn from(hash: blake3::Hash) -> Self {
        Self(*hash.as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Record for Digest {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let bytes = reader.bytes()?;
        <[u8; Self::LENGTH]>::try_from(bytes)
            .map(Self)
            .map_err(|_| reader.fault(Code::Digest, "a digest has 32 bytes"))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.bytes(&self.0);
    }
}
