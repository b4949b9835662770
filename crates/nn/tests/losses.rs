//! What each loss computes, against the tests of Flux and numbers by hand.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::losses::{
    binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, each, mse,
};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Tensor};

type Loss = fn(&Tensor, &Tensor) -> Result<Tensor>;

/// A name, a loss, a prediction, a target and the value of the loss.
type Row = (&'static str, Loss, Vec<f64>, Vec<f64>, f64);

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn row(data: &[f64]) -> Tensor {
    Tensor::new(data, &cpu()).unwrap()
}

fn value(loss: Result<Tensor>) -> f64 {
    let loss = loss.unwrap();
    assert_eq!(loss.rank(), 0);
    loss.item().unwrap().as_f64()
}

#[test]
fn values() {
    const LN2: f64 = std::f64::consts::LN_2;
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let bce: Loss = binary_cross_entropy;
    let logits: Loss = binary_cross_entropy_with_logits;
    let rows: [Row; 13] = [
        // Flux.jl, test/losses.jl.
        ("mse", mse, vec![0.9, 0.1, 0.1, 0.9], vec![1.0, 1.0, 0.0, 0.0], 0.41),
        ("bce", bce, vec![0.1, 0.2, 0.9], vec![1.0; 3], 1.339_127_840_361_990_4),
        (
            "bce of logits",
            logits,
            vec![logit(0.1), logit(0.2), logit(0.9)],
            vec![1.0; 3],
            1.339_127_840_361_990_4,
        ),
        // By hand: what is certain costs nothing, or the bound.
        ("sure and right", bce, vec![0.0, 1.0], vec![0.0, 1.0], 0.0),
        ("sure and wrong", bce, vec![0.0, 1.0], vec![1.0, 0.0], 100.0),
        ("undecided", bce, vec![0.5], vec![0.25], LN2),
        ("undecided, logits", logits, vec![0.0], vec![0.25], LN2),
        ("large and right", logits, vec![1000.0, -1000.0], vec![1.0, 0.0], 0.0),
        ("large and wrong", logits, vec![1000.0, -1000.0], vec![0.0, 1.0], 1000.0),
        ("NaN target of mse", mse, vec![1.0, 1.0], vec![1.0, f64::NAN], f64::NAN),
        ("NaN target of bce", bce, vec![0.5], vec![f64::NAN], f64::NAN),
        ("NaN target of logits", logits, vec![0.5], vec![f64::NAN], f64::NAN),
        // `log 1.5` exists; the other term shows that it is no probability.
        ("no probability", bce, vec![1.5], vec![1.0], f64::NAN),
    ];
    for (name, loss, prediction, target, want) in rows {
        let got = value(loss(&row(&prediction), &row(&target)));
        let close = (got - want).abs() <= 1e-12 * want.abs().max(1.0);
        assert!(close || (got.is_nan() && want.is_nan()), "{name}: {got} is not {want}");
    }
}

/// Flux.jl, src/losses/functions.jl, the example of `logitcrossentropy`.
#[test]
fn cross_entropy_of_classes() {
    let logits =
        [-9.0f64, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let logits = [&logits[..], &[7.0, 8.0, 9.0, 7.5]].concat();
    let logits = Tensor::from_vec(logits, [7, 3], &cpu()).unwrap();
    let labels = Tensor::new([0, 1, 2, 0, 1, 0, 0], &cpu()).unwrap();
    let mean = value(cross_entropy(&logits, &labels));
    assert!((mean - 1.579_120_5).abs() < 1e-6, "{mean}");

    let rows = each::cross_entropy(&logits, &labels).unwrap();
    assert_eq!(*rows.shape(), [7]);
    assert!((value(rows.sum_all()) / 7.0 - mean).abs() < 1e-12);

    let sequences = cross_entropy(&logits.reshape([7, 1, 3]).unwrap(), &labels.reshape([7, 1]).unwrap());
    assert!((value(sequences) - mean).abs() < 1e-12);
}

#[test]
fn labels_outside_are_errors() {
    let logits = Tensor::zeros([2, 3], DType::F32, &cpu()).unwrap();
    for label in [-1, 3, i32::MAX, i32::MIN] {
        let labels = Tensor::new([0, label], &cpu()).unwrap();
        let error = cross_entropy(&logits, &labels).and_then(|loss| loss.item()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Index, "{label}: {error}");
    }
}

#[test]
fn operands_that_do_not_fit_are_errors() {
    let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &cpu()).unwrap();
    let floats = |shape: &[usize]| zeros(shape, DType::F32);
    let labels = |shape: &[usize]| zeros(shape, DType::I32);
    let pairs: [(&str, Loss); 3] = [
        ("mse", mse),
        ("binary_cross_entropy", binary_cross_entropy),
        ("binary_cross_entropy_with_logits", binary_cross_entropy_with_logits),
    ];
    for (name, loss) in pairs {
        let rows = [
            (floats(&[4]), floats(&[4, 1]), ErrorKind::Shape),
            (floats(&[4]), floats(&[1]), ErrorKind::Shape),
            (floats(&[0, 4]), floats(&[0, 4]), ErrorKind::Shape),
            (floats(&[4]), labels(&[4]), ErrorKind::DType),
        ];
        for (prediction, target, kind) in rows {
            let error = loss(&prediction, &target).unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
        }
        let column = loss(&floats(&[4]), &floats(&[4, 1])).unwrap_err();
        assert_eq!(column.message(), "prediction and target differ in shape: [4] and [4, 1]; reshape one");
    }
    let located = mse(&floats(&[4]), &floats(&[5])).unwrap_err();
    assert!(located.location().file().ends_with("tests/losses.rs"), "{located}");

    let rows = [
        (floats(&[4, 3]), labels(&[4, 1]), ErrorKind::Shape),
        (floats(&[4, 3]), labels(&[3]), ErrorKind::Shape),
        (floats(&[0, 3]), labels(&[0]), ErrorKind::Shape),
        (floats(&[4, 0]), labels(&[4]), ErrorKind::Shape),
        (floats(&[]), labels(&[]), ErrorKind::Shape),
        (floats(&[4, 3]), floats(&[4]), ErrorKind::DType),
        (labels(&[4, 3]), labels(&[4]), ErrorKind::DType),
    ];
    for (logits, labels, kind) in rows {
        let error = cross_entropy(&logits, &labels).unwrap_err();
        assert_eq!(error.kind(), kind, "{} and {}: {error}", logits.shape(), labels.shape());
    }
}
