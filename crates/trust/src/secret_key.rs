//! Keys that sign.

use std::fmt;
use std::path::Path;

use ed25519_dalek::Signer;
use ed25519_dalek::pkcs8::KeypairBytes;
use p256::pkcs8::der::pem::LineEnding;
use p256::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use zeroize::Zeroizing;

use crate::public_key::Encoding;
use crate::{Algorithm, Code, Error, PublicKey, Result, private_file, random};

/// Longest file of a secret key, in bytes: many times what one needs.
const LONGEST: u64 = 16 << 10;

/// A key that signs. It is never printed, and its memory is cleared when it goes.
///
/// ```
/// use tensorkeep_trust::{Algorithm, SecretKey};
///
/// let key = SecretKey::generate(Algorithm::Ed25519)?;
/// assert!(format!("{key:?}").contains("secret"));
///
/// // P-384 is there to verify what others signed.
/// assert!(SecretKey::generate(Algorithm::EcdsaP384).is_err());
/// # Ok::<(), tensorkeep_trust::Error>(())
/// ```
pub struct SecretKey {
    key: Key,
    public: PublicKey,
}

enum Key {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    P256(Box<p256::ecdsa::SigningKey>),
}

impl SecretKey {
    /// A new key from the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// [`Code::Algorithm`] for P-384; [`Code::Io`] when there are no random bytes.
    pub fn generate(algorithm: Algorithm) -> Result<Self> {
        match algorithm {
            Algorithm::Ed25519 => {
                let secret = random::bytes()?;
                Self::ed25519(&secret)
            }
            Algorithm::EcdsaP256 => loop {
                // One number in 2^32 is not a valid secret; drawing again keeps the others equally likely.
                if let Ok(key) = p256::ecdsa::SigningKey::from_slice(random::bytes::<32>()?.as_slice()) {
                    return Self::p256(key);
                }
            },
            Algorithm::EcdsaP384 => Err(Error::new(
                Code::Algorithm,
                "ecdsa-p384 keys are only verified with; make an ecdsa-p256 key",
            )),
        }
    }

    pub(crate) fn ed25519(secret: &[u8; 32]) -> Result<Self> {
        let key = Box::new(ed25519_dalek::SigningKey::from_bytes(secret));
        Ok(Self { public: PublicKey::of_ed25519(&key)?, key: Key::Ed25519(key) })
    }

    fn p256(key: p256::ecdsa::SigningKey) -> Result<Self> {
        Ok(Self { public: PublicKey::of_p256(&key)?, key: Key::P256(Box::new(key)) })
    }

    /// Reads an unencrypted `PRIVATE KEY` in PEM (PKCS#8), as `openssl genpkey` writes it.
    ///
    /// # Errors
    ///
    /// [`Code::Key`] for anything but an Ed25519 or P-256 key. The message never holds a part of the text.
    pub fn from_pem(text: &str) -> Result<Self> {
        if let Ok(bytes) = KeypairBytes::from_pkcs8_pem(text) {
            let key = ed25519_dalek::SigningKey::try_from(&bytes).map_err(|_| unreadable())?;
            return Self::ed25519(&Zeroizing::new(key.to_bytes()));
        }
        let key = p256::ecdsa::SigningKey::from_pkcs8_pem(text).map_err(|_| unreadable())?;
        Self::p256(key)
    }

    /// The key in PEM. Whoever reads it can sign.
    ///
    /// # Errors
    ///
    /// None that an existing key can cause.
    pub fn to_pem(&self) -> Result<Zeroizing<String>> {
        let pem = match &self.key {
            Key::Ed25519(key) => {
                // OpenSSL before 3.0 and others read the first version of the format only, which has no public key in it.
                KeypairBytes { secret_key: key.to_bytes(), public_key: None }.to_pkcs8_pem(LineEnding::LF)
            }
            Key::P256(key) => key.to_pkcs8_pem(LineEnding::LF),
        };
        pem.map_err(|_| unreadable())
    }

    /// Reads a key from a file that belongs to the caller and that nobody else can read.
    ///
    /// # Errors
    ///
    /// [`Code::Permission`] for a file that others can read or that belongs to another user, [`Code::FileType`] for a symbolic
    /// link, and the errors of [`from_pem`](Self::from_pem).
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, LONGEST)?;
        Self::from_pem(std::str::from_utf8(&bytes).map_err(|_| unreadable())?)
    }

    /// Writes the key into a new file with mode 0600.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] if the file exists, or cannot be written.
    pub fn create(&self, path: &Path) -> Result<()> {
        private_file::create(path, self.to_pem()?.as_bytes())
    }

    /// The public half.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// Signs deterministically: Ed25519 by its definition, ECDSA by RFC 6979.
    pub(crate) fn sign(&self, message: &[u8], encoding: Encoding) -> Result<Vec<u8>> {
        match (&self.key, encoding) {
            (Key::Ed25519(key), Encoding::Fixed) => Ok(key.sign(message).to_bytes().to_vec()),
            (Key::P256(key), Encoding::Fixed) => {
                let signature: p256::ecdsa::Signature = key.sign(message);
                Ok(signature.to_bytes().to_vec())
            }
            (Key::P256(key), Encoding::Der) => {
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                Ok(signature.as_bytes().to_vec())
            }
            (Key::Ed25519(_), Encoding::Der) => Err(Error::new(
                Code::Algorithm,
                "bundles are signed with ECDSA; use the identity's ecdsa-p256 key, not its ed25519 key",
            )),
        }
    }
}

fn unreadable() -> Error {
    Error::new(
        Code::Key,
        "secret key: is not an unencrypted Ed25519 or P-256 `PRIVATE KEY` in PEM; make one with `key gen`",
    )
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({} {}, secret not shown)", self.public.algorithm(), self.public.key_id())
    }
}
