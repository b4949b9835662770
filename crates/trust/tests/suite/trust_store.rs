//! Trust stores: what their text may say.

use tensorkeep_trust::{Algorithm, Code, PublicKey, SecretKey, TrustStore};

use crate::store::{Entry, text};

#[test]
fn a_store_says_everything_once_and_in_one_way() {
    let alice = SecretKey::generate(Algorithm::Ed25519).unwrap();
    let bob = SecretKey::generate(Algorithm::EcdsaP256).unwrap();
    let entry = || Entry::new("alice", alice.public_key());
    let secret = alice.to_pem().unwrap();
    let rows: Vec<(&str, Entry, Option<Code>)> = vec![
        ("sound", entry(), None),
        (
            "all roles",
            entry().with(|e| e.roles = r#"["model", "checkpoint", "dataset", "plan"]"#.into()),
            None,
        ),
        ("an unknown role", entry().with(|e| e.roles = r#"["admin"]"#.into()), Some(Code::Value)),
        ("no role", entry().with(|e| e.roles = "[]".into()), Some(Code::Value)),
        ("no id", entry().with(|e| e.ids = "[]".into()), Some(Code::Value)),
        ("a bad pattern", entry().with(|e| e.ids = r#"["***"]"#.into()), Some(Code::Value)),
        ("65 patterns", entry().with(|e| e.ids = format!("{:?}", vec!["a"; 65])), Some(Code::Limit)),
        ("an unknown field", entry().with(|e| e.more = "trusted = true".into()), Some(Code::Value)),
        ("a field twice", entry().with(|e| e.more = "revoked = true".into()), Some(Code::Value)),
        ("another algorithm", entry().with(|e| e.alg = "\"ecdsa-p256\"".into()), Some(Code::Algorithm)),
        ("no such algorithm", entry().with(|e| e.alg = "\"none\"".into()), Some(Code::Algorithm)),
        (
            "another kid",
            entry().with(|e| e.kid = format!("\"{}\"", bob.public_key().key_id())),
            Some(Code::Key),
        ),
        ("an upper-case kid", entry().with(|e| e.kid = format!("{:?}", "A".repeat(32))), Some(Code::Value)),
        ("half a kid", entry().with(|e| e.kid = format!("{:?}", "0".repeat(16))), Some(Code::Value)),
        ("no key", entry().with(|e| e.public = "\"\"".into()), Some(Code::Key)),
        (
            "SG-12 a secret key",
            entry().with(|e| e.public = format!("\"\"\"\n{}\"\"\"", *secret)),
            Some(Code::Key),
        ),
        (
            "SG-12 a secret key in a comment",
            entry().with(|e| e.more = "# age-secret-key-1qqqq".into()),
            Some(Code::Key),
        ),
        ("a date without a time", entry().with(|e| e.not_after = "2027-01-01".into()), Some(Code::Value)),
        ("a local time", entry().with(|e| e.not_after = "2027-01-01T00:00:00".into()), Some(Code::Value)),
        (
            "the end before the start",
            entry().with(|e| e.not_after = "2025-01-01T00:00:00Z".into()),
            Some(Code::Value),
        ),
        ("a name with a line break", entry().with(|e| e.name = r#""a\nb""#.into()), Some(Code::Name)),
        ("no name", entry().with(|e| e.name = "\"\"".into()), Some(Code::Name)),
        ("a name that is a path", entry().with(|e| e.name = "\"../alice\"".into()), Some(Code::Name)),
    ];
    for (label, entry, expected) in rows {
        let found = TrustStore::parse(&text(&[entry]));
        assert_eq!(found.as_ref().err().map(|error| error.code()), expected, "{label}: {found:?}");
    }
    let whole: [(&str, String, Code); 6] = [
        (
            "SG-12 a duplicate key",
            text(&[entry(), entry().with(|e| e.name = "\"eve\"".into())]),
            Code::Duplicate,
        ),
        ("no version", "".into(), Code::Value),
        ("another version", "version = 2".into(), Code::Value),
        ("an unknown field", "version = 1\npolicy = \"none\"".into(), Code::Value),
        ("no TOML", "{}".into(), Code::Value),
        ("1 MiB and a byte", format!("version = 1{}", " ".repeat(1 << 20)), Code::Limit),
    ];
    for (label, text, code) in whole {
        assert_eq!(TrustStore::parse(&text).unwrap_err().code(), code, "{label}");
    }
}

/// A message neither repeats a store's text as it stands nor any part of a secret.
#[test]
fn messages_are_escaped_and_hold_no_secret() {
    let key = SecretKey::generate(Algorithm::Ed25519).unwrap();
    let pem = key.to_pem().unwrap();
    let secret_line = pem.lines().nth(1).unwrap();
    for text in [format!("version = 1\n\"\u{1b}[31m{secret_line}\" = 1"), format!("version = \"{}\"", *pem)] {
        let message = TrustStore::parse(&text).unwrap_err().to_string();
        assert!(!message.contains('\u{1b}') && !message.contains(secret_line), "{message}");
    }
    let broken = pem.replacen('A', "!", 1);
    let message = SecretKey::from_pem(&broken).unwrap_err().to_string();
    assert!(!message.contains(&secret_line[8..]), "{message}");
}

/// The encodings of Ed25519 points of small order, from the list of C2SP's CCTV, and one point with a component of small order.
#[test]
fn weak_ed25519_keys_are_refused() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "10eb7c3acfb2bed3e0d6ab89bf5a3d6afddd1176ce4812e38d9fd485058fdb1f",
    ];
    for point in points {
        let bytes: Vec<u8> =
            (0..64).step_by(2).map(|i| u8::from_str_radix(&point[i..i + 2], 16).unwrap()).collect();
        assert_eq!(PublicKey::from_pem(&ed25519_pem(&bytes)).unwrap_err().code(), Code::Key, "{point}");
    }
    // The base point, RFC 8032, section 5.1, is none of them.
    let base: Vec<u8> = std::iter::once(0x58).chain([0x66; 31]).collect();
    assert!(PublicKey::from_pem(&ed25519_pem(&base)).is_ok());
}

/// The SubjectPublicKeyInfo of RFC 8410, section 4.
fn ed25519_pem(point: &[u8]) -> String {
    use base64::Engine;
    let header = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
    let der = [header.as_slice(), point].concat();
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n")
}

/// SG-13: keys of other kinds, made with OpenSSL.
#[test]
fn other_keys_are_refused() {
    let rows = [
        ("P-224", include_str!("../testdata/keys/p224.pub.pem"), Code::Algorithm),
        ("P-521", include_str!("../testdata/keys/p521.pub.pem"), Code::Algorithm),
        ("secp256k1", include_str!("../testdata/keys/secp256k1.pub.pem"), Code::Algorithm),
        ("RSA", include_str!("../testdata/keys/rsa.pub.pem"), Code::Algorithm),
        ("Ed448", include_str!("../testdata/keys/ed448.pub.pem"), Code::Algorithm),
        ("a certificate", include_str!("../testdata/keys/certificate.pem"), Code::Key),
        ("text", "hello", Code::Key),
        ("nothing", "", Code::Key),
    ];
    for (label, pem, code) in rows {
        assert_eq!(PublicKey::from_pem(pem).unwrap_err().code(), code, "{label}");
    }
}
