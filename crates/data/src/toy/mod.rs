//! Small sets that are always there: one embedded, the others made of formulas.

mod curves;
mod iris;
mod moons;
mod spirals;

pub use curves::{polynomial, sine};
pub use iris::iris;
pub use moons::moons;
pub use spirals::spirals;

use tensorkeep_tensor::{Error, HostArray, HostData, Result};

use crate::TensorDataset;
use crate::draws::Draws;
use crate::order::{self, Stream};

/// Checks what every made set is told.
#[track_caller]
fn check(op: &'static str, n: usize, noise: f64) -> Result<()> {
    order::check(op, n)?;
    if n == 0 || !(0.0..f64::INFINITY).contains(&noise) {
        let message = format!(
            "{n} examples with noise of deviation {noise}: use at least 1, and a finite number from 0 on"
        );
        return Err(Error::value(op, message));
    }
    Ok(())
}

/// Points of the plane with their classes, moved by normal noise.
fn points(points: Vec<([f64; 2], i32)>, noise: f64, seed: u64) -> Result<TensorDataset> {
    let mut draws = Draws::new(Stream::Toys.key(seed));
    let n = points.len();
    let (points, classes): (Vec<[f64; 2]>, Vec<i32>) = points.into_iter().unzip();
    let moved = points.into_iter().flatten().map(|x| (x + noise * draws.normal()) as f32).collect();
    let x = HostArray::new(HostData::F32(moved), [n, 2])?;
    TensorDataset::new(x, HostArray::new(HostData::I32(classes), [n])?)
}

/// Number `i` of `n` from `start` to `end`, both included, equally far apart; a lone one is `start`.
fn spaced(start: f64, end: f64, i: usize, n: usize) -> f64 {
    start + (end - start) * i as f64 / n.saturating_sub(1).max(1) as f64
}
