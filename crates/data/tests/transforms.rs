//! Random changes to batches: the same whatever makes the batches, others every epoch.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_data::{Loader, Pair, Shift, TensorDataset, Transform};
use tensorkeep_tensor::{Error, ErrorKind, HostArray, HostData, Result, ToHostArray, philox};

/// A batch of 40 equal images of 2 channels and 2 × 3 pixels, 1 to 12.
fn images() -> HostArray {
    let pixels = (0..40).flat_map(|_| (1..=12).map(|i| i as f32)).collect();
    HostArray::new(HostData::F32(pixels), [40, 2, 2, 3]).unwrap()
}

fn labels() -> HostArray {
    vec![0i32; 40].to_host_array().unwrap()
}

fn pixels(x: &HostArray) -> Vec<Vec<f32>> {
    let HostData::F32(data) = x.data() else { panic!("images are f32") };
    data.chunks(12).map(<[f32]>::to_vec).collect()
}

#[test]
fn images_move_by_a_pixel() {
    let stay: Vec<f32> = (1..=12).map(|i| i as f32).collect();
    let moved = [
        [4.0, 5.0, 6.0, 0.0, 0.0, 0.0, 10.0, 11.0, 12.0, 0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 7.0, 8.0, 9.0],
        [2.0, 3.0, 0.0, 5.0, 6.0, 0.0, 8.0, 9.0, 0.0, 11.0, 12.0, 0.0],
        [0.0, 1.0, 2.0, 0.0, 4.0, 5.0, 0.0, 7.0, 8.0, 0.0, 10.0, 11.0],
    ];
    let shifted = |share, key| {
        let (x, y) = Shift::new(share).unwrap().apply(images(), labels(), key).unwrap();
        assert_eq!((*x.shape(), y), (*images().shape(), labels()));
        pixels(&x)
    };
    assert!(shifted(0.0, 1).iter().all(|image| *image == stay));
    let all = shifted(1.0, 1);
    for want in moved {
        assert!(all.iter().any(|image| *image == want), "{want:?} is missing");
    }
    assert!(all.iter().all(|image| moved.iter().any(|want| image == want)));
    let some = shifted(0.5, 1);
    let stayed = some.iter().filter(|image| **image == stay).count();
    assert!((8..=32).contains(&stayed), "{stayed} of 40 stayed");
    assert_eq!(some, shifted(0.5, 1));
    assert_ne!(some, shifted(0.5, 2));
}

#[test]
fn bad_shifts_are_errors() {
    for share in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert_eq!(Shift::new(share).unwrap_err().kind(), ErrorKind::Value, "{share}");
    }
    let array = |data, shape: &[usize]| HostArray::new(data, shape).unwrap();
    let shift = |x| Shift::new(1.0).unwrap().apply(x, labels(), 0);
    let rows = [
        ("bytes", array(HostData::U8(vec![0; 4]), &[1, 2, 2])),
        ("no planes", array(HostData::F32(vec![0.0; 4]), &[2, 2])),
        ("a number", array(HostData::F32(vec![0.0]), &[])),
    ];
    for (name, x) in rows {
        assert_eq!(shift(x).unwrap_err().kind(), ErrorKind::Shape, "{name}");
    }
    for shape in [[0, 2, 2], [2, 0, 2], [2, 2, 0]] {
        assert_eq!(*shift(array(HostData::F32(Vec::new()), &shape)).unwrap().0.shape(), shape);
    }
    let (x, _) = shift(array(HostData::F32(vec![7.0]), &[1, 1, 1])).unwrap();
    assert_eq!(*x.data(), HostData::F32(vec![0.0]), "a lone pixel leaves the image");
}

/// Each example becomes the key of its batch.
fn keys(x: HostArray, y: HostArray, key: u64) -> Result<Pair> {
    Ok((HostArray::new(HostData::I64(vec![key.cast_signed(); y.shape()[0]]), *y.shape())?, x))
}

fn ten() -> TensorDataset {
    let numbers: Vec<i32> = (0..10).collect();
    TensorDataset::new(numbers.to_host_array().unwrap(), numbers.to_host_array().unwrap()).unwrap()
}

#[test]
fn changes_are_a_function_of_seed_epoch_and_batch() {
    let cpu = tensorkeep_cpu::device();
    let run = |seed, epoch, workers| -> Vec<i64> {
        let loader = Loader::new(ten(), 4, &cpu).unwrap().shuffle(9).transform(seed, keys).workers(workers);
        loader.epoch(epoch).map(|batch| batch.unwrap().0.to_vec::<i64>().unwrap()[0]).collect()
    };
    let want = run(5, 1, 0);
    let key = |i| philox::child(philox::child(philox::child(5, 2), 1), i).cast_signed();
    assert_eq!(want, [key(0), key(1), key(2)]);
    for workers in [1, 2, 3, 8] {
        assert_eq!(run(5, 1, workers), want, "{workers} workers");
    }
    assert!(run(5, 0, 0).iter().chain(&run(6, 1, 0)).all(|key| !want.contains(key)));
}

#[test]
fn failing_transforms_are_errors_in_their_place() {
    let fragile = |x: HostArray, y: HostArray, _: u64| -> Result<Pair> {
        match x.data().get(0).unwrap().as_i64() {
            0 => Err(Error::new(ErrorKind::Io, "fragile", "the disk is gone")),
            4 => panic!("broken"),
            _ => Ok((x, y)),
        }
    };
    for workers in [0, 2] {
        let loader = Loader::new(ten(), 4, &tensorkeep_cpu::device()).unwrap().transform(0, fragile);
        let kinds: Vec<_> = loader.workers(workers).epoch(0).map(|b| b.err().map(|e| e.kind())).collect();
        assert_eq!(kinds, [Some(ErrorKind::Io), Some(ErrorKind::Value), None], "{workers} workers");
    }
}
