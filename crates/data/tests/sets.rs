//! The sets that are read whole: the embedded digits and the files of MNIST.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::fs;
use std::path::{Path, PathBuf};

use tensorkeep_data::{Dataset, ReadLimits, digits, mnist};
use tensorkeep_tensor::{ErrorKind, HostData};

#[test]
fn digits_are_those_of_the_archive() {
    let set = digits().unwrap();
    assert_eq!(*set.inputs().shape(), [1797, 1, 8, 8]);
    let (HostData::F32(x), HostData::I32(y)) = (set.inputs().data(), set.targets().data()) else {
        panic!("inputs are f32, targets i32")
    };
    // Counts of each digit and the sum of all pixels, in the documentation of scikit-learn's `load_digits`
    // and by awk over the file.
    let counts: Vec<usize> = (0..10).map(|digit| y.iter().filter(|&&label| label == digit).count()).collect();
    assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!(x.iter().map(|&x| f64::from(x) * 16.0).sum::<f64>(), 561_718.0);
    assert!(x.iter().all(|x| (0.0..=1.0).contains(x)));
    assert_eq!(x[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0].map(|x: f32| x / 16.0));
}

/// A folder of MNIST's four files, each with `n` images of 2 × 2 pixels, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&path).unwrap();
        for part in ["train", "t10k"] {
            fs::write(path.join(format!("{part}-images-idx3-ubyte")), images(3)).unwrap();
            fs::write(path.join(format!("{part}-labels-idx1-ubyte")), labels(&[4, 0, 9])).unwrap();
        }
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn images(n: u8) -> Vec<u8> {
    let header = [0, 0, 8, 3, 0, 0, 0, n, 0, 0, 0, 2, 0, 0, 0, 2];
    header.into_iter().chain((0..4 * n).map(|i| i * 5)).collect()
}

fn labels(labels: &[u8]) -> Vec<u8> {
    [&[0, 0, 8, 1, 0, 0, 0, labels.len() as u8], labels].concat()
}

#[test]
fn mnist_is_read_from_its_four_files() {
    let folder = Folder::new("good");
    let (train, test) = mnist(folder.path(), &ReadLimits::default()).unwrap();
    assert_eq!((train.len(), test.len()), (3, 3));
    let (x, y) = train.batch(&[2]).unwrap();
    assert_eq!(*x.shape(), [1, 1, 2, 2]);
    assert_eq!(*x.data(), HostData::F32([40.0, 45.0, 50.0, 55.0].map(|x: f32| x / 255.0).to_vec()));
    assert_eq!(*y.data(), HostData::I32(vec![9]));
}

#[test]
fn damaged_mnist_is_refused() {
    let rows: [(&str, Option<Vec<u8>>, ErrorKind, &str); 6] = [
        ("images", None, ErrorKind::Io, "neither t10k-images-idx3-ubyte nor t10k-images-idx3-ubyte.gz in "),
        ("labels", None, ErrorKind::Io, "neither t10k-labels-idx1-ubyte nor t10k-labels-idx1-ubyte.gz in "),
        ("images", Some(labels(&[1, 2, 3])), ErrorKind::Format, "images are u8 of shape [3], not"),
        ("labels", Some(images(3)), ErrorKind::Format, "labels are u8 of shape [3, 2, 2], not"),
        ("labels", Some(labels(&[1, 2])), ErrorKind::Format, "3 images but 2 labels"),
        ("labels", Some(labels(&[1, 10, 3])), ErrorKind::Format, "label 10 of image 1 is not in 0..10"),
    ];
    for (i, (what, content, kind, words)) in rows.into_iter().enumerate() {
        let folder = Folder::new(&format!("damaged-{i}"));
        let rank = if what == "images" { 3 } else { 1 };
        let file = folder.path().join(format!("t10k-{what}-idx{rank}-ubyte"));
        match content {
            Some(content) => fs::write(file, content).unwrap(),
            None => fs::remove_file(file).unwrap(),
        }
        let error = mnist(folder.path(), &ReadLimits::default()).unwrap_err();
        assert_eq!(error.kind(), kind, "row {i}: {error}");
        assert!(error.message().contains(words), "row {i}: {error}");
    }
}
