//! Who vouches for a file, and what for.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use tensorkeep_format::{Kind, LoadLimits, Manifest, Provenance, SliceReader, reseal};
use tensorkeep_model::{LoadOptions, Save, SaveOptions, load_into};
use tensorkeep_tensor::Tensor;
use tensorkeep_trust::{Algorithm, Missing, PayloadDigest, RecordKey, RollbackGuard, SecretKey, TrustStore};

use crate::files::{anyone, bag, code, folder};

/// Within the time of the keys.
const NOW: i64 = 1_800_000_000;

fn key() -> SecretKey {
    SecretKey::generate(Algorithm::Ed25519).unwrap()
}

/// A store in which the key may sign this.
fn store(key: &SecretKey, role: &str, ids: &str) -> TrustStore {
    let public = key.public_key();
    TrustStore::parse(&format!(
        "version = 1\n[[key]]\nname = \"alice\"\nalg = \"ed25519\"\nkid = \"{}\"\npublic = \"\"\"\n{}\"\"\"\nroles = [\"{role}\"]\nids = \
         [\"{ids}\"]\nnot_before = 2026-01-01T00:00:00Z\nnot_after = 2036-01-01T00:00:00Z\nrevoked = false\n",
        public.key_id(),
        public.to_pem()
    ))
    .unwrap()
}

fn options() -> SaveOptions<'static> {
    SaveOptions::new("acme/one").release(3).created(7).note("by", "me")
}

fn save(path: &Path, options: &SaveOptions<'_>) -> PayloadDigest {
    bag([Tensor::new([1.0_f32, 2.0], &tensorkeep_cpu::device()).unwrap()])
        .save_with(path, options)
        .unwrap()
        .digest
}

fn load(path: &Path, options: &LoadOptions<'_>) -> &'static str {
    let mut model = bag([Tensor::new([0.0_f32, 0.0], &tensorkeep_cpu::device()).unwrap()]);
    let result = load_into(&mut model, path, options);
    let loaded = model.tensors[0].to_vec::<f32>().unwrap();
    assert_eq!(loaded, if result.is_ok() { [1.0, 2.0] } else { [0.0, 0.0] }, "all or nothing");
    code(result)
}

#[test]
fn a_file_is_taken_if_someone_vouches_for_it() {
    let folder = folder("trust");
    let (alice, mallory) = (key(), key());
    let [unsigned, signed, twice] = ["unsigned.tkm", "signed.tkm", "twice.tkm"].map(|name| folder.join(name));
    let digest = save(&unsigned, &options());
    assert_eq!(save(&signed, &options().sign(&alice)), digest, "signatures are not of the content");
    save(&twice, &options().sign(&mallory).sign(&alice));
    let alices = store(&alice, "model", "acme/*");
    let strict = || LoadOptions::strict().now(NOW);
    let other = PayloadDigest::of(b"something else");
    let (checkpoints, others) = (store(&alice, "checkpoint", "acme/*"), store(&alice, "model", "other/*"));
    let two = NonZeroUsize::new(2).unwrap();
    let rows = [
        ("unsigned, strict", &unsigned, strict(), "E_UNSIGNED"),
        ("unsigned, store", &unsigned, strict().trust(&alices), "E_UNSIGNED"),
        // The `main` of tests has no place for the child: nothing is started, and nothing is read without it either.
        (
            "no child to read it",
            &unsigned,
            anyone().sandboxed(tensorkeep_sandbox::Options::default()),
            "E_SANDBOX",
        ),
        ("unsigned, digest", &unsigned, strict().digest(digest), "ok"),
        ("unsigned, other digest", &unsigned, strict().digest(other), "E_DIGEST"),
        ("unsigned, allowed", &unsigned, anyone(), "ok"),
        ("signed, store", &signed, strict().trust(&alices), "ok"),
        ("signed, no store", &signed, strict(), "E_KEY"),
        ("signed, digest", &signed, strict().digest(digest), "ok"),
        ("signed, its id", &signed, strict().trust(&alices).id("acme/one"), "ok"),
        ("signed, other id", &signed, strict().trust(&alices).id("acme/two"), "E_KIND"),
        ("signed, key of another role", &signed, strict().trust(&checkpoints), "E_KEY"),
        ("signed, key of other models", &signed, strict().trust(&others), "E_KEY"),
        ("signed, key expired", &signed, strict().trust(&alices).now(NOW * 2), "E_EXPIRED"),
        ("signed, two signers", &signed, strict().trust(&alices).signers(two), "E_SIG"),
        ("signed by a stranger too", &twice, strict().trust(&alices), "ok"),
    ];
    for (name, path, options, want) in rows {
        assert_eq!(load(path, &options), want, "{name}");
    }
}

#[test]
fn what_was_tampered_with_is_refused() {
    let folder = folder("tampered");
    let (alice, path) = (key(), folder.join("model.tkm"));
    save(&path, &options().sign(&alice));
    let alices = store(&alice, "model", "acme/*");
    let strict = LoadOptions::strict().trust(&alices).now(NOW);
    let good = fs::read(&path).unwrap();
    let flip = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        bytes
    };
    let id = good.windows(8).position(|bytes| bytes == b"acme/one").unwrap();
    // Whoever changes a file can make all digests right again, and keep the signature; but it is of another file.
    let limits = LoadLimits::default();
    let head = SliceReader::new(&good[..], &limits).unwrap().head().clone();
    save(&path, &options().release(4));
    let mut forged = Vec::new();
    reseal(&fs::read(&path).unwrap()[..], &mut forged, head.signatures(), &limits).unwrap();
    let rows = [
        ("a weight", flip(good.len() - 1), "E_DIGEST"),
        ("the manifest", flip(id), "E_DIGEST"),
        ("the manifest and its digest", forged.clone(), "E_SIG"),
        ("cut", good[..good.len() - 1].to_vec(), "E_TRUNC"),
        ("longer", [&good[..], b"x"].concat(), "E_LEN"),
        ("other file", b"PK\x03\x04".to_vec(), "E_MAGIC"),
    ];
    for (name, bytes, want) in rows {
        tensorkeep_storage::write(&path, &bytes).unwrap();
        assert_eq!(load(&path, &strict), want, "{name}");
    }
    // Nothing of a tensor was read: the signature is refused although the weights are damaged as well.
    *forged.last_mut().unwrap() ^= 1;
    tensorkeep_storage::write(&path, &forged).unwrap();
    assert_eq!(load(&path, &strict), "E_SIG");
}

#[test]
fn releases_only_grow() {
    let folder = folder("releases");
    let (alice, record) = (key(), RecordKey::create(&folder.join("record.key")).unwrap());
    let guard = RollbackGuard::new(folder.join("releases"), &record, Missing::Start);
    let alices = store(&alice, "model", "acme/*");
    let strict = LoadOptions::strict().trust(&alices).now(NOW).rollback(&guard);
    let path = folder.join("model.tkm");
    for (release, want) in [(3, "ok"), (4, "ok"), (4, "ok"), (3, "E_ROLLBACK"), (5, "ok")] {
        save(&path, &options().release(release).sign(&alice));
        assert_eq!(load(&path, &strict), want, "release {release}");
    }
    save(&path, &options().release(1).sign(&alice));
    assert_eq!(load(&path, &strict.rollback_allowing_older(&guard)), "ok");
}

#[test]
fn a_file_is_loaded_as_what_it_is() {
    let path = folder("kinds").join("model.tkm");
    for (kind, want) in [(Kind::Model, "E_MISMATCH"), (Kind::Checkpoint, "E_KIND"), (Kind::Dataset, "E_KIND")]
    {
        let mut file = Vec::new();
        tensorkeep_format::write(&mut file, &Manifest::new(kind, "acme/one"), None, []).unwrap();
        tensorkeep_storage::write(&path, &file).unwrap();
        assert_eq!(load(&path, &anyone()), want, "{}", kind.name());
    }
}

#[test]
fn what_the_caller_gives_is_in_the_file() {
    let path = folder("metadata").join("model.tkm");
    let digest = |byte| Some(tensorkeep_format::Digest::new([byte; 32]));
    let provenance = Provenance { data: digest(1), plan: digest(2), step: Some(9), previous: None };
    save(&path, &options().provenance(provenance.clone()));
    let mut model = bag([Tensor::new([0.0_f32, 0.0], &tensorkeep_cpu::device()).unwrap()]);
    let report = load_into(&mut model, &path, &anyone()).unwrap();
    assert_eq!((report.id.as_str(), report.release, report.created), ("acme/one", 3, 7));
    assert_eq!((report.metadata.get("by"), report.provenance), (Some(&"me".to_owned()), provenance));
    assert!(report.verdict.to_string().starts_with("warning"), "nobody signed it, and the report says so");
}

#[test]
fn limits_are_the_callers() {
    let path = folder("limits").join("model.tkm");
    save(&path, &options());
    let tight = |change: fn(&mut LoadLimits)| {
        let mut limits = LoadLimits::default();
        change(&mut limits);
        anyone().limits(limits)
    };
    let rows = [
        (tight(|limits| limits.file = 4096), "E_LIMIT"),
        (tight(|limits| limits.tensors = 0), "E_LIMIT"),
        (tight(|limits| limits.tensor = 7), "E_LIMIT"),
        (tight(|limits| limits.tensor = 8), "ok"),
    ];
    for (i, (options, want)) in rows.iter().enumerate() {
        assert_eq!(load(&path, options), *want, "row {i}");
    }
}
