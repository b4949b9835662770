//! `sign` and `verify`.

use std::fs;

use crate::keys::{signer, trust};
use crate::{Folder, Row, all_end_so, program, sample, tensorkeep};

#[test]
fn signatures_decide() {
    let folder = Folder::new("signing");
    signer(&folder, "alice");
    signer(&folder, "bob");
    let store = trust(&folder, "alice");
    let [plain, signed, strange, both, damaged] = ["plain", "signed", "strange", "both", "damaged"]
        .map(|name| folder.write(name, sample::model("acme/pair")));
    let elsewhere = folder.write("elsewhere", sample::model("else/pair"));
    let [alice, alice_p256, bob] =
        ["alice.ed25519.pem", "alice.p256.pem", "bob.ed25519.pem"].map(|name| folder.join(name));
    for (file, key) in [
        (&signed, &alice),
        (&strange, &bob),
        (&both, &bob),
        (&both, &alice),
        (&damaged, &alice),
        (&elsewhere, &alice),
    ] {
        tensorkeep(&["sign", file, "--key", key]).succeeded();
    }
    let mut bytes = folder.read("damaged");
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&damaged, bytes).unwrap();

    let shown = tensorkeep(&["inspect", &plain]).succeeded().out.clone();
    let digest = shown.lines().find_map(|line| line.strip_prefix("digest")).unwrap().trim();
    let rows: [Row<'_>; 22] = [
        (&["verify", &plain, "--store", &store], 1, "E_UNSIGNED"),
        (&["verify", &plain], 2, "--store <FILE>"),
        (
            &["verify", &plain, "--allow-unsigned-insecure"],
            0,
            "warning: nobody who is trusted signed this file\n",
        ),
        (&["verify", &plain, "--digest", digest], 0, "has the digest asked for"),
        (&["verify", &signed, "--digest", digest], 0, "has the digest asked for"),
        (&["verify", &damaged, "--digest", digest], 1, "E_DIGEST"),
        (&["verify", &plain, "--digest", &digest[..62]], 1, "E_DIGEST"),
        (&["verify", &elsewhere, "--digest", digest], 1, "E_DIGEST"),
        (&["verify", &signed, "--store", &store], 0, "signed by alice (kid "),
        (&["verify", &signed, "--store", &store, "--id", "acme/pair"], 0, "model \"acme/pair\" release 3\n"),
        (&["verify", &signed, "--store", &store, "--id", "acme/other"], 1, "E_NAME"),
        (&["verify", &signed, "--store", &store, "--role", "checkpoint"], 1, "asked for as a checkpoint"),
        (&["verify", &signed, "--store", &store, "--threshold", "2"], 1, "1 of 2 signers"),
        (&["verify", &signed, "--store", &store, "--threshold", "0"], 2, "--threshold"),
        (
            &["verify", &signed, "--store", &store, "--threshold", "2", "--digest", digest],
            2,
            "cannot be used with",
        ),
        (&["verify", &strange, "--store", &store], 1, "E_KEY"),
        (&["verify", &elsewhere, "--store", &store], 1, "not trusted to sign a model called `else/pair`"),
        (&["verify", &both, "--store", &store], 0, "skipped: E_KEY: key "),
        (&["verify", &damaged, "--store", &store], 1, "E_DIGEST"),
        (&["verify", &damaged, "--allow-unsigned-insecure"], 1, "E_DIGEST"),
        (&["verify", &signed, "--store", &folder.join("none")], 1, "E_IO"),
        (&["verify", &folder.join("none"), "--store", &store], 1, "E_IO"),
    ];
    all_end_so(&rows);

    let rows: [Row<'_>; 8] = [
        (&["sign", &signed, "--key", &alice], 1, "E_DUP"),
        (&["sign", &signed, "--key", &alice, "--fresh"], 0, " (new)"),
        (&["sign", &signed, "--key", &alice_p256], 0, "signed model \"acme/pair\" release 3\n"),
        // Two keys of one signer are one signer.
        (&["verify", &signed, "--store", &store, "--threshold", "2"], 1, "1 of 2 signers"),
        (&["sign", &damaged, "--key", &bob], 1, "E_DIGEST"),
        (&["sign", &store, "--key", &alice], 1, "E_MAGIC"),
        (&["sign", &signed, "--key", &folder.join("alice.ed25519.pub.pem")], 1, "E_PERM"),
        (&["sign", &folder.join(""), "--key", &alice], 1, "E_FILETYPE"),
    ];
    all_end_so(&rows);
    // What a signature is about stays the same to the byte.
    tensorkeep(&["verify", &signed, "--digest", digest]).succeeded();
}

/// What is refused is left as it was, and a link is not written through.
#[cfg(unix)]
#[test]
fn signing_replaces_whole_files_only() {
    let folder = Folder::new("signing-whole");
    signer(&folder, "alice");
    let key = folder.join("alice.ed25519.pem");
    let file = folder.write("model.tkm", sample::model("acme/pair"));
    let cut = folder.write("cut.tkm", &sample::model("acme/pair")[..4100]);
    std::os::unix::fs::symlink("model.tkm", folder.path().join("link.tkm")).unwrap();
    tensorkeep(&["sign", &cut, "--key", &key]).refused(1, "E_TRUNC");
    tensorkeep(&["sign", &folder.join("link.tkm"), "--key", &key]).refused(1, "E_FILETYPE");
    assert_eq!(folder.read("cut.tkm"), &sample::model("acme/pair")[..4100]);
    assert_eq!(folder.read("model.tkm"), sample::model("acme/pair"));
    tensorkeep(&["sign", &file, "--key", &key]).succeeded();
    assert_eq!(crate::rights(&file), 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 7, "something is left behind");
}

#[test]
fn older_releases_stay_away() {
    let folder = Folder::new("rollback");
    signer(&folder, "alice");
    tensorkeep(&["key", "gen", "alice", "--record", "--folder", &folder.join("")]).succeeded();
    let store = trust(&folder, "alice");
    let record = [folder.join("record"), folder.join("alice.record.key")];
    let [new, old] =
        [("new", sample::model("acme/pair")), ("old", sample::plain("acme/pair"))].map(|(name, bytes)| {
            let file = folder.write(name, bytes);
            tensorkeep(&["sign", &file, "--key", &folder.join("alice.ed25519.pem")]).succeeded();
            file
        });
    let verify = |file: &str, extra: &[&str], code: i32, words: &str| {
        let arguments =
            ["verify", file, "--store", &store, "--record", &record[0], "--record-key", &record[1]];
        all_end_so(&[(&[&arguments, extra].concat(), code, words)]);
    };
    verify(&new, &[], 1, "E_ROLLBACK");
    verify(&new, &["--new-record"], 0, "signed by alice");
    verify(&new, &[], 0, "signed by alice");
    verify(&old, &[], 1, "E_ROLLBACK");
    verify(&old, &["--allow-older"], 0, "release 0");
    verify(&old, &[], 1, "E_ROLLBACK");
    fs::write(&record[0], "tensorkeep releases v1\n").unwrap();
    verify(&new, &[], 1, "E_");
    let alone = ["verify", &new, "--store", &store, "--record", &record[0]];
    all_end_so(&[(&alone, 2, "--record-key")]);
}

#[cfg(unix)]
#[test]
fn folders_are_signed_whole() {
    let folder = Folder::new("folders");
    signer(&folder, "alice");
    let store = trust(&folder, "alice");
    let [key, wrong] = ["alice.p256.pem", "alice.ed25519.pem"].map(|name| folder.join(name));
    fs::create_dir_all(folder.path().join("model/part")).unwrap();
    folder.write("model/weights.bin", "weights");
    folder.write("model/part/config.json", "{}");
    let model = folder.join("model");
    let sign = ["sign", &model, "--oms", "--key", &key];
    let verify = ["verify", &model, "--store", &store, "--id", "acme/folder"];
    let rows: [Row<'_>; 10] = [
        (&["sign", &model, "--key", &key], 1, "E_FILETYPE"),
        (&["sign", &model, "--oms", "--key", &wrong], 1, "E_ALG"),
        (&verify, 1, "E_IO"),
        (&sign, 0, "model.sig\nkid "),
        (&sign, 1, "say --fresh"),
        (&["sign", &model, "--oms", "--key", &key, "--fresh"], 0, "model.sig"),
        (&verify, 0, "signed by alice"),
        (&verify, 0, "files 2, all as they were signed"),
        (&["verify", &model, "--store", &store], 1, "say --id"),
        (&["verify", &model, "--store", &store, "--id", "else/folder"], 1, "E_KEY"),
    ];
    all_end_so(&rows);
    folder.write("model/extra.py", "");
    all_end_so(&[
        (&verify, 1, "`extra.py` was added"),
        (&[&verify[..], &["--ignore", "extra.py"]].concat(), 0, "signed by alice"),
    ]);
    folder.write("model/weights.bin", "other");
    let run = tensorkeep(&[&verify[..], &["--ignore", "extra.py"]].concat());
    run.refused(1, "E_DIGEST");
    assert!(run.out.is_empty(), "{}", run.out);
}

/// Whoever reads only the exit code must not take a refusal for success because nobody read the words.
#[test]
fn a_closed_pipe_does_not_turn_a_refusal_into_success() {
    let folder = Folder::new("closed-refusal");
    let mut file = sample::model("acme/pair");
    *file.last_mut().unwrap() ^= 1;
    let file = folder.write("damaged.tkm", file);
    for (arguments, code) in [
        (&["verify", &file, "--allow-unsigned-insecure"][..], 1),
        (&["inspect", &file], 1),
        (&["inspect", &file, "--json"], 1),
        (&["key", "--help"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = program(arguments).stdout(writer).stderr(std::process::Stdio::piped()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(code) && !err.contains("panicked"), "{arguments:?}: {err}");
    }
}
