//! Views of datasets: which examples they have, and what they refuse.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::sync::Arc;

use tensorkeep_data::{
    Concat, Dataset, RaggedDataset, TensorDataset, Windows, collate, pad_sequences, pad_to, sliding_windows,
    stack, unstack,
};
use tensorkeep_tensor::{ErrorKind, HostArray, HostData, ToHostArray};
use tensorkeep_testkit::refusal;

/// `n` examples: input `[i, −i]`, target `i`, from `start`.
fn numbered(start: i32, n: i32) -> TensorDataset {
    let x: Vec<[i32; 2]> = (start..start + n).map(|i| [i, -i]).collect();
    let y: Vec<i32> = (start..start + n).collect();
    TensorDataset::new(x.to_host_array().unwrap(), y.to_host_array().unwrap()).unwrap()
}

/// The targets of all examples, checked against the inputs, in the order of the view and backwards.
fn seen(set: &dyn Dataset) -> Vec<i64> {
    let forwards: Vec<usize> = (0..set.len()).collect();
    let backwards: Vec<usize> = (0..set.len()).rev().collect();
    let read = |indices: &[usize]| {
        let (x, y) = set.batch(indices).unwrap();
        let y: Vec<i64> = y.data().iter().map(|y| y.as_i64()).collect();
        let x: Vec<i64> = x.data().iter().map(|x| x.as_i64()).collect();
        assert_eq!(x, y.iter().flat_map(|y| [*y, -y]).collect::<Vec<_>>());
        y
    };
    let (all, mut turned) = (read(&forwards), read(&backwards));
    turned.reverse();
    assert_eq!(all, turned);
    assert_eq!(set.batch(&[set.len()]).unwrap_err().kind(), ErrorKind::Index);
    assert_eq!(set.labels().unwrap(), all);
    if !set.is_empty() {
        let (x, y) = set.to_tensors(&tensorkeep_cpu::device()).unwrap();
        assert_eq!((x.to_host().unwrap(), y.to_host().unwrap()), set.batch(&forwards).unwrap());
    }
    all
}

#[test]
fn views_have_the_examples_they_say() {
    let six = || numbered(0, 6);
    let rows: [(&str, Box<dyn Dataset>, &[i64]); 12] = [
        ("range", Box::new(six().range(1..4).unwrap()), &[1, 2, 3]),
        ("take", Box::new(six().range(..=2).unwrap()), &[0, 1, 2]),
        ("skip", Box::new(six().range(4..).unwrap()), &[4, 5]),
        (
            "filter",
            Box::new(six().filter(|_, y| Ok(y.data().get(0).unwrap().as_i64() % 2 == 1)).unwrap()),
            &[1, 3, 5],
        ),
        ("shard", Box::new(six().shard(1, 4).unwrap()), &[1, 5]),
        ("repeat", Box::new(numbered(7, 2).repeat(3).unwrap()), &[7, 8, 7, 8, 7, 8]),
        ("concat", Box::new(numbered(3, 2).concat(numbered(0, 1)).unwrap()), &[3, 4, 0]),
        ("concat of one", Box::new(Concat::new(vec![Arc::new(numbered(3, 2))]).unwrap()), &[3, 4]),
        (
            "concat with an empty part",
            Box::new(
                Concat::new(vec![
                    Arc::new(numbered(0, 0)),
                    Arc::new(numbered(1, 2)),
                    Arc::new(numbered(0, 0)),
                ])
                .unwrap(),
            ),
            &[1, 2],
        ),
        ("zip", Box::new(six().zip(six(), |(x, _), (_, y)| Ok((x, y))).unwrap()), &[0, 1, 2, 3, 4, 5]),
        ("map", Box::new(six().map(|x, y| Ok((x, y)))), &[0, 1, 2, 3, 4, 5]),
        (
            "group",
            Box::new(six().group_by(&["a", "b", "a", "a", "c", "b"]).unwrap().remove("a").unwrap()),
            &[0, 2, 3],
        ),
    ];
    for (name, set, want) in rows {
        assert_eq!(seen(&*set), want, "{name}");
    }
}

#[test]
fn random_views_are_functions_of_the_seed() {
    let shuffled = |seed| seen(&numbered(0, 50).shuffle(seed).unwrap());
    let mut sorted = shuffled(1);
    assert_eq!(sorted, shuffled(1));
    assert_ne!(sorted, shuffled(2));
    sorted.sort_unstable();
    assert!(sorted.into_iter().eq(0..50));
    let sampled = |seed| seen(&numbered(0, 4).sample(400, seed).unwrap());
    assert_eq!(sampled(1), sampled(1));
    assert_ne!(sampled(1), sampled(2));
    for i in 0..4 {
        // 100 of 400, and some eight standard deviations.
        assert!((30..170).contains(&sampled(1).iter().filter(|&&y| y == i).count()), "{i}");
    }
}

#[test]
fn an_empty_batch_has_the_shape_of_examples() {
    let both = numbered(0, 2).concat(numbered(0, 2)).unwrap();
    assert_eq!(*both.batch(&[]).unwrap().0.shape(), [0, 2]);
}

/// Labels are read by parts: one more example than fit in one.
#[test]
fn labels_of_many_examples_are_all_there() {
    let n = 1025;
    let labels = numbered(0, n).map(|x, y| Ok((x, y))).labels().unwrap();
    assert!(labels.into_iter().eq(0..i64::from(n)));
    assert_eq!(numbered(0, 0).map(|x, y| Ok((x, y))).labels().unwrap(), [0_i64; 0]);
}

#[test]
fn windows_slide() {
    let series: Vec<[f32; 2]> = (0..7).map(|i| [i as f32, 0.5]).collect();
    let series = series.to_host_array().unwrap();
    let starts = |set: &Windows| -> Vec<i64> {
        let all: Vec<usize> = (0..set.len()).collect();
        let (x, _) = set.batch(&all).unwrap();
        unstack(&x).unwrap().iter().map(|window| window.data().get(0).unwrap().as_i64()).collect()
    };
    let rows: [(usize, usize, std::ops::Range<usize>, &[i64]); 5] = [
        (3, 1, 0..3, &[0, 1, 2, 3, 4]),
        (3, 2, 0..3, &[0, 2, 4]),
        (3, 1, 1..4, &[0, 1, 2, 3]),
        (2, 3, 2..5, &[0]),
        (7, 1, 0..1, &[0]),
    ];
    for (size, stride, targets, want) in rows {
        let set = Windows::new(series.clone(), size, stride, targets.clone()).unwrap();
        assert_eq!(starts(&set), want, "{size} {stride} {targets:?}");
        let (x, y) = set.batch(&[want.len() - 1]).unwrap();
        assert_eq!(*x.shape(), [1, size, 2]);
        assert_eq!(*y.shape(), [1, targets.len(), 2]);
        let first = *want.last().unwrap() + targets.start as i64;
        assert_eq!(y.data().get(0).unwrap().as_i64(), first, "{size} {stride} {targets:?}");
        assert_eq!(set.batch(&[want.len()]).unwrap_err().kind(), ErrorKind::Index);
    }
    let ranges: Vec<_> = sliding_windows(7, 3, 2).unwrap().collect();
    assert_eq!(ranges, [0..3, 2..5, 4..7]);
    assert_eq!(sliding_windows(6, 3, 2).unwrap().len(), 2);
}

#[test]
fn ragged_sequences_are_padded_to_the_longest_of_the_batch() {
    let sequence = |values: &[f32]| values.to_host_array().unwrap();
    let none = HostArray::new(HostData::F32(Vec::new()), [0]).unwrap();
    let set = RaggedDataset::new(
        vec![sequence(&[1.0, 2.0, 3.0]), none.clone(), sequence(&[4.0])],
        [5, 6, 7].to_host_array().unwrap(),
        f64::NAN,
    )
    .unwrap();
    assert_eq!(set.lengths(), [3, 0, 1]);
    let (x, y) = set.batch(&[2, 1]).unwrap();
    assert_eq!(*x.shape(), [2, 1]);
    let HostData::F32(x) = x.data() else { panic!("sequences are f32") };
    assert!(x[0] == 4.0 && x[1].is_nan());
    assert_eq!(y, [7, 6].to_host_array().unwrap());
    let padded = set.padded(&[0, 1, 2]).unwrap();
    assert_eq!(*padded.values.shape(), [3, 3]);
    let mask = [[true, true, true], [false, false, false], [true, false, false]];
    assert_eq!(padded.mask().unwrap(), mask.to_host_array().unwrap());
    assert_eq!(*pad_sequences(&[none.clone(), none], 0).unwrap().values.shape(), [2, 0]);
}

#[test]
fn arrays_are_padded_along_any_axis() {
    let x = [[1, 2], [3, 4]].to_host_array().unwrap();
    let padded = |axis, length| pad_to(&x, axis, length, -1).unwrap();
    assert_eq!(padded(0, 3), [[1, 2], [3, 4], [-1, -1]].to_host_array().unwrap());
    assert_eq!(padded(-1, 3), [[1, 2, -1], [3, 4, -1]].to_host_array().unwrap());
    assert_eq!(padded(1, 1), x);
}

#[test]
fn examples_become_batches_and_batches_examples() {
    let example = |i: i32| {
        (([i, -i]).to_host_array().unwrap(), HostArray::scalar(i.into(), tensorkeep_tensor::DType::I32))
    };
    let (x, y) = collate(&[example(3), example(5)]).unwrap();
    assert_eq!(
        (x, y.clone()),
        ([[3, -3], [5, -5]].to_host_array().unwrap(), [3, 5].to_host_array().unwrap())
    );
    assert_eq!(unstack(&y).unwrap(), [example(3).1, example(5).1]);
    assert_eq!(unstack(&HostArray::new(HostData::U8(Vec::new()), [0, 3]).unwrap()).unwrap(), []);
}

#[test]
fn bad_input_is_refused() {
    let six = || numbered(0, 6);
    let ints = |values: &[i32]| values.to_host_array().unwrap();
    let array = |data, shape: &[usize]| HostArray::new(data, shape).unwrap();
    let (one, hollow) =
        (array(HostData::F32(vec![1.0]), &[]), array(HostData::F32(Vec::new()), &[1 << 40, 0]));
    let floats = TensorDataset::new(ints(&[1, 2]), [0.5, 1.5].to_host_array().unwrap()).unwrap();
    let wide = TensorDataset::new([[1, 2, 3]].to_host_array().unwrap(), ints(&[0])).unwrap();
    let windows = |size, stride, targets| refusal(Windows::new(ints(&[1, 2, 3]), size, stride, targets));
    let targets = || ints(&[0, 1]);
    let device = tensorkeep_cpu::device();
    let rows = [
        (refusal(six().range(2..8)), "index: examples 2..8 among 6"),
        (refusal(six().range(..=usize::MAX)), "index: "),
        (refusal(six().shard(2, 2)), "value: shard 2 of 2"),
        (refusal(six().shard(0, 0)), "value: shard 0 of 0"),
        (refusal(six().filter(|_, _| Err(tensorkeep_tensor::Error::value("odd", "no")))), "value: no"),
        (refusal(six().group_by(&[1])), "value: 1 labels for 6 examples"),
        (refusal(six().zip(numbered(0, 5), |a, _| Ok(a))), "value: 6 examples beside 5"),
        (refusal(six().repeat(usize::MAX)), "limit: 6 examples"),
        (refusal(six().repeat(usize::MAX / 6).and_then(|set| set.concat(six()))), "limit: more examples"),
        (refusal(Concat::new(Vec::new())), "value: no datasets"),
        (refusal(six().concat(wide).unwrap().batch(&[0, 6])), "shape: arrays differ behind axis 0"),
        (refusal(six().concat(floats.clone()).unwrap().batch(&[0, 6])), "shape: arrays differ behind axis 0"),
        (refusal(numbered(0, 0).sample(1, 0)), "value: 1 draws from no examples"),
        (refusal(six().sample(usize::MAX, 0)), "limit: "),
        (refusal(numbered(0, 0).to_tensors(&device)), "value: there are no examples"),
        (refusal(six().repeat(1 << 26).unwrap().to_tensors(&device)), "limit: 402653184 examples"),
        (refusal(floats.labels()), "value: targets are f64 of shape [2], not one integer an example"),
        (windows(4, 1, 0..1), "value: a window and its targets take 4 steps, the series has 3"),
        (windows(2, 1, 2..4), "value: a window and its targets take 4 steps"),
        (windows(2, 1, 2..usize::MAX), "value: a window and its targets take"),
        (windows(0, 1, 0..1), "value: windows of 0 steps"),
        (windows(1, 0, 0..1), "value: windows of 1 steps, a stride of 0"),
        (windows(1, 1, 1..1), "value: windows of 1 steps, a stride of 1, targets 1..1"),
        (refusal(Windows::new(one.clone(), 1, 1, 0..1)), "shape: a series is [time, ..]"),
        (refusal(Windows::new(hollow.clone(), 1, 1, 0..1)), "shape: a series is [time, ..]"),
        (refusal(sliding_windows(3, 4, 1)), "index: a window of 4 is larger than 3"),
        (refusal(sliding_windows(3, 0, 1)), "value: windows of 0"),
        (refusal(stack(&[])), "value: no arrays"),
        (refusal(stack(&[ints(&[1]), ints(&[1, 2])])), "shape: arrays differ in shape"),
        (refusal(stack(&[ints(&[1]), [1.0].to_host_array().unwrap()])), "dtype: f64 among arrays of i32"),
        (refusal(unstack(&one)), "shape: there are no numbers"),
        (refusal(unstack(&hollow)), "shape: there are no numbers"),
        (refusal(pad_sequences(&[], 0)), "value: no arrays"),
        (refusal(pad_sequences(std::slice::from_ref(&one), 0)), "shape: a single number has no rows"),
        (
            refusal(pad_sequences(&[ints(&[1]), [[1]].to_host_array().unwrap()], 0)),
            "shape: arrays differ behind axis 0",
        ),
        (refusal(pad_sequences(&[ints(&[1])], 0.5)), "dtype: a padding of 0.5 among i32"),
        (refusal(pad_to(&ints(&[1]), 1, 3, 0)), "axis: "),
        (refusal(pad_to(&ints(&[1]), 0, usize::MAX, 0)), "limit: "),
        (refusal(pad_to(&ints(&[1]), 0, usize::MAX >> 4, 0)), "out-of-memory: no room for"),
        (refusal(RaggedDataset::new(vec![ints(&[1])], targets(), 0)), "shape: there are 1 sequences"),
        (
            refusal(RaggedDataset::new(vec![one.clone(), one], targets(), 0)),
            "shape: a single number is no sequence",
        ),
        (
            refusal(RaggedDataset::new(vec![ints(&[1]), ints(&[2])], targets(), 0.5)),
            "dtype: a padding of 0.5",
        ),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
    }
}
