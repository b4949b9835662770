//! Keys in files, and that they are never printed.

use tensorkeep_trust::age::{Identity as AgeIdentity, Passphrase};
use tensorkeep_trust::{Algorithm, Code, Identity, PublicKey, RecordKey, SecretKey};

use crate::scratch::Scratch;

#[test]
fn an_identity_is_four_new_files() {
    let scratch = Scratch::new("identity");
    let identity = Identity::generate().unwrap();
    let paths = identity.create(scratch.path(), "alice").unwrap();
    let names: Vec<&str> = paths.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["alice.ed25519.pem", "alice.ed25519.pub.pem", "alice.p256.pem", "alice.p256.pub.pem"]);
    for (key, kind) in [(&identity.container, "ed25519"), (&identity.bundle, "p256")] {
        let secret = SecretKey::open(&scratch.at(&format!("alice.{kind}.pem"))).unwrap();
        let public = std::fs::read_to_string(scratch.at(&format!("alice.{kind}.pub.pem"))).unwrap();
        assert_eq!(secret.public_key(), key.public_key());
        assert_eq!(&PublicKey::from_pem(&public).unwrap(), key.public_key());
    }
    // Nothing is ever replaced.
    assert_eq!(identity.create(scratch.path(), "alice").unwrap_err().code(), Code::Io);
    for name in ["", "../alice", "a/b", ".alice", "-alice", "a b", &"a".repeat(65)] {
        assert_eq!(identity.create(scratch.path(), name).unwrap_err().code(), Code::Name, "{name}");
    }
}

#[test]
fn secrets_are_never_printed() {
    let scratch = Scratch::new("never-printed");
    let identity = Identity::generate().unwrap();
    let age = AgeIdentity::generate().unwrap();
    age.create(&scratch.at("age")).unwrap();
    let record = RecordKey::create(&scratch.at("record")).unwrap();
    let passphrase = Passphrase::new("correct horse").unwrap();
    let printed = format!("{identity:?} {age:?} {record:?} {passphrase:?}").to_lowercase();

    let mut secrets = vec!["correct horse".to_owned()];
    for key in [&identity.container, &identity.bundle] {
        secrets.extend(key.to_pem().unwrap().lines().map(|line| line.to_lowercase()));
    }
    for file in ["age", "record"] {
        let text = std::fs::read_to_string(scratch.at(file)).unwrap().to_lowercase();
        secrets.push(text.lines().last().unwrap().to_owned());
    }
    for secret in secrets {
        assert!(!printed.contains(&secret), "{secret} in {printed}");
    }
}

#[test]
fn files_of_keys_hold_keys() {
    let scratch = Scratch::new("key-files");
    let write = |name: &str, text: &str| {
        let path = scratch.write(name, text);
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        path
    };
    let p256 = SecretKey::generate(Algorithm::EcdsaP256).unwrap().to_pem().unwrap();
    let rows = [
        ("a public key", SecretKey::generate(Algorithm::Ed25519).unwrap().public_key().to_pem(), Code::Key),
        ("half a key", p256[..p256.len() / 2].to_owned(), Code::Key),
        ("nothing", String::new(), Code::Key),
        ("16 KiB and a byte", " ".repeat((16 << 10) + 1), Code::Limit),
    ];
    for (label, text, code) in rows {
        let path = write("key", &text);
        assert_eq!(SecretKey::open(&path).unwrap_err().code(), code, "{label}");
    }
    let age = |text: &str| {
        AgeIdentity::open(&write("age", text)).map(|all| all.len()).map_err(|error| error.code())
    };
    let identity = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
    assert_eq!(age(&format!("# a comment\n\n{identity}\n{identity}\n")), Ok(2));
    for text in ["", "# only\n", &identity.to_lowercase(), &identity.replace("LM0", "LM1"), "hello"] {
        assert_eq!(age(text), Err(Code::Key), "{text}");
    }
    let passphrase =
        |text: &str| Passphrase::open(&write("pass", text)).map(drop).map_err(|error| error.code());
    for (text, expected) in
        [("a b\n", Ok(())), ("a b", Ok(())), ("a\nb\n", Err(Code::Value)), ("\n", Err(Code::Value))]
    {
        assert_eq!(passphrase(text), expected, "{text:?}");
    }
    assert_eq!(RecordKey::open(&write("record", &"g".repeat(64))).unwrap_err().code(), Code::Key);
}
