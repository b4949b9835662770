//! Folds that take more than one pass, and views that need strides, against folds on the host.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

mod support;

use tensorkeep_tensor::{DType, Device, Tensor};

/// Numbers without a pattern, the same on every run.
fn numbers(count: usize) -> Vec<f32> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32 - 0.5).collect()
}

fn tensor(device: &Device, shape: [usize; 2]) -> (Tensor, Vec<f32>) {
    let data = numbers(shape[0] * shape[1]);
    (Tensor::from_vec(data.clone(), shape, device).unwrap(), data)
}

/// Long rows, long columns, and what lies between.
const SHAPES: [[usize; 2]; 6] = [[1, 40_001], [40_001, 1], [3, 17_000], [17_000, 3], [63, 64], [300, 5]];

#[test]
fn sums_of_any_length_agree() {
    let Some(device) = support::device() else { return };
    for shape in SHAPES {
        let (x, data) = tensor(&device, shape);
        for axis in [0, 1] {
            let got = x.sum([axis as isize], false).unwrap().to_vec::<f32>().unwrap();
            let mut want = vec![0f64; shape[1 - axis]];
            for (i, &value) in data.iter().enumerate() {
                want[[i % shape[1], i / shape[1]][axis]] += f64::from(value);
            }
            for (got, want) in got.iter().zip(want) {
                assert!((f64::from(*got) - want).abs() < 1e-4, "{shape:?} over {axis}: {got} {want}");
            }
        }
    }
}

#[test]
fn extremes_of_any_length_agree() {
    let Some(device) = support::device() else { return };
    for shape in SHAPES {
        let (x, data) = tensor(&device, shape);
        for x in [&x, &x.t().unwrap().contiguous().unwrap().t().unwrap()] {
            for axis in [0, 1] {
                let lines = (0..shape[1 - axis]).map(|line| {
                    let at = |i: usize| if axis == 1 { line * shape[1] + i } else { i * shape[1] + line };
                    (0..shape[axis]).map(|i| data[at(i)]).collect::<Vec<f32>>()
                });
                let lines: Vec<Vec<f32>> = lines.collect();
                let largest: Vec<f32> =
                    lines.iter().map(|line| line.iter().copied().fold(f32::MIN, f32::max)).collect();
                let at: Vec<i32> = lines
                    .iter()
                    .zip(&largest)
                    .map(|(line, largest)| line.iter().position(|x| x == largest).unwrap() as i32)
                    .collect();
                assert_eq!(
                    x.max([axis as isize], false).unwrap().to_vec::<f32>().unwrap(),
                    largest,
                    "{shape:?} over {axis}"
                );
                assert_eq!(
                    x.argmax(axis as isize, false).unwrap().to_vec::<i32>().unwrap(),
                    at,
                    "{shape:?} over {axis}"
                );
            }
        }
    }
}

#[test]
fn nan_wins_and_the_first_of_equals() {
    let Some(device) = support::device() else { return };
    let mut data = vec![1f32; 20_000];
    let x = |data: &[f32]| Tensor::from_vec(data.to_vec(), [data.len()], &device).unwrap();
    assert_eq!(x(&data).argmax(0, false).unwrap().to_vec::<i32>().unwrap(), [0]);
    data[17_123] = f32::NAN;
    data[19_000] = f32::NAN;
    let x = x(&data);
    assert_eq!(x.argmax(0, false).unwrap().to_vec::<i32>().unwrap(), [17_123]);
    assert_eq!(x.argmin(0, false).unwrap().to_vec::<i32>().unwrap(), [17_123]);
    for y in [x.max([0], false).unwrap(), x.min([0], false).unwrap(), x.sum([0], false).unwrap()] {
        assert!(y.to_vec::<f32>().unwrap()[0].is_nan());
    }
}

#[test]
fn integers_wrap_and_truths_fold() {
    let Some(device) = support::device() else { return };
    let bytes = Tensor::from_vec(vec![200u8; 1000], [1000], &device).unwrap();
    assert_eq!(bytes.sum([0], false).unwrap().to_vec::<u8>().unwrap(), [(200u32 * 1000) as u8]);
    let large = Tensor::from_vec(vec![i32::MAX; 20_000], [20_000], &device).unwrap();
    let want = (0..20_000).fold(0i32, |sum, _| sum.wrapping_add(i32::MAX));
    assert_eq!(large.sum([0], false).unwrap().to_vec::<i32>().unwrap(), [want]);
    let truths = bytes.map(|x| x.gt(100)).unwrap();
    assert_eq!(truths.dtype(), DType::Bool);
    assert_eq!(truths.min([0], false).unwrap().to_vec::<bool>().unwrap(), [true]);
}
