//! When training should stop, and how often something may be done.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::time::{Duration, Instant};

use tensorkeep_tensor::ErrorKind;
use tensorkeep_train::{EarlyStopping, Goal, Patience, Plateau, Throttle};

const NAN: f64 = f64::NAN;

#[test]
fn patience_counts_in_a_row() {
    let rows: [(u64, &[bool], &[bool]); 3] = [
        (1, &[true, false, true], &[true, false, true]),
        (2, &[true, false, true, true, true, false], &[false, false, false, true, true, false]),
        (3, &[true, true, true], &[false, false, true]),
    ];
    for (wait, held, want) in rows {
        let mut patience = Patience::new(wait).unwrap();
        for (i, (&held, &want)) in held.iter().zip(want).enumerate() {
            let mut again = Patience::new(wait).unwrap();
            again.restore(&patience.words()).unwrap();
            assert_eq!(patience.observe(held), want, "{wait}, {i}");
            assert_eq!(again.observe(held), want, "{wait}, {i}: restored");
        }
    }
}

/// What is better and by how much, the losses, which of them stops, and the best.
type Row = (f64, Goal, &'static [f64], usize, Option<f64>);

/// Flux takes a NaN for the best, after which nothing is ever worse.
#[test]
fn early_stopping_takes_nan_for_a_failure() {
    let rows: [Row; 8] = [
        (0.0, Goal::Smallest, &[3.0, 2.0, 2.5, 2.1], 3, Some(2.0)),
        (0.0, Goal::Smallest, &[3.0, 3.0, 3.0], 2, Some(3.0)),
        (0.0, Goal::Largest, &[3.0, 4.0, 3.5, 3.9], 3, Some(4.0)),
        (0.0, Goal::Smallest, &[NAN, NAN], 1, None),
        (0.0, Goal::Smallest, &[3.0, NAN, 2.0, NAN, NAN], 4, Some(2.0)),
        (0.0, Goal::Smallest, &[f64::INFINITY, 5.0, NAN, 6.0], 3, Some(5.0)),
        (0.0, Goal::Largest, &[f64::NEG_INFINITY, 1.0, NAN, 0.0], 3, Some(1.0)),
        // Small gains add up: 3, 2.95, then 2.85 is better than 3 by more than 0.1.
        (0.1, Goal::Smallest, &[3.0, 2.95, 2.85, 2.8, 2.8], 4, Some(2.85)),
    ];
    for (row, (min_delta, goal, losses, stop, best)) in rows.into_iter().enumerate() {
        let new = || EarlyStopping::new(2, min_delta, goal).unwrap();
        let mut stopping = new();
        for (i, &loss) in losses.iter().enumerate() {
            let mut again = new();
            again.restore(&stopping.words()).unwrap();
            assert_eq!(stopping.observe(loss), i == stop, "row {row}, loss {i}");
            assert_eq!(again.observe(loss), i == stop, "row {row}, loss {i}: restored");
        }
        assert_eq!((stopping.best(), losses.len()), (best, stop + 1), "row {row}");
    }
}

#[test]
fn plateaus_are_flat() {
    let rows: [(&[f64], &[bool]); 4] = [
        (&[3.0, 2.95, 2.9], &[false, false, true]),
        (&[3.0, 2.95, 2.5, 2.45, 2.45], &[false, false, false, false, true]),
        (&[NAN, NAN], &[false, true]),
        (&[3.0, NAN, 3.05, 9.0], &[false, false, true, false]),
    ];
    for (row, (losses, want)) in rows.into_iter().enumerate() {
        let mut plateau = Plateau::new(2, 0.1).unwrap();
        for (i, (&loss, &want)) in losses.iter().zip(want).enumerate() {
            let mut again = Plateau::new(2, 0.1).unwrap();
            again.restore(&plateau.words()).unwrap();
            assert_eq!(plateau.observe(loss), want, "row {row}, loss {i}");
            assert_eq!(again.observe(loss), want, "row {row}, loss {i}: restored");
        }
    }
}

#[test]
fn throttles_wait() {
    let start = Instant::now();
    let at = |seconds: u64| start + Duration::from_secs(seconds);
    let ready = |mut throttle: Throttle, moments: &[u64]| {
        moments.iter().map(|&seconds| throttle.ready_at(at(seconds))).collect::<Vec<_>>()
    };
    let ten = Duration::from_secs(10);
    assert_eq!(ready(Throttle::new(ten), &[0, 5, 10, 19, 25, 20]), [true, false, true, false, true, false]);
    assert_eq!(ready(Throttle::trailing(ten), &[0, 5, 10, 19, 20]), [false, false, true, false, true]);
    assert_eq!(ready(Throttle::new(Duration::ZERO), &[0, 0, 1]), [true; 3]);
    assert!(Throttle::new(ten).ready(), "the first time whatever the clock says");
}

#[test]
fn impossible_ones_are_refused() {
    let rows = [
        Patience::new(0).err(),
        EarlyStopping::new(0, 0.0, Goal::Smallest).err(),
        EarlyStopping::new(1, -0.1, Goal::Smallest).err(),
        EarlyStopping::new(1, NAN, Goal::Smallest).err(),
        Plateau::new(0, 0.1).err(),
        Plateau::new(1, f64::INFINITY).err(),
        Patience::new(1).unwrap().restore(&[]).err(),
        EarlyStopping::new(1, 0.0, Goal::Smallest).unwrap().restore(&[1]).err(),
        Plateau::new(1, 0.1).unwrap().restore(&[1, 2, 3]).err(),
    ];
    for (row, error) in rows.into_iter().enumerate() {
        assert_eq!(error.unwrap().kind(), ErrorKind::Value, "row {row}");
    }
}
