//! Encryption at rest: whole files in the format of [age](https://age-encryption.org/v1).
//!
//! A file is encrypted to the public keys of its [`Recipient`]s, or under a [`Passphrase`], and read by the programs `age` and `rage`
//! too. Encryption hides a model and says nothing about who made it: anybody can encrypt to a public key. **Sign first, then
//! encrypt**, and verify the signature of what was decrypted.
//!
//! Every failure to decrypt is one error with one message, [`Code::Decrypt`]: which key did not fit, or which byte was changed, is
//! nothing that an attacker should learn. Plaintext goes to memory or to the caller's reader, never to a file, and only in
//! chunks of 64 KiB that were authenticated; that the *last* chunk is there is known when the reader is at its end.
//!
//! ```
//! use tensorkeep_trust::age::{Identity, Limits, Lock, Unlock, decrypt, encrypt};
//! use tensorkeep_trust::Code;
//!
//! let identity = Identity::generate()?;
//! let file = encrypt(b"weights", &Lock::Recipients(&[identity.recipient()]))?;
//! let unlock = Unlock::Identities(std::slice::from_ref(&identity));
//! assert_eq!(*decrypt(file.as_slice(), &unlock, &Limits::default())?, b"weights");
//!
//! let cut = &file[..file.len() - 1];
//! assert_eq!(decrypt(cut, &unlock, &Limits::default()).unwrap_err().code(), Code::Decrypt);
//! # Ok::<(), tensorkeep_trust::Error>(())
//! ```
//!
//! Composed of the primitives of RustCrypto and dalek as the specification says, and checked against all of its test vectors
//! that concern it. ASCII armour, SSH keys and plugins are not read.
//!
//! Source: the age specification, <https://c2sp.org/age>.

mod header;
mod key;
mod stanza;
mod stream;

use std::io::{BufReader, Read, Write};

use zeroize::Zeroizing;

use crate::{Code, Error, Result, random};
use header::Header;
pub use key::{Identity, Passphrase, Recipient};
use stream::{Opener, Sealer};

/// The secret that the payload's key is derived from, and that every stanza wraps.
type FileKey = Zeroizing<[u8; 16]>;

/// Who will be able to decrypt.
#[derive(Debug)]
pub enum Lock<'a> {
    /// Each of these recipients, of whom there must be at least one.
    Recipients(&'a [Recipient]),
    /// Whoever knows the passphrase.
    Passphrase(&'a Passphrase),
}

/// What is tried to decrypt with.
#[derive(Debug)]
pub enum Unlock<'a> {
    /// Any of these identities.
    Identities(&'a [Identity]),
    /// The passphrase.
    Passphrase(&'a Passphrase),
}

/// What an encrypted file may ask for before anything is known about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the header: 64 KiB by default.
    pub header: usize,
    /// Most recipients: 256 by default. Each costs a multiplication on the curve for each identity.
    pub recipients: usize,
    /// Greatest work factor of a passphrase, as a power of two: 18 by default, which takes 256 MiB and about a second. It is what
    /// `age` itself uses; a file with 22 would take 4 GiB.
    pub work_factor: u8,
    /// Most bytes of plaintext that [`decrypt`] returns: 16 GiB by default.
    pub plaintext: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { header: 64 << 10, recipients: 256, work_factor: 18, plaintext: 16 << 30 }
    }
}

/// Encrypts what is in memory.
///
/// # Errors
///
/// [`Code::Value`] without a recipient, [`Code::Limit`] above a work factor of 30, [`Code::Io`] without random bytes.
pub fn encrypt(plaintext: &[u8], lock: &Lock<'_>) -> Result<Vec<u8>> {
    let mut encryptor = Encryptor::new(Vec::new(), lock)?;
    encryptor.write_all(plaintext).map_err(|error| Error::io("encrypting", error))?;
    encryptor.finish()
}

/// Decrypts into memory, which is cleared when the result goes.
///
/// # Errors
///
/// [`Code::Decrypt`] if it does not decrypt to the last byte, for whatever reason; [`Code::Limit`] for a file that asks
/// for more than the limits allow; [`Code::Io`] if the input cannot be read.
pub fn decrypt(input: impl Read, unlock: &Unlock<'_>, limits: &Limits) -> Result<Zeroizing<Vec<u8>>> {
    let mut decryptor = Decryptor::new(input, unlock, limits)?;
    let mut plaintext = Zeroizing::new(Vec::new());
    while let Some(chunk) = decryptor.opener.next_chunk(&mut decryptor.input)? {
        let length = u64::try_from(plaintext.len().saturating_add(chunk.len())).unwrap_or(u64::MAX);
        if length > limits.plaintext {
            let message = format!(
                "the plaintext has more than the {} bytes allowed; raise the limit",
                limits.plaintext
            );
            return Err(Error::new(Code::Limit, message));
        }
        reserve_cleared(&mut plaintext, chunk.len())?;
        plaintext.extend_from_slice(chunk);
    }
    Ok(plaintext)
}

/// Makes room for more bytes, clearing the old place if the bytes have to move: a plain `Vec` would leave them behind.
fn reserve_cleared(bytes: &mut Zeroizing<Vec<u8>>, more: usize) -> Result<()> {
    let needed = bytes.len().saturating_add(more);
    if needed <= bytes.capacity() {
        return Ok(());
    }
    let mut larger = Vec::new();
    let out_of_memory =
        |_| Error::new(Code::Limit, "there is no memory for the plaintext; use the streaming reader");
    larger.try_reserve_exact(needed.max(bytes.capacity().saturating_mul(2))).map_err(out_of_memory)?;
    larger.extend_from_slice(bytes);
    *bytes = Zeroizing::new(larger);
    Ok(())
}

/// Encrypts what is written to it.
///
/// Without [`finish`](Self::finish) the file has no end, and is refused by every reader.
pub struct Encryptor<W: Write> {
    out: W,
    sealer: Sealer,
    /// Whether a chunk was sealed and not written: nothing more may follow.
    broken: bool,
}

impl<W: Write> Encryptor<W> {
    /// Writes the header.
    ///
    /// # Errors
    ///
    /// As [`encrypt`]; [`Code::Io`] if `out` refuses.
    pub fn new(mut out: W, lock: &Lock<'_>) -> Result<Self> {
        let file_key: FileKey = random::bytes()?;
        let header = Header::wrap(&file_key, lock)?.encode();
        let nonce = random::bytes::<16>()?;
        let written = out.write_all(&header).and_then(|()| out.write_all(nonce.as_slice()));
        written.map_err(|error| Error::io("writing an encrypted file", error))?;
        Ok(Self { out, sealer: Sealer::new(&file_key, &nonce), broken: false })
    }

    /// Writes the last chunk, and returns what was written to.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] if it refuses.
    pub fn finish(mut self) -> Result<W> {
        if self.broken {
            return Err(Error::io("encrypting", "an earlier write failed"));
        }
        let last = self.sealer.last().map_err(|error| Error::io("encrypting", error))?;
        self.out.write_all(last).map_err(|error| Error::io("writing an encrypted file", error))?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Encryptor<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        // A full chunk is kept until more comes, since only then it is known not to be the last.
        if self.broken {
            return Err(std::io::Error::other("an earlier write failed"));
        }
        if self.sealer.is_full() {
            self.broken = true;
            self.out.write_all(self.sealer.chunk()?)?;
            self.sealer.clear();
            self.broken = false;
        }
        Ok(self.sealer.take(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

impl<W: Write> std::fmt::Debug for Encryptor<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Encryptor")
    }
}

/// Decrypts while it is read.
///
/// What it gives was authenticated, chunk by chunk. That nothing is missing at the end is known when it returns 0 bytes, and not
/// before; after an error it gives nothing more. Errors of decryption carry an [`Error`] inside the `std::io::Error`.
pub struct Decryptor<R: Read> {
    input: BufReader<R>,
    opener: Opener,
    /// How much of the present chunk was given out.
    given: usize,
}

impl<R: Read> Decryptor<R> {
    /// Reads the header and finds the key.
    ///
    /// # Errors
    ///
    /// As [`decrypt`].
    pub fn new(input: R, unlock: &Unlock<'_>, limits: &Limits) -> Result<Self> {
        let mut input = BufReader::new(input);
        let header = Header::read(&mut input, limits)?;
        let file_key = header.unwrap(unlock, limits)?;
        let mut nonce = [0; 16];
        header::read_exact(&mut input, &mut nonce)?;
        Ok(Self { input, opener: Opener::new(&file_key, &nonce), given: 0 })
    }
}

impl<R: Read> Read for Decryptor<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if self.given >= self.opener.chunk().len() {
            self.given = 0;
            if self.opener.next_chunk(&mut self.input).map_err(std::io::Error::other)?.is_none() {
                return Ok(0);
            }
        }
        let mut rest = self.opener.chunk().get(self.given..).unwrap_or_default();
        let count = rest.read(out)?;
        self.given = self.given.saturating_add(count);
        Ok(count)
    }
}

impl<R: Read> std::fmt::Debug for Decryptor<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decryptor")
    }
}

/// The one error of decryption.
fn failed() -> Error {
    Error::new(
        Code::Decrypt,
        "the file does not decrypt: the key is not one of its keys, or the file was changed or cut; \
         check the key, and get the file anew",
    )
}
