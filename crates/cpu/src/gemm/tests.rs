//! Products against the schoolbook definition, for every instruction set, number type, shape and stride.

use std::fmt::Debug;

use half::{bf16, f16};

use super::*;
use element::Accumulator;

/// The caller's thread.
fn alone() -> Workers {
    Workers::start(1).unwrap()
}

/// Shapes `[m, n, k]`: around the sizes of tiles and blocks, of one row or column, and empty.
const SHAPES: &[[usize; 3]] = &[
    [1, 1, 1],
    [1, 7, 300],
    [9, 1, 300],
    [1, 1, 2500],
    [3, 5, 1100],
    [5, 3, 64],
    [4, 33, 17],
    [6, 16, 9],
    [14, 32, 70],
    [15, 33, 260],
    [64, 10, 257],
    [43, 17, 513],
    [260, 35, 20],
    // Left operands that are packed, of which tiles take parts of two panels, in one block and in two.
    [32, 80, 512],
    [257, 70, 64],
    [7, 1030, 11],
    // Few rows, wider than what is computed at a time.
    [3, 4103, 19],
    // Few rows, on a right operand whose columns lie side by side.
    [9, 37, 301],
    [6, 530, 41],
    [0, 4, 4],
    [4, 0, 4],
    [4, 4, 0],
];

/// A number type, its small integers, and what the reference is computed in. Small integers multiply exactly
/// in all types, so that any order of summation must give the same bits.
trait Exact: Element + Debug + PartialEq {
    fn from_small(value: i32) -> Self;
}

macro_rules! exact {
    ($($element:ident: $from:expr;)*) => {$(
        impl Exact for $element {
            fn from_small(value: i32) -> Self {
                let from: fn(i32) -> Self = $from;
                from(value)
            }
        }
    )*};
}

exact! {
    f32: |value| value as f32;
    f64: f64::from;
    i32: |value| value;
    i64: i64::from;
    f16: |value| f16::from_f32(value as f32);
    bf16: |value| bf16::from_f32(value as f32);
}

/// Layouts of an operand of a given shape: buffer length, offset of the first of two matrices, strides.
fn layouts([rows, cols]: [usize; 2]) -> [(usize, usize, [isize; 2]); 6] {
    let (size, r, c) = (rows * cols, rows as isize, cols as isize);
    let end = size.saturating_sub(1);
    [
        (size, 0, [c, 1]),
        (size, 0, [1, r]),
        (size, end, [-c, -1]),
        (3 + 2 * rows * (cols + 3), 3, [2 * (c + 3), 2]),
        (rows.max(1), 0, [1, 0]),
        (cols.max(1), 0, [0, 1]),
    ]
}

/// Deterministic integers in `-2..=2`, whose sums of up to 2,500 products are exact in `f32` and mostly
/// small.
fn small(i: usize) -> i32 {
    ((i.wrapping_mul(2_654_435_761) >> 7) % 5) as i32 - 2
}

fn check<T: Exact>(isa: Isa, [m, n, k]: [usize; 3], store: Store) {
    for (a_len, a_offset, a_strides) in layouts([m, k]) {
        for (b_len, b_offset, b_strides) in layouts([k, n]) {
            let a_small: Vec<i32> = (0..a_len).map(small).collect();
            let b_small: Vec<i32> = (0..b_len).map(|i| small(i + 77)).collect();
            let at = |small: &[i32], offset: usize, [row, col]: [isize; 2], i: usize, j: usize| {
                small[offset.strict_add_signed(i as isize * row + j as isize * col)]
            };
            let initial = if store == Store::Accumulate { 3 } else { 0 };
            let expected: Vec<T> = (0..m * n)
                .map(|ij| {
                    let (i, j) = (ij / n, ij % n);
                    let terms = (0..k).map(|p| {
                        at(&a_small, a_offset, a_strides, i, p) * at(&b_small, b_offset, b_strides, p, j)
                    });
                    T::from_small(initial + terms.sum::<i32>())
                })
                .collect();
            let a: Vec<T> = a_small.iter().map(|&value| T::from_small(value)).collect();
            let b: Vec<T> = b_small.iter().map(|&value| T::from_small(value)).collect();
            let mut c = vec![T::from_small(3); m * n];
            let a = Matrices { data: &a, offsets: &[a_offset], strides: a_strides };
            let b = Matrices { data: &b, offsets: &[b_offset], strides: b_strides };
            gemm_on(isa, &alone(), [m, n, k], a, b, &mut c, store, None).unwrap();
            assert!(c == expected, "{isa:?} {m}x{n}x{k} {a_strides:?} {b_strides:?} {store:?}");
        }
    }
}

#[test]
fn products_are_the_schoolbooks() {
    for isa in Isa::available() {
        for &shape in SHAPES {
            check::<f32>(isa, shape, Store::Overwrite);
            check::<f32>(isa, shape, Store::Accumulate);
            check::<f64>(isa, shape, Store::Accumulate);
        }
        for &shape in SHAPES.iter().step_by(2) {
            check::<f16>(isa, shape, Store::Overwrite);
            check::<bf16>(isa, shape, Store::Accumulate);
            check::<i32>(isa, shape, Store::Overwrite);
            check::<i64>(isa, shape, Store::Accumulate);
        }
    }
}

/// Rows of the right operand that are a power of two apart, and compete for places in the cache, are read in less deep blocks: with
/// the same result as others.
#[test]
fn rows_that_compete_for_places_give_what_others_give() {
    fn check<T: Exact>(isa: Isa, [m, n, k]: [usize; 3]) {
        let a: Vec<T> = (0..m * k).map(|i| T::from_small(small(i))).collect();
        let product = |pitch: usize| {
            let mut b = vec![T::from_small(1); k * pitch];
            for (p, row) in b.chunks_exact_mut(pitch).enumerate() {
                row[..n].iter_mut().enumerate().for_each(|(j, b)| *b = T::from_small(small(p * n + j)));
            }
            let mut c = vec![T::from_small(3); m * n];
            let a = Matrices { data: &a, offsets: &[0], strides: [k as isize, 1] };
            let b = Matrices { data: &b, offsets: &[0], strides: [pitch as isize, 1] };
            gemm_on(isa, &alone(), [m, n, k], a, b, &mut c, Store::Accumulate, None).unwrap();
            c
        };
        assert!(product(n) == product(n + 16), "{isa:?} {m}x{n}x{k}");
    }
    for isa in Isa::available() {
        for shape in [[5, 1024, 515], [7, 1024, 1030], [9, 2048, 258]] {
            check::<f32>(isa, shape);
            check::<f64>(isa, shape);
            check::<i32>(isa, shape);
        }
    }
}

#[test]
fn integers_wrap_around() {
    let (a, b, mut c) = ([i32::MAX, 2], [2, i32::MAX], [0]);
    let a = Matrices { data: &a, offsets: &[0], strides: [2, 1] };
    let b = Matrices { data: &b, offsets: &[0], strides: [1, 1] };
    gemm(&alone(), [1, 1, 2], a, b, &mut c, Store::Overwrite).unwrap();
    assert_eq!(c, [-4]);
}

/// Nothing is reached by the stride of an axis with one element, however far it says the next is.
#[test]
fn strides_of_single_elements_do_not_matter() {
    let data: Vec<f32> = (0..90).map(|x| x as f32).collect();
    for isa in Isa::available() {
        for stride in [isize::MIN, isize::MAX, 0, 7] {
            for (m, n) in [(1, 90), (9, 20), (60, 64), (90, 1)] {
                let a = Matrices { data: &data, offsets: &[0], strides: [1, stride] };
                let b = Matrices { data: &data, offsets: &[0], strides: [stride, 1] };
                let mut c = vec![0.0; m * n];
                gemm_on(isa, &alone(), [m, n, 1], a, b, &mut c, Store::Overwrite, None).unwrap();
                assert!(
                    c.iter().enumerate().all(|(ij, &c)| c == data[ij / n] * data[ij % n]),
                    "{m}x{n} {stride}"
                );
            }
        }
    }
}

#[test]
fn not_a_number_and_infinities_spread() {
    let (a, b) = ([f32::INFINITY, 1.0, f32::NAN, 1.0], [0.0, 1.0, 1.0, 1.0]);
    let mut c = [0.0; 4];
    let a = Matrices { data: &a, offsets: &[0], strides: [2, 1] };
    let b = Matrices { data: &b, offsets: &[0], strides: [2, 1] };
    gemm(&alone(), [2, 2, 2], a, b, &mut c, Store::Overwrite).unwrap();
    assert!(c[0].is_nan() && c[1] == f32::INFINITY && c[2].is_nan() && c[3].is_nan(), "{c:?}");
}

/// Numbers whose sums depend on the order of summation.
fn irregular(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i as f32 * 0.731).sin()).collect()
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for ([m, n, k], b_strides) in [
        ([130, 300, 290], [300, 1]),
        ([3, 2000, 700], [1, 700]),
        ([1, 3000, 900], [3000, 1]),
        ([3000, 1, 900], [1, 1]),
        ([600, 20, 300], [1, 300]),
        ([64, 1024, 600], [1024, 1]),
        // Divided only where a thread is awake.
        ([128, 130, 140], [130, 1]),
    ] {
        let (a, b) = (irregular(m * k), irregular(k * n));
        let product = |threads| {
            let mut c = vec![0.0; m * n];
            let a = Matrices { data: &a, offsets: &[0], strides: [k as isize, 1] };
            let b = Matrices { data: &b, offsets: &[0], strides: b_strides };
            let workers = Workers::start(threads).unwrap();
            // The first one may wake it.
            for _ in 0..8 {
                c.fill(0.0);
                gemm(&workers, [m, n, k], a, b, &mut c, Store::Overwrite).unwrap();
            }
            c
        };
        let alone = product(1);
        for threads in [2, 3, 8] {
            assert!(product(threads) == alone, "{m}x{n}x{k} on {threads} threads");
        }
    }
}

#[test]
fn a_batch_is_its_products_one_by_one() {
    for ([m, n, k], batch) in [([20, 30, 40], 3), ([64, 64, 64], 40), ([5, 2, 3], 1000)] {
        let (a, b) = (irregular(m * k), irregular(k * n * batch));
        let strides = ([k as isize, 1], [n as isize, 1]);
        // The left operand is the same throughout; the right ones are taken in reverse.
        let b_offsets: Vec<usize> = (0..batch).rev().map(|i| i * k * n).collect();
        let mut c = vec![0.0; batch * m * n];
        let left = Matrices { data: &a, offsets: &vec![0; batch], strides: strides.0 };
        let right = Matrices { data: &b, offsets: &b_offsets, strides: strides.1 };
        gemm(&alone(), [m, n, k], left, right, &mut c, Store::Overwrite).unwrap();
        for (c, b_offset) in c.chunks_exact(m * n).zip(&b_offsets) {
            let mut one = vec![0.0; m * n];
            let left = Matrices { offsets: &[0], ..left };
            let right = Matrices { offsets: std::slice::from_ref(b_offset), ..right };
            gemm(&alone(), [m, n, k], left, right, &mut one, Store::Overwrite).unwrap();
            assert!(one == c, "{m}x{n}x{k}");
        }
    }
}

#[test]
fn operands_that_do_not_fit_are_errors() {
    let data = [1.0_f32; 12];
    const HUGE: usize = 1 << 63;
    for (shape, offset, strides, c_len) in [
        ([3, 3, 4], 1, [4, 1], 9),
        ([3, 3, 4], 0, [-4, 1], 9),
        ([3, 3, 4], usize::MAX, [4, 1], 9),
        ([3, 3, 4], 0, [4, isize::MIN], 9),
        ([3, 3, 4], 0, [4, 1], 8),
        ([3, 3, HUGE], 0, [4, 1], 9),
        ([HUGE, 2, 1], 0, [4, 1], 0),
    ] {
        let mut c = vec![0.0; c_len];
        let a = Matrices { data: &data, offsets: &[offset], strides };
        let b = Matrices { data: &data, offsets: &[0], strides: [3, 1] };
        assert!(
            gemm(&alone(), shape, a, b, &mut c, Store::Overwrite).is_err(),
            "{shape:?} {offset} {strides:?}"
        );
    }
}

/// Matrices whose rows lie anywhere, also on top of each other, on both sides.
#[test]
fn gathered_products_are_the_schoolbooks() {
    fn check<T: Exact + Accumulator>(isa: Isa, [m, n, k]: [usize; 3]) {
        let buffer: Vec<i32> = (0..4 * (k.max(m) + n.max(k) + SLACK)).map(small).collect();
        let start = |i: usize| i.wrapping_mul(2_654_435_761) % (3 * k.max(m));
        let starts: Vec<isize> = (0..k.max(m)).map(|i| start(i) as isize).collect();
        let matrix: Vec<i32> = (0..(m + n) * k).map(|i| small(i + 9)).collect();
        let [values, dense] =
            [&buffer, &matrix].map(|from| from.iter().map(|&x| T::from_small(x)).collect::<Vec<_>>());
        let sum = |term: &dyn Fn(usize) -> i32| T::from_small((0..k).map(term).sum());

        let b = Gathered::new(&values, &starts[..k], n + SLACK).unwrap();
        let mut seen = vec![false; n];
        // Two ranges, out of order.
        let ranges = [n / 3..n, 0..n / 3];
        multiply_columns(isa, m, &dense[..m * k], b, ranges.into_iter(), |sums| {
            for (i, row) in sums.rows.enumerate() {
                for (at, j) in sums.cols.clone().enumerate() {
                    assert!(
                        row[at] == sum(&|p| matrix[i * k + p] * buffer[start(p) + j]),
                        "{isa:?} {m}x{n}x{k}"
                    );
                    seen[j] = true;
                }
            }
        })
        .unwrap();
        assert!(seen.iter().all(|&seen| seen));

        let a = Gathered::new(&values, &starts[..m], k).unwrap();
        let b = Matrices { data: &dense, offsets: &[0], strides: [1, k as isize] };
        let mut c = vec![T::from_small(7); m * n];
        for store in [Store::Overwrite, Store::Accumulate] {
            multiply_rows(isa, a, b, n, &mut c, store).unwrap();
        }
        for (ij, c) in c.iter().enumerate() {
            let (i, j) = (ij / n, ij % n);
            assert!(*c == sum(&|p| 2 * buffer[start(i) + p] * matrix[j * k + p]), "{isa:?} {m}x{n}x{k}");
        }
    }
    for isa in Isa::available() {
        for &shape in SHAPES.iter().filter(|shape| !shape.contains(&0)) {
            check::<f32>(isa, shape);
            check::<f64>(isa, shape);
        }
    }
}

#[test]
fn gathered_matrices_outside_their_buffer_do_not_exist() {
    let data = [0.0f32; 12];
    for (rows, cols, fits) in [
        (&[0, 8][..], 4, true),
        (&[], 99, true),
        (&[12], 0, true),
        (&[0, 9], 4, false),
        (&[-1, 0], 4, false),
        (&[isize::MAX], 1, false),
        (&[0], usize::MAX, false),
    ] {
        assert_eq!(Gathered::new(&data, rows, cols).is_ok(), fits, "{rows:?} {cols}");
    }
    // Too few columns for what tiles read beyond the last.
    let b = Gathered::new(&data, &[0], 11).unwrap();
    let wide = std::iter::once(0..11);
    assert!(multiply_columns(Isa::best(), 1, &data[..1], b, wide, |_| ()).is_err());
}
