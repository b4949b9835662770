//! The payload: chunks of 64 KiB, each with its number and whether it is the last in its nonce.
//!
//! So no chunk can be moved, dropped or repeated, and none can be missing at the end.
//! Source: the age specification, "Payload"; STREAM, Hoang, Reyhanitabar, Rogaway and Vizár, 2015.

use std::io::{self, BufRead, Read};

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use zeroize::Zeroizing;

use super::stanza::derive;
use super::{FileKey, failed};
use crate::{Error, Result};

/// Bytes of plaintext in every chunk but the last.
const CHUNK: usize = 64 << 10;

/// Bytes that the authentication adds to each.
const TAG: usize = 16;

/// The state that both directions share.
struct Chunks {
    cipher: ChaCha20Poly1305,
    number: u64,
    /// One chunk, as plaintext or as ciphertext.
    bytes: Zeroizing<Vec<u8>>,
}

impl Chunks {
    fn new(file_key: &FileKey, nonce: &[u8; 16]) -> Self {
        let key = derive(file_key.as_slice(), nonce, b"payload");
        Self {
            cipher: ChaCha20Poly1305::new((&*key).into()),
            number: 0,
            bytes: Zeroizing::new(Vec::with_capacity(CHUNK.saturating_add(TAG))),
        }
    }

    /// 11 bytes of number and one that says whether this is the last.
    fn nonce(&self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        let number = self.number.to_be_bytes();
        nonce.iter_mut().skip(3).zip(number).for_each(|(place, byte)| *place = byte);
        if let Some(flag) = nonce.last_mut() {
            *flag = u8::from(last);
        }
        nonce.into()
    }

    /// 2^64 chunks are more than there is of anything; still, no number is used twice.
    fn count(&mut self) -> Option<()> {
        self.number = self.number.checked_add(1)?;
        Some(())
    }
}

/// Seals plaintext.
pub(super) struct Sealer(Chunks);

impl Sealer {
    pub(super) fn new(file_key: &FileKey, nonce: &[u8; 16]) -> Self {
        Self(Chunks::new(file_key, nonce))
    }

    /// Takes as much as the present chunk has room for.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        let room = CHUNK.saturating_sub(self.0.bytes.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.0.bytes.extend_from_slice(taken);
        taken.len()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.bytes.len() >= CHUNK
    }

    /// The present chunk, sealed, which must be full. [`clear`](Self::clear) it when it is written.
    pub(super) fn chunk(&mut self) -> io::Result<&[u8]> {
        self.seal(false)
    }

    pub(super) fn clear(&mut self) {
        self.0.bytes.clear();
    }

    /// The last chunk, sealed: what is left, which is nothing only if there never was anything.
    pub(super) fn last(&mut self) -> io::Result<&[u8]> {
        self.seal(true)
    }

    fn seal(&mut self, last: bool) -> io::Result<&[u8]> {
        let nonce = self.0.nonce(last);
        let sealed = self.0.cipher.encrypt_in_place(&nonce, &[], &mut *self.0.bytes);
        sealed.map_err(|_| io::Error::other("a chunk is too long"))?;
        self.0.count().ok_or_else(|| io::Error::other("there are too many chunks"))?;
        Ok(&self.0.bytes)
    }
}

/// Opens ciphertext.
pub(super) struct Opener {
    chunks: Chunks,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    More,
    AtEnd,
    Failed,
}

impl Opener {
    pub(super) fn new(file_key: &FileKey, nonce: &[u8; 16]) -> Self {
        Self { chunks: Chunks::new(file_key, nonce), state: State::More }
    }

    /// The plaintext of the present chunk.
    pub(super) fn chunk(&self) -> &[u8] {
        &self.chunks.bytes
    }

    /// The plaintext of the next chunk, or nothing if the last one was read.
    pub(super) fn next_chunk(&mut self, input: &mut impl BufRead) -> Result<Option<&[u8]>> {
        // The old plaintext must not be taken for the next, whatever happens.
        self.chunks.bytes.clear();
        match self.state {
            State::Failed => return Err(failed()),
            State::AtEnd => return Ok(None),
            State::More => {}
        }
        self.state = State::Failed;
        let at_end = self.read_chunk(input)?;
        let first = self.chunks.number == 0;
        let nonce = self.chunks.nonce(at_end);
        let opened = self.chunks.cipher.decrypt_in_place(&nonce, &[], &mut *self.chunks.bytes);
        if opened.is_err() || self.chunks.count().is_none() {
            self.chunks.bytes.clear();
            return Err(failed());
        }
        // A writer puts out what it has; an empty last chunk after others would be a second spelling of the same file.
        if self.chunks.bytes.is_empty() && !first {
            return Err(failed());
        }
        self.state = if at_end { State::AtEnd } else { State::More };
        Ok(Some(&self.chunks.bytes))
    }

    /// Reads one chunk's ciphertext, and says whether the input ends after it.
    fn read_chunk(&mut self, input: &mut impl BufRead) -> Result<bool> {
        let io = |error| Error::io("reading an encrypted file", error);
        let length = u64::try_from(CHUNK.saturating_add(TAG)).unwrap_or(u64::MAX);
        input.by_ref().take(length).read_to_end(&mut self.chunks.bytes).map_err(io)?;
        Ok(input.fill_buf().map_err(io)?.is_empty())
    }
}
