//! `tensorkeep key`.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::path::Path;

use tensorkeep_format::{Code, Error, FileRules, LoadLimits, read_file};
use tensorkeep_trust::{Identity, PublicKey, RecordKey, SecretKey, age};

use crate::arguments::{Generate, Key, Show};
use crate::failure::{Failure, conclude};
use crate::open::open;
use crate::trust_entry;

/// Longest file of a public key, in bytes: many times what one needs.
const LONGEST: u64 = 16 << 10;

pub(crate) fn run(arguments: &Key, out: &mut impl Write) -> Result<(), Failure> {
    match arguments {
        Key::Gen(arguments) => generate(arguments, out),
        Key::Show(arguments) => show(arguments, out),
        Key::Trust(arguments) => trust_entry::run(arguments, out),
    }
}

fn generate(arguments: &Generate, out: &mut impl Write) -> Result<(), Failure> {
    let Generate { name, folder, age, record } = arguments;
    let mut said = String::new();
    if Path::new(name).file_name() != Some(name.as_ref()) {
        return Err(Failure::new(
            Code::Name,
            "a name with folders in it: say --folder for where the files go",
        ));
    }
    if *age {
        let path = folder.join(format!("{name}.age.txt"));
        let identity = age::Identity::generate()?;
        identity.create(&path)?;
        let _ = writeln!(said, "{} (secret)\nrecipient  {}", path.display(), identity.recipient());
    } else if *record {
        let path = folder.join(format!("{name}.record.key"));
        RecordKey::create(&path)?;
        let _ = writeln!(said, "{} (secret)", path.display());
    } else {
        let identity = Identity::generate()?;
        let paths = identity.create(folder, name)?;
        for path in paths {
            let secret = !path.to_string_lossy().ends_with(".pub.pem");
            let _ = writeln!(said, "{}{}", path.display(), if secret { " (secret)" } else { "" });
        }
        for key in [&identity.container, &identity.bundle] {
            let public = key.public_key();
            let _ = writeln!(said, "{:10} kid {}", public.algorithm().name(), public.key_id());
        }
    }
    conclude(out, &said, Ok(()))
}

fn show(arguments: &Show, out: &mut impl Write) -> Result<(), Failure> {
    let said = match kind(&arguments.file)? {
        Kind::Age => {
            let identities = age::Identity::open(&arguments.file)?;
            let lines = identities.iter().map(|identity| format!("recipient    {}\n", identity.recipient()));
            lines.collect()
        }
        Kind::Public | Kind::Secret => {
            let key = public_key(&arguments.file)?;
            format!(
                "algorithm    {}\nkid          {}\nfingerprint  SHA256:{}\n{}",
                key.algorithm(),
                key.key_id(),
                key.bundle_hint(),
                key.to_pem()
            )
        }
    };
    conclude(out, &said, Ok(()))
}

/// The public key in a file, of which it may be all or half.
pub(crate) fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    match kind(path)? {
        Kind::Secret => Ok(SecretKey::open(path)?.public_key().clone()),
        Kind::Public => {
            let limits = LoadLimits { file: LONGEST, ..LoadLimits::default() };
            let bytes = read_file(path, &limits, &FileRules::default())?;
            Ok(PublicKey::from_pem(&String::from_utf8_lossy(&bytes))?)
        }
        Kind::Age => Err(unfit(path, "this is an identity of age, which cannot sign: give a signer's key")),
    }
}

/// What a file of a key holds.
enum Kind {
    Public,
    Secret,
    Age,
}

/// Looks at a few bytes that hold nothing secret. A secret key is then read by what reads secret keys.
fn kind(path: &Path) -> Result<Kind, Failure> {
    const PUBLIC: &[u8] = b"-----BEGIN PUBLIC";
    const SECRET: &[u8] = b"-----BEGIN PRIVATE";
    let mut first = Vec::with_capacity(SECRET.len());
    let read = open(path)?.take(SECRET.len() as u64).read_to_end(&mut first);
    read.map_err(|error| Error::io("reading the key", &error).within(&path.to_string_lossy()))?;
    match &first[..] {
        first if first.starts_with(PUBLIC) => Ok(Kind::Public),
        first if first.starts_with(SECRET) => Ok(Kind::Secret),
        first if first.starts_with(b"AGE-SECRET-KEY-1") || first.starts_with(b"# ") => Ok(Kind::Age),
        _ => Err(unfit(path, "this is no key in PEM, and no identity of age: make one with `key gen`")),
    }
}

fn unfit(path: &Path, message: &str) -> Failure {
    Error::new(Code::Key, message).within(&path.to_string_lossy()).into()
}
