//! Gradients of slices, which are gathered and joined.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::grad;
use tensorkeep_tensor::{DType, Result, Tensor};

/// A slice along an axis: from, to, step.
type Slice = (usize, usize, usize, isize);

/// Slices of `x`, each multiplied by a number of its own, and `x` itself if `whole`, summed up.
fn weighted(x: &Tensor, slices: &[Slice], whole: bool) -> Result<Tensor> {
    let mut sum = if whole { x.mul(0.5)?.sum_all()? } else { x.mul(0.0)?.sum_all()? };
    for (i, &(axis, from, to, step)) in slices.iter().enumerate() {
        sum = sum.add(&x.slice(axis as isize, from..to, step)?.mul((1 << i) as f64)?.sum_all()?)?;
    }
    Ok(sum)
}

/// The gradient of [`weighted`], element by element.
fn expected(rows: usize, cols: usize, slices: &[Slice], whole: bool) -> Vec<f64> {
    let hits = |i: usize, &(_, from, to, step): &Slice| {
        let offset = if step < 0 { to - 1 - i.min(to - 1) } else { i.wrapping_sub(from) };
        (from..to).contains(&i) && offset.is_multiple_of(step.unsigned_abs())
    };
    let element = |row: usize, col: usize| {
        let weights = slices.iter().enumerate();
        let weights = weights.filter(|(_, slice)| hits(if slice.0 == 0 { row } else { col }, slice));
        weights.map(|(i, _)| f64::from(1 << i)).sum::<f64>() + if whole { 0.5 } else { 0.0 }
    };
    (0..rows).flat_map(|row| (0..cols).map(move |col| element(row, col))).collect()
}

#[test]
fn slices_are_joined_whatever_they_cover() {
    let (rows, cols) = (6, 4);
    let cases: [&[Slice]; 10] = [
        &[],
        &[(0, 0, 6, 1)],
        &[(0, 2, 4, 1)],
        &[(0, 0, 2, 1), (0, 2, 3, 1), (0, 3, 6, 1)], // side by side
        &[(0, 4, 6, 1), (0, 0, 1, 1), (0, 2, 3, 1)], // with gaps, out of order
        &[(1, 0, 3, 1), (1, 1, 4, 1), (1, 2, 3, 1), (1, 0, 4, 1)], // overlapping, more than fits into the whole twice
        &[(0, 1, 2, 1), (0, 1, 2, 1), (0, 1, 2, 1)],               // the same again
        &[(0, 0, 2, 1), (1, 1, 3, 1), (0, 3, 6, 1)],               // along both axes
        &[(0, 0, 6, 2), (1, 0, 4, 3), (0, 0, 3, 1)],               // with steps
        &[(0, 2, 2, 1), (1, 0, 1, 1)],                             // nothing
    ];
    let x = Tensor::arange(rows * cols, DType::F64, &tensorkeep_cpu::device()).unwrap();
    let x = x.reshape([rows, cols]).unwrap();
    for slices in cases {
        for whole in [false, true] {
            let dx = grad(|x: &Tensor| weighted(x, slices, whole), &x).unwrap();
            assert_eq!(
                dx.to_vec::<f64>().unwrap(),
                expected(rows, cols, slices, whole),
                "{slices:?} {whole}"
            );
            // Of the gradient too: that of Σ (d/dx)² x is itself times two.
            let square = |x: &Tensor| weighted(&x.mul(x)?, slices, whole);
            let second = grad(|x: &Tensor| grad(square, x)?.sum_all(), &x).unwrap();
            let twice: Vec<f64> = expected(rows, cols, slices, whole).iter().map(|dx| 2.0 * dx).collect();
            assert_eq!(second.to_vec::<f64>().unwrap(), twice, "{slices:?} {whole}");
        }
    }
}
