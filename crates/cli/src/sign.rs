//! `tensorkeep sign`.

use std::fmt::Write as _;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use tensorkeep_format::{Code, Error, LoadLimits, StreamReader, escape, reseal};
use tensorkeep_storage::{Draft, write_with};
use tensorkeep_trust::{PayloadDigest, SecretKey, add_signature, claimed_key_ids};

use crate::arguments::Sign;
use crate::failure::{Failure, conclude};
use crate::open::{expect_free, open};

pub(crate) fn run(arguments: &Sign, out: &mut impl Write) -> Result<(), Failure> {
    let key = SecretKey::open(&arguments.key)?;
    let said = match arguments.oms {
        true => sign_folder(&arguments.path, &key, arguments.fresh)?,
        false => {
            write_with(&arguments.path, |draft| sign_file(&arguments.path, &key, arguments.fresh, draft))?
        }
    };
    conclude(out, &said, Ok(()))
}

/// Writes the signed file, in which every byte was checked on the way: what is damaged is not signed.
fn sign_file(path: &Path, key: &SecretKey, fresh: bool, draft: &mut Draft) -> Result<String, Failure> {
    // Whether numbers that are not finite are wanted is for those to say who load the file.
    let limits = LoadLimits { nonfinite: true, ..LoadLimits::default() };
    let within = |error: Error| error.within(&path.to_string_lossy());
    let mut file = open(path)?;
    let reader = StreamReader::new(&file, &limits).map_err(within)?;
    let head = reader.head();
    let present = head.signatures().filter(|_| !fresh).unwrap_or_default();
    let block = add_signature(present, key, head.signed_payload())?;
    let manifest = head.manifest();
    let mut said = String::new();
    let _ = writeln!(
        said,
        "signed {} {} release {}\ndigest {}",
        manifest.kind.name(),
        escape(&manifest.id),
        manifest.release,
        PayloadDigest::of(head.signed_payload())
    );
    for key_id in claimed_key_ids(&block)? {
        let new = if key.public_key().key_id().to_string() == key_id { " (new)" } else { "" };
        let _ = writeln!(said, "kid {}{new}", escape(&key_id).trim_matches('"'));
    }
    file.seek(SeekFrom::Start(0)).map_err(|error| within(Error::io("going back to the start", &error)))?;
    reseal(&file, draft, Some(&block), &limits).map_err(within)?;
    Ok(said)
}

#[cfg(unix)]
fn sign_folder(folder: &Path, key: &SecretKey, fresh: bool) -> Result<String, Failure> {
    use tensorkeep_trust::{BUNDLE_NAME, sign_folder};

    let path = folder.join(BUNDLE_NAME);
    let free = expect_free(&path, fresh);
    free.map_err(|_| {
        Failure::new(
            Code::Name,
            "the folder has a model.sig, which holds one signature: say --fresh to replace it",
        )
    })?;
    let bundle = sign_folder(folder, key, &[BUNDLE_NAME])?;
    tensorkeep_storage::write(&path, bundle.as_bytes())?;
    let public = key.public_key();
    Ok(format!("{}\nkid {}\nfingerprint SHA256:{}\n", path.display(), public.key_id(), public.bundle_hint()))
}

#[cfg(not(unix))]
fn sign_folder(_: &Path, _: &SecretKey, _: bool) -> Result<String, Failure> {
    Err(Failure::new(Code::FileType, "folders are signed on Unix systems: sign there, or sign a .tkm file"))
}
