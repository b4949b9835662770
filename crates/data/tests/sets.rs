//! The sets that are read whole: the embedded digits and the files of MNIST.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::fs;
use std::path::{Path, PathBuf};

use tensorkeep_data::{
    Dataset, ReadLimits, TensorDataset, digits, group_counts, iris, mnist, moons, polynomial, sine, spirals,
};
use tensorkeep_tensor::{ErrorKind, HostArray, HostData, Shape};

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

/// Means, deviations and correlations with the class are in the description that scikit-learn keeps beside the file.
#[test]
fn irises_are_fishers() {
    let set = iris().unwrap();
    assert_eq!((*set.inputs().shape(), set.len()), (Shape::new(&[150, 4]).unwrap(), 150));
    let counts = group_counts(&set.labels().unwrap());
    assert_eq!(counts.into_iter().collect::<Vec<_>>(), [(0, 50), (1, 50), (2, 50)]);
    let x: Vec<f64> = set.inputs().data().iter().map(|x| x.as_f64()).collect();
    let rows =
        [(5.84, 0.83, 4.3, 7.9), (3.05, 0.43, 2.0, 4.4), (3.76, 1.76, 1.0, 6.9), (1.20, 0.76, 0.1, 2.5)];
    for (column, (mean, deviation, min, max)) in rows.into_iter().enumerate() {
        let of: Vec<f64> = x.iter().skip(column).step_by(4).copied().collect();
        let average = of.iter().sum::<f64>() / 150.0;
        let spread = (of.iter().map(|x| (x - average).powi(2)).sum::<f64>() / 149.0).sqrt();
        assert!(
            (average - mean).abs() < 0.011 && (spread - deviation).abs() < 0.006,
            "{column}: {average} {spread}"
        );
        let bounds = [of.iter().copied().fold(9.0, f64::min), of.iter().copied().fold(0.0, f64::max)];
        assert!((bounds[0] - min).abs() < 1e-6 && (bounds[1] - max).abs() < 1e-6, "{column}: {bounds:?}");
    }
}

fn columns(set: &TensorDataset) -> Vec<[f64; 2]> {
    let numbers = |array: &HostArray| array.data().iter().map(|x| x.as_f64()).collect::<Vec<_>>();
    let (x, y) = (numbers(set.inputs()), numbers(set.targets()));
    if x.len() == y.len() {
        return x.into_iter().zip(y).map(|(x, y)| [x, y]).collect();
    }
    x.chunks(2).map(|point| [point[0], point[1]]).collect()
}

#[test]
fn made_sets_follow_their_formulas() {
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let set = spirals(9, 3, 0.75, 0.0, 1).unwrap();
    for (i, [x, y]) in columns(&set).into_iter().enumerate() {
        let (r, class) = ((i % 9) as f64 / 8.0, i / 9);
        let angle = std::f64::consts::TAU * (0.75 * r + class as f64 / 3.0);
        assert!(near(x, r * angle.cos()) && near(y, r * angle.sin()), "{i}: {x} {y}");
        assert_eq!(set.labels().unwrap()[i], class as i64);
    }
    let of_sine = columns(&sine(5, 0.0, 1).unwrap());
    let quarters = [0.0, 1.0, 0.0, -1.0, 0.0];
    for (i, [x, y]) in of_sine.into_iter().enumerate() {
        assert!(near(x, std::f64::consts::FRAC_PI_2 * i as f64) && near(y, quarters[i]), "{i}: {x} {y}");
    }
    for [x, y] in columns(&polynomial(&[0.5, -1.0, 0.0, 2.0], 7, 0.0, 1).unwrap()) {
        assert!(near(y, 0.5 - x + 2.0 * x * x * x), "{x} {y}");
    }
    assert_eq!(columns(&sine(1, 0.0, 1).unwrap()), [[0.0, 0.0]]);
}

#[test]
fn noise_is_normal_and_a_function_of_the_seed() {
    let make = |noise, seed| {
        [
            moons(4000, noise, seed),
            spirals(2000, 2, 1.0, noise, seed),
            sine(4000, noise, seed),
            polynomial(&[1.0], 4000, noise, seed),
        ]
        .map(|set| columns(&set.unwrap()))
    };
    let (quiet, loud, again, other) = (make(0.0, 1), make(0.5, 1), make(0.5, 1), make(0.5, 2));
    assert_eq!(loud, again);
    for i in 0..4 {
        assert_ne!(loud[i], other[i], "{i}");
        let noise: Vec<f64> = quiet[i].iter().zip(&loud[i]).map(|(a, b)| b[1] - a[1]).collect();
        let mean = noise.iter().sum::<f64>() / 4000.0;
        let square = noise.iter().map(|x| x * x).sum::<f64>() / 4000.0;
        // Five standard errors of 4000 numbers of deviation 0.5.
        assert!(mean.abs() < 0.04 && (square - 0.25).abs() < 0.03, "{i}: {mean} {square}");
    }
}

#[test]
fn sets_that_cannot_be_made_are_refused() {
    let rows = [
        moons(0, 0.0, 1),
        moons(9, -0.1, 1),
        moons(9, f64::NAN, 1),
        moons(9, f64::INFINITY, 1),
        spirals(0, 2, 1.0, 0.0, 1),
        spirals(9, 0, 1.0, 0.0, 1),
        spirals(9, 2, f64::NAN, 0.0, 1),
        sine(0, 0.0, 1),
        sine(9, f64::NAN, 1),
        polynomial(&[], 9, 0.0, 1),
        polynomial(&[f64::INFINITY], 9, 0.0, 1),
    ];
    for (i, row) in rows.into_iter().enumerate() {
        assert_eq!(row.unwrap_err().kind(), ErrorKind::Value, "row {i}");
    }
    for row in
        [moons(usize::MAX, 0.0, 1), spirals(usize::MAX, usize::MAX, 1.0, 0.0, 1), sine(usize::MAX, 0.0, 1)]
    {
        assert_eq!(row.unwrap_err().kind(), ErrorKind::Limit);
    }
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
