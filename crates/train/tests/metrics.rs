//! Accuracy and confusion, and what they refuse to count.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_data::{Loader, TensorDataset};
use tensorkeep_tensor::{DType, ErrorKind, HostArray, HostData, Nested, Result, Tensor, ToHostArray};
use tensorkeep_train::{Confusion, accuracy, evaluate};

const INF: f32 = f32::INFINITY;

fn tensor(data: impl Nested) -> Tensor {
    Tensor::new(data, &tensorkeep_cpu::device()).unwrap()
}

#[test]
fn accuracy_is_the_share_of_hits() {
    let logits = || tensor([[1.0f32, 2.0], [3.0, 0.0], [0.0, 1.0]]);
    let rows = [
        ("two of three", logits(), tensor([1i32, 0, 0]), 2.0 / 3.0),
        ("labels of 64 bits", logits(), tensor([1i64, 0, 1]), 1.0),
        ("labels of bytes", logits(), tensor([0u8, 1, 0]), 0.0),
        ("halves", logits().to_dtype(DType::F16).unwrap(), tensor([1i32, 0, 0]), 2.0 / 3.0),
        ("more axes", logits().reshape([3, 1, 2]).unwrap(), tensor([[1i32], [0], [0]]), 2.0 / 3.0),
        ("one row", tensor([0.0f32, 5.0]), Tensor::full((), 1, DType::I32, logits().device()).unwrap(), 1.0),
        ("the first of equals", tensor([[7.0f32, 7.0]]), tensor([0i32]), 1.0),
        ("infinities", tensor([[-INF, INF], [-INF, -INF]]), tensor([1i32, 0]), 1.0),
        ("whole numbers", tensor([[3i32, 4]]), tensor([1i32]), 1.0),
    ];
    for (name, logits, labels, want) in rows {
        assert_eq!(accuracy(&logits, &labels).unwrap(), want, "{name}");
    }
}

#[test]
fn accuracy_refuses_what_it_cannot_count() {
    let logits = || tensor([[1.0f32, 2.0], [3.0, 0.0]]);
    let empty = |shape: &[usize]| Tensor::zeros(shape, DType::F32, logits().device()).unwrap();
    let none = || Tensor::zeros([0], DType::I32, logits().device()).unwrap();
    let rows = [
        (
            "a NaN",
            tensor([[1.0f32, 2.0], [f32::NAN, 0.0]]),
            tensor([1i32, 0]),
            ErrorKind::Value,
            "row 1 of the logits",
        ),
        (
            "a label too large",
            logits(),
            tensor([1i32, 2]),
            ErrorKind::Index,
            "label 2 of row 1 is not in 0..2",
        ),
        (
            "a negative label",
            logits(),
            tensor([-1i32, 0]),
            ErrorKind::Index,
            "label -1 of row 0 is not in 0..2",
        ),
        (
            "the smallest label",
            logits(),
            tensor([i64::MIN, 0]),
            ErrorKind::Index,
            "label -9223372036854775808 ",
        ),
        ("labels of floats", logits(), tensor([0.5f32, f32::NAN]), ErrorKind::DType, "labels are f32"),
        ("labels of truths", logits(), tensor([true, false]), ErrorKind::DType, "labels are bool"),
        ("labels in a column", logits(), tensor([[1i32], [0]]), ErrorKind::Shape, "labels need the shape"),
        ("a label for all", logits(), tensor([1i32]), ErrorKind::Shape, "labels need the shape"),
        ("no rows", empty(&[0, 2]), none(), ErrorKind::Shape, "there are no rows"),
        ("no classes", empty(&[2, 0]), tensor([0i32, 0]), ErrorKind::Shape, ""),
        ("a single number", empty(&[]), none(), ErrorKind::Shape, "logits need an axis"),
    ];
    for (name, logits, labels, kind, words) in rows {
        let error = accuracy(&logits, &labels).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.message().starts_with(words), "{name}: {error}");
    }
}

#[test]
fn a_confusion_counts_and_prints() {
    let mut table = Confusion::new(2).unwrap();
    assert_eq!(table.accuracy(), 0.0);
    for (label, guess) in [(0, 0), (0, 0), (0, 1), (1, 1)] {
        table.add(label, guess).unwrap();
    }
    assert_eq!(table.accuracy(), 0.75);
    assert_eq!((table.count(0, 1), table.count(1, 0), table.count(2, usize::MAX)), (1, 0, 0));
    assert_eq!(table.to_string(), "label\\guess  0  1\n          0  2  1\n          1  ·  1");
    for (label, guess) in [(2, 0), (0, 2), (usize::MAX, usize::MAX)] {
        assert_eq!(table.add(label, guess).unwrap_err().kind(), ErrorKind::Index);
    }
    for classes in [0, 4097, usize::MAX] {
        assert_eq!(Confusion::new(classes).unwrap_err().kind(), ErrorKind::Value);
    }
}

fn identity(x: &Tensor) -> Result<Tensor> {
    Ok(x.clone())
}

/// Four samples whose inputs are their logits.
fn logits(rows: [[f32; 2]; 4], labels: HostData) -> Loader {
    let labels = HostArray::new(labels, [4]).unwrap();
    let set = TensorDataset::new(rows.to_host_array().unwrap(), labels).unwrap();
    Loader::new(set, 3, &tensorkeep_cpu::device()).unwrap()
}

#[test]
fn evaluation_tells_sample_by_sample() {
    let loader = logits([[0.0, 2.0], [1.0, 0.0], [0.0, 0.0], [3.0, 1.0]], HostData::I32(vec![1, 1, 0, 0]));
    let got = evaluate(&identity, &loader).unwrap();
    assert_eq!((&got.labels[..], &got.guesses[..]), (&[1, 1, 0, 0][..], &[1, 0, 0, 0][..]));
    assert_eq!((got.confusion.count(1, 0), got.confusion.accuracy()), (1, 0.75));
    // ln(1 + exp(−2)), ln(1 + e), ln 2, ln(1 + exp(−2)).
    let want = [0.126_928_01, 1.313_261_7, std::f32::consts::LN_2, 0.126_928_01];
    assert!(got.losses.iter().zip(want).all(|(got, want): (&f32, f32)| (got - want).abs() < 1e-6), "{got:?}");
}

#[test]
fn evaluation_refuses_what_it_cannot_count() {
    let fine = [[0.0, 1.0]; 4];
    let nan = [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0], [f32::NAN; 2]];
    let rows = [
        ("a NaN", logits(nan, HostData::I32(vec![0; 4])), ErrorKind::Value),
        ("a label too large", logits(fine, HostData::I32(vec![0, 0, 0, 2])), ErrorKind::Index),
        ("labels of floats", logits(fine, HostData::F32(vec![0.0; 4])), ErrorKind::DType),
        (
            "no batches",
            Loader::drop_last(Loader::new(tensor_set(), 9, &tensorkeep_cpu::device()).unwrap()),
            ErrorKind::Value,
        ),
    ];
    for (name, loader, kind) in rows {
        let error = evaluate(&identity, &loader).unwrap_err();
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
}

fn tensor_set() -> TensorDataset {
    TensorDataset::new([[0.0f32, 1.0]].to_host_array().unwrap(), [0i32].to_host_array().unwrap()).unwrap()
}
