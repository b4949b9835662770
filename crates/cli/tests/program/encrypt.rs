//! `encrypt` and `decrypt`.

use std::io::Write;
use std::process::Stdio;

use crate::{Folder, Row, all_end_so, program, sample, tensorkeep};

#[test]
fn what_is_encrypted_comes_back() {
    let folder = Folder::new("encrypt");
    for name in ["alice", "bob"] {
        tensorkeep(&["key", "gen", name, "--age", "--folder", &folder.join("")]).succeeded();
    }
    let recipient = |name: &str| {
        let shown =
            tensorkeep(&["key", "show", &folder.join(&format!("{name}.age.txt"))]).succeeded().out.clone();
        shown.strip_prefix("recipient    ").unwrap().trim().to_owned()
    };
    let (alice, bob) = (recipient("alice"), recipient("bob"));
    let plain = folder.write("plain", sample::model("acme/pair"));
    let [locked, damaged, back, taken] = ["locked", "damaged", "back", "taken"].map(|name| folder.join(name));
    let [own, other] = ["alice.age.txt", "bob.age.txt"].map(|name| folder.join(name));
    tensorkeep(&["encrypt", &plain, &locked, "--recipient", &alice]).succeeded();
    let mut bytes = folder.read("locked");
    assert!(bytes.starts_with(b"age-encryption.org/v1\n"));
    *bytes.last_mut().unwrap() ^= 1;
    folder.write("damaged", bytes);
    folder.write("taken", "mine");
    let rows: [Row<'_>; 11] = [
        (&["decrypt", &locked, &back, "--identity", &other], 1, "E_DECRYPT"),
        (&["decrypt", &damaged, &back, "--identity", &own], 1, "E_DECRYPT"),
        (&["decrypt", &plain, &back, "--identity", &own], 1, "E_DECRYPT"),
        (&["decrypt", &locked, &back, "--identity", &plain], 1, "E_"),
        (&["decrypt", &locked, &back], 2, "--identity <FILE>"),
        (&["encrypt", &plain, &back], 2, "--recipient <AGE1>"),
        (&["encrypt", &plain, &back, "--recipient", &alice[1..]], 1, "E_VALUE"),
        (
            &["encrypt", &plain, &back, "--recipient", &alice, "--passphrase-fd", "0"],
            2,
            "cannot be used with",
        ),
        (&["encrypt", &plain, &taken, "--recipient", &alice], 1, "say --force"),
        (&["encrypt", &plain, &back, "--passphrase-fd", "999"], 1, "descriptor 999 is not open"),
        (&["encrypt", &folder.join("none"), &back, "--recipient", &alice], 1, "E_IO"),
    ];
    all_end_so(&rows);
    assert!(!folder.path().join("back").exists() && folder.read("taken") == b"mine");

    all_end_so(&[
        (&["decrypt", &locked, &back, "--identity", &own], 0, "is decrypted"),
        (
            &["encrypt", &plain, &locked, "--recipient", &alice, "--recipient", &bob, "--force"],
            0,
            "is encrypted",
        ),
        (&["decrypt", &locked, &taken, "--identity", &other, "--force"], 0, "is decrypted"),
    ]);
    assert!(folder.read("back") == folder.read("plain") && folder.read("taken") == folder.read("plain"));
    #[cfg(unix)]
    for path in [&locked, &back, &taken] {
        assert_eq!(crate::rights(path), 0o600, "{path}");
    }
}

/// From a pipe or a private file, and never from the command line.
#[cfg(unix)]
#[test]
fn passphrases_come_from_elsewhere() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("passphrase");
    let plain = folder.write("plain", "weights");
    let [locked, back] = ["locked", "back"].map(|name| folder.join(name));
    let piped = |arguments: &[&str], text: &str| {
        let mut command = program(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(told).unwrap())
    };
    let secret = "correct horse battery staple";
    let file = folder.write("secret", format!("{secret}\n"));
    all_end_so(&[(&["encrypt", &plain, &locked, "--passphrase-file", &file], 1, "E_PERM")]);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    for text in ["", "\n", "two\nlines\n"] {
        let (code, told) = piped(&["encrypt", &plain, &locked, "--passphrase-fd", "0"], text);
        assert!(code == Some(1) && told.contains("E_VALUE"), "{text:?}: {told}");
    }
    let (code, told) = piped(&["encrypt", &plain, &locked, "--passphrase-fd", "0"], &format!("{secret}\n"));
    assert!(code == Some(0) && !told.contains(secret), "{told}");
    all_end_so(&[(&["decrypt", &locked, &back, "--passphrase-file", &file], 0, "is decrypted")]);
    assert_eq!(folder.read("back"), b"weights");
    let (code, told) = piped(&["decrypt", &locked, &folder.join("other"), "--passphrase-fd", "0"], "wrong");
    assert!(code == Some(1) && told.contains("E_DECRYPT"), "{told}");
}
