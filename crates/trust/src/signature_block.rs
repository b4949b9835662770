//! The signatures inside a container, as one block of bytes.

use crate::cbor::{self, Major, Reader};
use crate::cose::{self, Signature};
use crate::{Code, Error, Result, SecretKey, hex};

/// What a container's signatures are for: COSE's external data. A signature made for anything else does not verify here.
pub const CONTAINER_CONTEXT: &[u8] = b"tensorkeep/container-sig/v1";

/// Most signatures in a block.
pub const MAX_SIGNATURES: usize = 8;

/// Longest block, in bytes.
pub const MAX_BLOCK: usize = 64 << 10;

/// The signatures of a block, read but not verified.
///
/// The bytes are a CBOR array of COSE_Sign1 objects in deterministic encoding, and nothing else: what [`read`](Self::read)
/// accepts, [`write`](Self::write) gives back byte for byte. An empty block of bytes is a container without signatures.
#[derive(Debug)]
pub(crate) struct SignatureBlock<'a>(Vec<Signature<'a>>);

impl<'a> SignatureBlock<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self> {
        if bytes.is_empty() {
            return Ok(Self(Vec::new()));
        }
        if bytes.len() > MAX_BLOCK {
            return Err(limit(format!("{} bytes, more than {MAX_BLOCK}", bytes.len())));
        }
        let mut reader = Reader::new(bytes);
        let count = reader.expect(Major::Array, "the block")?;
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        if count > MAX_SIGNATURES {
            return Err(limit(format!("{count} signatures, more than {MAX_SIGNATURES}")));
        }
        if count == 0 {
            let message = "signature block: an empty array; a container without signatures has no block";
            return Err(Error::new(Code::NonCanonical, message));
        }
        let signatures = (0..count).map(|_| Signature::read(&mut reader)).collect::<Result<Vec<_>>>()?;
        reader.end()?;
        let block = Self(signatures);
        // The reader accepts one form of everything; this says so once more in a way that holds whatever the reader does.
        if block.write() != bytes {
            return Err(Error::new(Code::NonCanonical, "signature block: is not in its one encoding"));
        }
        Ok(block)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if self.0.is_empty() {
            return out;
        }
        cbor::push_head(&mut out, Major::Array, u64::try_from(self.0.len()).unwrap_or(u64::MAX));
        for signature in &self.0 {
            signature.write(&mut out);
        }
        out
    }

    pub(crate) fn signatures(&self) -> &[Signature<'a>] {
        &self.0
    }
}

/// Adds a signature to a block of bytes, which may be empty, and returns the new block.
///
/// The payload is the part of the container that the signature is about: its version and its manifest, in which the
/// digest of every tensor stands.
///
/// ```
/// use tensorkeep_trust::{Algorithm, SecretKey, add_signature};
///
/// let (alice, bob) = (SecretKey::generate(Algorithm::Ed25519)?, SecretKey::generate(Algorithm::EcdsaP256)?);
/// let block = add_signature(&[], &alice, b"version and manifest")?;
/// let block = add_signature(&block, &bob, b"version and manifest")?;
///
/// // One signature a key is enough.
/// assert!(add_signature(&block, &alice, b"version and manifest").is_err());
/// # Ok::<(), tensorkeep_trust::Error>(())
/// ```
///
/// # Errors
///
/// [`Code::Limit`] for a ninth signature, [`Code::Duplicate`] if the key signed the block already, [`Code::Algorithm`] for a key
/// that does not sign containers, and whatever is wrong with the block.
pub fn add_signature(block: &[u8], key: &SecretKey, payload: &[u8]) -> Result<Vec<u8>> {
    let mut block = SignatureBlock::read(block)?;
    let key_id = key.public_key().key_id();
    if block.0.iter().any(|signature| signature.key_id == key_id.as_bytes()) {
        let message =
            format!("signature block: key {key_id} has signed it already; remove that signature first");
        return Err(Error::new(Code::Duplicate, message));
    }
    if block.0.len() >= MAX_SIGNATURES {
        return Err(limit(format!("a signature more than the {MAX_SIGNATURES} there can be")));
    }
    let bytes = cose::sign(key, payload, CONTAINER_CONTEXT, key_id.as_bytes())?;
    block.0.push(Signature::read(&mut Reader::new(&bytes))?);
    let written = block.write();
    match written.len() {
        0..=MAX_BLOCK => Ok(written),
        count => Err(limit(format!("{count} bytes, more than {MAX_BLOCK}"))),
    }
}

/// The identifiers of the keys that a block says signed it, in hexadecimal: what to show of a file before anybody is trusted.
///
/// Nothing is verified here. A name that anybody can write proves nothing; [`TrustStore::verify`](crate::TrustStore::verify)
/// decides.
///
/// ```
/// use tensorkeep_trust::{Algorithm, SecretKey, add_signature, claimed_key_ids};
///
/// let key = SecretKey::generate(Algorithm::Ed25519)?;
/// let block = add_signature(&[], &key, b"version and manifest")?;
/// assert_eq!(claimed_key_ids(&block)?, [key.public_key().key_id().to_string()]);
///
/// assert!(claimed_key_ids(b"no block").is_err());
/// # Ok::<(), tensorkeep_trust::Error>(())
/// ```
///
/// # Errors
///
/// Whatever is wrong with the block.
pub fn claimed_key_ids(block: &[u8]) -> Result<Vec<String>> {
    let block = SignatureBlock::read(block)?;
    Ok(block.0.iter().map(|signature| hex::encode(signature.key_id)).collect())
}

fn limit(what: String) -> Error {
    Error::new(Code::Limit, format!("signature block: {what}; sign with fewer keys"))
}
