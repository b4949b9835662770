//! Random numbers as an operation.

use super::{Spec, require_float};
use crate::{DType, Error, Result, Shape};

/// What random numbers are drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Distribution {
    /// 32 random bits, as `i32`.
    Bits,
    /// Uniform in `[low, high)`.
    Uniform {
        /// Least value.
        low: f32,
        /// Bound of the values; rounding may reach it.
        high: f32,
    },
    /// Normal with this mean and standard deviation.
    Normal {
        /// Mean.
        mean: f32,
        /// Standard deviation.
        deviation: f32,
    },
    /// 1 with this probability, else 0, in any dtype.
    Bernoulli {
        /// Probability of a 1.
        probability: f32,
    },
}

impl Distribution {
    /// The name under which errors speak of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bits => "random_bits",
            Self::Uniform { .. } => "uniform",
            Self::Normal { .. } => "normal",
            Self::Bernoulli { .. } => "bernoulli",
        }
    }
}

/// Random numbers that are a pure function of (key, position), equal on every device.
///
/// Element `i` takes word `i % 4` of Philox 4x32-10 block `offset + i / 4` under `key`; see
/// [`crate::philox`] for how words become numbers. Takes no operand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Random {
    /// What to draw from.
    pub distribution: Distribution,
    /// Shape of the result.
    pub shape: Shape,
    /// Dtype of the result. Floats narrower or wider than `f32` are cast from it.
    pub dtype: DType,
    /// The stream.
    pub key: u64,
    /// The first block of the stream to use.
    pub offset: u64,
}

impl Random {
    #[track_caller]
    pub(super) fn infer(&self, _: &[Spec; 0]) -> Result<Spec> {
        let name = self.distribution.name();
        let fault = match self.distribution {
            Distribution::Bits => {
                if self.dtype != DType::I32 {
                    let message = format!("bits come as i32, not {}: cast them with to_dtype", self.dtype);
                    return Err(Error::dtype(name, message));
                }
                None
            }
            Distribution::Uniform { low, high } => {
                require_float(name, self.dtype)?;
                let fits = low <= high && (high - low).is_finite();
                (!fits).then(|| format!("bounds {low} and {high}: use finite bounds in order"))
            }
            Distribution::Normal { mean, deviation } => {
                require_float(name, self.dtype)?;
                let fits = mean.is_finite() && deviation.is_finite() && deviation >= 0.0;
                (!fits).then(|| {
                    format!("mean {mean}, deviation {deviation}: use finite numbers, the second not negative")
                })
            }
            Distribution::Bernoulli { probability } => (!(0.0..=1.0).contains(&probability))
                .then(|| format!("probability {probability} is outside 0..=1: pass a value in it")),
        };
        match fault {
            None => Ok(Spec::new(self.shape, self.dtype)),
            Some(message) => Err(Error::value(name, message)),
        }
    }
}
