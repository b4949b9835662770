//! Sorting along an axis.

use std::cmp::Ordering;

use tensorkeep_tensor::op::{Sort, Spec};
use tensorkeep_tensor::{DType, Scalar};

use super::Operand;
use crate::{Bounded, Expected};

pub(super) fn expect(sort: &Sort, x: &Operand<'_>, results: &[Spec]) -> Vec<Expected> {
    let order = |line: &[Scalar]| -> Vec<usize> {
        let mut order: Vec<usize> = (0..line.len()).collect();
        order.sort_by(|&i, &j| {
            let forward = compare(line[i], line[j], x.dtype());
            if sort.descending { forward.reverse() } else { forward }
        });
        order
    };
    let values = Expected::from_lines(results[0], sort.axis, |index| {
        let line = x.line(index, sort.axis);
        order(&line).into_iter().map(|i| Bounded::exact(line[i])).collect()
    });
    let places = Expected::from_lines(results[1], sort.axis, |index| {
        order(&x.line(index, sort.axis)).into_iter().map(|i| Bounded::exact(Scalar::Int(i as i64))).collect()
    });
    vec![values, places]
}

/// The order of numbers, NaN above all.
fn compare(a: Scalar, b: Scalar, dtype: DType) -> Ordering {
    if !dtype.is_float() {
        return a.as_i64().cmp(&b.as_i64());
    }
    let (a, b) = (a.as_f64(), b.as_f64());
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}
