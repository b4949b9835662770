//! Running folds: every gradient is a running fold from the other end.
//!
//! "Before" and "after" are meant in the direction of the scan.

use smallvec::smallvec;
use tensorkeep_tensor::op::{Op, Scan, ScanKind};
use tensorkeep_tensor::{Error, Result, Scalar, Tensor};

use super::{Wanted, first, several, single};
use crate::tape::Pull;

pub(super) fn pull(scan: Scan, inputs: &[&Tensor], y: &Tensor, wanted: Wanted) -> Result<Pull> {
    Ok(match (scan.kind, inputs) {
        (ScanKind::Sum, [_]) => single(move |dy| backwards(scan, ScanKind::Sum, &[dy])),
        // dxₜ = Π_{s<t} xₛ · gₜ with gₜ = dyₜ + xₜ₊₁ gₜ₊₁: exact where some x are zero.
        (ScanKind::Prod, [x]) => {
            let (x, y) = ((*x).clone(), y.clone());
            single(move |dy| linear_backwards(scan, &x, dy)?.mul(&before(scan, &y, 1)?))
        }
        // The gradient of an output goes to the element that set the record it repeats.
        (ScanKind::Max | ScanKind::Min, [_]) => {
            let y = y.clone();
            single(move |dy| {
                let repeats = before(scan, &y, f64::NAN)?.eq(&y)?.to_dtype(y.dtype())?;
                linear_backwards(scan, &repeats, dy)?.mul(&(1.0 - &repeats)?)
            })
        }
        // bₜ gets gₜ = dyₜ + aₜ₊₁ gₜ₊₁, and aₜ gets gₜ yₜ₋₁.
        (ScanKind::Linear, [a, _]) => {
            let (a, y) = ((*a).clone(), y.clone());
            several(move |dy| {
                let g = linear_backwards(scan, &a, dy)?;
                let by_a = wanted.then(0, || g.mul(&before(scan, &y, 0)?))?;
                Ok(smallvec![by_a, wanted.then(1, || Ok(g))?])
            })
        }
        _ => {
            return Err(Error::internal(
                "scan",
                "operands were miscounted on the way to the derivative rule",
            ));
        }
    })
}

/// The value before each element, `start` for the first.
fn before(scan: Scan, x: &Tensor, start: impl Into<Scalar>) -> Result<Tensor> {
    x.shift(scan.axis as isize, start, scan.reverse)
}

/// `gₜ = dyₜ + aₜ₊₁ gₜ₊₁`.
fn linear_backwards(scan: Scan, a: &Tensor, dy: &Tensor) -> Result<Tensor> {
    let after = a.shift(scan.axis as isize, 0, !scan.reverse)?;
    backwards(scan, ScanKind::Linear, &[&after, dy])
}

fn backwards(scan: Scan, kind: ScanKind, inputs: &[&Tensor]) -> Result<Tensor> {
    first(Tensor::apply(&Op::Scan(Scan { kind, reverse: !scan.reverse, ..scan }), inputs)?)
}
