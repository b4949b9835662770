//! Hostile indices, equal indices, and threads.

use tensorkeep_tensor::op::{Gather, GatherKind, ScatterMode};
use tensorkeep_tensor::{Element, ErrorKind, Result, Tensor, f16};

use crate::{Options, device, with_options};

fn tensor<T: Element>(data: &[T], shape: &[usize]) -> Tensor {
    Tensor::from_vec(data.to_vec(), shape, &device()).unwrap()
}

#[test]
fn indices_outside_their_axis_are_errors() {
    let x = tensor(&[0.0f32; 12], &[3, 4]);
    let cases: [(_, isize, &[i64], &[usize], &str); 5] = [
        (GatherKind::Select, 0, &[0, 3], &[2], "index 3 at [1] is outside axis 0 of size 3: use 0 to 2"),
        (GatherKind::Select, 1, &[-1], &[], "index -1 at [] is outside axis 1 of size 4: use 0 to 3"),
        (
            GatherKind::Along,
            1,
            &[0, 1, 2, 3, 9, 0],
            &[3, 2],
            "index 9 at [2, 0] is outside axis 1 of size 4: use 0 to 3",
        ),
        (
            GatherKind::Select,
            0,
            &[i64::MAX],
            &[1],
            "index 9223372036854775807 at [0] is outside axis 0 of size 3: use 0 to 2",
        ),
        // Not the index that it is modulo 2³².
        (
            GatherKind::Select,
            0,
            &[1 << 32],
            &[1],
            "index 4294967296 at [0] is outside axis 0 of size 3: use 0 to 2",
        ),
    ];
    for (kind, axis, index, shape, message) in cases {
        let index = tensor(index, shape);
        let scattered = |updates: Tensor| {
            let gather = Gather { kind, axis: axis as usize };
            x.scatter(gather, ScatterMode::Set, &index, &updates)
        };
        let (picked, updates) = match kind {
            GatherKind::Select => {
                let mut sizes = x.shape().to_vec();
                sizes.splice(axis as usize..=axis as usize, shape.iter().copied());
                (x.take(axis, &index), Tensor::zeros(sizes, x.dtype(), &device()))
            }
            GatherKind::Along => (x.gather(axis, &index), Tensor::zeros(shape, x.dtype(), &device())),
        };
        for result in [picked, updates.and_then(scattered)] {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.message()), (ErrorKind::Index, message));
        }
    }
}

#[test]
fn equal_indices_act_in_their_order() -> Result<()> {
    let gather = Gather { kind: GatherKind::Select, axis: 0 };
    let (base, index) = (tensor(&[0.0f32; 3], &[3]), tensor(&[2, 0, 2, 2], &[4]));
    let updates = tensor(&[1.0f32, 2.0, 3.0, 4.0], &[4]);
    let set = base.scatter(gather, ScatterMode::Set, &index, &updates)?;
    assert_eq!(set.to_vec::<f32>()?, [2.0, 0.0, 4.0]);
    let added = base.scatter(gather, ScatterMode::Add, &index, &updates)?;
    assert_eq!(added.to_vec::<f32>()?, [2.0, 0.0, 8.0]);
    // Rounded after each addition: 2048 + 1 is 2048 in half precision, 2048 + 2 is not.
    let [base, updates] = [[0.0f32, 0.0, 2048.0].as_slice(), &[1.0, 5.0, 1.0, 2.0]]
        .map(|data| tensor(&data.iter().map(|&x| f16::from_f32(x)).collect::<Vec<_>>(), &[data.len()]));
    let added = base.scatter(gather, ScatterMode::Add, &index, &updates)?.to_vec::<f16>()?;
    assert_eq!(added, [5.0, 0.0, 2050.0].map(f16::from_f32));
    Ok(())
}

#[test]
fn bytes_and_integers_wrap_around() -> Result<()> {
    let gather = Gather { kind: GatherKind::Along, axis: 0 };
    let index = tensor(&[0i64, 0], &[2]);
    let bytes = tensor(&[250u8], &[1]).scatter(gather, ScatterMode::Add, &index, &tensor(&[4u8, 5], &[2]))?;
    assert_eq!(bytes.to_vec::<u8>()?, [3]);
    let updates = tensor(&[1i32, 1], &[2]);
    let sum = tensor(&[i32::MAX], &[1]).scatter(gather, ScatterMode::Add, &index, &updates)?;
    assert_eq!(sum.to_vec::<i32>()?, [i32::MIN + 1]);
    Ok(())
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let (rows, width, picked) = (1000, 40, 5000);
    let index: Vec<i32> = (0..picked).map(|i| (i * i % rows) as i32).collect();
    let updates: Vec<f32> = (0..picked * width).map(|i| (i as f32 * 0.731).sin()).collect();
    for (kind, index_shape) in [(GatherKind::Select, vec![picked]), (GatherKind::Along, vec![picked, width])]
    {
        let count: usize = index_shape.iter().product();
        let index: Vec<i32> = index.iter().copied().cycle().take(count).collect();
        let results = |threads| {
            let device = with_options(Options { threads: Some(threads), memory_bytes: None }).unwrap();
            let base = Tensor::from_vec(vec![0.0f32; rows * width], [rows, width], &device).unwrap();
            let index = Tensor::from_vec(index.clone(), &index_shape[..], &device).unwrap();
            let updates = Tensor::from_vec(updates.clone(), [picked, width], &device).unwrap();
            let sum = base.scatter(Gather { kind, axis: 0 }, ScatterMode::Add, &index, &updates).unwrap();
            sum.to_vec::<f32>().unwrap()
        };
        assert!(results(1) == results(3), "{kind:?}");
    }
}

/// Results of less and more than what is written past the caches, of whole lines and not, from near and far.
#[test]
fn large_results_are_the_rows_that_were_picked() -> Result<()> {
    for (outer, size, width, picked) in [
        (1, 300, 512, 4095),
        (1, 300, 512, 4097),
        (3, 200, 16, 50_000),
        (2, 7, 33, 70_000),
        (1, 3, 700_000, 4),
    ] {
        let n = outer * size * width;
        let data: Vec<f32> = (0..=n).map(|i| i as f32).collect();
        let index: Vec<i32> = (0..picked).map(|i| ((i * i + 5 * i) % size) as i32).collect();
        // From the second element on, where no line starts.
        let x = tensor(&data, &[n + 1]).narrow(0, 1..)?.reshape([outer, size, width])?;
        let y = x.take(1, &tensor(&index, &[picked]))?.to_vec::<f32>()?;
        assert_eq!(y.len(), outer * picked * width);
        for (row, y) in y.chunks(width).enumerate() {
            let from = (row / picked * size + index[row % picked] as usize) * width + 1;
            assert!(y == &data[from..from + width], "row {row} of {outer} x {picked} of {width}");
        }
    }
    Ok(())
}
