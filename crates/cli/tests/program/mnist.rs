//! `train mnist`: files of its own making, good ones and those that lie.

use std::fs;

use crate::{Folder, tensorkeep};

/// An IDX file of bytes, with these sizes in its header.
fn idx(sizes: &[u32], data: &[u8]) -> Vec<u8> {
    let header = [0, 0, 8, sizes.len() as u8];
    header
        .into_iter()
        .chain(sizes.iter().flat_map(|size| size.to_be_bytes()))
        .chain(data.iter().copied())
        .collect()
}

/// `n` images of `side × side` pixels: class `i % 10` has a bright row of its own.
fn images(n: u32, side: u32) -> Vec<u8> {
    let pixel = |i: u32, row: u32| if row == i % 10 * side / 10 { 255 } else { (i * 7 % 50) as u8 };
    let data: Vec<u8> = (0..n).flat_map(|i| (0..side * side).map(move |p| pixel(i, p / side))).collect();
    idx(&[n, side, side], &data)
}

fn labels(n: u32) -> Vec<u8> {
    idx(&[n], &(0..n).map(|i| (i % 10) as u8).collect::<Vec<_>>())
}

/// A folder of the four files.
fn mnist(name: &str, side: u32) -> Folder {
    let folder = Folder::new(name);
    for (part, n) in [("train", 200), ("t10k", 50)] {
        fs::write(folder.path().join(format!("{part}-images-idx3-ubyte")), images(n, side)).unwrap();
        fs::write(folder.path().join(format!("{part}-labels-idx1-ubyte")), labels(n)).unwrap();
    }
    folder
}

#[test]
fn both_models_learn_from_files() {
    let folder = mnist("good", 28);
    let (data, report) = (folder.join(""), folder.join("report"));
    for (model, epochs) in [("mlp", "3"), ("lenet", "8")] {
        let arguments =
            ["train", "mnist", "--data", &data, "--model", model, "--epochs", epochs, "--report", &report];
        let run = tensorkeep(&arguments);
        let summary = (run.succeeded(), folder.summary("report")).1;
        assert_eq!((&summary["task"], &summary["model"]), (&"mnist".into(), &serde_json::Value::from(model)));
        assert!(summary["test_accuracy"].as_f64().unwrap() > 0.9, "{model}: {}", run.out);
    }
}

#[test]
fn missing_files_are_named() {
    let nowhere = Folder::new("nowhere");
    tensorkeep(&["train", "mnist", "--data", &nowhere.join("no/such")])
        .refused(1, "neither train-images-idx3-ubyte nor train-images-idx3-ubyte.gz in ");
    let folder = mnist("missing", 8);
    let file = "t10k-labels-idx1-ubyte";
    fs::remove_file(folder.path().join(file)).unwrap();
    tensorkeep(&["train", "mnist", "--data", &folder.join("")]).refused(1, file);
}

/// What is put in the place of a file, and the words of the refusal.
#[test]
fn lying_files_are_refused() {
    let (train, test, classes) =
        ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte");
    let rows: [(&str, &str, Vec<u8>, &str); 13] = [
        ("empty", train, Vec::new(), "it is truncated"),
        ("truncated", train, images(200, 8)[..9000].to_vec(), "it is truncated"),
        ("longer", train, [images(200, 8), vec![0]].concat(), "bytes follow the end"),
        ("of another kind", train, b"\x89PNG\r\n\x1A\n".to_vec(), "it is no IDX file"),
        ("of the size of a disk", train, idx(&[1 << 20, 1 << 10, 1 << 5], &[]), "the limit"),
        ("beyond every size", train, idx(&[u32::MAX; 3], &[]), "more elements than can be addressed"),
        ("of labels", train, labels(200), "not u8 of shape [n, height, width]"),
        ("short of images", train, images(199, 8), "199 images but 200 labels"),
        (
            "wide",
            train,
            idx(&[200, 8, 9], &[0; 200 * 72]),
            "images must be square and alike, at most 256 pixels wide",
        ),
        (
            "unlike the others",
            test,
            images(50, 9),
            "images must be square and alike, at most 256 pixels wide",
        ),
        (
            "without pixels",
            train,
            idx(&[200, 0, 0], &[]),
            "images must be square and alike, at most 256 pixels wide",
        ),
        ("of eleven classes", classes, idx(&[50], &[10; 50]), "label 10 of image 0 is not in 0..10"),
        ("a broken gzip", test, vec![0x1F, 0x8B, 8, 0, 1, 2], "t10k-images-idx3-ubyte"),
    ];
    for (i, (name, file, bytes, words)) in rows.into_iter().enumerate() {
        let folder = mnist(&format!("lie-{i}"), 8);
        fs::write(folder.path().join(file), bytes).unwrap();
        let run = tensorkeep(&["train", "mnist", "--data", &folder.join("")]);
        assert_eq!(run.code, Some(1), "{name}: {}{}", run.out, run.err);
        run.refused(1, words);
    }
    let posters = mnist("lie-posters", 257);
    tensorkeep(&["train", "mnist", "--data", &posters.join("")]).refused(1, "at most 256 pixels wide");
    let folder = mnist("lie-none", 8);
    fs::write(folder.path().join(test), idx(&[0, 8, 8], &[])).unwrap();
    fs::write(folder.path().join(classes), idx(&[0], &[])).unwrap();
    tensorkeep(&["train", "mnist", "--data", &folder.join("")]).refused(1, "images are missing");
}

#[test]
fn small_images_are_too_small_for_lenet_alone() {
    let folder = mnist("small", 7);
    let data = folder.join("");
    tensorkeep(&["train", "mnist", "--data", &data, "--model", "lenet"]).refused(1, "images of 7 pixels");
    tensorkeep(&["train", "mnist", "--data", &data, "--epochs", "1"]).succeeded();
}
