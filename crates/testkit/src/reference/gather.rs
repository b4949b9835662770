//! Picking and putting elements by index.

use tensorkeep_tensor::expr::Binary;
use tensorkeep_tensor::op::{Gather, GatherKind, Scatter, ScatterMode, Spec};
use tensorkeep_tensor::{Error, ErrorKind, Result, Scalar};

use super::Operand;
use super::operand::with;
use super::sum::{Sum, combine};
use crate::arithmetic::ulp;
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn gather(gather: &Gather, inputs: &[Operand<'_>], spec: Spec) -> Result<Expected> {
    let (x, index) = (inputs[0], inputs[1]);
    let mut values = Vec::new();
    for at in indices(&spec.shape) {
        values.push(Bounded::exact(x.at(&picked(gather, &x, &index, &at)?)));
    }
    Ok(Expected::new(spec, values))
}

pub(super) fn scatter(
    scatter: &Scatter,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Result<Expected> {
    let (base, index, updates) = (inputs[0], inputs[1], inputs[2]);
    let position = |at: &[usize]| at.iter().zip(spec.shape.iter()).fold(0, |flat, (&i, &n)| flat * n + i);
    let mut set: Vec<Scalar> = indices(&spec.shape).map(|at| base.at(&at)).collect();
    let mut extremes = set.clone();
    let mut sums: Vec<(Sum, usize, f64)> = set
        .iter()
        .map(|&x| {
            let mut sum = Sum::new(spec.dtype);
            sum.add(x);
            (sum, 0, x.as_f64().abs())
        })
        .collect();
    for at in indices(updates.shape()) {
        let to = position(&picked(&scatter.gather, &base, &index, &at)?);
        let update = updates.at(&at);
        set[to] = update;
        let extreme = if scatter.mode == ScatterMode::Min { Binary::Min } else { Binary::Max };
        extremes[to] = combine(extreme, spec.dtype, extremes[to], update);
        sums[to].0.add(update);
        sums[to].1 += 1;
        sums[to].2 += update.as_f64().abs();
    }
    let values = match scatter.mode {
        ScatterMode::Set => set.into_iter().map(Bounded::exact).collect(),
        ScatterMode::Max | ScatterMode::Min => extremes.into_iter().map(Bounded::exact).collect(),
        ScatterMode::Add => {
            let bounded = |(sum, count, magnitude): (Sum, usize, f64)| {
                let mut bounded = sum.bounded(arithmetic);
                // Each addition may be stored, and so rounded to the dtype.
                match count {
                    0 => bounded.error = arithmetic.smallest(spec.dtype),
                    _ if bounded.value.as_f64().is_finite() => {
                        bounded.error += 0.5 * (count - 1) as f64 * ulp(spec.dtype, magnitude);
                    }
                    _ => {}
                }
                bounded
            };
            sums.into_iter().map(bounded).collect()
        }
    };
    Ok(Expected::new(spec, values))
}

/// The index into `x` that element `at` of the gather's result names.
fn picked(gather: &Gather, x: &Operand<'_>, index: &Operand<'_>, at: &[usize]) -> Result<Vec<usize>> {
    let axis = gather.axis;
    let n = x.shape()[axis];
    let rank = index.shape().rank();
    let named = match gather.kind {
        GatherKind::Select => index.at(&at[axis..axis + rank]).as_i64(),
        GatherKind::Along => index.at(at).as_i64(),
    };
    let Some(i) = usize::try_from(named).ok().filter(|&i| i < n) else {
        return Err(Error::new(
            ErrorKind::Index,
            "gather",
            format!("index {named} outside an axis of size {n}"),
        ));
    };
    Ok(match gather.kind {
        GatherKind::Select => [&at[..axis], &[i], &at[axis + rank..]].concat(),
        GatherKind::Along => with(at, axis, i),
    })
}
