//! Awkward windows and hostile indices.

use tensorkeep_tensor::op::{Op, Pool, PoolGrad, PoolKind, Window};
use tensorkeep_tensor::{ErrorKind, Outputs, Result, Tensor};

use crate::{Options, device, with_options};

const NAN: f32 = f32::NAN;
const LOW: f32 = f32::NEG_INFINITY;

fn pool(kind: PoolKind, kernel: usize, stride: usize, padding: (usize, usize)) -> Pool {
    let window = Window { stride: [stride; 3], padding: [padding; 3], ..Window::default() };
    Pool { kind, kernel: [kernel; 3], window }
}

fn apply(pool: Pool, x: &Tensor) -> Result<Outputs> {
    Tensor::apply(&Op::Pool(pool), &[x])
}

#[test]
fn the_first_maximum_wins_and_padding_never_does() {
    for (x, kernel, stride, padding, want, want_index) in [
        (vec![1.0, 3.0, 3.0, 2.0], 2, 1, (0, 0), vec![3.0, 3.0, 3.0], vec![1, 1, 2]),
        (vec![1.0, NAN, 3.0, NAN], 3, 1, (0, 0), vec![NAN, NAN], vec![1, 1]),
        (vec![LOW, LOW, LOW], 2, 1, (1, 1), vec![LOW; 4], vec![0, 0, 1, 2]),
        (vec![-0.0, 0.0, -1.0], 3, 2, (1, 1), vec![0.0, 0.0], vec![0, 1]),
    ] {
        let n = x.len();
        let x = Tensor::from_vec(x, [1, 1, n], &device()).unwrap();
        let outputs = apply(pool(PoolKind::Max, kernel, stride, padding), &x).unwrap();
        let got = outputs[0].to_vec::<f32>().unwrap();
        let same = got.iter().zip(&want).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(same && got.len() == want.len(), "{got:?} and not {want:?}");
        assert_eq!(outputs[1].to_vec::<i32>().unwrap(), want_index);
    }
}

/// Rows of windows as long as vectors, a bit longer, shorter, and with some that reach into the padding.
#[test]
fn rows_of_any_length_have_their_maxima() {
    let special = [LOW, -0.0, NAN, 0.0, f32::INFINITY, LOW];
    let value = |i: usize| special.get(i * i % 23).copied().unwrap_or((i * 7 % 5) as f32);
    for (kernel, stride, padding) in
        [(1, 1, (0, 0)), (2, 2, (0, 0)), (2, 2, (1, 1)), (3, 2, (1, 1)), (3, 1, (1, 0)), (3, 3, (0, 1))]
    {
        for windows in (1_usize..20).chain([31, 33]) {
            let n = ((windows - 1) * stride + kernel).saturating_sub(padding.0 + padding.1);
            if n == 0 {
                continue;
            }
            let data: Vec<f32> = (0..2 * n).map(value).collect();
            let x = Tensor::from_vec(data.clone(), [1, 2, n], &device()).unwrap();
            let outputs = apply(pool(PoolKind::Max, kernel, stride, padding), &x).unwrap();
            let (mut want, mut want_index) = (Vec::new(), Vec::new());
            for channel in data.chunks(n) {
                for p in 0..windows {
                    let start = (p * stride).saturating_sub(padding.0);
                    let end = (p * stride + kernel - padding.0).min(n);
                    let wins = |a: f32, b: f32| a > b || (a.is_nan() && !b.is_nan());
                    let best = (start..end).reduce(|a, b| if wins(channel[b], channel[a]) { b } else { a });
                    want.push(channel[best.unwrap()].to_bits());
                    want_index.push(best.unwrap() as i32);
                }
            }
            let got: Vec<u32> = outputs[0].to_vec::<f32>().unwrap().iter().map(|y| y.to_bits()).collect();
            assert_eq!(got, want, "{windows} windows of {kernel}, stride {stride}, {padding:?}");
            assert_eq!(outputs[1].to_vec::<i32>().unwrap(), want_index);
        }
    }
}

#[test]
fn a_window_mostly_of_padding_costs_what_it_sees() {
    let x = Tensor::from_vec(vec![2.0f32, 4.0], [1, 1, 2, 1, 1], &device()).unwrap();
    let kernel = 1 << 40;
    let mut huge = pool(PoolKind::Mean { count_padding: false }, kernel, 1, (kernel / 2, kernel / 2));
    let means = apply(huge, &x).unwrap()[0].to_vec::<f32>().unwrap();
    assert_eq!((means.len(), means[0], means[11]), (12, 3.0, 3.0));
    huge.kind = PoolKind::Max;
    let outputs = apply(huge, &x).unwrap();
    assert_eq!(outputs[1].to_vec::<i32>().unwrap()[..4], [1; 4]);
}

#[test]
fn a_window_of_nothing_but_padding_is_refused() {
    let x = Tensor::from_vec(vec![2.0f32], [1, 1, 1], &device()).unwrap();
    let mut empty = pool(PoolKind::Max, 2, 1, (1, 1));
    empty.window.dilation = [2; 3];
    assert_eq!(apply(empty, &x).unwrap_err().kind(), ErrorKind::Value);
}

#[test]
fn indices_outside_their_block_are_errors() {
    let dy = Tensor::from_vec(vec![1.0f32; 4], [1, 2, 2], &device()).unwrap();
    let grad = PoolGrad { pool: pool(PoolKind::Max, 2, 2, (0, 0)), input: [4, 0, 0] };
    for (index, message) in [
        ([0, 3, 4, 1], "index 4 at [0, 1, 0] is outside a spatial block of size 4: use 0 to 3"),
        ([0, 3, 1, -1], "index -1 at [0, 1, 1] is outside a spatial block of size 4: use 0 to 3"),
    ] {
        let index = Tensor::from_vec(index.to_vec(), [1, 2, 2], &device()).unwrap();
        let error = Tensor::apply(&Op::PoolGrad(grad), &[&dy, &index]).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::Index, message));
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let data: Vec<f32> = (0..8 * 16 * 40 * 40).map(|i| (i as f32 * 0.731).sin()).collect();
    for kind in [PoolKind::Max, PoolKind::Mean { count_padding: false }] {
        let pool = pool(kind, 3, 2, (1, 1));
        let results = |threads| {
            let device = with_options(Options { threads: Some(threads), memory_bytes: None }).unwrap();
            let x = Tensor::from_vec(data.clone(), [8, 16, 40, 40], &device).unwrap();
            let y = apply(pool, &x).unwrap();
            let grad = Op::PoolGrad(PoolGrad { pool, input: [40, 40, 0] });
            let dx = Tensor::apply(&grad, &y.iter().collect::<Vec<_>>()).unwrap();
            [&y[0], &dx[0]].map(|result| result.to_vec::<f32>().unwrap())
        };
        assert!(results(1) == results(3), "{kind:?}");
    }
}
