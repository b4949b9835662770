//! Gradients of matrices that are multiplied several times, which are gathered and computed as one product.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::grad;
use tensorkeep_tensor::{Result, Tensor};

/// How a matrix is used.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// As a right operand, of rows so many.
    Right(usize),
    /// Its transpose as a right operand.
    TransposedRight(usize),
    /// As a right operand for two matrices of a batch.
    Batch(usize),
    /// As a left operand, of columns so many.
    Left(usize),
    /// Otherwise.
    Sum,
    /// The sum of its first row.
    Row,
}

use Use::{Batch, Left, Right, Row, Sum, TransposedRight};

/// Rows and columns of the matrix: much wider than high and the reverse, products of many rows are computed as their transpose.
const SHAPES: [[usize; 2]; 3] = [[2, 3], [2, 5], [7, 3]];

/// Whole numbers in no order, so that sums are exact.
fn numbers(shape: &[usize], seed: usize) -> Result<Tensor> {
    let values: Vec<f64> =
        (0..shape.iter().product()).map(|i| ((7 * i + 5 * seed) % 11) as f64 - 5.0).collect();
    Tensor::from_vec(values, shape, &tensorkeep_cpu::device())
}

/// Linear in `w`: the sum over all uses, each entry of their results weighted.
fn weighted(w: &Tensor, uses: &[Use]) -> Result<Tensor> {
    let [rows, cols] = w.dims()?;
    let mut sum = w.sum_all()?.mul(0.0)?;
    for (seed, &use_) in uses.iter().enumerate() {
        let result = match use_ {
            Right(count) => numbers(&[count, rows], seed)?.matmul(w)?,
            TransposedRight(count) => numbers(&[count, cols], seed)?.matmul(&w.t()?)?,
            Batch(count) => numbers(&[2, count, rows], seed)?.matmul(w)?,
            Left(count) => w.matmul(&numbers(&[cols, count], seed)?)?,
            Sum => w.clone(),
            Row => w.at(0, 0)?,
        };
        let weights = numbers(result.shape(), seed + 3)?;
        sum = sum.add(&result.mul(&weights)?.sum_all()?)?;
    }
    Ok(sum)
}

/// The gradient of [`weighted`], from its values at matrices with a single one.
fn expected(shape: [usize; 2], uses: &[Use]) -> Result<Vec<f64>> {
    let count = shape.iter().product();
    let unit = |at: usize| (0..count).map(|i| f64::from(u8::from(i == at))).collect::<Vec<f64>>();
    let at_unit = |at| weighted(&Tensor::from_vec(unit(at), shape, &tensorkeep_cpu::device())?, uses);
    let value = |at| Ok(at_unit(at)?.item()?.as_f64());
    (0..count).map(value).collect()
}

#[test]
fn products_are_gathered_whatever_they_are_mixed_with() {
    let table: &[&[Use]] = &[
        &[Right(1)],
        &[Right(4), Right(1)],
        &[Right(1), Right(1), Right(1), Right(1)],
        &[Right(9), Right(1)],
        &[Right(1), Right(9), TransposedRight(8)],
        &[TransposedRight(9), Sum, Right(2), TransposedRight(1)],
        &[TransposedRight(2)],
        &[TransposedRight(1), TransposedRight(3), TransposedRight(1)],
        &[Right(1), TransposedRight(1), Right(2), TransposedRight(2)],
        &[Right(1), Sum, Right(1)],
        &[Sum, TransposedRight(1), Sum, TransposedRight(1)],
        &[Batch(2), Right(1), Batch(1)],
        &[Left(2), Right(1), Left(1), Right(1)],
        &[Row, Right(1), Row, TransposedRight(1)],
        &[Right(1), Row, Sum],
        &[Right(0)],
        &[Right(0), TransposedRight(1), Batch(0)],
    ];
    for (shape, &uses) in SHAPES.into_iter().flat_map(|shape| table.iter().map(move |uses| (shape, uses))) {
        let w = numbers(&shape, 1).unwrap();
        let by_units = expected(shape, uses).unwrap();
        let dw = grad(|w: &Tensor| weighted(w, uses), &w).unwrap();
        assert_eq!(dw.to_vec::<f64>().unwrap(), by_units, "{shape:?}, {uses:?}");
        // Of its square: the gradient is 2 w times as much, whose own sum has the gradient 2 times as much.
        let square = |w: &Tensor| weighted(&w.mul(w)?, uses);
        let second = grad(|w: &Tensor| grad(square, w)?.sum_all(), &w).unwrap();
        let twice: Vec<f64> = by_units.iter().map(|dw| 2.0 * dw).collect();
        assert_eq!(second.to_vec::<f64>().unwrap(), twice, "{shape:?}, {uses:?}");
    }
}
