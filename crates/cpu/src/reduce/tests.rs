//! Folds of rows on each instruction set, around the edges of their chunks.

use std::marker::PhantomData;

use tensorkeep_tensor::{DType, Result, Tensor};

use super::element::Number;
use super::fold::{Fold, Largest, Product, Smallest, SquareSum, Sum};
use super::row::Row;
use crate::device;
use crate::dispatch::dispatch_on;
use crate::isa::Isa;

const LENGTHS: [usize; 15] = [0, 1, 31, 32, 33, 63, 64, 65, 95, 96, 97, 127, 128, 129, 1024];

/// The fold of `x` on each instruction set, after that of one number at a time.
fn folds<L: Number, F: Fold<L>>(x: &[L]) -> (F::Part, Vec<F::Part>) {
    let one_by_one = x.iter().fold(F::START, |part, &x| F::join(part, F::lift(x)));
    let on = |isa| dispatch_on(isa, Row::<L, F, _> { x, f: |x| x, with: PhantomData });
    (one_by_one, Isa::available().map(on).collect())
}

fn check<L: Number, F: Fold<L>>(x: &[L], what: &str) {
    let (expected, found) = folds::<L, F>(x);
    for (level, found) in found.iter().enumerate() {
        assert!(*found == expected, "{what} of {} numbers, instruction set {level}", x.len());
    }
}

/// Small integers, whose sums are exact in any order.
fn numbers(len: usize) -> impl Iterator<Item = i32> {
    (0..len as i32).map(|i| i * 37 % 23 - 11)
}

#[test]
fn rows_fold_as_one_by_one() {
    for len in LENGTHS {
        let integers: Vec<i64> = numbers(len).map(i64::from).collect();
        let singles: Vec<f32> = numbers(len).map(|x| x as f32).collect();
        let doubles: Vec<f64> = numbers(len).map(f64::from).collect();
        check::<i64, Sum>(&integers, "sum");
        check::<i64, Product>(&integers, "product");
        check::<i64, Largest>(&integers, "largest");
        check::<i64, Smallest>(&integers, "smallest");
        check::<f32, Sum>(&singles, "sum");
        check::<f32, SquareSum>(&singles, "sum of squares");
        check::<f32, Largest>(&singles, "largest");
        check::<f32, Smallest>(&singles, "smallest");
        check::<f64, Sum>(&doubles, "sum");
        check::<f64, Largest>(&doubles, "largest");
        check::<f64, Smallest>(&doubles, "smallest");
    }
}

/// The largest and the smallest are found wherever they are, infinities too, and NaN wherever that is.
#[test]
fn extremes_are_found_at_each_place() {
    fn check_at<L: Number, F: Fold<L, Part = L>>(x: &mut [L], extreme: L) {
        for at in 0..x.len() {
            let before = std::mem::replace(&mut x[at], extreme);
            for found in folds::<L, F>(x).1 {
                let both_nan = found.is_nan() && extreme.is_nan();
                assert!(found == extreme || both_nan, "at {at} of {}", x.len());
            }
            x[at] = before;
        }
    }
    for len in LENGTHS {
        let mut singles: Vec<f32> = numbers(len).map(|x| x as f32).collect();
        let mut doubles: Vec<f64> = numbers(len).map(f64::from).collect();
        for extreme in [12.0, f32::INFINITY, f32::NAN, -f32::NAN] {
            check_at::<f32, Largest>(&mut singles, extreme);
            check_at::<f32, Smallest>(&mut singles, -extreme);
            check_at::<f64, Largest>(&mut doubles, extreme.into());
            check_at::<f64, Smallest>(&mut doubles, (-extreme).into());
        }
    }
}

/// The smallest, and where it is, in rows and in columns of each dtype: NaN before all numbers, the first among equals, and the
/// least number that there is.
#[test]
fn the_smallest_is_found_at_each_place() -> Result<()> {
    let of = |extremes: &[f64], dtypes: &[DType]| -> Result<()> {
        for (len, &dtype) in [1, 2, 63, 65, 1024, 1030]
            .into_iter()
            .flat_map(|len| dtypes.iter().map(move |dtype| (len, dtype)))
        {
            for &extreme in extremes {
                for at in (0..len).step_by(1 + len / 9) {
                    let mut x: Vec<f64> = numbers(len).map(|x| f64::from(x + 20)).collect();
                    x[at] = extreme;
                    if at % 2 == 0 {
                        x[len - 1] = extreme;
                    }
                    let row = Tensor::from_vec(x, [1, len], &device())?.to_dtype(dtype)?;
                    let columns = Tensor::concat(&[&row, &row, &row], 0)?.transpose(0, 1)?.contiguous()?;
                    for (x, axis, count) in [(&row, 1, 1), (&columns, 0, 3)] {
                        let found = x.min([axis], false)?.to_dtype(DType::F64)?.to_vec::<f64>()?;
                        let same = |y: &f64| *y == extreme || (y.is_nan() && extreme.is_nan());
                        assert!(
                            found.len() == count && found.iter().all(same),
                            "{dtype}: {found:?}, {extreme} at {at} of {len}"
                        );
                        let places = x.argmin(axis, false)?.to_vec::<i32>()?;
                        assert_eq!(places, vec![at as i32; count], "{dtype}: {extreme} at {at} of {len}");
                    }
                }
            }
        }
        Ok(())
    };
    of(&[f64::NAN, f64::NEG_INFINITY, -3.0], &[DType::F64, DType::F32, DType::F16, DType::BF16])?;
    of(&[f64::from(i32::MIN), -3.0], &[DType::I64, DType::I32])?;
    of(&[0.0, 3.0], &[DType::U8])
}

/// What a row starts with and is filled up with is not seen, even where it is the extreme.
#[test]
fn rows_of_what_changes_nothing() {
    for len in LENGTHS {
        check::<f32, Largest>(&vec![f32::NEG_INFINITY; len], "largest");
        check::<f32, Smallest>(&vec![f32::INFINITY; len], "smallest");
        check::<f32, Sum>(&vec![-0.0; len], "sum");
        check::<i64, Largest>(&vec![i64::MIN; len], "largest");
        check::<i64, Smallest>(&vec![i64::MAX; len], "smallest");
    }
}

/// Columns of any number of rows, which are taken some at a time and in blocks: sums that are exact, and NaN in each row.
#[test]
fn columns_fold_as_one_by_one() -> Result<()> {
    for rows in [1, 2, 3, 4, 5, 7, 8, 9, 63, 64, 65, 66, 67, 68, 129] {
        for columns in [2, 33, 1024, 1030] {
            let integers: Vec<i32> = numbers(rows * columns).collect();
            let x = Tensor::from_vec(integers.clone(), [rows, columns], &device())?;
            let by_column = |fold: fn(i32, i32) -> i32, start| {
                let column = |j| (0..rows).map(|i| integers[i * columns + j]).fold(start, fold);
                (0..columns).map(column).collect::<Vec<i32>>()
            };
            let (sums, largest) = (by_column(|a, b| a + b, 0), by_column(i32::max, i32::MIN));
            for dtype in [DType::I32, DType::F32, DType::F64, DType::BF16] {
                let x = x.to_dtype(dtype)?;
                let sum = x.sum([0], false)?;
                assert_eq!(
                    sum.to_dtype(DType::I32)?.to_vec::<i32>()?,
                    sums,
                    "{rows} by {columns} of {dtype}"
                );
                let max = x.max([0], false)?.to_dtype(DType::I32)?.to_vec::<i32>()?;
                assert_eq!(max, largest, "{rows} by {columns} of {dtype}");
            }
            let mut singles: Vec<f32> = integers.iter().map(|&x| x as f32).collect();
            for row in 0..rows {
                let before = std::mem::replace(&mut singles[row * columns + 1], f32::NAN);
                let x = Tensor::from_vec(singles.clone(), [rows, columns], &device())?;
                for y in [x.max([0], false)?, x.min([0], false)?] {
                    let nan: Vec<bool> = y.to_vec::<f32>()?.iter().map(|y| y.is_nan()).collect();
                    assert!(nan.iter().enumerate().all(|(j, &nan)| nan == (j == 1)), "row {row} of {rows}");
                }
                singles[row * columns + 1] = before;
            }
        }
    }
    Ok(())
}
