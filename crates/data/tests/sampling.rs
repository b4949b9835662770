//! What chooses examples: resampling, weights, lengths, and how the loader follows.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::collections::BTreeSet;

use tensorkeep_data::{
    ByLength, Dataset, KFold, Loader, Sampler, TensorDataset, WeightedSampler, group_counts, oversample,
    undersample,
};
use tensorkeep_tensor::{Error, ErrorKind, Result, ToHostArray};
use tensorkeep_testkit::refusal;

fn chosen(labels: &[char], numbers: &[usize]) -> Vec<(char, usize)> {
    let labels: Vec<char> = numbers.iter().map(|&i| labels[i]).collect();
    group_counts(&labels).into_iter().collect()
}

#[test]
fn classes_become_equally_frequent() {
    let labels: Vec<char> = "aaaaaaaaaabbbc".chars().collect();
    for seed in [0, 1, 2] {
        let all = oversample(&labels, 1.0, seed).unwrap();
        assert_eq!(all[..14], (0..14).collect::<Vec<_>>());
        assert_eq!(chosen(&labels, &all), [('a', 10), ('b', 10), ('c', 10)]);
        // Ten of three: each three times, one of them once more.
        let times: Vec<usize> =
            group_counts(&all).into_iter().filter(|(i, _)| (10..13).contains(i)).map(|(_, n)| n).collect();
        assert_eq!(times.iter().sum::<usize>(), 10);
        assert!(times.iter().all(|n| (3..=4).contains(n)));
        assert_eq!(
            chosen(&labels, &oversample(&labels, 0.5, seed).unwrap()),
            [('a', 10), ('b', 5), ('c', 5)]
        );
        assert_eq!(oversample(&labels, 0.0, seed).unwrap().len(), 14);
        let few = undersample(&labels, seed).unwrap();
        assert_eq!(chosen(&labels, &few), [('a', 1), ('b', 1), ('c', 1)]);
        assert!(few.is_sorted());
    }
    let starts: BTreeSet<usize> = (0..40).map(|seed| undersample(&labels, seed).unwrap()[0]).collect();
    assert!(starts.len() > 5, "which examples stay depends on the seed: {starts:?}");
}

#[test]
fn draws_follow_the_weights() {
    let weights = [1.0, 0.0, 2.0, 5.0, 0.0, 2.0];
    let drawn = WeightedSampler::new(&weights, 10_000).unwrap().order(3).unwrap();
    for (i, weight) in weights.iter().enumerate() {
        let share = drawn.iter().filter(|&&draw| draw == i).count() as f64 / 10_000.0;
        // Five standard deviations of a share of a half.
        assert!((share - weight / 10.0).abs() < 0.025, "{i}: {share}");
    }
    assert!(drawn.iter().all(|&i| weights[i] > 0.0));
    assert_ne!(drawn, WeightedSampler::new(&weights, 10_000).unwrap().order(4).unwrap());
}

#[test]
fn draws_without_replacement_name_each_once() {
    let weights: Vec<f64> = (0..37).map(|i| f64::from(i % 5)).collect();
    let positive = weights.iter().filter(|w| **w > 0.0).count();
    let sampler = WeightedSampler::new(&weights, positive).unwrap().without_replacement().unwrap();
    let mut all = sampler.order(9).unwrap();
    let by_hand: Vec<usize> = (0..37).filter(|i| weights[*i] > 0.0).collect();
    assert_ne!(all, by_hand);
    all.sort_unstable();
    assert_eq!(all, by_hand);
    // Plackett and Luce: the second of (3, 1, 1) is 0 in 2/5 · 3/4 = 0.3 of all draws.
    let sampler = WeightedSampler::new(&[3.0, 1.0, 1.0], 2).unwrap().without_replacement().unwrap();
    let second = (0..4000).filter(|&key| sampler.order(key).unwrap()[1] == 0).count() as f64 / 4000.0;
    assert!((second - 0.3).abs() < 0.04, "{second}");
}

/// Weights so far apart that differences of sums would lose the small ones.
#[test]
fn small_weights_are_found_when_large_ones_are_gone() {
    let sampler = WeightedSampler::new(&[1e300, 1e-300, 1.0], 3).unwrap().without_replacement().unwrap();
    assert_eq!(sampler.order(1).unwrap(), [0, 2, 1]);
}

#[test]
fn batches_by_length_are_about_equally_long() {
    let lengths: Vec<usize> = (0..103).map(|i| i * 37 % 101).collect();
    for key in [0, 1] {
        let order = ByLength::new(&lengths, 4, 100).unwrap().order(key).unwrap();
        assert!(order.iter().copied().collect::<BTreeSet<_>>().into_iter().eq(0..103));
        for batch in order.chunks(4) {
            let of: Vec<usize> = batch.iter().map(|&i| lengths[i]).collect();
            assert!(of.iter().max().unwrap() - of.iter().min().unwrap() <= 4, "{of:?}");
        }
        assert_eq!(order.len() % 4, 3, "the smaller batch is the last");
    }
    let of = |key| ByLength::new(&lengths, 4, 5).unwrap().order(key).unwrap();
    assert_ne!(of(0), of(1));
    assert_eq!(of(1), of(1));
}

fn numbered(n: i32) -> TensorDataset {
    let all: Vec<i32> = (0..n).collect();
    TensorDataset::new(all.to_host_array().unwrap(), all.to_host_array().unwrap()).unwrap()
}

struct Told(usize, Result<Vec<usize>>);

impl Sampler for Told {
    fn len(&self) -> usize {
        self.0
    }

    fn order(&self, _: u64) -> Result<Vec<usize>> {
        self.1.clone()
    }
}

#[test]
fn the_loader_follows_a_sampler_with_any_workers() {
    let cpu = tensorkeep_cpu::device();
    let run = |sampler: Told, workers| -> Vec<std::result::Result<Vec<i32>, ErrorKind>> {
        let loader = Loader::new(numbered(5), 2, &cpu).unwrap().sampler(1, sampler).workers(workers);
        let batch = |batch: Result<(tensorkeep_tensor::Tensor, _)>| batch.map(|(x, _)| x.to_vec().unwrap());
        loader.epoch(0).map(|b| batch(b).map_err(|error| error.kind())).collect()
    };
    for workers in [0, 2] {
        assert_eq!(run(Told(3, Ok(vec![4, 4, 0])), workers), [Ok(vec![4, 4]), Ok(vec![0])]);
        assert_eq!(run(Told(3, Ok(vec![0, 1, 5])), workers), [Ok(vec![0, 1]), Err(ErrorKind::Index)]);
        assert_eq!(run(Told(3, Ok(vec![0])), workers), [Err(ErrorKind::Value), Err(ErrorKind::Value)]);
        let failed = Told(1, Err(Error::new(ErrorKind::Io, "told", "the list is gone")));
        assert_eq!(run(failed, workers), [Err(ErrorKind::Io)]);
        assert_eq!(run(Told(0, Ok(Vec::new())), workers), []);
    }
    let weighted = |epoch| -> Vec<i32> {
        let sampler = WeightedSampler::new(&[0.0, 1.0, 1.0, 1.0, 0.0], 40).unwrap();
        let loader = Loader::new(numbered(5), 40, &cpu).unwrap().sampler(1, sampler);
        assert_eq!((loader.examples(), loader.batches()), (40, 1));
        loader.epoch(epoch).flat_map(|batch| batch.unwrap().0.to_vec::<i32>().unwrap()).collect()
    };
    assert_ne!(weighted(0), weighted(1));
    assert!(weighted(0).iter().all(|i| (1..4).contains(i)));
}

/// Orders that were published are kept. These are by the separate implementation of Philox in Python that gave those of `loader.rs`; of
/// weights it adds one after another, without a tree.
#[test]
fn orders_stay() {
    assert_eq!(numbered(8).shuffle(42).unwrap().indices(), [4, 7, 6, 0, 5, 3, 1, 2]);
    assert_eq!(numbered(5).sample(8, 42).unwrap().indices(), [3, 0, 1, 4, 4, 2, 1, 1]);
    let held: Vec<usize> = KFold::new(4).shuffle(42).of(8).unwrap().flat_map(|fold| fold.held_out).collect();
    assert_eq!(held, [4, 2, 0, 1, 6, 3, 5, 7]);
    let sampler = WeightedSampler::new(&[1.0, 2.0, 3.0, 4.0], 10).unwrap();
    assert_eq!(sampler.order(7).unwrap(), [3, 0, 3, 3, 0, 3, 1, 1, 3, 2]);
    let sampler = WeightedSampler::new(&[1.0, 2.0, 3.0, 4.0], 4).unwrap().without_replacement().unwrap();
    assert_eq!(sampler.order(7).unwrap(), [3, 0, 2, 1]);
    assert_eq!(undersample(&['a', 'a', 'a', 'b', 'b', 'b', 'c', 'c'], 42).unwrap()[..4], [0, 2, 3, 5]);
    assert_eq!(ByLength::new(&[9, 2, 8, 1, 2, 9], 2, 3).unwrap().order(7).unwrap(), [5, 0, 3, 4, 1, 2]);
}

#[test]
fn bad_input_is_refused() {
    let none: [u8; 0] = [];
    let weighted = |weights: &[f64], count| WeightedSampler::new(weights, count);
    let rows = [
        (refusal(oversample(&none, 1.0, 0)), "value: no labels"),
        (refusal(undersample(&none, 0)), "value: no labels"),
        (refusal(oversample(&[1], -0.1, 0)), "value: a fraction of -0.1"),
        (refusal(oversample(&[1], 1.1, 0)), "value: a fraction of 1.1"),
        (refusal(oversample(&[1], f64::NAN, 0)), "value: a fraction of NaN"),
        (refusal(weighted(&[], 1)), "value: 1 draws from 0 weights of sum 0"),
        (refusal(weighted(&[1.0], 0)), "value: 0 draws from 1 weights"),
        (refusal(weighted(&[0.0, 0.0], 1)), "value: 1 draws from 2 weights of sum 0"),
        (refusal(weighted(&[1.0, -1.0], 1)), "value: weight -1 of example 1"),
        (refusal(weighted(&[f64::NAN], 1)), "value: weight NaN of example 0"),
        (refusal(weighted(&[f64::INFINITY], 1)), "value: weight inf of example 0"),
        (refusal(weighted(&[f64::MAX, f64::MAX], 1)), "value: 1 draws from 2 weights of sum inf"),
        (refusal(weighted(&[1.0], usize::MAX)), "limit: "),
        (
            refusal(weighted(&[1.0, 0.0], 2).unwrap().without_replacement()),
            "value: 2 draws without replacement from 1",
        ),
        (refusal(ByLength::new(&[], 1, 1)), "value: batches of 1 in pools of 1 from 0"),
        (refusal(ByLength::new(&[1], 0, 1)), "value: batches of 0"),
        (refusal(ByLength::new(&[1], 1, 0)), "value: batches of 1 in pools of 0"),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
    }
    assert_eq!(ByLength::new(&[1, 2], usize::MAX, usize::MAX).unwrap().order(0).unwrap().len(), 2);
}
