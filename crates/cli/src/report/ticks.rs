//! Where an axis is marked.

/// The distance of about `count` marks from 0 to `high`: 1, 2 or 5 times a power of ten.
pub(super) fn step(high: f64, count: f64) -> f64 {
    let rough = high / count;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= rough * (1.0 - 1e-9));
    power * step.unwrap_or(10.0)
}

/// A mark as text, with as many digits as marks at this distance need.
pub(super) fn label(value: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        let rows =
            [(1.878, 0.5), (2.0, 0.5), (0.05, 0.02), (5.0, 2.0), (7.2, 2.0), (400.0, 100.0), (9e-7, 5e-7)];
        for (high, want) in rows {
            assert!((step(high, 4.0) / want - 1.0).abs() < 1e-9, "{high}: {}", step(high, 4.0));
        }
    }

    #[test]
    fn labels_are_short() {
        let rows =
            [(1.5, 0.5, "1.5"), (0.0, 0.02, "0.00"), (40.0, 20.0, "40"), (1e-12, 1e-12, "0.000000000")];
        for (value, step, want) in rows {
            assert_eq!(label(value, step), want);
        }
    }
}
