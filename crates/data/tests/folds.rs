//! Splits, folds and what goes with them, against scikit-learn's, by `golden/folds.py`; and bad input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use tensorkeep_data::{
    Classes, Dataset, Fold, KFold, Share, Split, TimeSeriesSplit, balanced_weights, iris, leave_p_out, moons,
    pad_sequences, parts,
};
use tensorkeep_tensor::{ErrorKind, HostArray, HostData, ToHostArray};
use tensorkeep_testkit::refusal;

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/folds.json")).unwrap()
}

fn numbers(list: &Value) -> Vec<usize> {
    list.as_array().unwrap().iter().map(|i| i.as_u64().unwrap() as usize).collect()
}

fn size(case: &Value, name: &str) -> usize {
    case[name].as_u64().unwrap() as usize
}

fn same(name: &str, got: impl Iterator<Item = Fold>, want: &Value) {
    let got: Vec<Fold> = got.collect();
    let want = want.as_array().unwrap();
    assert_eq!(got.len(), want.len(), "{name}");
    for (i, (fold, want)) in got.iter().zip(want).enumerate() {
        assert_eq!(
            [&fold.train, &fold.held_out],
            [&numbers(&want[0]), &numbers(&want[1])],
            "{name}, fold {i}"
        );
    }
}

#[test]
fn folds_are_scikit_learns() {
    let golden = golden();
    let (labels, groups) = (numbers(&golden["labels"]), numbers(&golden["groups"]));
    let cases = |name: &str| golden[name].as_array().unwrap().clone();
    for case in cases("k_fold") {
        same("k_fold", KFold::new(size(&case, "k")).of(size(&case, "n")).unwrap(), &case["folds"]);
    }
    for case in cases("stratified") {
        same("stratified", KFold::new(size(&case, "k")).stratified(&labels).unwrap(), &case["folds"]);
    }
    for case in cases("leave_p_out") {
        let folds = leave_p_out(size(&case, "n"), size(&case, "p")).unwrap();
        same("leave_p_out", folds, &case["folds"]);
    }
    for case in cases("time_series") {
        let max_train = case["max_train"].as_u64().map(|n| n as usize);
        let split = TimeSeriesSplit { k: size(&case, "k"), gap: size(&case, "gap"), max_train };
        same("time_series", split.of(size(&case, "n")).unwrap(), &case["folds"]);
    }
    for case in cases("grouped") {
        same("grouped", KFold::new(size(&case, "k")).grouped(&groups).unwrap(), &case["folds"]);
    }
}

#[test]
fn weights_classes_moons_and_padding_are_theirs() {
    let golden = golden();
    let doubles = |value: &Value| -> Vec<f64> {
        match value.as_array() {
            Some(list) => list.iter().map(|x| x.as_f64().unwrap()).collect(),
            None => panic!("{value} is no list"),
        }
    };
    assert_eq!(balanced_weights(&numbers(&golden["labels"])), doubles(&golden["balanced"]));
    let classes = Classes::of(&["b", "a", "c", "b"]).unwrap();
    let encoded: Vec<i32> = numbers(&golden["encoded"]).into_iter().map(|i| i as i32).collect();
    assert_eq!(*classes.encode(&["b", "a", "c", "b"]).unwrap().data(), HostData::I32(encoded));
    for case in golden["moons"].as_array().unwrap() {
        let set = moons(size(case, "n"), 0.0, 0).unwrap();
        let want: Vec<f64> = case["x"].as_array().unwrap().iter().flat_map(doubles).collect();
        for (got, want) in set.inputs().data().iter().zip(want) {
            assert!((got.as_f64() - want).abs() < 1e-7, "{got} is not {want}");
        }
        assert_eq!(
            set.labels().unwrap(),
            numbers(&case["y"]).into_iter().map(|y| y as i64).collect::<Vec<_>>()
        );
    }
    let rows = |value: &Value| -> HostArray {
        let rows: Vec<[i64; 2]> =
            value.as_array().unwrap().iter().map(|row| [0, 1].map(|i| row[i].as_i64().unwrap())).collect();
        rows.to_host_array().unwrap()
    };
    let ragged: Vec<HostArray> = golden["ragged"].as_array().unwrap().iter().map(rows).collect();
    let padded = pad_sequences(&ragged, -1).unwrap();
    let want: Vec<i64> = golden["padded"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|x| rows(x).data().iter().map(|x| x.as_i64()).collect::<Vec<_>>())
        .collect();
    assert_eq!(
        (*padded.values.shape(), padded.values.data()),
        (tensorkeep_tensor::Shape::new(&[3, 3, 2]).unwrap(), &HostData::I64(want))
    );
    assert_eq!(padded.lengths, [3, 1, 2]);
}

/// Each example once, in one part.
fn is_partition(fold: &Fold, n: usize) -> bool {
    let all: BTreeSet<usize> = fold.train.iter().chain(&fold.held_out).copied().collect();
    fold.train.len() + fold.held_out.len() == n && all.into_iter().eq(0..n)
}

#[test]
fn parts_have_the_sizes_asked_for_and_nothing_twice() {
    let labels: Vec<u8> = (0..100).map(|i| if i % 10 < 7 { b'a' } else { b'b' + i % 2 }).collect();
    let of = |fold: &[usize], label| fold.iter().filter(|&&i| labels[i] == label).count();
    for seed in [None, Some(1), Some(2)] {
        let with = |split: Split| seed.map_or(split, |seed| split.shuffle(seed));
        let fold = with(Split::new(0.25)).of(100).unwrap();
        assert!(is_partition(&fold, 100) && fold.held_out.len() == 25);
        let fold = with(Split::new(30)).stratified(&labels).unwrap();
        assert!(is_partition(&fold, 100) && fold.held_out.len() == 30);
        assert_eq!([b'a', b'b', b'c'].map(|label| of(&fold.held_out, label)), [21, 3, 6]);
        let groups: Vec<usize> = (0..100).map(|i| i / 7).collect();
        let fold = with(Split::new(0.2)).grouped(&groups).unwrap();
        assert!(is_partition(&fold, 100));
        let held: BTreeSet<usize> = fold.held_out.iter().map(|&i| groups[i]).collect();
        assert!(held.len() == 3 && fold.train.iter().all(|&i| !held.contains(&groups[i])));
        let folds: Vec<Fold> = seed
            .map_or(KFold::new(5), |seed| KFold::new(5).shuffle(seed))
            .stratified(&labels)
            .unwrap()
            .collect();
        for fold in &folds {
            assert!(is_partition(fold, 100));
            assert_eq!(of(&fold.held_out, b'a'), 14, "{seed:?}");
        }
        let held: BTreeSet<usize> = folds.iter().flat_map(|fold| fold.held_out.clone()).collect();
        assert!(held.into_iter().eq(0..100));
    }
    assert_ne!(Split::new(0.5).shuffle(1).of(100).unwrap(), Split::new(0.5).shuffle(2).of(100).unwrap());
    assert_ne!(
        Split::new(0.5).shuffle(1).stratified(&labels).unwrap(),
        Split::new(0.5).shuffle(2).stratified(&labels).unwrap()
    );
    // Seven of ten and a half of what is left, by count.
    let three = parts(10, &[0.7.into(), 2.into()], None).unwrap();
    assert_eq!(three, [vec![0, 1, 2, 3, 4, 5, 6], vec![7, 8], vec![9]]);
    // One example each of three labels: rounding favours none, and the count is right.
    assert_eq!(Split::new(2).stratified(&[0, 1, 2]).unwrap().held_out.len(), 2);
}

#[test]
fn folds_are_of_a_dataset() {
    let (train, held_out) = iris().unwrap().split(0.2, 42).unwrap();
    let fold = Split::new(0.2).shuffle(42).of(150).unwrap();
    assert_eq!([train.indices(), held_out.indices()], [&fold.train[..], &fold.held_out[..]]);
    let (train, held_out) = fold.clone().of(&Arc::new(iris().unwrap())).unwrap();
    assert_eq!([train.indices(), held_out.indices()], [&fold.train[..], &fold.held_out[..]]);
    assert_eq!(fold.of(&Arc::new(moons(9, 0.0, 0).unwrap())).unwrap_err().kind(), ErrorKind::Index);
}

#[test]
fn bad_input_is_refused() {
    let none: [u8; 0] = [];
    let time = |k, gap, max_train| refusal(TimeSeriesSplit { k, gap, max_train }.of(10));
    let rows = [
        (refusal(Split::new(0.0).of(9)), "value: a share of 0 of 9 examples leaves a part empty"),
        (refusal(Split::new(1.0).of(9)), "value: a share of 1 of 9 examples"),
        (refusal(Split::new(f64::NAN).of(9)), "value: a share of NaN of 9 examples"),
        (refusal(Split::new(-0.5).of(9)), "value: a share of -0.5 of 9 examples"),
        (refusal(Split::new(f64::INFINITY).of(9)), "value: a share of inf of 9 examples"),
        (refusal(Split::new(9).of(9)), "value: 9 of 9 examples"),
        (refusal(Split::new(-3).of(9)), "value: 0 of 9 examples"),
        (refusal(Split::new(0.5).of(0)), "value: a share of 0.5 of 0 examples"),
        (refusal(Split::new(0.5).of(usize::MAX)), "limit: "),
        (refusal(Split::new(0.5).stratified(&none)), "value: a share of 0.5 of 0 examples"),
        (refusal(Split::new(0.5).grouped(&[1, 1, 1])), "value: a share of 0.5 of 1 groups"),
        (
            refusal(parts(9, &[Share::Count(5), Share::Count(4)], None)),
            "value: 4 of 9 examples, where 4 are left",
        ),
        (refusal(parts(9, &[Share::Fraction(f64::NAN)], Some(1))), "value: a share of NaN"),
        (refusal(KFold::new(1).of(9)), "value: 1 folds of 9 examples: use at least 2"),
        (refusal(KFold::new(10).of(9)), "value: 10 folds of 9 examples"),
        (refusal(KFold::new(2).of(0)), "value: 2 folds of 0 examples"),
        (refusal(KFold::new(2).of(usize::MAX)), "limit: "),
        (refusal(KFold::new(3).stratified(&[0, 0, 0, 1, 1])), "value: a label has 2 examples"),
        (refusal(KFold::new(2).stratified(&none)), "value: 2 folds of 0 examples"),
        (refusal(KFold::new(3).grouped(&[1, 1, 2, 2])), "value: 3 folds of 2 groups"),
        (refusal(leave_p_out(3, 0)), "value: 0 of 3 examples held out"),
        (refusal(leave_p_out(0, 1)), "value: 1 of 0 examples held out"),
        (refusal(leave_p_out(usize::MAX, 1)), "limit: "),
        (time(1, 0, None), "value: 1 folds of 10 examples in time"),
        (time(10, 0, None), "value: 10 folds of 10 examples in time"),
        (time(3, 4, None), "value: the first block begins at example 4"),
        (time(3, usize::MAX, None), "value: the first block begins at example 4"),
        (time(3, 0, Some(0)), "value: the first block begins at example 4"),
        (time(usize::MAX, 0, None), "value: "),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
    }
}
