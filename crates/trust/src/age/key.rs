//! Who can decrypt: pairs of X25519 keys, and passphrases.

use std::fmt;
use std::path::Path;

use bech32::{Bech32, Hrp};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{Code, Error, Result, private_file, random};

const RECIPIENT: &str = "age";
const IDENTITY: &str = "AGE-SECRET-KEY-";

/// Longest file of identities or of a passphrase, in bytes.
const LONGEST: u64 = 64 << 10;

/// Whom a file is encrypted to: the public half of an [`Identity`], written `age1...`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Recipient(pub(super) PublicKey);

impl Recipient {
    /// Reads `age1` and 58 more characters.
    ///
    /// # Errors
    ///
    /// [`Code::Value`] for anything else.
    pub fn parse(text: &str) -> Result<Self> {
        let key = from_bech32(text, RECIPIENT).map(|bytes| Self(PublicKey::from(*bytes)));
        key.filter(|key| key.to_string() == text).ok_or_else(|| {
            let shown = crate::error::shown(text);
            Error::new(Code::Value, format!("{shown} is not a recipient of age; it looks like age1..."))
        })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_bech32(self.0.as_bytes(), RECIPIENT))
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({self})")
    }
}

/// A secret key that decrypts, as `age-keygen` makes them. It is never printed, and its memory is cleared when it goes.
#[derive(Clone)]
pub struct Identity(pub(super) StaticSecret);

impl Identity {
    /// A new identity from the operating system's random bytes.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] when there are none.
    pub fn generate() -> Result<Self> {
        Ok(Self(StaticSecret::from(*random::bytes()?)))
    }

    /// Reads `AGE-SECRET-KEY-1` and 58 more characters.
    ///
    /// # Errors
    ///
    /// [`Code::Key`] for anything else. The message holds nothing of the text.
    pub fn parse(text: &str) -> Result<Self> {
        let key = from_bech32(text, IDENTITY).map(|bytes| Self(StaticSecret::from(*bytes)));
        key.filter(|key| *key.to_text() == text).ok_or_else(not_an_identity)
    }

    /// Reads the identities of a file that belongs to the caller and that nobody else can read: one a line, with blank lines
    /// and lines that start with `#` between them.
    ///
    /// # Errors
    ///
    /// [`Code::Permission`], [`Code::FileType`], [`Code::Limit`], [`Code::Io`]; [`Code::Key`] for any other line, or none.
    pub fn open(path: &Path) -> Result<Vec<Self>> {
        let bytes = private_file::read(path, LONGEST)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| not_an_identity())?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities = lines.map(Self::parse).collect::<Result<Vec<_>>>()?;
        if identities.is_empty() {
            return Err(not_an_identity());
        }
        Ok(identities)
    }

    /// Writes the identity into a new file with mode 0600, as `age-keygen` does.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] if the file exists, or cannot be written.
    pub fn create(&self, path: &Path) -> Result<()> {
        let text = self.to_text();
        let file = Zeroizing::new(format!("# public key: {}\n{}\n", self.recipient(), text.as_str()));
        private_file::create(path, file.as_bytes())
    }

    /// The public half.
    pub fn recipient(&self) -> Recipient {
        Recipient(PublicKey::from(&self.0))
    }

    fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(to_bech32(self.0.as_bytes(), IDENTITY));
        text.make_ascii_uppercase();
        text
    }
}

fn not_an_identity() -> Error {
    Error::new(Code::Key, "this is not an identity of age; make one with `key gen --age` or `age-keygen`")
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({}, secret not shown)", self.recipient())
    }
}

/// A passphrase with the work that deriving a key from it takes. It is never printed, and its memory is cleared when it goes.
pub struct Passphrase {
    pub(super) text: Zeroizing<String>,
    pub(super) work_factor: u8,
}

impl Passphrase {
    /// A passphrase of at least one character, with a work factor of 18: 256 MiB and about a second, as `age` has it.
    ///
    /// # Errors
    ///
    /// [`Code::Value`] for an empty text.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = Zeroizing::new(text.into());
        if text.is_empty() {
            return Err(Error::new(Code::Value, "the passphrase is empty; choose a long one"));
        }
        Ok(Self { text, work_factor: 18 })
    }

    /// Reads the first line of a file that belongs to the caller and that nobody else can read. There may be no second line.
    ///
    /// # Errors
    ///
    /// [`Code::Permission`], [`Code::FileType`], [`Code::Limit`], [`Code::Io`]; [`Code::Value`] for other than one line of UTF-8.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, LONGEST)?;
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        let line = text.strip_suffix('\n').unwrap_or(text);
        if line.contains('\n') {
            return Err(Error::new(Code::Value, "the file of the passphrase holds more than one line"));
        }
        Self::new(line)
    }

    /// The same passphrase, with 2 to the power of `work_factor` rounds when it encrypts; decryption takes what the file says,
    /// up to its limit. Each step doubles time and memory, and with that an attacker's cost of each guess.
    #[must_use]
    pub fn with_work_factor(self, work_factor: u8) -> Self {
        Self { work_factor, ..self }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Passphrase(not shown, work factor {})", self.work_factor)
    }
}

/// Callers compare what they got with its text, so that only its one spelling is accepted.
fn from_bech32(text: &str, prefix: &str) -> Option<Zeroizing<[u8; 32]>> {
    let (found, bytes) = bech32::decode(text).ok()?;
    let bytes = Zeroizing::new(bytes);
    let bytes: [u8; 32] = bytes.as_slice().try_into().ok()?;
    found.as_str().eq_ignore_ascii_case(prefix).then_some(Zeroizing::new(bytes))
}

fn to_bech32(bytes: &[u8; 32], prefix: &str) -> String {
    // The prefixes are valid and 32 bytes short enough, which is all that can be wrong.
    Hrp::parse(prefix)
        .ok()
        .and_then(|hrp| bech32::encode_lower::<Bech32>(hrp, bytes).ok())
        .unwrap_or_default()
}
