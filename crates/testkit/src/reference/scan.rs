//! Running folds along an axis.

use tensorkeep_tensor::expr::Binary;
use tensorkeep_tensor::op::{Scan, ScanKind, Spec};
use tensorkeep_tensor::{DType, Scalar};

use super::Operand;
use super::reduce::Product;
use super::sum::{Sum, combine};
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn expect(scan: &Scan, inputs: &[Operand<'_>], spec: Spec, arithmetic: Arithmetic) -> Expected {
    Expected::from_lines(spec, scan.axis, |index| {
        let mut lines: Vec<Vec<Scalar>> = inputs.iter().map(|x| x.line(index, scan.axis)).collect();
        if scan.reverse {
            lines.iter_mut().for_each(|line| line.reverse());
        }
        let mut result = walk(scan.kind, spec.dtype, &lines, arithmetic);
        if scan.reverse {
            result.reverse();
        }
        result
    })
}

/// The fold after each element of a line, first to last.
fn walk(kind: ScanKind, dtype: DType, lines: &[Vec<Scalar>], arithmetic: Arithmetic) -> Vec<Bounded> {
    let x = lines[0].iter().copied();
    let mut best = None;
    let mut running = |function, x| {
        let next = best.map_or(x, |best| combine(function, dtype, best, x));
        best = Some(next);
        Bounded::exact(next)
    };
    match kind {
        ScanKind::Sum => {
            let mut sum = Sum::new(dtype);
            x.map(|x| {
                sum.add(x);
                sum.bounded(arithmetic)
            })
            .collect()
        }
        ScanKind::Prod => {
            let mut product = Product::new(dtype);
            x.map(|x| {
                product.multiply(x);
                product.bounded(arithmetic)
            })
            .collect()
        }
        ScanKind::Max => x.map(|x| running(Binary::Max, x)).collect(),
        ScanKind::Min => x.map(|x| running(Binary::Min, x)).collect(),
        ScanKind::Linear => recurrence(dtype, &lines[0], &lines[1], arithmetic),
    }
}

/// `y = a·y + b` from 0 on, and the same of magnitudes, which bounds the error.
fn recurrence(dtype: DType, a: &[Scalar], b: &[Scalar], arithmetic: Arithmetic) -> Vec<Bounded> {
    let mut y = if dtype.is_float() { Scalar::Float(0.0) } else { Scalar::Int(0) };
    let mut magnitude = 0.0;
    let step = |(t, (&a, &b)): (usize, (&Scalar, &Scalar))| {
        y = combine(Binary::Add, dtype, combine(Binary::Mul, dtype, a, y), b);
        magnitude = a.as_f64().abs() * magnitude + b.as_f64().abs();
        match y {
            Scalar::Float(y) => Bounded::float(y, arithmetic.sum_error(dtype, 2 * (t + 1), magnitude)),
            y => Bounded::exact(y),
        }
    };
    a.iter().zip(b).enumerate().map(step).collect()
}
