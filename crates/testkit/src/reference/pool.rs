//! Pooling over windows, and its gradient.

use tensorkeep_tensor::op::{Pool, PoolGrad, PoolKind, Spec};
use tensorkeep_tensor::{Error, ErrorKind, Result, Scalar, Shape};

use super::Operand;
use super::conv::source;
use super::sum::Sum;
use crate::expected::indices;
use crate::{Arithmetic, Bounded, Expected};

pub(super) fn forward(
    pool: &Pool,
    x: &Operand<'_>,
    results: &[Spec],
    arithmetic: Arithmetic,
) -> Vec<Expected> {
    let sizes = &x.shape()[2..];
    let elements = |index: &[usize]| -> Vec<(Vec<usize>, f64)> {
        let places = window(pool, &index[2..], sizes);
        places
            .into_iter()
            .map(|place| {
                let value = x.float(&[&index[..2], &place].concat());
                (place, value)
            })
            .collect()
    };
    match pool.kind {
        PoolKind::Max => {
            let best = |index: &[usize]| largest(elements(index));
            let values = Expected::from_fn(results[0], |index| Bounded::exact(Scalar::Float(best(index).1)));
            let places = Expected::from_fn(results[1], |index| {
                let flat = best(index).0.iter().zip(sizes).fold(0, |at, (&i, &n)| at * n + i);
                Bounded::exact(Scalar::Int(flat as i64))
            });
            vec![values, places]
        }
        PoolKind::Mean { .. } => vec![Expected::from_fn(results[0], |index| {
            let mut sum = Sum::new(x.dtype());
            elements(index).iter().for_each(|&(_, value)| sum.add(Scalar::Float(value)));
            scaled(sum.bounded(arithmetic), 1.0 / divisor(pool, &index[2..], sizes), x, arithmetic)
        })],
    }
}

pub(super) fn backward(
    grad: &PoolGrad,
    inputs: &[Operand<'_>],
    spec: Spec,
    arithmetic: Arithmetic,
) -> Result<Expected> {
    let (dy, pool) = (inputs[0], &grad.pool);
    let sizes = &spec.shape[2..];
    let block: usize = sizes.iter().product();
    let mut sums = vec![Sum::new(spec.dtype); spec.shape.elements()];
    for index in indices(dy.shape()) {
        let start = (index[0] * spec.shape[1] + index[1]) * block;
        match inputs.get(1) {
            Some(places) => {
                let place = places.at(&index).as_i64();
                let place = usize::try_from(place).ok().filter(|&place| place < block);
                let Some(place) = place else {
                    return Err(Error::new(
                        ErrorKind::Index,
                        "pool_grad",
                        "an index outside its spatial block",
                    ));
                };
                sums[start + place].add(dy.at(&index));
            }
            None => {
                let share = dy.float(&index) / divisor(pool, &index[2..], sizes);
                for place in window(pool, &index[2..], sizes) {
                    let flat = place.iter().zip(sizes).fold(0, |at, (&i, &n)| at * n + i);
                    sums[start + flat].add(Scalar::Float(share));
                }
            }
        }
    }
    Ok(Expected::new(spec, sums.iter().map(|sum| sum.bounded(arithmetic)).collect()))
}

/// The real elements of the window at position `p`, in row-major order.
fn window(pool: &Pool, p: &[usize], sizes: &[usize]) -> Vec<Vec<usize>> {
    let kernel = Shape::new(&pool.kernel[..sizes.len()]).unwrap_or(Shape::SCALAR);
    indices(&kernel).filter_map(|k| source(&pool.window, p, &k, sizes)).collect()
}

/// The first NaN, or the first of the largest.
fn largest(elements: Vec<(Vec<usize>, f64)>) -> (Vec<usize>, f64) {
    let better = |new: f64, old: f64| !old.is_nan() && (new.is_nan() || new > old);
    let start = (Vec::new(), f64::NEG_INFINITY);
    elements
        .into_iter()
        .fold(start, |best, one| if best.0.is_empty() || better(one.1, best.1) { one } else { best })
}

/// What a mean divides by: all elements of the window, or the real ones.
fn divisor(pool: &Pool, p: &[usize], sizes: &[usize]) -> f64 {
    match pool.kind {
        PoolKind::Mean { count_padding: true } => pool.kernel[..sizes.len()].iter().product::<usize>() as f64,
        PoolKind::Mean { count_padding: false } | PoolKind::Max => window(pool, p, sizes).len() as f64,
    }
}

fn scaled(x: Bounded, factor: f64, operand: &Operand<'_>, arithmetic: Arithmetic) -> Bounded {
    let value = x.value.as_f64() * factor;
    Bounded::float(value, x.error * factor + 2.0 * arithmetic.unit(operand.dtype()) * value.abs())
}
