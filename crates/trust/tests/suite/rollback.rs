//! The record of accepted releases: row SG-10 of the hostile corpus.

use std::fs;
use std::io;
use std::path::Path;

use tensorkeep_trust::{
    Algorithm, Artifact, Code, Error, Missing, Older, Policy, RecordKey, Role, RollbackGuard, SecretKey,
    TrustStore, Verdict, add_signature,
};

use crate::container::for_each_flip;
use crate::scratch::Scratch;
use crate::store::{Entry, NOW, text};

/// A verdict for which these keys signed.
fn signed_by(keys: &[&SecretKey]) -> Verdict {
    let entries: Vec<Entry> =
        keys.iter().enumerate().map(|(i, key)| Entry::new(&format!("signer{i}"), key.public_key())).collect();
    let block = keys.iter().fold(Vec::new(), |block, key| add_signature(&block, key, b"payload").unwrap());
    let artifact = Artifact { role: Role::Model, id: "acme/mnist", payload: b"payload", block: &block };
    let policy = if keys.is_empty() { Policy::AllowUnsigned } else { Policy::SIGNED };
    TrustStore::parse(&text(&entries)).unwrap().verify(&artifact, &policy, NOW).unwrap()
}

/// Writes the record as a whole; the caller of the crate brings a writer that survives crashes.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::write(path, bytes)?;
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(())
}

fn accept(guard: &RollbackGuard<'_>, verdict: &Verdict, id: &str, release: u64) -> Option<Code> {
    code(guard.accept(verdict, id, release, Older::Refuse, &mut replace))
}

fn code(result: Result<(), Error>) -> Option<Code> {
    result.err().map(|error| error.code())
}

#[test]
fn releases_only_grow() {
    let scratch = Scratch::new("rollback");
    let key = RecordKey::create(&scratch.at("key")).unwrap();
    let guard = RollbackGuard::new(scratch.at("record"), &key, Missing::Start);
    let alice = SecretKey::generate(Algorithm::Ed25519).unwrap();
    let bob = SecretKey::generate(Algorithm::Ed25519).unwrap();
    type Row<'a> = (&'a str, &'a [&'a SecretKey], &'a str, u64, Option<Code>);
    let rows: [Row<'_>; 9] = [
        ("the first", &[&alice], "acme/mnist", 5, None),
        ("the same again", &[&alice], "acme/mnist", 5, None),
        ("an older one", &[&alice], "acme/mnist", 4, Some(Code::Rollback)),
        ("another model's", &[&alice], "acme/cifar", 1, None),
        ("another signer's", &[&bob], "acme/mnist", 2, None),
        ("of both, older than one of them accepted", &[&bob, &alice], "acme/mnist", 4, Some(Code::Rollback)),
        ("of both", &[&bob, &alice], "acme/mnist", 7, None),
        ("what the second signed before", &[&bob], "acme/mnist", 6, Some(Code::Rollback)),
        ("of nobody", &[], "acme/mnist", 0, None),
    ];
    for (label, keys, id, release, expected) in rows {
        assert_eq!(accept(&guard, &signed_by(keys), id, release), expected, "{label}");
    }
    // An older release that the user asked for passes, and the record stays as high as it was.
    let verdict = signed_by(&[&alice]);
    assert_eq!(code(guard.accept(&verdict, "acme/mnist", 3, Older::Allow, &mut replace)), None);
    assert_eq!(accept(&guard, &verdict, "acme/mnist", 6), Some(Code::Rollback));
    for id in ["", "a b", "a\nb", "a\u{a0}b", "a\0b"] {
        assert_eq!(accept(&guard, &verdict, id, 9), Some(Code::Name), "{id:?}");
    }
}

#[test]
fn a_record_that_is_missing_changed_or_not_writable_is_refused() {
    let scratch = Scratch::new("record");
    let key = RecordKey::create(&scratch.at("key")).unwrap();
    let path = scratch.at("record");
    let alice = signed_by(&[&SecretKey::generate(Algorithm::Ed25519).unwrap()]);
    let strict = RollbackGuard::new(&path, &key, Missing::Refuse);
    assert_eq!(accept(&strict, &alice, "acme/mnist", 5), Some(Code::Rollback), "missing");

    let first = RollbackGuard::new(&path, &key, Missing::Start);
    let mut full = |_: &Path, _: &[u8]| Err(io::Error::other("no space left"));
    let refused = first.accept(&alice, "acme/mnist", 5, Older::Refuse, &mut full);
    assert_eq!(code(refused), Some(Code::Io), "not writable");
    assert_eq!(accept(&strict, &alice, "acme/mnist", 5), Some(Code::Rollback), "still missing");

    assert_eq!(accept(&first, &alice, "acme/mnist", 5), None);
    assert_eq!(accept(&strict, &alice, "acme/mnist", 5), None);
    let record = fs::read(&path).unwrap();
    let refuses = |bytes: &[u8], what: &str| {
        replace(&path, bytes).unwrap();
        assert_eq!(accept(&strict, &alice, "acme/mnist", 9), Some(Code::Rollback), "{what}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "a refused record is left as it is");
    };
    for length in 0..record.len() {
        refuses(&record[..length], &format!("{length} bytes"));
    }
    for_each_flip(&record, |bit, bytes| refuses(bytes, &format!("bit {bit}")));
    refuses(&[record.as_slice(), b"\n"].concat(), "a further line");

    replace(&path, &record).unwrap();
    let other = RecordKey::create(&scratch.at("other")).unwrap();
    let guard = RollbackGuard::new(&path, &other, Missing::Start);
    assert_eq!(accept(&guard, &alice, "acme/mnist", 9), Some(Code::Rollback), "another key");
}

/// Two processes that accept at the same time both leave their trace.
#[test]
fn acceptances_at_the_same_time_are_all_recorded() {
    let scratch = Scratch::new("together");
    let key = RecordKey::create(&scratch.at("key")).unwrap();
    let verdict = signed_by(&[&SecretKey::generate(Algorithm::Ed25519).unwrap()]);
    let guard = RollbackGuard::new(scratch.at("record"), &key, Missing::Start);
    std::thread::scope(|scope| {
        for i in 0..8 {
            let (guard, verdict) = (&guard, &verdict);
            scope.spawn(move || assert_eq!(accept(guard, verdict, &format!("acme/{i}"), 5), None));
        }
    });
    for i in 0..8 {
        assert_eq!(accept(&guard, &verdict, &format!("acme/{i}"), 4), Some(Code::Rollback), "{i}");
    }
}
