//! `tensorkeep key trust`: entries of a trust store.

use std::fmt::{Display, Write as _};
use std::io::{ErrorKind, Write};
use std::path::Path;

use tensorkeep_format::{Code, FileRules, LoadLimits, read_file};
use tensorkeep_trust::TrustStore;

use crate::arguments::Trust;
use crate::failure::{Failure, conclude};
use crate::{key, moment};

/// Longest trust store, in bytes. What is longer the store's own reader refuses.
const LONGEST: u64 = 1 << 20;

pub(crate) fn run(arguments: &Trust, out: &mut impl Write) -> Result<(), Failure> {
    let entry = entry(arguments)?;
    let Some(path) = &arguments.store else {
        add("version = 1\n", &entry)?;
        return conclude(out, &entry, Ok(()));
    };
    let text = add(&present(path)?, &entry)?;
    tensorkeep_storage::write(path, text.as_bytes())?;
    let keys = TrustStore::open(path)?.keys().len();
    let said = format!("{} is trusted now; keys in {}: {keys}\n", arguments.name, path.display());
    conclude(out, &said, Ok(()))
}

/// The text of the store as it is, which was accepted before.
fn present(path: &Path) -> Result<String, Failure> {
    if path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok("version = 1\n".into());
    }
    TrustStore::open(path)?;
    let limits = LoadLimits { file: LONGEST, ..LoadLimits::default() };
    let bytes = read_file(path, &limits, &FileRules { private: true, ..FileRules::default() })?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::new(Code::Value, "the trust store is not UTF-8: write it anew"))
}

/// The store with one entry more, if that is what it reads as.
fn add(store: &str, entry: &str) -> Result<String, Failure> {
    let before = TrustStore::parse(store)?.keys().len();
    let separator = if store.ends_with('\n') { "\n" } else { "\n\n" };
    let text = format!("{store}{separator}{entry}");
    if TrustStore::parse(&text)?.keys().len() == before + 1 {
        return Ok(text);
    }
    Err(Failure::new(
        Code::Value,
        "the entry does not read as one key: use plain names, patterns and moments",
    ))
}

fn entry(arguments: &Trust) -> Result<String, Failure> {
    let public = key::public_key(&arguments.key)?;
    let now = u64::try_from(moment::now()).ok().and_then(moment::text).unwrap_or_default();
    let not_before = arguments.not_before.as_deref().map_or(now, |when| at(when, "00:00:00"));
    let roles: Vec<String> = arguments.roles.iter().map(|role| role.role().to_string()).collect();
    let mut entry = String::from("[[key]]\n");
    let mut field = |name: &str, value: &dyn Display| {
        let _ = writeln!(entry, "{name} = {value}");
    };
    field("name", &quoted(&arguments.name)?);
    field("alg", &quoted(public.algorithm().name())?);
    field("kid", &quoted(&public.key_id().to_string())?);
    field("public", &format!("\"\"\"\n{}\"\"\"", public.to_pem()));
    field("roles", &list(&roles)?);
    field("ids", &list(&arguments.ids)?);
    field("not_before", &plain(not_before)?);
    field("not_after", &plain(at(&arguments.not_after, "23:59:59"))?);
    field("revoked", &false);
    Ok(entry)
}

/// A moment as the user wrote it, or this time of a day.
fn at(when: &str, time: &str) -> String {
    if when.contains(['T', ' ']) { when.to_owned() } else { format!("{when}T{time}Z") }
}

/// A moment cannot end its line and begin another field.
fn plain(moment: String) -> Result<String, Failure> {
    if moment.bytes().all(|byte| byte.is_ascii_digit() || b"TZ:.+- ".contains(&byte)) {
        return Ok(moment);
    }
    let shown = tensorkeep_format::escape(&moment);
    Err(Failure::new(
        Code::Value,
        format!("{shown} is no moment: write it as 2027-12-31 or 2027-12-31T08:00:00Z"),
    ))
}

/// A text of TOML. Its escapes are those of JSON, and more; what JSON escapes otherwise the store refuses.
fn quoted(text: &str) -> Result<String, Failure> {
    serde_json::to_string(text).map_err(|error| Failure::new(Code::Value, error.to_string()))
}

fn list(texts: &[String]) -> Result<String, Failure> {
    let texts = texts.iter().map(|text| quoted(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("[{}]", texts.join(", ")))
}
