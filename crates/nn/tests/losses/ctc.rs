//! The sum over alignments against the sum over every alignment, and what is refused.

use tensorkeep_autodiff::grad;
use tensorkeep_nn::losses::{Ctc, Reduction, TooLong, ctc};
use tensorkeep_tensor::{DType, ErrorKind, Rng, Tensor};
use tensorkeep_testkit::gradient;

use crate::cpu;

fn normal(shape: &[usize]) -> Tensor {
    Rng::new(4, &cpu()).normal(shape, 0.0, 1.0).unwrap().to_dtype(DType::F64).unwrap()
}

fn labels(rows: &[&[i64]]) -> Tensor {
    Tensor::from_vec(rows.concat(), [rows.len(), rows[0].len()], &cpu()).unwrap()
}

/// What frames read as: repetitions merged, then blanks dropped.
fn read(frames: &[usize], blank: usize) -> Vec<i64> {
    let mut merged = frames.to_vec();
    merged.dedup();
    merged.into_iter().filter(|&class| class != blank).map(|class| class as i64).collect()
}

/// The probability of each of `classes ^ frames` alignments that reads as the label, added up.
#[test]
fn every_alignment_counts_once() {
    let (frames, classes) = (5usize, 3usize);
    let scores = normal(&[1, frames, classes]);
    let p = scores.softmax().unwrap().to_vec::<f64>().unwrap();
    for blank in 0..classes {
        for label in [vec![0i64, 1], vec![2, 2], vec![1, 1, 2], vec![2, 0, 1], vec![], vec![1, 2, 1, 2, 1]] {
            if label.contains(&(blank as i64)) {
                continue;
            }
            let mut sum = 0.0;
            for mut number in 0..classes.pow(frames as u32) {
                let mut alignment = Vec::new();
                for _ in 0..frames {
                    alignment.push(number % classes);
                    number /= classes;
                }
                if read(&alignment, blank) == label {
                    sum += alignment.iter().enumerate().map(|(t, k)| p[t * classes + k]).product::<f64>();
                }
            }
            let tensor = Tensor::from_vec(label.clone(), [1, label.len()], &cpu()).unwrap();
            let loss =
                Ctc { blank, too_long: TooLong::Infinity, reduction: Reduction::Sum, ..Ctc::default() };
            let got =
                loss.loss(&scores, &tensor, &[frames], &[label.len()]).unwrap().item().unwrap().as_f64();
            assert!((got + sum.ln()).abs() < 1e-12, "{label:?}, blank {blank}: {got} is not {}", -sum.ln());
        }
    }
}

#[test]
fn slopes_are_those_of_differences() {
    let words = labels(&[&[1, 1, 2], &[2, 0, 0]]);
    let f = |x: &[Tensor]| ctc(&x[0], &words, &[5, 3], &[3, 1]);
    gradient::check(f, &[normal(&[2, 5, 3])]).unwrap();
}

/// What lies beyond the lengths may be anything.
#[test]
fn padding_has_no_effect() {
    let scores = normal(&[1, 6, 3]);
    let tail = Tensor::full([1, 2, 3], f64::NAN, DType::F64, &cpu()).unwrap();
    let longer = Tensor::concat(&[&scores, &tail], 1).unwrap();
    let one = ctc(&scores, &labels(&[&[1, 2]]), &[6], &[2]).unwrap();
    let two = Tensor::concat(&[&longer, &normal(&[1, 8, 3])], 0).unwrap();
    let words = labels(&[&[1, 2, -7], &[2, 1, 2]]);
    let each = Ctc { reduction: Reduction::None, ..Ctc::default() };
    let both = each.loss(&two, &words, &[6, 8], &[2, 3]).unwrap().to_vec::<f64>().unwrap();
    assert!((both[0] / 2.0 - one.item().unwrap().as_f64()).abs() < 1e-13, "{both:?}");
    let slopes = grad(|x: &Tensor| each.loss(x, &words, &[6, 8], &[2, 3])?.sum_all(), &two).unwrap();
    assert_eq!(slopes.at(0, 0).unwrap().narrow(0, 6..).unwrap().to_vec::<f64>().unwrap(), [0.0; 6]);
    assert!(slopes.all_finite().unwrap());
}

/// Long sequences and certain frames neither overflow nor vanish.
#[test]
fn long_and_certain_sequences() {
    let words =
        Tensor::from_vec((0..100).map(|i| 1 + i % 3).collect::<Vec<i64>>(), [1, 100], &cpu()).unwrap();
    let scores = normal(&[1, 400, 4]).mul(100.0).unwrap().to_dtype(DType::F32).unwrap();
    let loss = |x: &Tensor| ctc(x, &words, &[400], &[100]);
    assert!(loss(&scores).unwrap().item().unwrap().as_f64().is_finite());
    assert!(grad(loss, &scores).unwrap().all_finite().unwrap());
}

/// Impossible labels and impossible frames have the loss that was asked for, and no gradient.
#[test]
fn what_cannot_be_read() {
    let scores = normal(&[2, 2, 3]);
    let words = labels(&[&[1, 1], &[1, 2]]);
    let with = |too_long| Ctc { too_long, reduction: Reduction::None, ..Ctc::default() };
    let values = |loss: Ctc, scores: &Tensor| {
        loss.loss(scores, &words, &[2, 2], &[2, 2]).unwrap().to_vec::<f64>().unwrap()
    };
    assert_eq!(values(with(TooLong::Infinity), &scores)[0], f64::INFINITY);
    assert_eq!(values(with(TooLong::Zero), &scores)[0], 0.0);
    let error = with(TooLong::Refuse).loss(&scores, &words, &[2, 2], &[2, 2]).unwrap_err();
    assert_eq!(
        error.message(),
        "the 2 labels of sequence 0 need 3 frames, of which there are 2: shorten them, or set too_long"
    );
    for too_long in [TooLong::Infinity, TooLong::Zero] {
        let f = |x: &Tensor| with(too_long).loss(x, &words, &[2, 2], &[2, 2])?.narrow(0, 1..)?.sum_all();
        let slopes = grad(f, &scores).unwrap();
        assert!(slopes.all_finite().unwrap(), "{too_long:?}");
        let all = |x: &Tensor| with(too_long).loss(x, &words, &[2, 2], &[2, 2])?.sum_all();
        let slopes = grad(all, &scores).unwrap().to_vec::<f64>().unwrap();
        assert!(slopes[..6].iter().all(|&slope| slope == 0.0), "{too_long:?}: {slopes:?}");
    }
    // A class that cannot be: its label has probability 0.
    let never = Tensor::new([0.0, f64::NEG_INFINITY, 0.0], &cpu()).unwrap();
    let scores = scores.add(&never).unwrap();
    assert_eq!(values(with(TooLong::Infinity), &scores)[1], f64::INFINITY);
    assert_eq!(values(with(TooLong::Zero), &scores)[1], 0.0);
}

#[test]
fn what_does_not_fit_is_refused() {
    let scores = normal(&[2, 4, 3]);
    let good = labels(&[&[1, 2], &[2, 1]]);
    let call = |scores: &Tensor, labels: &Tensor, lengths: &[usize], counts: &[usize]| {
        ctc(scores, labels, lengths, counts).unwrap_err()
    };
    let with = |rows: &[&[i64]]| call(&scores, &labels(rows), &[4, 4], &[2, 2]);
    let blank = Ctc { blank: 3, ..Ctc::default() };
    let rows = [
        (with(&[&[1, 3], &[1, 2]]), ErrorKind::Index, "label 3 of sequence 0 is outside 0..3"),
        (with(&[&[1, 2], &[-1, 2]]), ErrorKind::Index, "label -1 of sequence 1 is outside 0..3"),
        (with(&[&[1, 2], &[1, 0]]), ErrorKind::Value, "label 1 of sequence 1 is the blank, 0"),
        (call(&scores, &good, &[4], &[2, 2]), ErrorKind::Value, "1 lengths of scores for 2 sequences"),
        (call(&scores, &good, &[4, 4], &[2]), ErrorKind::Value, "1 lengths of labels for 2 sequences"),
        (
            call(&scores, &good, &[4, 5], &[2, 2]),
            ErrorKind::Value,
            "sequence 1 has 5 frames, of which there are 4",
        ),
        (
            call(&scores, &good, &[4, 4], &[3, 2]),
            ErrorKind::Value,
            "sequence 0 has 3 labels, of which there are 2",
        ),
        (
            blank.loss(&scores, &good, &[4, 4], &[2, 2]).unwrap_err(),
            ErrorKind::Index,
            "the blank is class 3 of 3",
        ),
        (
            call(&scores, &good.narrow(0, ..1).unwrap(), &[4, 4], &[2, 2]),
            ErrorKind::Shape,
            "labels are not of shape [2, 2]",
        ),
        (
            call(&scores.at(0, 0).unwrap(), &good, &[4, 4], &[2, 2]),
            ErrorKind::Shape,
            "scores are [batch, frames, classes] and labels [batch, labels]",
        ),
        (
            call(&scores, &good.to_dtype(DType::F64).unwrap(), &[4, 4], &[2, 2]),
            ErrorKind::DType,
            "labels are of f64",
        ),
        (
            call(&scores.to_dtype(DType::I32).unwrap(), &good, &[4, 4], &[2, 2]),
            ErrorKind::DType,
            "scores are of i32",
        ),
        (
            call(&scores.narrow(0, ..0).unwrap(), &good.narrow(0, ..0).unwrap(), &[], &[]),
            ErrorKind::Shape,
            "an empty batch has no mean loss",
        ),
    ];
    for (error, kind, message) in rows {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.message().starts_with(message), "{error}");
        assert!(error.location().file().ends_with("ctc.rs"), "{error}");
    }
}
