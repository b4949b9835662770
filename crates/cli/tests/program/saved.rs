//! `train --save`, `eval`, `predict`.

use std::fs;

use crate::keys::{signer, trust};
use crate::{Folder, Row, all_end_so, tensorkeep};

/// A 0 of the digits, in the numbers 0 to 16 of the data set.
const ZERO: [u8; 64] = [
    0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0, 0, 8, 8, 0,
    0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0, 0, 6, 13, 10, 0, 0, 0,
];

#[test]
fn a_model_is_trained_saved_trusted_and_used() {
    let folder = Folder::new("saved");
    signer(&folder, "alice");
    let store = trust(&folder, "alice");
    let (model, key) = (folder.join("digits.tkm"), folder.join("alice.ed25519.pem"));
    let train = [
        "train",
        "digits",
        "--epochs",
        "5",
        "--save",
        &model,
        "--sign",
        &key,
        "--id",
        "acme/digits",
        "--release",
        "4",
    ];
    let trained = tensorkeep(&train).succeeded().out.clone();
    assert!(trained.contains("\nmodel in ") && trained.contains("signed with kid "), "{trained}");
    let digest = trained.lines().find_map(|line| line.strip_prefix("digest ")).unwrap();
    // The saved model does as well as the trained one: the same lines.
    let accuracy = trained.lines().find(|line| line.starts_with("test accuracy ")).unwrap();

    let numbers: Vec<String> = ZERO.iter().map(u8::to_string).collect();
    let row = numbers.join(",");
    let image = folder.write("zero.pgm", [b"P5 8 8 16\n", &ZERO[..]].concat());
    let wide = folder.write("wide.pgm", [b"P5 16 4 16\n", &ZERO[..]].concat());
    let table = folder.write("rows.csv", format!("{row}\n{row}\n"));
    let labelled = folder.write("labelled.csv", format!("{row},0\n{row},7\n"));
    let short = folder.write("short.csv", "1,2,3\n");
    let mut bytes = folder.read("digits.tkm");
    *bytes.last_mut().unwrap() ^= 1;
    let damaged = folder.write("damaged.tkm", bytes);

    let predict = ["predict", "--model", &model, "--store", &store];
    let with = |rest: &[&'static str], input: &str| -> Vec<String> {
        predict.iter().copied().chain(rest.iter().copied()).chain([input]).map(str::to_owned).collect()
    };
    let rows: [Row<'_>; 6] = [
        (&["eval", "--model", &model, "--store", &store], 0, accuracy),
        (&["eval", "digits", "--model", &model, "--digest", digest], 0, accuracy),
        (&["eval", "--model", &model, "--store", &store, "--id", "acme/other"], 1, "acme/other"),
        (&["eval", "--model", &model, "--store", &store, "--threshold", "2"], 1, "1 of 2 signers"),
        (&["eval", "--model", &damaged, "--store", &store], 1, "digest"),
        (&train, 1, "say --force"),
    ];
    all_end_so(&rows);
    if cfg!(target_os = "linux") {
        all_end_so(&[
            (&["eval", "--model", &model, "--store", &store, "--sandbox"], 0, "read in a sandbox\n"),
            (&["eval", "--model", &damaged, "--store", &store, "--sandbox"], 1, "digest"),
        ]);
    }
    let rows = [
        (with(&[], &image), 0, "signed by alice (kid "),
        (with(&[], &image), 0, "\n1: 0 ("),
        (with(&["--max", "16"], &table), 0, "\n2: 0 ("),
        (with(&["--max", "16"], &labelled), 0, "; the table says 7, WRONG\n"),
        (with(&[], &table), 1, "5 is not in 0..=1"),
        (with(&["--max", "0"], &table), 2, "use a number above 0"),
        (with(&["--max", "16"], &short), 1, "a row has 3 numbers, the model takes 64"),
        (with(&[], &wide), 1, "the image is [1, 4, 16], the model takes [1, 8, 8]: resize it"),
        (with(&[], &store), 1, "neither .pgm nor .ppm nor .csv"),
    ];
    for (arguments, code, words) in &rows {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        all_end_so(&[(&arguments, *code, words)]);
    }
}

/// What would make the training vain is found before it.
#[test]
fn a_model_that_cannot_be_saved_is_not_trained() {
    let folder = Folder::new("not-saved");
    let taken = folder.write("taken.tkm", "mine");
    for arguments in [
        &["train", "digits", "--save", &taken][..],
        &["train", "digits", "--save", &folder.join("new.tkm"), "--sign", &folder.join("none.pem")],
    ] {
        let run = tensorkeep(arguments);
        run.refused(1, "");
        assert!(run.out.is_empty() && !run.err.contains("epoch "), "{}{}", run.out, run.err);
    }
    all_end_so(&[(&["train", "digits", "--sign", &taken], 2, "--save <FILE>")]);
    assert_eq!(fs::read(&taken).unwrap(), b"mine");
}
