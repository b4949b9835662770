//! How much of something.

use std::fmt;

use tensorkeep_tensor::{Error, Result};

/// A part of a whole: a fraction of it or a count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// Between 0 and 1; a whole of `n` gives the nearest count.
    Fraction(f64),
    /// So many.
    Count(usize),
}

impl Share {
    /// The count that it is of `n`, if that leaves neither the part nor the rest empty.
    #[track_caller]
    pub(crate) fn of(self, op: &'static str, n: usize, what: &str) -> Result<usize> {
        let count = match self {
            // Also 0 for NaN; a float beyond all counts becomes the largest.
            Self::Fraction(fraction) => (n as f64 * fraction).round() as usize,
            Self::Count(count) => count,
        };
        if (1..n).contains(&count) {
            return Ok(count);
        }
        let message = format!("{self} of {n} {what} leaves a part empty: use a share between none and all");
        Err(Error::value(op, message))
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fraction(fraction) => write!(f, "a share of {fraction}"),
            Self::Count(count) => write!(f, "{count}"),
        }
    }
}

impl From<f64> for Share {
    fn from(fraction: f64) -> Self {
        Self::Fraction(fraction)
    }
}

impl From<usize> for Share {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

/// A number without a suffix; below 0 it is none.
impl From<i32> for Share {
    fn from(count: i32) -> Self {
        Self::Count(usize::try_from(count).unwrap_or(0))
    }
}
