//! The loader: the same batches whatever makes them, and failures that are values.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tensorkeep_data::{Dataset, Loader, Pair, Subset, TensorDataset};
use tensorkeep_tensor::{Device, Error, ErrorKind, HostArray, HostData, Result, ToHostArray};

/// `n` examples: input `[i, −i]`, target `i`.
fn numbered(n: i32) -> TensorDataset {
    let x: Vec<[i32; 2]> = (0..n).map(|i| [i, -i]).collect();
    let y: Vec<i32> = (0..n).collect();
    TensorDataset::new(x.to_host_array().unwrap(), y.to_host_array().unwrap()).unwrap()
}

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// The targets of each batch of an epoch, checked against the inputs.
fn batches(loader: &Loader, epoch: u64) -> Vec<Vec<i32>> {
    let batch = |batch: Result<(tensorkeep_tensor::Tensor, tensorkeep_tensor::Tensor)>| {
        let (x, y) = batch.unwrap();
        let y = y.to_vec::<i32>().unwrap();
        let x = x.to_vec::<i32>().unwrap();
        assert_eq!(x, y.iter().flat_map(|&i| [i, -i]).collect::<Vec<_>>());
        y
    };
    loader.epoch(epoch).map(batch).collect()
}

#[test]
fn batches_do_not_depend_on_workers() {
    let loader = |workers| Loader::new(numbered(103), 10, &cpu()).unwrap().shuffle(5).workers(workers);
    let want = batches(&loader(0), 3);
    assert_eq!(want.len(), 11);
    for workers in [1, 2, 3, 11, 50, usize::MAX] {
        assert_eq!(batches(&loader(workers), 3), want, "{workers} workers");
    }
}

#[test]
fn order_is_a_function_of_seed_and_epoch() {
    let of = |seed, epoch| batches(&Loader::new(numbered(100), 100, &cpu()).unwrap().shuffle(seed), epoch);
    let distinct = [of(1, 0), of(1, 1), of(1, u64::MAX), of(2, 0), of(u64::MAX, 0)];
    for (i, a) in distinct.iter().enumerate() {
        assert!(!distinct[..i].contains(a), "order {i}");
        let mut sorted = a[0].clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..100), "order {i} names each example once");
    }
    let loader = Loader::new(numbered(100), 100, &cpu()).unwrap().shuffle(1);
    batches(&loader, 7); // what ran before does not matter
    assert_eq!(batches(&loader, 0), of(1, 0));
}

/// An order that was published is kept: who resumes a run with a later version must see the same batches.
#[test]
fn orders_stay() {
    let loader = Loader::new(numbered(8), 8, &cpu()).unwrap().shuffle(42);
    assert_eq!([batches(&loader, 0), batches(&loader, 1)].concat(), ORDERS);
    let (kept, held) = numbered(8).split(0.25, 42).unwrap();
    assert_eq!([kept.indices(), held.indices()], SPLIT);
}

/// By a separate implementation of Philox in Python: the stable order of the words of key `child(child(42,
/// 1), epoch)`.
const ORDERS: [[i32; 8]; 2] = [[0, 1, 3, 7, 2, 4, 6, 5], [5, 7, 3, 0, 1, 2, 4, 6]];

/// The same of key `child(42, 0)`.
const SPLIT: [&[usize]; 2] = [&[2, 0, 1, 6, 5, 4], &[3, 7]];

#[test]
fn without_a_seed_the_order_is_that_of_the_dataset() {
    let loader = Loader::new(numbered(5), 2, &cpu()).unwrap();
    assert_eq!(batches(&loader, 9), [vec![0, 1], vec![2, 3], vec![4]]);
    assert_eq!(batches(&loader.clone().drop_last(), 9), [vec![0, 1], vec![2, 3]]);
    assert_eq!((loader.batches(), loader.epoch(0).len()), (3, 3));
    let large = Loader::new(numbered(5), usize::MAX, &cpu()).unwrap();
    assert_eq!(batches(&large, 0), [vec![0, 1, 2, 3, 4]]);
    assert_eq!(large.drop_last().workers(3).epoch(0).count(), 0);
}

/// Fails for the example 3 and panics for the example 6.
#[derive(Clone)]
struct Fragile;

impl Dataset for Fragile {
    fn len(&self) -> usize {
        10
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        if indices.contains(&3) {
            return Err(Error::new(ErrorKind::Io, "fragile", "the disk is gone"));
        }
        assert!(!indices.contains(&6), "example 6 is broken");
        numbered(10).batch(indices)
    }
}

#[test]
fn failures_are_values_in_their_place() {
    for workers in [0, 1, 3] {
        let loader = Loader::new(Fragile, 2, &cpu()).unwrap().workers(workers);
        let results: Vec<_> = loader.epoch(0).collect();
        let kinds: Vec<_> = results.iter().map(|batch| batch.as_ref().err().map(Error::kind)).collect();
        assert_eq!(
            kinds,
            [None, Some(ErrorKind::Io), None, Some(ErrorKind::Value), None],
            "{workers} workers"
        );
        let panicked = results[3].as_ref().unwrap_err();
        assert!(panicked.message().contains("example 6 is broken"), "{panicked}");
    }
}

/// A dataset that says it is so long.
#[derive(Debug)]
struct Endless(usize);

impl Dataset for Endless {
    fn len(&self) -> usize {
        self.0
    }

    fn batch(&self, _: &[usize]) -> Result<Pair> {
        numbered(1).batch(&[0])
    }
}

#[test]
fn orders_are_bounded() {
    for n in [(1 << 28) + 1, 1 << 63, usize::MAX] {
        assert_eq!(Loader::new(Endless(n), 1, &cpu()).unwrap_err().kind(), ErrorKind::Limit, "{n}");
        assert_eq!(Endless(n).split(0.5, 0).unwrap_err().kind(), ErrorKind::Limit, "{n}");
    }
}

/// Counts the batches that were made.
struct Counted(Arc<AtomicUsize>);

impl Dataset for Counted {
    fn len(&self) -> usize {
        1000
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        self.0.fetch_add(1, Ordering::SeqCst);
        numbered(1000).batch(indices)
    }
}

#[test]
fn dropping_an_epoch_ends_its_threads() {
    let made = Arc::new(AtomicUsize::new(0));
    let loader = Loader::new(Counted(Arc::clone(&made)), 1, &cpu()).unwrap().workers(4);
    let mut epoch = loader.epoch(0);
    epoch.next().unwrap().unwrap();
    drop(epoch);
    // Each worker has handed over at most one batch more, one waits and one was being made; and nobody makes
    // more now.
    let count = made.load(Ordering::SeqCst);
    assert!(count <= 1 + 4 * 3, "{count} batches were made ahead");
    assert_eq!(Arc::strong_count(&made), 2, "the threads are gone, the loader holds the dataset");
}

#[test]
fn bad_arguments_are_errors() {
    let empty = || {
        TensorDataset::new(
            Vec::<f32>::new().to_host_array().unwrap(),
            Vec::<i32>::new().to_host_array().unwrap(),
        )
    };
    let set = |n: usize| HostArray::new(HostData::U8(vec![0; n]), [n]).unwrap();
    let scalar = || HostArray::new(HostData::U8(vec![0]), ()).unwrap();
    let hollow = || HostArray::new(HostData::U8(Vec::new()), [1 << 40, 0]).unwrap();
    let rows: [(&str, Error, ErrorKind); 12] = [
        ("batches of 0", Loader::new(numbered(4), 0, &cpu()).unwrap_err(), ErrorKind::Value),
        ("no examples", Loader::new(empty().unwrap(), 1, &cpu()).unwrap_err(), ErrorKind::Value),
        ("more targets", TensorDataset::new(set(2), set(3)).unwrap_err(), ErrorKind::Shape),
        ("single numbers", TensorDataset::new(scalar(), scalar()).unwrap_err(), ErrorKind::Shape),
        ("examples of nothing", TensorDataset::new(hollow(), hollow()).unwrap_err(), ErrorKind::Shape),
        ("an example too many", numbered(4).batch(&[0, 4]).unwrap_err(), ErrorKind::Index),
        ("a subset of too many", Subset::new(Arc::new(numbered(4)), vec![4]).unwrap_err(), ErrorKind::Index),
        ("nothing held out", numbered(4).split(0.0, 1).unwrap_err(), ErrorKind::Value),
        ("too little held out", numbered(4).split(0.1, 1).unwrap_err(), ErrorKind::Value),
        ("all held out", numbered(4).split(1.0, 1).unwrap_err(), ErrorKind::Value),
        ("a negative share", numbered(4).split(-0.5, 1).unwrap_err(), ErrorKind::Value),
        ("no share", numbered(4).split(f64::NAN, 1).unwrap_err(), ErrorKind::Value),
    ];
    for (name, error, kind) in rows {
        assert_eq!(error.kind(), kind, "{name}: {error}");
    }
}

#[test]
fn parts_of_a_split_share_nothing() {
    let (kept, held) = numbered(50).split(0.2, 3).unwrap();
    assert_eq!((kept.len(), held.len()), (40, 10));
    let mut all: Vec<usize> = kept.indices().iter().chain(held.indices()).copied().collect();
    all.sort_unstable();
    assert!(all.into_iter().eq(0..50));
    let first = held.indices()[0];
    let (_, y) = held.batch(&[0]).unwrap();
    assert_eq!(y.data().get(0).unwrap().as_i64(), first as i64);
}
