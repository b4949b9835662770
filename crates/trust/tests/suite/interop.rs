//! The same files through programs that others wrote: pycose, model_signing, OpenSSL and age.
//!
//! Each test prints why it is skipped where its program is missing. The Python programs run under the interpreter that the
//! environment variable `TENSORKEEP_PYTHON` names; with `TENSORKEEP_REQUIRE_INTEROP` set, a missing program is a failure.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tensorkeep_trust::age::{Identity as AgeIdentity, Limits, Lock, Unlock, decrypt, encrypt};
use tensorkeep_trust::{
    Algorithm, Artifact, BUNDLE_NAME, Bundle, CONTAINER_CONTEXT, Identity, Policy, Role, SecretKey,
    TrustStore, add_signature, sign_folder,
};

use crate::scratch::Scratch;
use crate::store::{Entry, NOW, text};

const PAYLOAD: &[u8] = b"\x01\0\0\0 a manifest";

fn skip(why: &str) {
    assert!(std::env::var_os("TENSORKEEP_REQUIRE_INTEROP").is_none(), "{why}");
    println!("skipped: {why}");
}

/// The interpreter, if it has the module.
fn python_with(module: &str) -> Option<PathBuf> {
    let Some(python) = std::env::var_os("TENSORKEEP_PYTHON").map(PathBuf::from) else {
        skip("TENSORKEEP_PYTHON names no interpreter");
        return None;
    };
    let output = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    match output.is_ok_and(|output| output.status.success()) {
        true => Some(python),
        false => {
            skip(&format!("{} cannot import {module}", python.display()));
            None
        }
    }
}

fn program(name: &str, version: &str) -> bool {
    let there = Command::new(name).arg(version).output().is_ok_and(|output| output.status.success());
    if !there {
        skip(&format!("the program `{name}` is not installed"));
    }
    there
}

fn run(program: impl AsRef<OsStr>, arguments: &[&dyn AsRef<OsStr>]) -> Output {
    let mut command = Command::new(program);
    command.args(arguments.iter().map(|argument| argument.as_ref()));
    command.output().unwrap()
}

#[track_caller]
fn succeed(output: Output) -> Vec<u8> {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(name)
}

/// Each program signs and the other verifies, with both algorithms; and pycose refuses another context.
#[test]
fn pycose_agrees_on_signatures() {
    let Some(python) = python_with("pycose") else { return };
    let check = script("pycose_check.py");
    for (algorithm, name) in [(Algorithm::Ed25519, "EdDSA"), (Algorithm::EcdsaP256, "ES256")] {
        let scratch = Scratch::new(&format!("pycose-{name}"));
        let key = SecretKey::generate(algorithm).unwrap();
        let (secret, public) = (scratch.at("key.pem"), scratch.at("key.pub.pem"));
        key.create(&secret).unwrap();
        fs::write(&public, key.public_key().to_pem()).unwrap();
        let payload = scratch.write("payload", PAYLOAD);
        let block = scratch.write("block", add_signature(&[], &key, PAYLOAD).unwrap());
        let context = std::str::from_utf8(CONTAINER_CONTEXT).unwrap();
        let verify =
            |context: &str| run(&python, &[&check, &"verify", &name, &public, &payload, &context, &block]);
        succeed(verify(context));
        assert!(!verify("mdl/container-sig/v1").status.success(), "another context");

        let theirs = scratch.at("theirs");
        let key_id = key.public_key().key_id().to_string();
        succeed(run(&python, &[&check, &"sign", &name, &secret, &payload, &context, &key_id, &theirs]));
        let store = TrustStore::parse(&text(&[Entry::new("alice", key.public_key())])).unwrap();
        let block = fs::read(&theirs).unwrap();
        let artifact = Artifact { role: Role::Model, id: "acme/mnist", payload: PAYLOAD, block: &block };
        let verdict = store.verify(&artifact, &Policy::SIGNED, NOW).unwrap();
        assert_eq!(verdict.to_string(), "signed by alice");
    }
}

/// Each program signs a folder and the other verifies it; and the official one refuses a changed file.
#[test]
fn model_signing_agrees_on_bundles() {
    let Some(python) = python_with("model_signing") else { return };
    let check = script("model_signing_check.py");
    let scratch = Scratch::new("model-signing");
    let identity = Identity::generate().unwrap();
    identity.create(scratch.path(), "alice").unwrap();
    let (secret, public) = (scratch.at("alice.p256.pem"), scratch.at("alice.p256.pub.pem"));
    scratch.write("model/a/b", "yo");
    scratch.write("model/a.txt", "hi");
    scratch.write("model/weights.bin", vec![7; 2500]);
    let (folder, bundle) = (scratch.at("model"), scratch.at("model/model.sig"));

    fs::write(&bundle, sign_folder(&folder, &identity.bundle, &[BUNDLE_NAME]).unwrap()).unwrap();
    let verify = || run(&python, &[&check, &"verify", &folder, &bundle, &public]);
    succeed(verify());
    // And through its command line, which takes what is ignored from the statement.
    let command_line = run(
        &python,
        &[
            &"-m",
            &"model_signing",
            &"verify",
            &"key",
            &"--signature",
            &bundle,
            &"--public_key",
            &public,
            &folder,
        ],
    );
    succeed(command_line);
    scratch.write("model/a.txt", "ho");
    assert!(!verify().status.success(), "a changed file");
    scratch.write("model/a.txt", "hi");

    for kind in ["sha256", "blake3", "shards"] {
        succeed(run(&python, &[&check, &"sign", &folder, &bundle, &secret, &kind]));
        let statement =
            Bundle::read(&fs::read(&bundle).unwrap()).unwrap().verify(identity.bundle.public_key()).unwrap();
        assert_eq!((statement.name(), statement.file_count()), ("model", 3), "{kind}");
        statement.check(&folder, &[BUNDLE_NAME]).unwrap();
        scratch.write("model/a.txt", "ho");
        assert!(statement.check(&folder, &[BUNDLE_NAME]).is_err(), "{kind}: a changed file");
        scratch.write("model/a.txt", "hi");
    }
}

/// OpenSSL reads our keys, and we read its.
#[test]
fn openssl_agrees_on_keys() {
    if !program("openssl", "version") {
        return;
    }
    let scratch = Scratch::new("openssl");
    let identity = Identity::generate().unwrap();
    identity.create(scratch.path(), "alice").unwrap();
    for kind in ["ed25519", "p256"] {
        let secret = scratch.at(&format!("alice.{kind}.pem"));
        let public = fs::read(scratch.at(&format!("alice.{kind}.pub.pem"))).unwrap();
        assert_eq!(succeed(run("openssl", &[&"pkey", &"-in", &secret, &"-pubout"])), public, "{kind}");
    }
    let kinds: [&[&dyn AsRef<OsStr>]; 2] = [
        &[&"genpkey", &"-algorithm", &"ED25519"],
        &[&"genpkey", &"-algorithm", &"EC", &"-pkeyopt", &"ec_paramgen_curve:prime256v1"],
    ];
    for arguments in kinds {
        let secret = succeed(run("openssl", arguments));
        let path = scratch.write("theirs.pem", &secret);
        let public = succeed(run("openssl", &[&"pkey", &"-in", &path, &"-pubout"]));
        let key = SecretKey::from_pem(std::str::from_utf8(&secret).unwrap()).unwrap();
        assert_eq!(key.public_key().to_pem().as_bytes(), public);
    }
}

/// Each program encrypts and the other decrypts, around the border of a chunk.
#[test]
fn age_agrees_on_encryption() {
    if !program("age", "--version") {
        return;
    }
    let scratch = Scratch::new("age");
    let ours = AgeIdentity::generate().unwrap();
    ours.create(&scratch.at("ours.txt")).unwrap();
    succeed(run("age-keygen", &[&"-o", &scratch.at("theirs.txt")]));
    let theirs = AgeIdentity::open(&scratch.at("theirs.txt")).unwrap().remove(0);
    let recipients = [ours.recipient(), theirs.recipient()];
    for length in [0, 65_536, 65_537, 1_000_000] {
        let plaintext = vec![7; length];
        let encrypted =
            scratch.write("encrypted", encrypt(&plaintext, &Lock::Recipients(&recipients)).unwrap());
        for key in ["ours.txt", "theirs.txt"] {
            let decrypted = succeed(run("age", &[&"-d", &"-i", &scratch.at(key), &encrypted]));
            assert_eq!(decrypted, plaintext, "{length} bytes, {key}");
        }
        let plain = scratch.write("plain", &plaintext);
        let [first, second] = recipients.map(|recipient| recipient.to_string());
        succeed(run("age", &[&"-r", &first, &"-r", &second, &"-o", &encrypted, &plain]));
        for identity in [&ours, &theirs] {
            let unlock = Unlock::Identities(std::slice::from_ref(identity));
            let file = fs::File::open(&encrypted).unwrap();
            assert_eq!(*decrypt(file, &unlock, &Limits::default()).unwrap(), plaintext, "{length} bytes");
        }
    }
}
