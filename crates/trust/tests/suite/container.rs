//! Signatures inside containers: rows SG-01 to SG-09 and SG-14 of the hostile corpus.

use std::num::NonZeroUsize;

use tensorkeep_trust::{
    Algorithm, Artifact, Code, MAX_BLOCK, PayloadDigest, Policy, PublicKey, Role, SecretKey, TrustStore,
    Verdict, add_signature,
};

use crate::store::{Entry, NOW, text};

const PAYLOAD: &[u8] = b"\x01\0\0\0 a manifest of release 7";

/// Some signers, made anew for each test.
struct Signers {
    alice: SecretKey,
    bob: SecretKey,
    mallory: SecretKey,
}

impl Signers {
    fn new() -> Self {
        Self {
            alice: SecretKey::generate(Algorithm::Ed25519).unwrap(),
            bob: SecretKey::generate(Algorithm::EcdsaP256).unwrap(),
            mallory: SecretKey::generate(Algorithm::Ed25519).unwrap(),
        }
    }

    fn store(&self) -> Vec<Entry> {
        vec![Entry::new("alice", self.alice.public_key()), Entry::new("bob", self.bob.public_key())]
    }
}

/// One row: everything that a verification sees, and the code that it must give.
struct Case {
    label: &'static str,
    store: Vec<Entry>,
    role: Role,
    id: &'static str,
    payload: Vec<u8>,
    block: Vec<u8>,
    policy: Policy,
    now: i64,
    expected: Option<Code>,
}

impl Case {
    /// A file that is fine, until something is changed.
    fn new(label: &'static str, signers: &Signers, block: Vec<u8>, expected: Option<Code>) -> Self {
        Self {
            label,
            store: signers.store(),
            role: Role::Model,
            id: "acme/mnist",
            payload: PAYLOAD.to_vec(),
            block,
            policy: Policy::SIGNED,
            now: NOW,
            expected,
        }
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn verdict(&self) -> Result<Verdict, tensorkeep_trust::Error> {
        let store = TrustStore::parse(&text(&self.store)).unwrap();
        let artifact = Artifact { role: self.role, id: self.id, payload: &self.payload, block: &self.block };
        store.verify(&artifact, &self.policy, self.now)
    }
}

fn sign(keys: &[&SecretKey], payload: &[u8]) -> Vec<u8> {
    keys.iter().fold(Vec::new(), |block, key| add_signature(&block, key, payload).unwrap())
}

/// Replaces the first run of bytes by another.
fn replace(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let at = bytes.windows(from.len()).position(|window| window == from).expect("the bytes to replace");
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

fn threshold(count: usize) -> Policy {
    Policy::RequireSigned { threshold: NonZeroUsize::new(count).unwrap() }
}

fn key_id(key: &PublicKey) -> Vec<u8> {
    key.key_id().as_bytes().to_vec()
}

fn check(cases: &[Case]) {
    for case in cases {
        let found = case.verdict().map(|verdict| verdict.to_string());
        assert_eq!(
            found.as_ref().err().map(|error| error.code()),
            case.expected,
            "{}: {found:?}",
            case.label
        );
    }
}

#[test]
fn signed_stripped_and_exchanged() {
    let signers = Signers::new();
    let block = sign(&[&signers.alice], PAYLOAD);
    let both = sign(&[&signers.alice, &signers.bob], PAYLOAD);
    let other = sign(&[&signers.alice], b"\x01\0\0\0 a manifest of release 6");
    let mallory = sign(&[&signers.mallory], PAYLOAD);
    let forged =
        replace(&mallory, &key_id(signers.mallory.public_key()), &key_id(signers.alice.public_key()));
    let junk_beside = add_signature(&block, &signers.mallory, PAYLOAD).unwrap();
    check(&[
        Case::new("signed", &signers, block.clone(), None),
        Case::new("signed with ES256", &signers, sign(&[&signers.bob], PAYLOAD), None),
        Case::new("SG-01 stripped", &signers, vec![], Some(Code::Unsigned)),
        Case::new("SG-01 stripped, threshold 2", &signers, vec![], Some(Code::Unsigned))
            .with(|case| case.policy = threshold(2)),
        Case::new("SG-01 stripped and allowed", &signers, vec![], None)
            .with(|case| case.policy = Policy::AllowUnsigned),
        Case::new("SG-02 signature of another release", &signers, other.clone(), Some(Code::Signature)),
        Case::new(
            "SG-02 the same, even where unsigned files are allowed",
            &signers,
            other,
            Some(Code::Signature),
        )
        .with(|case| case.policy = Policy::AllowUnsigned),
        Case::new("SG-04 trusted key id on another's signature", &signers, forged, Some(Code::Signature)),
        Case::new("SG-04 unknown key", &signers, mallory.clone(), Some(Code::Key)),
        Case::new("SG-04 unknown key, and allowed", &signers, mallory, None)
            .with(|case| case.policy = Policy::AllowUnsigned),
        Case::new(
            "an unknown key's signature beside a trusted one does no harm",
            &signers,
            junk_beside,
            None,
        ),
        Case::new("two signers", &signers, both, None).with(|case| case.policy = threshold(2)),
    ]);
}

#[test]
fn the_algorithm_is_the_trust_stores() {
    let signers = Signers::new();
    let block = sign(&[&signers.alice], PAYLOAD);
    let protected = [0x43, 0xa1, 0x01, 0x27];
    let algorithms: [(&'static str, &[u8]); 8] = [
        ("SG-03 ES256", &[0x43, 0xa1, 0x01, 0x26]),
        ("SG-03 HMAC", &[0x43, 0xa1, 0x01, 0x24]),
        ("SG-03 HMAC 256/256", &[0x43, 0xa1, 0x01, 0x05]),
        ("SG-03 0", &[0x43, 0xa1, 0x01, 0x00]),
        ("SG-03 RS1", &[0x45, 0xa1, 0x01, 0x39, 0xff, 0xfe]),
        ("SG-03 none", &[0x40]),
        ("SG-03 none, in an empty map", &[0x41, 0xa0]),
        ("SG-03 Ed448", &[0x44, 0xa1, 0x01, 0x38, 0x34]),
    ];
    for (label, bytes) in algorithms {
        let block = replace(&block, &protected, bytes);
        check(&[Case::new(label, &signers, block, Some(Code::Algorithm))]);
    }
    let p384 = include_str!("../testdata/bundles/official-p384.pub.pem");
    let p384 = PublicKey::from_pem(p384).unwrap();
    let forged = replace(&block, &key_id(signers.alice.public_key()), &key_id(&p384));
    check(&[Case::new("a key for bundles only", &signers, forged, Some(Code::Algorithm))
        .with(|case| case.store.push(Entry::new("carol", &p384)))]);
}

#[test]
fn keys_have_roles_and_a_time() {
    let signers = Signers::new();
    let case = |label, expected| Case::new(label, &signers, sign(&[&signers.alice], PAYLOAD), expected);
    check(&[
        case("SG-05 a key for datasets", Some(Code::Key))
            .with(|case| case.store[0].roles = "[\"dataset\"]".into()),
        case("SG-05 used as a checkpoint", Some(Code::Key)).with(|case| case.role = Role::Checkpoint),
        case("SG-05 another identifier", Some(Code::Key)).with(|case| case.id = "acme-labs/mnist"),
        case("SG-06 expired", Some(Code::Expired))
            .with(|case| case.store[0].not_after = "2026-11-26T23:59:59Z".into()),
        case("SG-06 in its last second", None)
            .with(|case| case.store[0].not_after = "2026-11-27T00:00:00Z".into()),
        case("SG-06 not yet valid", Some(Code::Expired))
            .with(|case| case.store[0].not_before = "2026-11-27T00:00:01Z".into()),
        case("SG-06 in its first second", None)
            .with(|case| case.store[0].not_before = "2026-11-27T00:00:00Z".into()),
        case("SG-06 the clock says 1970", Some(Code::Expired)).with(|case| case.now = 0),
        case("SG-06 the clock says 2100", Some(Code::Expired)).with(|case| case.now = 4_102_444_800),
        case("SG-06 the clock is broken", Some(Code::Expired)).with(|case| case.now = i64::MIN),
        case("SG-06 revoked", Some(Code::Revoked)).with(|case| case.store[0].revoked = "true".into()),
        case("SG-06 revoked, whatever the clock says", Some(Code::Revoked)).with(|case| {
            case.store[0].revoked = "true".into();
            case.now = 0;
        }),
        case("SG-06 revoked, and unsigned files are allowed", None).with(|case| {
            case.store[0].revoked = "true".into();
            case.policy = Policy::AllowUnsigned;
        }),
    ]);
}

#[test]
fn a_signer_counts_once() {
    let signers = Signers::new();
    let one = sign(&[&signers.alice], PAYLOAD);
    let twice = [&[0x82], &one[1..], &one[1..]].concat();
    let both = sign(&[&signers.alice, &signers.bob], PAYLOAD);
    let two = |label, block: &[u8], expected| {
        Case::new(label, &signers, block.to_vec(), expected).with(|case| case.policy = threshold(2))
    };
    check(&[
        two("SG-08 one key twice", &twice, Some(Code::Signature)),
        two("SG-08 one signer of two", &one, Some(Code::Signature)),
        two("SG-08 two keys of one name", &both, Some(Code::Signature))
            .with(|case| case.store[1].name = case.store[0].name.clone()),
        two("SG-08 the second is revoked", &both, Some(Code::Signature))
            .with(|case| case.store[1].revoked = "true".into()),
        two("two keys of two names", &both, None),
    ]);
}

#[test]
fn a_block_has_one_encoding() {
    let signers = Signers::new();
    let block = sign(&[&signers.alice], PAYLOAD);
    let nine: Vec<SecretKey> = (0..9).map(|_| SecretKey::generate(Algorithm::Ed25519).unwrap()).collect();
    let eight = sign(&nine[..8].iter().collect::<Vec<_>>(), PAYLOAD);
    assert_eq!(add_signature(&eight, &nine[8], PAYLOAD).unwrap_err().code(), Code::Limit);
    let ninth = sign(&[&nine[8]], PAYLOAD);
    let kid = key_id(signers.alice.public_key());
    let kid_item = [&[0x04, 0x50], kid.as_slice()].concat();
    let rows: Vec<(&'static str, Vec<u8>, Code)> = vec![
        ("SG-09 nine signatures", [&[0x89], &eight[1..], &ninth[1..]].concat(), Code::Limit),
        ("SG-09 64 KiB and a byte", vec![0x81; MAX_BLOCK + 1], Code::Limit),
        ("SG-09 junk between", [&[0x82], &block[1..], &[0x00], &block[1..]].concat(), Code::NonCanonical),
        ("SG-09 junk after", [block.as_slice(), &[0x00]].concat(), Code::NonCanonical),
        ("an empty array", vec![0x80], Code::NonCanonical),
        ("a count of 2^64 - 1", [&[0x9b], [0xff; 8].as_slice()].concat(), Code::Limit),
        ("an array without a definite length", [&[0x9f], &block[1..], &[0xff]].concat(), Code::NonCanonical),
        ("a longer head", [&[0x98, 0x01], &block[1..]].concat(), Code::NonCanonical),
        ("no tag", replace(&block, &[0xd2, 0x84], &[0x84]), Code::NonCanonical),
        ("another tag", replace(&block, &[0xd2, 0x84], &[0xd1, 0x84]), Code::NonCanonical),
        ("a tag in a longer form", replace(&block, &[0xd2, 0x84], &[0xd8, 0x12, 0x84]), Code::NonCanonical),
        ("a fifth part", replace(&block, &[0xd2, 0x84], &[0xd2, 0x85]), Code::NonCanonical),
        (
            "an attached payload",
            replace(&block, &[0xf6, 0x58, 0x40], &[0x40, 0x58, 0x40]),
            Code::NonCanonical,
        ),
        ("undefined for nil", replace(&block, &[0xf6, 0x58, 0x40], &[0xf7, 0x58, 0x40]), Code::NonCanonical),
        (
            "a critical parameter",
            replace(&block, &[0x43, 0xa1, 0x01, 0x27], &[0x46, 0xa2, 0x01, 0x27, 0x02, 0x81, 0x18]),
            Code::Critical,
        ),
        (
            "an unprotected parameter",
            replace(
                &block,
                &[&[0xa1], kid_item.as_slice()].concat(),
                &[&[0xa2], kid_item.as_slice()].concat(),
            ),
            Code::Critical,
        ),
        ("no key id", replace(&block, &[&[0xa1], kid_item.as_slice()].concat(), &[0xa0]), Code::Key),
        (
            "a key id of text",
            replace(&block, &kid_item, &[&[0x04, 0x70], kid.as_slice()].concat()),
            Code::NonCanonical,
        ),
        ("an empty key id", replace(&block, &kid_item, &[0x04, 0x40]), Code::Key),
        (
            "bytes after the protected map",
            replace(&block, &[0x43, 0xa1, 0x01, 0x27], &[0x44, 0xa1, 0x01, 0x27, 0]),
            Code::NonCanonical,
        ),
        ("a short signature", [&block[..block.len() - 66], &[0x41, 0x00]].concat(), Code::Signature),
        ("nothing but a head", vec![0x81], Code::Cbor),
    ];
    for (label, block, code) in rows {
        check(&[Case::new(label, &signers, block, Some(code))]);
    }
    let again = add_signature(&block, &signers.alice, PAYLOAD).unwrap_err();
    assert_eq!(again.code(), Code::Duplicate);
}

/// Every truncation and every single flipped bit of a signed block is refused.
#[test]
fn no_truncation_and_no_flipped_bit_passes() {
    let signers = Signers::new();
    let one = Case::new("one", &signers, sign(&[&signers.alice], PAYLOAD), None);
    let two = Case::new("two", &signers, sign(&[&signers.bob, &signers.alice], PAYLOAD), None)
        .with(|case| case.policy = threshold(2));
    for case in [one, two] {
        let store = TrustStore::parse(&text(&case.store)).unwrap();
        let accepted = |payload: &[u8], block: &[u8]| {
            let artifact = Artifact { role: case.role, id: case.id, payload, block };
            store.verify(&artifact, &case.policy, case.now).is_ok()
        };
        assert!(accepted(&case.payload, &case.block));
        for length in 0..case.block.len() {
            assert!(!accepted(&case.payload, &case.block[..length]), "{} bytes of {}", length, case.label);
        }
        for_each_flip(&case.block, |bit, block| {
            assert!(!accepted(&case.payload, block), "bit {bit} of the block")
        });
        for_each_flip(&case.payload, |bit, payload| {
            assert!(!accepted(payload, &case.block), "bit {bit} of the payload");
        });
    }
}

pub(crate) fn for_each_flip(bytes: &[u8], mut check: impl FnMut(usize, &[u8])) {
    let mut flipped = bytes.to_vec();
    for bit in 0..bytes.len() * 8 {
        flipped[bit / 8] ^= 1 << (bit % 8);
        check(bit, &flipped);
        flipped[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_digest_is_asked_for_in_full() {
    let signers = Signers::new();
    let digest = PayloadDigest::of(PAYLOAD).to_string();
    // From `b3sum`.
    assert_eq!(
        PayloadDigest::of(b"abc").to_string(),
        "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
    );
    let asked = |text: &str| PayloadDigest::parse(text).map(Policy::RequireDigest);
    check(&[
        Case::new("the digest, without a signature", &signers, vec![], None)
            .with(|case| case.policy = asked(&digest).unwrap()),
        Case::new("another digest", &signers, sign(&[&signers.alice], PAYLOAD), Some(Code::Digest)).with(
            |case| {
                case.policy = asked(&"0".repeat(64)).unwrap();
            },
        ),
    ]);
    let long = format!("{digest}0");
    let rows = ["", &digest[..32], &digest[..63], &long, &digest.to_uppercase(), &format!("0x{digest}")];
    for row in rows {
        assert_eq!(asked(row).unwrap_err().code(), Code::Digest, "SG-14 {row}");
    }
}

#[test]
fn a_verdict_says_who_signed_and_what_was_passed_over() {
    let signers = Signers::new();
    let block = sign(&[&signers.mallory, &signers.bob, &signers.alice], PAYLOAD);
    let Verdict::Signed { signers: found, skipped } =
        Case::new("three", &signers, block, None).verdict().unwrap()
    else {
        panic!("not signed");
    };
    let names: Vec<&str> = found.iter().map(|signer| signer.name.as_str()).collect();
    assert_eq!(names, ["bob", "alice"]);
    assert_eq!(skipped.iter().map(|error| error.code()).collect::<Vec<_>>(), [Code::Key]);
}
