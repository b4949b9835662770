//! Files that others could read or change: row SG-12 of the hostile corpus.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use tensorkeep_trust::age::{Identity as AgeIdentity, Passphrase};
use tensorkeep_trust::{Code, Identity, RecordKey, SecretKey, TrustStore};

use crate::scratch::Scratch;

/// What a reader says of a path.
type Open = fn(&Path) -> Option<Code>;

/// Every reader of private files.
const READERS: [(&str, Open); 5] = [
    ("trust store", |path| TrustStore::open(path).err().map(|error| error.code())),
    ("secret key", |path| SecretKey::open(path).err().map(|error| error.code())),
    ("record key", |path| RecordKey::open(path).err().map(|error| error.code())),
    ("identities of age", |path| AgeIdentity::open(path).err().map(|error| error.code())),
    ("passphrase", |path| Passphrase::open(path).err().map(|error| error.code())),
];

#[test]
fn private_files_are_closed_to_others_and_no_links() {
    for (reader, open) in READERS {
        let scratch = Scratch::new("permissions");
        let path = scratch.at("file");
        let text = match reader {
            "trust store" => "version = 1\n".to_owned(),
            "passphrase" => "correct horse\n".to_owned(),
            "record key" => format!("{}\n", "0".repeat(64)),
            "identities of age" => {
                "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0\n".into()
            }
            _ => Identity::generate().unwrap().bundle.to_pem().unwrap().to_string(),
        };
        fs::write(&path, text).unwrap();
        let rows = [
            (0o600, None),
            (0o400, None),
            (0o700, None),
            (0o640, Some(Code::Permission)),
            (0o604, Some(Code::Permission)),
            (0o602, Some(Code::Permission)),
            (0o620, Some(Code::Permission)),
            (0o666, Some(Code::Permission)),
            (0o601, Some(Code::Permission)),
        ];
        for (mode, expected) in rows {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(open(&path), expected, "{reader} with mode {mode:o}");
        }
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        symlink(&path, scratch.at("link")).unwrap();
        fs::create_dir(scratch.at("folder")).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            scratch.at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::from_raw_mode(0o600),
            0,
        )
        .unwrap();
        for (name, code) in [
            ("link", Code::FileType),
            ("folder", Code::FileType),
            ("pipe", Code::FileType),
            ("none", Code::Io),
        ] {
            assert_eq!(open(&scratch.at(name)), Some(code), "{reader} at a {name}");
        }
    }
}

#[test]
fn files_of_other_users_are_refused() {
    let scratch = Scratch::new("owner");
    let path = scratch.write("file", "version = 1\n");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_err() {
        println!("skipped: only root can give a file to another user");
        return;
    }
    for (reader, open) in READERS {
        assert_eq!(open(&path), Some(Code::Permission), "{reader}");
    }
}

#[test]
fn secrets_are_created_for_their_owner_alone() {
    let scratch = Scratch::new("created");
    Identity::generate().unwrap().create(scratch.path(), "alice").unwrap();
    AgeIdentity::generate().unwrap().create(&scratch.at("age")).unwrap();
    RecordKey::create(&scratch.at("record")).unwrap();
    for name in ["alice.ed25519.pem", "alice.p256.pem", "age", "record"] {
        assert_eq!(fs::metadata(scratch.at(name)).unwrap().mode() & 0o777, 0o600, "{name}");
    }
    // A link that waits at the name is not followed, and what it leads to is not written.
    symlink(scratch.at("elsewhere"), scratch.at("bob.ed25519.pem")).unwrap();
    assert_eq!(Identity::generate().unwrap().create(scratch.path(), "bob").unwrap_err().code(), Code::Io);
    assert!(!scratch.at("elsewhere").exists());
}
