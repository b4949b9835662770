//! Stanzas: the file key, wrapped for one recipient each.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::{PublicKey, SharedSecret, StaticSecret};
use zeroize::Zeroizing;

use super::key::{Identity, Passphrase, Recipient};
use super::{FileKey, Limits, failed};
use crate::{Code, Error, Result, random};

const X25519: &str = "X25519";
const SCRYPT: &str = "scrypt";
const X25519_INFO: &[u8] = b"age-encryption.org/v1/X25519";
const SCRYPT_SALT: &[u8] = b"age-encryption.org/v1/scrypt";

/// Greatest work factor to encrypt with: 1 TiB.
const MAX_WORK_FACTOR: u8 = 30;

/// A part of the header: a type, its arguments, and a body.
#[derive(Debug)]
pub(super) struct Stanza {
    pub(super) arguments: Vec<String>,
    pub(super) body: Vec<u8>,
}

impl Stanza {
    /// Wraps the file key for a recipient, under a key that an ephemeral one and the recipient's agree on.
    pub(super) fn for_recipient(file_key: &FileKey, recipient: &Recipient) -> Result<Self> {
        let ephemeral = StaticSecret::from(*random::bytes()?);
        let share = PublicKey::from(&ephemeral);
        let key = agreed_key(&ephemeral.diffie_hellman(&recipient.0), &share, &recipient.0)?;
        let arguments = vec![X25519.to_owned(), STANDARD_NO_PAD.encode(share.as_bytes())];
        Ok(Self { arguments, body: wrap(file_key, &key)? })
    }

    /// Wraps the file key under a passphrase.
    pub(super) fn for_passphrase(file_key: &FileKey, passphrase: &Passphrase) -> Result<Self> {
        if !(1..=MAX_WORK_FACTOR).contains(&passphrase.work_factor) {
            let message =
                format!("work factor {} is not between 1 and {MAX_WORK_FACTOR}", passphrase.work_factor);
            return Err(Error::new(Code::Limit, message));
        }
        let salt = random::bytes::<16>()?;
        let key = stretched_key(passphrase, &salt, passphrase.work_factor)?;
        let arguments = vec![
            SCRYPT.to_owned(),
            STANDARD_NO_PAD.encode(salt.as_slice()),
            passphrase.work_factor.to_string(),
        ];
        Ok(Self { arguments, body: wrap(file_key, &key)? })
    }

    pub(super) fn is_scrypt(&self) -> bool {
        self.arguments.first().is_some_and(|kind| kind == SCRYPT)
    }

    /// The file key, if the stanza is for one of the identities. A stanza of another type is for somebody else.
    pub(super) fn open_with_identities(&self, identities: &[Identity]) -> Result<Option<FileKey>> {
        let (kind, arguments) = self.arguments.split_first().ok_or_else(failed)?;
        if kind != X25519 {
            return Ok(None);
        }
        let [share] = arguments else {
            return Err(failed());
        };
        let share = PublicKey::from(decode_exactly::<32>(share)?);
        let body = self.wrapped()?;
        for identity in identities {
            let key = agreed_key(&identity.0.diffie_hellman(&share), &share, &identity.recipient().0)?;
            if let Some(file_key) = unwrap(body, &key) {
                return Ok(Some(file_key));
            }
        }
        Ok(None)
    }

    /// The file key, if the stanza is under the passphrase.
    pub(super) fn open_with_passphrase(
        &self,
        passphrase: &Passphrase,
        limits: &Limits,
    ) -> Result<Option<FileKey>> {
        let [kind, salt, work_factor] = self.arguments.as_slice() else {
            return Err(failed());
        };
        if kind != SCRYPT {
            return Ok(None);
        }
        let salt = decode_exactly::<16>(salt)?;
        let body = self.wrapped()?;
        // In its one spelling: no sign, no leading zero.
        let number: u64 = work_factor.parse().map_err(|_| failed())?;
        if number.to_string() != *work_factor || number == 0 {
            return Err(failed());
        }
        let allowed = u8::try_from(number).ok().filter(|number| *number <= limits.work_factor);
        let number = allowed.ok_or_else(|| {
            let message = format!(
                "the passphrase's work factor is {number}, more than the {} allowed; raise the limit if you trust the file",
                limits.work_factor
            );
            Error::new(Code::Limit, message)
        })?;
        let key = stretched_key(passphrase, &salt, number)?;
        Ok(unwrap(body, &key))
    }

    /// The body, which for all known types is the file key and a tag. Its length is checked before it is decrypted, as the
    /// specification asks, so that no body decrypts under two keys.
    fn wrapped(&self) -> Result<&[u8; 32]> {
        self.body.as_slice().try_into().map_err(|_| failed())
    }
}

fn decode_exactly<const N: usize>(text: &str) -> Result<[u8; N]> {
    STANDARD_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(failed)
}

/// The key that an ephemeral and a recipient's key agree on. A share of small order agrees with everybody, and is refused.
fn agreed_key(
    secret: &SharedSecret,
    share: &PublicKey,
    recipient: &PublicKey,
) -> Result<Zeroizing<[u8; 32]>> {
    if !secret.was_contributory() {
        return Err(failed());
    }
    let salt: Vec<u8> = share.as_bytes().iter().chain(recipient.as_bytes()).copied().collect();
    Ok(derive(secret.as_bytes(), &salt, X25519_INFO))
}

fn stretched_key(passphrase: &Passphrase, salt: &[u8; 16], work_factor: u8) -> Result<Zeroizing<[u8; 32]>> {
    let salt: Vec<u8> = SCRYPT_SALT.iter().chain(salt).copied().collect();
    let params = scrypt::Params::new(work_factor, 8, 1).map_err(|_| failed())?;
    let mut key = Zeroizing::new([0; 32]);
    scrypt::scrypt(passphrase.text.as_bytes(), &salt, &params, key.as_mut_slice()).map_err(|_| failed())?;
    Ok(key)
}

/// HKDF-SHA-256 (RFC 5869).
pub(super) fn derive(secret: &[u8], salt: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // 32 bytes are far below the 8,160 that could be asked for.
    let _ = Hkdf::<Sha256>::new(Some(salt), secret).expand(info, key.as_mut_slice());
    key
}

/// The key is used once, so the nonce can be zero.
fn wrap(file_key: &FileKey, key: &[u8; 32]) -> Result<Vec<u8>> {
    let mut body = file_key.to_vec();
    let cipher = ChaCha20Poly1305::new(&(*key).into());
    cipher.encrypt_in_place(&Nonce::default(), &[], &mut body).map_err(|_| failed())?;
    Ok(body)
}

fn unwrap(body: &[u8; 32], key: &[u8; 32]) -> Option<FileKey> {
    let mut plain = Zeroizing::new(body.to_vec());
    let cipher = ChaCha20Poly1305::new(&(*key).into());
    cipher.decrypt_in_place(&Nonce::default(), &[], &mut *plain).ok()?;
    plain.as_slice().try_into().ok().map(Zeroizing::new)
}
