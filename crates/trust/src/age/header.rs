//! The header: text that carries the wrapped file keys, under a message authentication code.

use std::io::{BufRead, Read};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::stanza::{Stanza, derive};
use super::{FileKey, Limits, Lock, Unlock, failed};
use crate::{Code, Error, Result};

const VERSION: &str = "age-encryption.org/v1";

/// Longest line of a stanza's body, in characters. A body ends with a shorter one.
const COLUMNS: usize = 64;

#[derive(Debug)]
pub(super) struct Header {
    stanzas: Vec<Stanza>,
    /// The bytes that the code is over: up to and with `---`.
    covered: Vec<u8>,
    code: [u8; 32],
}

impl Header {
    pub(super) fn wrap(file_key: &FileKey, lock: &Lock<'_>) -> Result<Self> {
        let stanzas = match lock {
            Lock::Passphrase(passphrase) => vec![Stanza::for_passphrase(file_key, passphrase)?],
            Lock::Recipients([]) => {
                return Err(Error::new(Code::Value, "nobody could decrypt the file; name a recipient"));
            }
            Lock::Recipients(recipients) => {
                let wrap = |recipient| Stanza::for_recipient(file_key, recipient);
                recipients.iter().map(wrap).collect::<Result<Vec<_>>>()?
            }
        };
        let mut covered = format!("{VERSION}\n");
        for stanza in &stanzas {
            covered.push_str(&format!("-> {}\n", stanza.arguments.join(" ")));
            let body = STANDARD_NO_PAD.encode(&stanza.body);
            // The last line is shorter than the others, and so perhaps empty.
            let mut rest = body.as_str();
            while let Some((line, after)) = rest.split_at_checked(COLUMNS) {
                covered.push_str(&format!("{line}\n"));
                rest = after;
            }
            covered.push_str(&format!("{rest}\n"));
        }
        covered.push_str("---");
        let covered = covered.into_bytes();
        let code = code(file_key, &covered)?.finalize().into_bytes().into();
        Ok(Self { stanzas, covered, code })
    }

    pub(super) fn encode(mut self) -> Vec<u8> {
        self.covered.extend(format!(" {}\n", STANDARD_NO_PAD.encode(self.code)).into_bytes());
        self.covered
    }

    pub(super) fn read(input: &mut impl BufRead, limits: &Limits) -> Result<Self> {
        let mut lines = Lines { input, covered: Vec::new(), limit: limits.header };
        if lines.next()? != VERSION {
            return Err(failed());
        }
        let mut stanzas = Vec::new();
        loop {
            let line = lines.next()?;
            if let Some(code) = line.strip_prefix("--- ") {
                let code = STANDARD_NO_PAD.decode(code).ok().and_then(|code| code.try_into().ok());
                let code = code.ok_or_else(failed)?;
                let mut covered = lines.covered;
                // Without the code itself, its blank and its line's end.
                covered.truncate(covered.len().saturating_sub(line.len()).saturating_add(2));
                return match stanzas.is_empty() {
                    true => Err(failed()),
                    false => Ok(Self { stanzas, covered, code }),
                };
            }
            let arguments = line.strip_prefix("-> ").ok_or_else(failed)?;
            let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
            if arguments.iter().any(|argument| argument.is_empty()) {
                return Err(failed());
            }
            if stanzas.len() >= limits.recipients {
                let message = format!(
                    "the file has more than the {} recipients allowed; raise the limit",
                    limits.recipients
                );
                return Err(Error::new(Code::Limit, message));
            }
            stanzas.push(Stanza { arguments, body: lines.body()? });
        }
    }

    /// The file key, by any of the stanzas, and only if the header is what was written for that key.
    pub(super) fn unwrap(&self, unlock: &Unlock<'_>, limits: &Limits) -> Result<FileKey> {
        // A passphrase's stanza stands alone: whoever can add a stanza would otherwise turn a secret that one trusts into a file
        // that anybody could have made.
        if self.stanzas.iter().any(Stanza::is_scrypt) && self.stanzas.len() > 1 {
            return Err(failed());
        }
        let mut found = None;
        for stanza in &self.stanzas {
            let file_key = match unlock {
                Unlock::Identities(identities) => stanza.open_with_identities(identities)?,
                Unlock::Passphrase(passphrase) if stanza.is_scrypt() => {
                    stanza.open_with_passphrase(passphrase, limits)?
                }
                Unlock::Passphrase(_) => None,
            };
            found = found.or(file_key);
        }
        let file_key = found.ok_or_else(failed)?;
        code(&file_key, &self.covered)?.verify_slice(&self.code).map_err(|_| failed())?;
        Ok(file_key)
    }
}

fn code(file_key: &FileKey, covered: &[u8]) -> Result<Hmac<Sha256>> {
    let key = derive(file_key.as_slice(), &[], b"header");
    let mut code = Hmac::new_from_slice(key.as_slice()).map_err(|_| failed())?;
    code.update(covered);
    Ok(code)
}

/// The lines of a header, which are printable ASCII and end in a line feed.
struct Lines<'i, R> {
    input: &'i mut R,
    covered: Vec<u8>,
    limit: usize,
}

impl<R: BufRead> Lines<'_, R> {
    fn next(&mut self) -> Result<String> {
        let start = self.covered.len();
        let left = self.limit.saturating_sub(start);
        let left = u64::try_from(left).unwrap_or(u64::MAX);
        let read = self.input.by_ref().take(left).read_until(b'\n', &mut self.covered);
        read.map_err(|error| Error::io("reading an encrypted file", error))?;
        let line = self.covered.get(start..).unwrap_or_default();
        let Some((b'\n', line)) = line.split_last() else {
            if self.covered.len() >= self.limit {
                let message =
                    format!("the header has more than the {} bytes allowed; raise the limit", self.limit);
                return Err(Error::new(Code::Limit, message));
            }
            return Err(failed());
        };
        let line = std::str::from_utf8(line).map_err(|_| failed())?;
        match line.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            true => Ok(line.to_owned()),
            false => Err(failed()),
        }
    }

    /// Lines of 64 characters and a shorter one, which are one piece of base64.
    fn body(&mut self) -> Result<Vec<u8>> {
        let mut text = String::new();
        loop {
            let line = self.next()?;
            text.push_str(&line);
            match line.len().cmp(&COLUMNS) {
                std::cmp::Ordering::Less => break,
                std::cmp::Ordering::Equal => {}
                std::cmp::Ordering::Greater => return Err(failed()),
            }
        }
        STANDARD_NO_PAD.decode(text).map_err(|_| failed())
    }
}

/// Fills the bytes. An input that ends before is one that was cut.
pub(super) fn read_exact(input: &mut impl Read, bytes: &mut [u8]) -> Result<()> {
    input.read_exact(bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => failed(),
        _ => Error::io("reading an encrypted file", error),
    })
}
