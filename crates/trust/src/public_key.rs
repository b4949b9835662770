//! Keys that verify.

#[cfg(test)]
mod tests;

use std::fmt;

use curve25519_dalek::edwards::CompressedEdwardsY;
use ed25519_dalek::pkcs8::PublicKeyBytes;
use p256::ecdsa::signature::Verifier;
use p256::pkcs8::der::asn1::ObjectIdentifier;
use p256::pkcs8::der::pem::LineEnding;
use p256::pkcs8::{DecodePublicKey, Document, EncodePublicKey, SubjectPublicKeyInfoRef};
use sha2::{Digest, Sha256};

use crate::{Algorithm, Code, Error, Result, hex};

/// The public half of a signing key, checked when it was read.
///
/// ```
/// use tensorkeep_trust::{Algorithm, PublicKey, SecretKey};
///
/// let secret = SecretKey::generate(Algorithm::Ed25519)?;
/// let public = PublicKey::from_pem(&secret.public_key().to_pem())?;
/// assert_eq!(public.key_id(), secret.public_key().key_id());
/// assert!(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----").is_err());
/// # Ok::<(), tensorkeep_trust::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key: Key,
    /// The SubjectPublicKeyInfo in its one DER encoding.
    spki: Document,
}

#[derive(Clone, PartialEq, Eq)]
enum Key {
    Ed25519(ed25519_dalek::VerifyingKey),
    P256(p256::ecdsa::VerifyingKey),
    P384(p384::ecdsa::VerifyingKey),
}

/// How signatures of ECDSA are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// The two numbers one after the other, as COSE has them (RFC 9053, section 2.1).
    Fixed,
    /// An ASN.1 sequence of the two numbers, as X.509 and Sigstore have them (RFC 3279, section 2.2.3).
    Der,
}

/// What a signature names its key by: the first 16 bytes of the BLAKE3 digest of the key's SubjectPublicKeyInfo.
///
/// It finds the key and proves nothing; the signature does that.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; 16]);

impl PublicKey {
    /// Reads a `PUBLIC KEY` in PEM, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    ///
    /// [`Code::Algorithm`] for a key of any other algorithm than the [supported](Algorithm::ALL) ones; [`Code::Key`] for text
    /// that is no public key, for points that are not on their curve, and for Ed25519 points that are weak: of small order, with
    /// a component of small order, or not in their one encoding. A signature by such a key says nothing about its message.
    pub fn from_pem(text: &str) -> Result<Self> {
        let (label, document) = Document::from_pem(text).map_err(unreadable)?;
        if label != "PUBLIC KEY" {
            let message = "public key: the PEM is not a `PUBLIC KEY`; export one with `openssl pkey -pubout`";
            return Err(Error::new(Code::Key, message));
        }
        Self::from_spki(document.as_bytes())
    }

    fn from_spki(der: &[u8]) -> Result<Self> {
        let spki = SubjectPublicKeyInfoRef::try_from(der).map_err(unreadable)?;
        let curve = spki.algorithm.parameters.and_then(|any| any.decode_as::<ObjectIdentifier>().ok());
        let key = match (spki.algorithm.oid, curve) {
            (ED25519, None) => Key::ed25519(PublicKeyBytes::from_public_key_der(der).map_err(unreadable)?.0)?,
            (EC, Some(P256)) => {
                Key::P256(p256::ecdsa::VerifyingKey::from_public_key_der(der).map_err(unreadable)?)
            }
            (EC, Some(P384)) => {
                Key::P384(p384::ecdsa::VerifyingKey::from_public_key_der(der).map_err(unreadable)?)
            }
            (oid, curve) => {
                let curve = curve.map(|curve| format!(" over curve {curve}")).unwrap_or_default();
                let message = format!(
                    "public key: algorithm {oid}{curve} is not supported; use Ed25519, ECDSA P-256 or P-384"
                );
                return Err(Error::new(Code::Algorithm, message));
            }
        };
        key.into_public()
    }

    pub(crate) fn of_ed25519(key: &ed25519_dalek::SigningKey) -> Result<Self> {
        Key::Ed25519(key.verifying_key()).into_public()
    }

    pub(crate) fn of_p256(key: &p256::ecdsa::SigningKey) -> Result<Self> {
        Key::P256(*key.verifying_key()).into_public()
    }

    /// The key in PEM, as [`from_pem`](Self::from_pem) reads it.
    pub fn to_pem(&self) -> String {
        // The label is valid and the length small, which is all that can be wrong with PEM.
        self.spki.to_pem("PUBLIC KEY", LineEnding::LF).unwrap_or_default()
    }

    /// What signatures name the key by.
    pub fn key_id(&self) -> KeyId {
        let digest = blake3::hash(self.spki.as_bytes());
        KeyId(digest.as_bytes().first_chunk().copied().unwrap_or_default())
    }

    /// What a bundle names the key by: the SHA-256 digest of its [PEM](Self::to_pem), in hexadecimal.
    pub fn bundle_hint(&self) -> String {
        hex::encode(&Sha256::digest(self.to_pem()))
    }

    /// The algorithm that the key is for.
    pub fn algorithm(&self) -> Algorithm {
        match &self.key {
            Key::Ed25519(_) => Algorithm::Ed25519,
            Key::P256(_) => Algorithm::EcdsaP256,
            Key::P384(_) => Algorithm::EcdsaP384,
        }
    }

    /// Whether the signature is the key's over the message.
    ///
    /// Ed25519 is verified strictly, without the cofactor. For ECDSA both `s` and `n - s` are valid, so a signature has two forms:
    /// its bytes identify nothing.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8], encoding: Encoding) -> bool {
        match (&self.key, encoding) {
            (Key::Ed25519(key), Encoding::Fixed) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            (Key::Ed25519(_), Encoding::Der) => false,
            (Key::P256(key), Encoding::Fixed) => p256::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Key::P256(key), Encoding::Der) => p256::ecdsa::DerSignature::from_bytes(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Key::P384(key), Encoding::Fixed) => p384::ecdsa::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
            (Key::P384(key), Encoding::Der) => p384::ecdsa::DerSignature::from_bytes(signature)
                .is_ok_and(|signature| key.verify(message, &signature).is_ok()),
        }
    }
}

// Sources: RFC 8410, section 3; RFC 5480, sections 2.1.1 and 2.1.1.1.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

impl Key {
    /// A point in the subgroup of large prime order, but the neutral element.
    ///
    /// Verifiers disagree about all other points; with them refused, there is nothing to disagree about. That shuts out second
    /// encodings too, since all of them name points outside of the subgroup.
    /// See "Taming the many EdDSAs", Chalkias et al., 2020, section 3.
    fn ed25519(bytes: [u8; 32]) -> Result<Self> {
        let point = CompressedEdwardsY(bytes).decompress();
        let sound = point.is_some_and(|point| point.is_torsion_free() && !point.is_small_order());
        match ed25519_dalek::VerifyingKey::from_bytes(&bytes) {
            Ok(key) if sound => Ok(Self::Ed25519(key)),
            _ => {
                let message = "public key: the Ed25519 point is weak or malformed; make a new key";
                Err(Error::new(Code::Key, message))
            }
        }
    }

    fn into_public(self) -> Result<PublicKey> {
        let spki = match &self {
            Self::Ed25519(key) => PublicKeyBytes(key.to_bytes()).to_public_key_der(),
            Self::P256(key) => key.to_public_key_der(),
            Self::P384(key) => key.to_public_key_der(),
        };
        Ok(PublicKey { key: self, spki: spki.map_err(unreadable)? })
    }
}

fn unreadable(error: impl fmt::Display) -> Error {
    Error::new(Code::Key, format!("public key: {error}; give a `PUBLIC KEY` in PEM"))
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({} {})", self.algorithm(), self.key_id())
    }
}

impl KeyId {
    /// The identifier of 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`Code::Value`] for any other text.
    pub fn parse(text: &str) -> Result<Self> {
        hex::decode(text).map(Self).ok_or_else(|| {
            let shown = crate::error::shown(text);
            Error::new(Code::Value, format!("key identifier {shown} is not 32 lower-case hexadecimal digits"))
        })
    }

    /// Its 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
