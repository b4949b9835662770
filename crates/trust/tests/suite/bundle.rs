//! Bundles of OpenSSF Model Signing: row SG-13 of the hostile corpus, and four bundles of the official tool.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{DerSignature, Signature, SigningKey};
use p256::pkcs8::DecodePrivateKey;
use serde_json::{Value, json};
use tensorkeep_trust::{
    Algorithm, BUNDLE_NAME, Bundle, Code, Error, PublicKey, Role, SecretKey, TrustStore, sign_folder,
};

use crate::container::for_each_flip;
use crate::scratch::Scratch;
use crate::store::{Entry, NOW, text};

/// A folder with some files, its signer, and the bundle.
struct Model {
    folder: Scratch,
    key: SecretKey,
    bundle: Value,
}

impl Model {
    fn new(name: &str) -> Self {
        let folder = Scratch::new(name);
        folder.write("a/b", "yo");
        folder.write("a.txt", "hi");
        folder.write("empty", "");
        folder.write("weights.bin", vec![7; 200_000]);
        let key = SecretKey::generate(Algorithm::EcdsaP256).unwrap();
        let bundle = sign_folder(folder.path(), &key, &[BUNDLE_NAME]).unwrap();
        folder.write(BUNDLE_NAME, &bundle);
        Self { folder, key, bundle: serde_json::from_str(&bundle).unwrap() }
    }

    fn check(&self, bundle: &Value) -> Result<(), Error> {
        self.check_text(bundle.to_string().as_bytes())
    }

    fn check_text(&self, bundle: &[u8]) -> Result<(), Error> {
        let statement = Bundle::read(bundle)?.verify(self.key.public_key())?;
        statement.check(self.folder.path(), &[BUNDLE_NAME])
    }

    /// The statement inside.
    fn statement(&self) -> Value {
        let payload = self.bundle["dsseEnvelope"]["payload"].as_str().unwrap();
        serde_json::from_slice(&STANDARD.decode(payload).unwrap()).unwrap()
    }

    /// The bundle with another statement, signed anew, without the crate that is tested.
    fn resign(&self, statement: &Value) -> Value {
        let payload = statement.to_string().into_bytes();
        let mut signed = format!("DSSEv1 28 application/vnd.in-toto+json {} ", payload.len()).into_bytes();
        signed.extend(&payload);
        let key = SigningKey::from_pkcs8_pem(&self.key.to_pem().unwrap()).unwrap();
        let signature: DerSignature = key.sign(&signed);
        let mut bundle = self.bundle.clone();
        bundle["dsseEnvelope"]["payload"] = STANDARD.encode(payload).into();
        bundle["dsseEnvelope"]["signatures"][0]["sig"] = STANDARD.encode(signature.as_bytes()).into();
        bundle
    }
}

fn code(result: Result<(), Error>) -> Option<Code> {
    result.err().map(|error| error.code())
}

/// SHA-256 over the digests of the resources, as the statement needs it to be consistent.
fn with_root(mut statement: Value) -> Value {
    use sha2::Digest;
    let mut hasher = sha2::Sha256::new();
    for resource in statement["predicate"]["resources"].as_array().unwrap() {
        let digest = resource["digest"].as_str().unwrap();
        let bytes = (0..digest.len()).step_by(2).map(|i| u8::from_str_radix(&digest[i..i + 2], 16));
        hasher.update(bytes.collect::<Result<Vec<u8>, _>>().unwrap_or_default());
    }
    let root: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(digest) = statement.pointer_mut("/subject/0/digest/sha256") {
        *digest = root.into();
    }
    statement
}

#[test]
fn what_was_signed_is_found() {
    let model = Model::new("bundle-sound");
    model.check(&model.bundle).unwrap();
    let bundle = Bundle::read(model.bundle.to_string().as_bytes()).unwrap();
    let statement = bundle.verify(model.key.public_key()).unwrap();
    assert_eq!(statement.file_count(), 4);
    assert_eq!(statement.ignored(), [".git", ".gitattributes", ".github", ".gitignore", BUNDLE_NAME]);
    // Order of parts, not of bytes: `/` comes after `.`.
    let names: Vec<String> = model.statement()["predicate"]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["a/b", "a.txt", "empty", "weights.bin"]);
    let wrong = SecretKey::generate(Algorithm::Ed25519).unwrap();
    assert_eq!(sign_folder(model.folder.path(), &wrong, &[]).unwrap_err().code(), Code::Algorithm);
}

/// What the outer layers may say.
#[test]
fn envelopes_are_read_strictly() {
    let model = Model::new("bundle-envelope");
    let other = SecretKey::generate(Algorithm::EcdsaP256).unwrap();
    let signature =
        STANDARD.decode(model.bundle["dsseEnvelope"]["signatures"][0]["sig"].as_str().unwrap()).unwrap();
    let fixed: Signature = DerSignature::from_bytes(&signature).unwrap().try_into().unwrap();
    let (r, s) = fixed.split_scalars();
    let high = Signature::from_scalars(r, -s).unwrap().to_der();
    // A number whose first bit is set is negative without a zero before it.
    let mut negative = [&[0x30, 0x44, 0x02, 0x20, 0xff], &fixed.to_bytes()[1..32]].concat();
    negative.extend([&[0x02, 0x20, 0x7f], &fixed.to_bytes()[33..]].concat());
    let trailing = [signature.as_slice(), &[0]].concat();
    let sig = |bytes: &[u8]| json!([{ "sig": STANDARD.encode(bytes), "keyid": "" }]);
    type Change = Box<dyn Fn(&mut Value)>;
    let set = |pointer: &'static str, value: Value| -> Change {
        Box::new(move |bundle| *bundle.pointer_mut(pointer).unwrap() = value.clone())
    };
    let signatures = "/dsseEnvelope/signatures";
    let good = model.bundle.pointer(&format!("{signatures}/0")).unwrap().clone();
    let junk = json!({ "sig": "AAAA", "keyid": "" });
    let payload = model.bundle["dsseEnvelope"]["payload"].as_str().unwrap();
    let rows: Vec<(&str, Change, Option<Code>)> = vec![
        ("nothing changed", set("/mediaType", model.bundle["mediaType"].clone()), None),
        ("keyid null", set("/dsseEnvelope/signatures/0/keyid", Value::Null), None),
        (
            "keyid absent",
            Box::new(|bundle| {
                bundle["dsseEnvelope"]["signatures"][0].as_object_mut().unwrap().remove("keyid");
            }),
            None,
        ),
        (
            "log entries absent",
            Box::new(|bundle| {
                bundle["verificationMaterial"].as_object_mut().unwrap().remove("tlogEntries");
            }),
            None,
        ),
        ("high s", set(signatures, sig(high.as_bytes())), None),
        ("keyid of a key", set("/dsseEnvelope/signatures/0/keyid", "alice".into()), Some(Code::Value)),
        ("another media type", set("/mediaType", "application/json".into()), Some(Code::Value)),
        ("payloadType changed", set("/dsseEnvelope/payloadType", "text/plain".into()), Some(Code::Value)),
        ("no signature", set(signatures, json!([])), Some(Code::Unsigned)),
        ("junk first signature", set(signatures, json!([junk.clone(), good.clone()])), Some(Code::Signature)),
        ("junk second signature", set(signatures, json!([good, junk])), Some(Code::Signature)),
        ("DER with a byte after it", set(signatures, sig(&trailing)), Some(Code::Signature)),
        ("DER with a negative r", set(signatures, sig(&negative)), Some(Code::Signature)),
        ("no DER", set(signatures, sig(&fixed.to_bytes())), Some(Code::Signature)),
        ("an empty signature", set(signatures, sig(&[])), Some(Code::Signature)),
        (
            "hint of another key",
            set("/verificationMaterial/publicKey/hint", other.public_key().bundle_hint().into()),
            Some(Code::Key),
        ),
        ("no hint", set("/verificationMaterial/publicKey", json!({})), Some(Code::Value)),
        (
            "the key itself for a hint",
            set(
                "/verificationMaterial/publicKey",
                json!({ "rawBytes": STANDARD.encode(model.key.public_key().to_pem()) }),
            ),
            None,
        ),
        (
            "another key itself",
            set(
                "/verificationMaterial/publicKey",
                json!({ "rawBytes": STANDARD.encode(other.public_key().to_pem()) }),
            ),
            Some(Code::Key),
        ),
        ("a certificate", set("/verificationMaterial", json!({ "certificate": {} })), Some(Code::Value)),
        ("a log entry", set("/verificationMaterial/tlogEntries", json!([{}])), Some(Code::Value)),
        ("an unknown field", Box::new(|bundle| bundle["more"] = 1.into()), Some(Code::Value)),
        (
            "payload without padding",
            set("/dsseEnvelope/payload", payload.trim_end_matches('=').into()),
            payload.ends_with('=').then_some(Code::NonCanonical),
        ),
        (
            "payload in lines",
            set("/dsseEnvelope/payload", format!("{payload}\n").into()),
            Some(Code::NonCanonical),
        ),
        ("payload of another type", set("/dsseEnvelope/payload", json!([])), Some(Code::Value)),
    ];
    for (label, change, expected) in rows {
        let mut bundle = model.bundle.clone();
        change(&mut bundle);
        assert_eq!(code(model.check(&bundle)), expected, "{label}");
    }
    let texts: Vec<(&str, String, Code)> = vec![
        ("a field twice", model.bundle.to_string().replacen('{', "{\"mediaType\":\"x\",", 1), Code::Value),
        ("text after it", format!("{} x", model.bundle), Code::Value),
        ("depth 17", "[".repeat(17), Code::Depth),
        ("24 MiB and a byte", " ".repeat((24 << 20) + 1), Code::Limit),
        (
            "a payload of 16 MiB and a byte",
            model.bundle.to_string().replace(payload, &STANDARD.encode(vec![b' '; (16 << 20) + 1])),
            Code::Limit,
        ),
    ];
    for (label, text, expected) in texts {
        assert_eq!(code(model.check_text(text.as_bytes())), Some(expected), "{label}");
    }
}

/// What a validly signed statement may say.
#[test]
fn statements_are_read_strictly() {
    let model = Model::new("bundle-statement");
    let resources = model.statement()["predicate"]["resources"].as_array().unwrap().clone();
    let reordered = json!([resources[1], resources[0], resources[2], resources[3]]);
    let twice = json!([resources[0], resources[0], resources[1], resources[2], resources[3]]);
    let missing = json!([resources[0], resources[1], resources[2]]);
    let mut climbing = resources.clone();
    climbing[0]["name"] = "../b".into();
    let mut renamed = resources.clone();
    renamed[2]["name"] = "else".into();
    let mut upper = resources.clone();
    upper[0]["digest"] = upper[0]["digest"].as_str().unwrap().to_uppercase().into();
    let rows: Vec<(&str, &str, Value, Option<Code>)> = vec![
        ("nothing changed", "/predicateType", "https://model_signing/signature/v1.0".into(), None),
        ("another statement type", "/_type", "https://in-toto.io/Statement/v0.1".into(), Some(Code::Value)),
        ("predicate v0.1", "/predicateType", "https://model_signing/Digests/v0.1".into(), Some(Code::Value)),
        (
            "two subjects",
            "/subject",
            json!([model.statement()["subject"][0], model.statement()["subject"][0]]),
            Some(Code::Value),
        ),
        ("no subject", "/subject", json!([]), Some(Code::Value)),
        ("links are followed", "/predicate/serialization/allow_symlinks", true.into(), Some(Code::FileType)),
        ("links as text", "/predicate/serialization/allow_symlinks", "false".into(), Some(Code::Value)),
        ("another method", "/predicate/serialization/method", "zip".into(), Some(Code::Value)),
        ("shards without a size", "/predicate/serialization/method", "shards".into(), Some(Code::Value)),
        ("hash blake2", "/predicate/serialization/hash_type", "blake2".into(), Some(Code::Algorithm)),
        (
            "hash of the resources is another",
            "/predicate/serialization/hash_type",
            "blake3".into(),
            Some(Code::Algorithm),
        ),
        (
            "the weights are left out",
            "/predicate/serialization/ignore_paths",
            json!(["weights.bin"]),
            Some(Code::Unsigned),
        ),
        ("everything is left out", "/predicate/serialization/ignore_paths", json!(["."]), Some(Code::Name)),
        ("left out above", "/predicate/serialization/ignore_paths", json!(["../x"]), Some(Code::Name)),
        ("left out absolutely", "/predicate/serialization/ignore_paths", json!(["/etc"]), Some(Code::Name)),
        (
            "left out by a pattern",
            "/predicate/serialization/ignore_paths",
            json!(["*.bin"]),
            Some(Code::Unsigned),
        ),
        ("duplicates", "/predicate/resources", twice, Some(Code::Duplicate)),
        ("out of order", "/predicate/resources", reordered, Some(Code::NonCanonical)),
        ("a climbing name", "/predicate/resources", climbing.into(), Some(Code::Name)),
        ("a file is not listed", "/predicate/resources", missing, Some(Code::Digest)),
        ("another name", "/predicate/resources", renamed.into(), Some(Code::Digest)),
        ("an upper-case digest", "/predicate/resources", upper.into(), Some(Code::Value)),
        ("no file", "/predicate/resources", json!([]), Some(Code::Limit)),
        (
            "65,537 files",
            "/predicate/resources",
            vec![resources[0].clone(); 65_537].into(),
            Some(Code::Limit),
        ),
    ];
    for (label, pointer, value, expected) in rows {
        let mut statement = model.statement();
        *statement.pointer_mut(pointer).unwrap() = value;
        let bundle = model.resign(&with_root(statement));
        assert_eq!(code(model.check(&bundle)), expected, "{label}");
    }
    let mut root = model.statement();
    root["subject"][0]["digest"]["sha256"] = "0".repeat(64).into();
    assert_eq!(code(model.check(&model.resign(&root))), Some(Code::Digest), "another root");
    let mut more = model.statement();
    more["predicate"]["future"] = json!({ "field": 1 });
    assert_eq!(code(model.check(&model.resign(&more))), None, "the predicate may grow");
}

/// Shards, which the crate reads and does not write.
#[test]
fn shards_are_compared_with_their_ranges() {
    use sha2::Digest;
    let model = Model::new("bundle-shards");
    fs::remove_file(model.folder.at("empty")).unwrap();
    let weights = vec![7; 200_000];
    let shard = |name: &str, bytes: &[u8]| {
        let digest: String = sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        json!({ "name": name, "algorithm": "sha256-sharded-100000", "digest": digest })
    };
    let sound = vec![
        shard("a/b:0:2", b"yo"),
        shard("a.txt:0:2", b"hi"),
        shard("weights.bin:0:100000", &weights[..100_000]),
        shard("weights.bin:100000:200000", &weights[100_000..]),
    ];
    let changed = |at: usize, shard: Value| {
        let mut all = sound.clone();
        all[at] = shard;
        all
    };
    let rows = [
        ("sound", sound.clone(), None),
        ("the end is missing", sound[..3].to_vec(), Some(Code::Digest)),
        ("too long", changed(1, shard("a.txt:0:3", b"hi")), Some(Code::Digest)),
        (
            "bad range",
            changed(3, shard("weights.bin:100001:200000", &weights[100_000..])),
            Some(Code::Layout),
        ),
        ("overlap", changed(3, shard("weights.bin:0:100000", &weights[100_000..])), Some(Code::Duplicate)),
        ("longer than a shard", changed(2, shard("weights.bin:0:200000", &weights)), Some(Code::Layout)),
        ("no range", changed(0, shard("a/b", b"yo")), Some(Code::Layout)),
    ];
    for (label, resources, expected) in rows {
        let mut statement = model.statement();
        // The official tool writes the size with a decimal point.
        statement["predicate"]["serialization"]["shard_size"] = 100_000.0.into();
        statement["predicate"]["serialization"]["method"] = "shards".into();
        statement["predicate"]["resources"] = resources.into();
        assert_eq!(code(model.check(&model.resign(&with_root(statement)))), expected, "{label}");
    }
}

/// What may have become of the folder.
#[test]
fn a_changed_folder_is_found() {
    type Change = fn(&Scratch);
    let rows: [(&str, Change, Option<Code>); 11] = [
        ("nothing", |_| {}, None),
        ("a trace of git", |folder| drop(folder.write(".git/config", "x")), None),
        ("an empty folder", |folder| fs::create_dir(folder.at("new")).unwrap(), None),
        ("a changed file", |folder| drop(folder.write("a.txt", "ho")), Some(Code::Digest)),
        ("a longer file", |folder| drop(folder.write("a.txt", "hi!")), Some(Code::Digest)),
        ("an extra file", |folder| drop(folder.write("extra", "")), Some(Code::Digest)),
        ("an extra file deep down", |folder| drop(folder.write("a/c/d", "")), Some(Code::Digest)),
        ("a missing file", |folder| fs::remove_file(folder.at("a/b")).unwrap(), Some(Code::Digest)),
        (
            "a link to the same content",
            |folder| {
                fs::rename(folder.at("a.txt"), folder.at("model.sig")).unwrap();
                std::os::unix::fs::symlink("model.sig", folder.at("a.txt")).unwrap();
            },
            Some(Code::FileType),
        ),
        (
            "a pipe",
            |folder| {
                let mode = rustix::fs::Mode::from_raw_mode(0o600);
                let kind = rustix::fs::FileType::Fifo;
                rustix::fs::mknodat(rustix::fs::CWD, folder.at("pipe"), kind, mode, 0).unwrap();
            },
            Some(Code::FileType),
        ),
        ("a name that is not portable", |folder| drop(folder.write("a\\b", "")), Some(Code::Name)),
    ];
    for (label, change, expected) in rows {
        let model = Model::new("bundle-folder");
        change(&model.folder);
        assert_eq!(code(model.check(&model.bundle)), expected, "{label}");
    }
    let model = Model::new("bundle-deep");
    model.folder.write(&["d"; 33].join("/"), "");
    assert_eq!(sign_folder(model.folder.path(), &model.key, &[]).unwrap_err().code(), Code::Limit);
}

/// Every truncation and every single flipped bit of a bundle is refused.
#[test]
fn no_truncation_and_no_flipped_bit_passes() {
    let folder = Scratch::new("bundle-flips");
    folder.write("w", "hi");
    let key = SecretKey::generate(Algorithm::EcdsaP256).unwrap();
    let bundle = sign_folder(folder.path(), &key, &[]).unwrap().into_bytes();
    let accepted = |bundle: &[u8]| {
        let statement = Bundle::read(bundle).and_then(|bundle| bundle.verify(key.public_key()));
        statement.is_ok_and(|statement| statement.check(folder.path(), &[]).is_ok())
    };
    assert!(accepted(&bundle));
    for length in 0..bundle.len() {
        assert!(!accepted(&bundle[..length]), "{length} bytes");
    }
    for_each_flip(&bundle, |bit, bundle| assert!(!accepted(bundle), "bit {bit}"));
}

#[test]
fn the_trust_store_says_who_may_sign() {
    let model = Model::new("bundle-store");
    let bundle = Bundle::read(model.bundle.to_string().as_bytes()).unwrap();
    let entry = || Entry::new("alice", model.key.public_key());
    let other = SecretKey::generate(Algorithm::EcdsaP256).unwrap();
    let rows = [
        ("trusted", entry(), Role::Model, "acme/mnist", None),
        ("another role", entry(), Role::Dataset, "acme/mnist", Some(Code::Key)),
        ("another identifier", entry(), Role::Model, "other/mnist", Some(Code::Key)),
        ("another key", Entry::new("alice", other.public_key()), Role::Model, "acme/mnist", Some(Code::Key)),
        (
            "revoked",
            entry().with(|e| e.revoked = "true".into()),
            Role::Model,
            "acme/mnist",
            Some(Code::Revoked),
        ),
        (
            "expired",
            entry().with(|e| e.not_after = "2026-02-01T00:00:00Z".into()),
            Role::Model,
            "acme/mnist",
            Some(Code::Expired),
        ),
    ];
    for (label, entry, role, id, expected) in rows {
        let store = TrustStore::parse(&text(&[entry])).unwrap();
        let found = store.verify_bundle(&bundle, role, id, NOW);
        assert_eq!(found.as_ref().err().map(|error| error.code()), expected, "{label}");
        assert!(found.is_err() || found.is_ok_and(|(signer, _)| signer.name == "alice"));
    }
}

/// Bundles that versions 0.3.1 to 1.1.0 of the official tool made, from its repository.
#[test]
fn historical_bundles_verify() {
    let key = PublicKey::from_pem(include_str!("../testdata/bundles/official-p384.pub.pem")).unwrap();
    // As the specification of the bundle's key hint has it.
    assert_eq!(key.bundle_hint(), "e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e");
    let folder = Scratch::new("bundle-historical");
    let file = folder.write("signme-1", "signme-1\n");
    folder.write("signme-2", "signme-2");
    folder.write("ignore-me", "");
    let single = [
        include_str!("../testdata/bundles/official-v0.3.1.sig"),
        include_str!("../testdata/bundles/official-v1.0.0.sig"),
    ];
    for bundle in single {
        let statement = Bundle::read(bundle.as_bytes()).unwrap().verify(&key).unwrap();
        assert_eq!(statement.name(), "signme-1");
        statement.check(&file, &[]).unwrap();
        assert_eq!(code(statement.check(&folder.at("signme-2"), &[])), Some(Code::Digest));
        assert_eq!(code(statement.check(folder.path(), &[])), Some(Code::Digest));
    }
    let folders = [
        include_str!("../testdata/bundles/official-v1.0.1.sig"),
        include_str!("../testdata/bundles/official-v1.1.0.sig"),
    ];
    for bundle in folders {
        let statement = Bundle::read(bundle.as_bytes()).unwrap().verify(&key).unwrap();
        statement.check(folder.path(), &["ignore-me", BUNDLE_NAME]).unwrap();
    }
    // The last one leaves a path out, which has to be said.
    let statement = Bundle::read(folders[1].as_bytes()).unwrap().verify(&key).unwrap();
    assert_eq!(code(statement.check(folder.path(), &[])), Some(Code::Unsigned));
}
