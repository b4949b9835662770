//! `key`: what is made, what is shown, what is never shown.

use std::fs;

use tensorkeep_trust::TrustStore;

use crate::{Folder, Row, all_end_so, tensorkeep};

/// The keys of a signer, in a folder.
pub(crate) fn signer(folder: &Folder, name: &str) {
    tensorkeep(&["key", "gen", name, "--folder", &folder.join("")]).succeeded();
}

/// A trust store that trusts the signer's two keys with everything called `acme/…`.
pub(crate) fn trust(folder: &Folder, name: &str) -> String {
    let store = folder.join("store.toml");
    for kind in ["ed25519", "p256"] {
        let key = folder.join(&format!("{name}.{kind}.pub.pem"));
        let arguments = [
            "key",
            "trust",
            &key,
            "--name",
            name,
            "--id",
            "acme/**",
            "--not-after",
            "9999-12-31",
            "--store",
            &store,
        ];
        tensorkeep(&arguments).succeeded();
    }
    store
}

/// The secrets of all files in a folder, as their files spell them.
fn secrets(folder: &Folder) -> Vec<String> {
    let names = ["alice.ed25519.pem", "alice.p256.pem", "alice.age.txt", "alice.record.key"];
    let text = |name: &&str| String::from_utf8(folder.read(name)).unwrap();
    let is_secret = |line: &&str| !line.starts_with("-----") && !line.starts_with('#');
    names
        .iter()
        .map(text)
        .flat_map(|text| text.lines().filter(is_secret).map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn secrets_are_private_and_never_shown() {
    let folder = Folder::new("secrets");
    let here = folder.join("");
    let key = |name: &str| folder.join(name);
    let mut told = String::new();
    for kind in [&[][..], &["--age"], &["--record"]] {
        let run = tensorkeep(&[&["key", "gen", "alice", "--folder", &here], kind].concat());
        told += &run.succeeded().out;
        // Nothing is ever replaced.
        tensorkeep(&[&["key", "gen", "alice", "--folder", &here], kind].concat()).refused(1, "E_IO");
    }
    let files = [
        "alice.ed25519.pem",
        "alice.p256.pem",
        "alice.age.txt",
        "alice.record.key",
        "alice.ed25519.pub.pem",
        "alice.p256.pub.pem",
    ];
    for name in files {
        assert!(told.contains(name), "{name} is missing in {told}");
        #[cfg(unix)]
        assert_eq!(
            crate::rights(&key(name)),
            if name.ends_with(".pub.pem") { 0o644 } else { 0o600 },
            "{name}"
        );
        let run = tensorkeep(&["key", "show", &key(name)]);
        told += &(run.out + &run.err);
        let run = tensorkeep(&[
            "key",
            "trust",
            &key(name),
            "--name",
            "a",
            "--id",
            "a",
            "--not-after",
            "9999-01-01",
        ]);
        told += &(run.out + &run.err);
        let run = tensorkeep(&["inspect", &key(name), "--json"]);
        told += &(run.out + &run.err);
    }
    let secrets = secrets(&folder);
    // One line of Ed25519, three of P-256, one of age, one of the record.
    assert_eq!(secrets.len(), 6, "{}", secrets.len());
    for secret in secrets {
        assert!(secret.len() > 20 && !told.contains(&secret[..20]), "a secret is shown");
    }
}

#[test]
fn both_halves_of_a_key_show_the_same() {
    let folder = Folder::new("halves");
    signer(&folder, "bob");
    for kind in ["ed25519", "p256"] {
        let show = |half: &str| {
            tensorkeep(&["key", "show", &folder.join(&format!("bob.{kind}{half}.pem"))])
                .succeeded()
                .out
                .clone()
        };
        assert_eq!(show(""), show(".pub"));
        let pem = String::from_utf8(folder.read(&format!("bob.{kind}.pub.pem"))).unwrap();
        assert!(show("").ends_with(&pem) && show("").contains("\nfingerprint  SHA256:"), "{}", show(""));
    }
    let (public, text) = (folder.join("bob.p256.pub.pem"), folder.write("text", "hello"));
    fs::write(
        folder.path().join("broken.pem"),
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
    )
    .unwrap();
    let rows: [Row<'_>; 7] = [
        (&["key", "show", &public], 0, "algorithm    ecdsa-p256\nkid          "),
        (&["key", "show", &text], 1, "E_KEY"),
        (&["key", "show", &folder.join("broken.pem")], 1, "E_KEY"),
        (&["key", "show", &folder.join("none")], 1, "E_IO"),
        (&["key", "show", &folder.join("")], 1, "E_FILETYPE"),
        (&["key", "gen", "../bob"], 1, "E_NAME"),
        (&["key", "gen", "bob", "--age", "--record"], 2, "cannot be used with"),
    ];
    all_end_so(&rows);
}

/// What is added reads as it was meant, and whatever is wrong leaves the store as it was.
#[test]
fn a_store_grows_by_whole_entries() {
    let folder = Folder::new("store");
    signer(&folder, "alice");
    signer(&folder, "bob");
    let store = trust(&folder, "alice");
    #[cfg(unix)]
    assert_eq!(crate::rights(&store), 0o600);
    let before = folder.read("store.toml");
    let key = folder.join("bob.ed25519.pub.pem");
    let open = |extra: &[&'static str]| -> Vec<String> {
        ["key", "trust", &key, "--store", &store]
            .into_iter()
            .chain(extra.iter().copied())
            .map(str::to_owned)
            .collect()
    };
    let rows: [(Vec<String>, i32, &str); 12] = [
        (open(&["--name", "b", "--id", "x"]), 2, "--not-after"),
        (open(&["--name", "b", "--not-after", "2099-01-01"]), 2, "--id"),
        (
            open(&["--name", "b", "--id", "x", "--not-after", "2099-01-01", "--role", "king"]),
            2,
            "possible values: model",
        ),
        (open(&["--name", "b", "--id", "x", "--not-after", "soon"]), 1, "\"soonT23:59:59Z\" is no moment"),
        (open(&["--name", "b", "--id", "x", "--not-after", "2099-13-01"]), 1, "E_VALUE"),
        (open(&["--name", "b", "--id", "x", "--not-after", "2000-01-01"]), 1, "E_VALUE"),
        (
            open(&["--name", "b", "--id", "x", "--not-after", "2099-01-01\nrevoked = false"]),
            1,
            "is no moment",
        ),
        (open(&["--name", "b\"\nroles = [\"plan\"]", "--id", "x", "--not-after", "2099-01-01"]), 1, "E_NAME"),
        (open(&["--name", "", "--id", "x", "--not-after", "2099-01-01"]), 1, "E_NAME"),
        (open(&["--name", "b", "--id", "x\",\"**", "--not-after", "2099-01-01"]), 0, "b is trusted now"),
        (open(&["--name", "b", "--id", "y", "--not-after", "2099-01-01"]), 1, "E_DUP"),
        (open(&["--name", "b", "--id", "a b", "--not-after", "2099-01-01"]), 1, "E_VALUE"),
    ];
    for (i, (arguments, code, words)) in rows.iter().enumerate() {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all_end_so(&[(&arguments, *code, words)]);
        assert_eq!(folder.read("store.toml") == before, i < 9, "{arguments:?}");
    }
    let store = TrustStore::open(folder.path().join("store.toml").as_path()).unwrap();
    assert_eq!(store.keys().iter().map(|key| key.name.as_str()).collect::<Vec<_>>(), ["alice", "alice", "b"]);
    // A store that others can read is not added to.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.path().join("store.toml");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let p256 = folder.join("bob.p256.pub.pem");
        let store = folder.join("store.toml");
        let arguments = [
            "key",
            "trust",
            &p256,
            "--name",
            "b",
            "--id",
            "x",
            "--not-after",
            "2099-01-01",
            "--store",
            &store,
        ];
        tensorkeep(&arguments).refused(1, "E_PERM");
    }
}
