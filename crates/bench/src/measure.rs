//! How long something takes.

use std::time::Instant;

use tensorkeep::Result;

/// What is timed: one call is one step of a workload.
pub(crate) type Step = Box<dyn FnMut() -> Result<()>>;

/// Times of a call, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timing {
    pub(crate) median: f64,
    /// The tenth part is faster.
    pub(crate) p10: f64,
    /// The tenth part is slower.
    pub(crate) p90: f64,
    /// How many samples these are of.
    pub(crate) samples: usize,
}

/// The shortest sample: that long a batch of calls is repeated, so that to read the clock costs nothing beside it.
const SAMPLE_SECONDS: f64 = 300e-6;

/// Calls `step` for some `seconds`, after a fifth of that to warm up. At least three samples are taken, whatever they cost.
pub(crate) fn measure(seconds: f64, step: &mut Step) -> Result<Timing> {
    let a_call = warm_up(0.2 * seconds, step)?;
    let calls = (SAMPLE_SECONDS / a_call).ceil().clamp(1.0, 1e5) as u32;
    let (start, mut samples) = (Instant::now(), Vec::new());
    while samples.len() < 3 || start.elapsed().as_secs_f64() < seconds {
        let sample = Instant::now();
        for _ in 0..calls {
            step()?;
        }
        samples.push(sample.elapsed().as_secs_f64() * 1e6 / f64::from(calls));
    }
    Ok(Timing::of(samples))
}

/// How long a call takes in the end.
fn warm_up(seconds: f64, step: &mut Step) -> Result<f64> {
    step()?;
    let (start, mut calls) = (Instant::now(), 0);
    loop {
        step()?;
        calls += 1;
        let elapsed = start.elapsed().as_secs_f64();
        if elapsed >= seconds {
            return Ok(elapsed.max(1e-9) / f64::from(calls));
        }
    }
}

impl Timing {
    /// The timing that these samples, of which there are some, give.
    fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let quantile = |q: f64| samples[((samples.len() - 1) as f64 * q).round() as usize];
        Self { median: quantile(0.5), p10: quantile(0.1), p90: quantile(0.9), samples: samples.len() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_samples() {
        let samples = (0..=10).rev().map(f64::from).collect();
        let want = Timing { median: 5.0, p10: 1.0, p90: 9.0, samples: 11 };
        assert_eq!(Timing::of(samples), want);
    }

    #[test]
    fn three_samples_are_taken_of_what_takes_longer_than_the_time() {
        let mut step: Step = Box::new(|| Ok(()));
        assert!(measure(0.0, &mut step).is_ok_and(|timing| timing.samples == 3));
    }
}
