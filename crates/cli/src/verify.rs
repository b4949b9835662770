//! `tensorkeep verify`.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use tensorkeep_format::{Code, Error, FileRules, Head, Kind, LoadLimits, StreamReader, escape, read_file};
use tensorkeep_trust::{
    Artifact, BUNDLE_NAME, Bundle, Missing, Older, PayloadDigest, Policy, RecordKey, Role, RollbackGuard,
    Statement, TrustStore, Verdict,
};

use crate::arguments::Verify;
use crate::failure::{Failure, conclude};
use crate::{moment, open};

/// Longest bundle, in bytes. What is longer its own reader refuses.
const LONGEST_BUNDLE: u64 = 24 << 20;

pub(crate) fn run(arguments: &Verify, out: &mut impl Write) -> Result<(), Failure> {
    let mut said = String::new();
    let result = match arguments.signature.is_some() || arguments.path.is_dir() {
        true => verify_bundle(arguments, &mut said),
        false => verify_file(arguments, &mut said),
    };
    conclude(out, &said, result)
}

fn verify_file(arguments: &Verify, said: &mut String) -> Result<(), Failure> {
    let (store, policy) = (arguments.trusting.store()?, arguments.trusting.policy()?);
    let within = |error: Error| error.within(&arguments.path.to_string_lossy());
    let file = open::open(&arguments.path)?;
    // Whether numbers that are not finite are wanted is for those to say who load the file.
    let limits = LoadLimits { nonfinite: true, ..LoadLimits::default() };
    let reader = StreamReader::new(&file, &limits).map_err(within)?;
    let head = reader.head();
    let verdict = decide(arguments, head, &store, &policy, said)?;
    let (release, tensors) = (head.manifest().release, head.manifest().tensors.len());
    let digest = PayloadDigest::of(head.signed_payload());
    let head = reader.verify().map_err(within)?;
    // Only what was found whole is remembered.
    let id = head.manifest().id.as_str();
    record(arguments, &verdict, id, release)?;
    let _ = writeln!(said, "{} {} release {release}", head.manifest().kind.name(), escape(id));
    let _ = writeln!(said, "digest {digest}\ntensors {tensors}, all as the manifest says");
    Ok(())
}

fn decide(
    arguments: &Verify,
    head: &Head,
    store: &TrustStore,
    policy: &Policy,
    said: &mut String,
) -> Result<Verdict, Failure> {
    let manifest = head.manifest();
    if let Some(wanted) = arguments.trusting.id.as_deref().filter(|wanted| *wanted != manifest.id) {
        let message =
            format!("the file is {}, not {}: get the right file", escape(&manifest.id), escape(wanted));
        return Err(Failure::new(Code::Name, message));
    }
    let role = arguments.role.role();
    if role != role_of(manifest.kind) {
        let message =
            format!("the file is a {} and was asked for as a {role}: see --role", manifest.kind.name());
        return Err(Failure::new(Code::Key, message));
    }
    let artifact = artifact(head);
    let now = moment::now();
    let verdict = store.verify(&artifact, policy, now);
    match &verdict {
        Ok(verdict) => tell(verdict, said),
        // Who else signed, and why that did not count. If this fails too, the error says it all.
        Err(_) => {
            if let Ok(verdict) = store.verify(&artifact, &Policy::AllowUnsigned, now) {
                tell_signatures(&verdict, said);
            }
        }
    }
    Ok(verdict?)
}

/// What is to be trusted, as what the file says it is.
pub(crate) fn artifact(head: &Head) -> Artifact<'_> {
    Artifact {
        role: role_of(head.manifest().kind),
        id: &head.manifest().id,
        payload: head.signed_payload(),
        block: head.signatures().unwrap_or_default(),
    }
}

fn role_of(kind: Kind) -> Role {
    match kind {
        Kind::Model => Role::Model,
        Kind::Checkpoint => Role::Checkpoint,
        Kind::Dataset => Role::Dataset,
    }
}

pub(crate) fn tell(verdict: &Verdict, said: &mut String) {
    if verdict.signers().is_empty() {
        let _ = writeln!(said, "{verdict}");
    }
    tell_signatures(verdict, said);
}

fn tell_signatures(verdict: &Verdict, said: &mut String) {
    for signer in verdict.signers() {
        let _ = writeln!(said, "signed by {} (kid {})", signer.name, signer.key_id);
    }
    for reason in verdict.skipped() {
        let _ = writeln!(said, "skipped: {reason}");
    }
}

fn record(arguments: &Verify, verdict: &Verdict, id: &str, release: u64) -> Result<(), Failure> {
    let (Some(path), Some(key)) = (&arguments.record, &arguments.record_key) else {
        return Ok(());
    };
    let key = RecordKey::open(key)?;
    let missing = if arguments.new_record { Missing::Start } else { Missing::Refuse };
    let older = if arguments.allow_older { Older::Allow } else { Older::Refuse };
    let mut replace =
        |path: &Path, bytes: &[u8]| tensorkeep_storage::write(path, bytes).map_err(io::Error::other);
    Ok(RollbackGuard::new(path, &key, missing).accept(verdict, id, release, older, &mut replace)?)
}

fn verify_bundle(arguments: &Verify, said: &mut String) -> Result<(), Failure> {
    let unfit = arguments.trusting.digest.is_some()
        || arguments.trusting.allow_unsigned_insecure
        || arguments.record.is_some()
        || arguments.trusting.threshold.get() > 1;
    let (Some(id), false) = (&arguments.trusting.id, unfit) else {
        let message = "a bundle has one signature, no name and no release: say --id for the name that the key must be \
                       trusted with, and leave --threshold, --digest, --record and --allow-unsigned-insecure out";
        return Err(Failure::new(Code::Value, message));
    };
    let inside = arguments.path.join(BUNDLE_NAME);
    let path = arguments.signature.as_ref().unwrap_or(&inside);
    let limits = LoadLimits { file: LONGEST_BUNDLE, ..LoadLimits::default() };
    let bundle = Bundle::read(&read_file(path, &limits, &FileRules::default())?)?;
    let (signer, statement) =
        arguments.trusting.store()?.verify_bundle(&bundle, arguments.role.role(), id, moment::now())?;
    let mut ignored: Vec<&str> = arguments.ignore.iter().map(String::as_str).collect();
    ignored.push(BUNDLE_NAME);
    check(&statement, &arguments.path, &ignored)?;
    let _ = writeln!(said, "signed by {} (kid {})", signer.name, signer.key_id);
    let _ = writeln!(said, "files {}, all as they were signed", statement.file_count());
    Ok(())
}

#[cfg(unix)]
fn check(statement: &Statement, path: &Path, ignored: &[&str]) -> Result<(), Failure> {
    Ok(statement.check(path, ignored)?)
}

#[cfg(not(unix))]
fn check(_: &Statement, _: &Path, _: &[&str]) -> Result<(), Failure> {
    Err(Failure::new(Code::FileType, "folders are verified on Unix systems: verify there"))
}
