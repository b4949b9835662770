//! `inspect`: good files, files of others, files that lie.

use serde_json::{Value, json};
use tensorkeep_format::{Array, DType, Shape};

use crate::keys::{signer, trust};
use crate::{Folder, Row, all_end_so, sample, tensorkeep};

/// All of the page but digests, which are given by their places.
const PAGE: &str = r#"file         FILE
bytes        4168
format       tkm
version      1.0
id           "acme/pair"
kind         model
release      3
digest       HEX
manifest     HEX
signatures   none
metadata     "task" "an example"
input        %0 "x" f32[any, 2]
op           %1 = nn.dense v1 (%0) bias="dense.bias" weight="dense.weight" {"activation":"relu"}
output       %1 "y" f32[any, 2] with 2 labels
tensors      2, 6 elements
  "dense.weight" f32[2, 2] 16 bytes
    blake3 HEX
    min -2 max 3 mean 0.5 std 1.8028; 1 zeros, 0 NaN, 0 infinite
  "dense.bias" f32[2] 8 bytes
    blake3 HEX
    min 0.5 max 0.5 mean 0.5 std 0; 0 zeros, 0 NaN, 0 infinite
"#;

/// The text with every digest of 64 digits as `HEX`.
fn without_digests(text: &str) -> String {
    let word = |word: &str| match word.trim_end() {
        digits if digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            word.replace(digits, "HEX")
        }
        _ => word.to_owned(),
    };
    text.split_inclusive([' ', '\n']).map(word).collect()
}

#[test]
fn a_model_is_shown() {
    let folder = Folder::new("inspect-model");
    let file = folder.write("model.tkm", sample::model("acme/pair"));
    let run = tensorkeep(&["inspect", &file]);
    assert_eq!(without_digests(&run.succeeded().out), PAGE.replace("FILE", &format!("{file:?}")));

    let run = tensorkeep(&["inspect", &file, "--json"]);
    let shown: Value = serde_json::from_str(&run.succeeded().out).unwrap();
    assert_eq!(shown["tensors"][0]["shape"], json!([2, 2]));
    // (1 + 4 + 0 + 9) / 4 - 0.25 = 3.25.
    let std = shown["tensors"][0]["statistics"]["std"].as_f64().unwrap();
    assert!((std * std - 3.25).abs() < 1e-12, "{std}");
    let op = &shown["container"]["architecture"]["ops"][0];
    assert_eq!(
        (&op["weights"]["bias"], &op["parameters"]),
        (&json!("dense.bias"), &json!({"activation": "relu"}))
    );
    assert_eq!(shown["problem"], Value::Null);
}

#[test]
fn signers_are_shown_as_known_or_not() {
    let folder = Folder::new("inspect-signers");
    signer(&folder, "alice");
    signer(&folder, "bob");
    let store = trust(&folder, "alice");
    let file = folder.write("model.tkm", sample::model("acme/pair"));
    for key in ["bob.ed25519.pem", "alice.ed25519.pem"] {
        tensorkeep(&["sign", &file, "--key", &folder.join(key)]).succeeded();
    }
    let kid = |name: &str| {
        let shown = tensorkeep(&["key", "show", &folder.join(&format!("{name}.ed25519.pub.pem"))])
            .succeeded()
            .out
            .clone();
        shown.lines().find_map(|line| line.strip_prefix("kid")).unwrap().trim().to_owned()
    };
    let (alice, bob) = (kid("alice"), kid("bob"));
    let unsure = format!("signature    kid {bob} (its own account: see --store)\nsignature    kid {alice} ");
    let known = format!(
        "signed by    alice (kid {alice})\nnot counted  E_KEY: key `{bob}` is not in the trust store"
    );
    all_end_so(&[(&["inspect", &file], 0, &unsure), (&["inspect", &file, "--store", &store], 0, &known)]);
    let run = tensorkeep(&["inspect", &file, "--store", &store, "--json"]);
    let shown: Value = serde_json::from_str(&run.succeeded().out).unwrap();
    assert_eq!(shown["container"]["key_ids"], json!([bob, alice]));
    assert_eq!(shown["container"]["trust"]["signers"], json!([{"name": "alice", "key_id": alice}]));
}

#[test]
fn files_of_others_are_shown_or_named() {
    let folder = Folder::new("inspect-others");
    let array = sample::floats(&[2], &[f32::NAN, 2.0]);
    let bytes = Array::new(DType::U8, Shape::new(&[3]).unwrap(), &[1, 2, 0][..]).unwrap();
    let safetensors =
        folder.write("a.safetensors", sample::safetensors(&[("w", &array)], &[("format", "pt")]));
    let npz = folder.write("a.npz", sample::npz(&[("w", &bytes)]));
    let npy = folder.write("a.npy", sample::npy(&array));
    let rows: [Row<'_>; 9] = [
        (
            &["inspect", &safetensors],
            0,
            "format       safetensors\nmetadata     \"format\" \"pt\"\ntensors      1, 2 elements\n",
        ),
        (&["inspect", &safetensors], 0, "min 2 max 2 mean 2 std 0; 0 zeros, 1 NaN, 0 infinite"),
        (&["inspect", &npz], 0, "  \"w\" u8[3] 3 bytes\n"),
        (&["inspect", &npz], 0, "min 0 max 2 mean 1 std 0.8165; 1 zeros, 0 NaN, 0 infinite"),
        (&["inspect", &npy], 0, "  (the array) f32[2] 8 bytes\n"),
        (&["inspect", &npy, "--limit", "10"], 1, "D_LIMIT"),
        (&["inspect", &npz, "--limit", "10"], 1, "D_LIMIT"),
        (&["inspect", &safetensors, "--limit", "10"], 1, "D_LIMIT"),
        (&["inspect", &npy, "--limit", "little"], 2, "invalid digit"),
    ];
    all_end_so(&rows);

    // What a file begins with, and words of what is said of it.
    let foreign: [(&[u8], &str); 12] = [
        (b"\x80\x02}q\x00.", "a Python pickle"),
        (b"\x89HDF\r\n\x1a\n\0\0", "an HDF5 file"),
        (b"GGUF\x03\0\0\0", "a GGUF file"),
        (b"age-encryption.org/v1\n-> X25519", "encrypted with age"),
        (b"\x89TKM\n\x1a\n\x01", "a damaged Tensorkeep model"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"\x1f\x8b\x08\0", "a gzip file"),
        (b"", "the file is empty"),
        (b"hello", "begins like no format that is known"),
        (b"PK\x03\x04", "D_"),
        (b"\x93NUMPY\x01\0", "D_"),
    ];
    for (bytes, words) in foreign {
        let file = folder.write("foreign", bytes);
        all_end_so(&[(&["inspect", &file], 1, words), (&["inspect", &file, "--json"], 1, words)]);
    }
    all_end_so(&[
        (&["inspect", &folder.join("")], 1, "E_FILETYPE"),
        (&["inspect", &folder.join("none")], 1, "E_IO"),
        (&["inspect"], 2, "<FILE>"),
    ]);
    #[cfg(unix)]
    all_end_so(&[(&["inspect", "/dev/zero"], 1, "E_FILETYPE")]);
}

/// Nothing but plain lines on the terminal, whatever the file says; and all of it in the JSON.
#[test]
fn text_of_a_file_moves_no_cursor() {
    let folder = Folder::new("inspect-escapes");
    let evil = "\u{1b}[2J\u{1b}]0;x\u{7}\r\n\u{202e}\u{85}é";
    let array = sample::floats(&[1], &[1.0]);
    let mut manifest = sample::manifest("acme/evil", &[("w", &array)]);
    // In a container there are no characters that control anything at all.
    let odd = "é𝄞\"\\";
    manifest.metadata.insert("key", odd.to_owned());
    let container = folder.write("evil.tkm", sample::container(&manifest, &[("w", &array)]));
    let safetensors =
        folder.write("evil.safetensors", sample::safetensors(&[("w", &array)], &[(evil, evil)]));
    for file in [&container, &safetensors] {
        for extra in [&[][..], &["--json"]] {
            let run = tensorkeep(&[&["inspect", file], extra].concat());
            let plain = run.succeeded().out.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
            assert!(plain, "{:?}", run.out);
        }
        let run = tensorkeep(&["inspect", file, "--json"]);
        let shown: Value = serde_json::from_str(&run.out).unwrap();
        assert!(
            shown["metadata"].as_object().unwrap().values().all(|value| value == evil || value == odd),
            "{}",
            run.out
        );
    }
    // A file's own name is text of somebody, too.
    let named = folder.write("\u{1b}[2Jname.tkm", "x");
    let run = tensorkeep(&["inspect", &named]);
    assert!(run.code == Some(1) && !(run.out + &run.err).contains('\u{1b}'));
}

/// Cut anywhere and changed anywhere, a file is refused, in plain text, and without a panic.
#[test]
fn damaged_files_are_refused() {
    let folder = Folder::new("inspect-damage");
    let model = sample::model("acme/pair");
    let array = sample::floats(&[2], &[1.0, 2.0]);
    let others =
        [sample::safetensors(&[("w", &array)], &[]), sample::npz(&[("w", &array)]), sample::npy(&array)];
    let mut files: Vec<Vec<u8>> = Vec::new();
    for whole in std::iter::once(&model).chain(&others) {
        files.extend((1..8).map(|part| whole[..whole.len() * part / 8].to_vec()));
        files.push([&whole[..], &[0]].concat());
    }
    files.extend((0..model.len()).step_by(331).map(|place| {
        let mut damaged = model.clone();
        damaged[place] ^= 1 << (place % 8);
        damaged
    }));
    // Lengths of 2^63: in the header of a container with a right digest they cannot be made here; in the others' they can.
    files.push([&(1_u64 << 26).to_le_bytes()[..], b"{}"].concat());
    let header =
        b"{\"w\":{\"dtype\":\"F32\",\"shape\":[1099511627776],\"data_offsets\":[0,4398046511104]}}  ";
    files.push([&(header.len() as u64).to_le_bytes()[..], header].concat());
    assert!(files.len() > 40, "{} files", files.len());
    for (i, bytes) in files.into_iter().enumerate() {
        let file = folder.write("damaged", bytes);
        let run = tensorkeep(&["inspect", &file]);
        let told = format!("{}{}", run.out, run.err);
        assert!(
            run.code == Some(1) && run.err.starts_with("error: ") && !told.contains("panicked"),
            "{i}: {told}"
        );
        assert!(told.chars().all(|c| matches!(c, ' '..='~' | '\n' | '…')), "{i}: {told:?}");
    }
}

/// The header of a later version may differ in everything but the version.
#[test]
fn another_version_is_named() {
    let folder = Folder::new("inspect-version");
    let mut model = sample::model("acme/pair");
    model[8] = 2;
    let file = folder.write("later.tkm", model);
    all_end_so(&[(&["inspect", &file], 1, "E_VERSION"), (&["inspect", &file], 1, "(the header says 2.0)")]);
}
