//! `tensorkeep encrypt` and `tensorkeep decrypt`.

use std::io::{self, Read, Write};
use std::path::Path;

use tensorkeep_format::{Code, Error};
use tensorkeep_storage::write_with;
use tensorkeep_trust::age::{Decryptor, Encryptor, Identity, Limits, Lock, Passphrase, Recipient, Unlock};

use crate::arguments::{self, Decrypt, Encrypt};
use crate::failure::{Failure, conclude};
use crate::open::{expect_free, open};

/// Longest passphrase that is read from a descriptor, in bytes.
const LONGEST: usize = 1 << 16;

pub(crate) fn encrypt(arguments: &Encrypt, out: &mut impl Write) -> Result<(), Failure> {
    expect_free(&arguments.output, arguments.force)?;
    let recipients =
        arguments.recipients.iter().map(|text| Recipient::parse(text)).collect::<Result<Vec<_>, _>>()?;
    let passphrase = passphrase(&arguments.passphrase)?;
    let lock = passphrase.as_ref().map_or(Lock::Recipients(&recipients), Lock::Passphrase);
    let mut input = open(&arguments.input)?;
    write_with(&arguments.output, |draft| {
        let mut encryptor = Encryptor::new(draft, &lock)?;
        io::copy(&mut input, &mut encryptor).map_err(|error| refusal(&arguments.input, error))?;
        encryptor.finish().map(drop).map_err(Failure::from)
    })?;
    conclude(out, &format!("{} is encrypted\n", arguments.output.display()), Ok(()))
}

/// The output appears when the last chunk was authenticated, and not before.
pub(crate) fn decrypt(arguments: &Decrypt, out: &mut impl Write) -> Result<(), Failure> {
    expect_free(&arguments.output, arguments.force)?;
    let identities = arguments.identity.as_deref().map(Identity::open).transpose()?.unwrap_or_default();
    let passphrase = passphrase(&arguments.passphrase)?;
    let unlock = passphrase.as_ref().map_or(Unlock::Identities(&identities), Unlock::Passphrase);
    let input = open(&arguments.input)?;
    write_with(&arguments.output, |draft| {
        let mut decryptor = Decryptor::new(input, &unlock, &Limits::default())?;
        io::copy(&mut decryptor, draft).map(drop).map_err(|error| refusal(&arguments.input, error))
    })?;
    let said = format!("{} is decrypted; who made it is for `verify` to say\n", arguments.output.display());
    conclude(out, &said, Ok(()))
}

/// What lies in an error of copying: a refusal of the decryption, or trouble with the disk.
fn refusal(path: &Path, error: io::Error) -> Failure {
    match error.downcast::<tensorkeep_trust::Error>() {
        Ok(error) => error.into(),
        Err(error) => Error::io("copying the file", &error).within(&path.to_string_lossy()).into(),
    }
}

fn passphrase(arguments: &arguments::Passphrase) -> Result<Option<Passphrase>, Failure> {
    match (&arguments.passphrase_file, arguments.passphrase_fd) {
        (Some(path), _) => Ok(Some(Passphrase::open(path)?)),
        (None, Some(descriptor)) => from_descriptor(descriptor).map(Some),
        (None, None) => Ok(None),
    }
}

fn from_descriptor(descriptor: u16) -> Result<Passphrase, Failure> {
    let refused = |what: &str| {
        Failure::new(Code::Value, format!("descriptor {descriptor} {what}: give one line of UTF-8 on it"))
    };
    // Room for all of it from the start: a text that moves leaves a copy behind. From here on it belongs to what clears it.
    let mut text = String::with_capacity(LONGEST + 1);
    let file = std::fs::File::open(format!("/dev/fd/{descriptor}")).map_err(|_| refused("is not open"))?;
    file.take(LONGEST as u64 + 1).read_to_string(&mut text).map_err(|_| refused("cannot be read"))?;
    if text.ends_with('\n') {
        text.pop();
    }
    let (long, lines) = (text.len() > LONGEST, text.contains('\n'));
    let passphrase = Passphrase::new(text)?;
    match (long, lines) {
        (false, false) => Ok(passphrase),
        (true, _) => Err(refused("holds more than 64 KiB")),
        (false, true) => Err(refused("holds more than one line")),
    }
}
