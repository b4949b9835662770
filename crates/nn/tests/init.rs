//! What parameters start as: the right spread, and the right errors.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::init::{
    Fan, glorot_normal, glorot_uniform, kaiming_normal, kaiming_uniform, normal, ones, zeros,
};
use tensorkeep_tensor::{ErrorKind, Result, Rng, Tensor};

type Init = fn([usize; 2], f32, &mut Rng) -> Result<Tensor>;

fn rng() -> Rng {
    Rng::new(2, &tensorkeep_cpu::device())
}

#[test]
fn fans() {
    let rows: [(&[usize], [usize; 2]); 5] = [
        (&[], [1, 1]),
        (&[7], [7, 7]),
        (&[10, 20], [20, 10]),
        (&[16, 3, 5, 5], [75, 400]),
        (&[2, 3, 4, 5, 6], [360, 240]),
    ];
    for (shape, [inputs, outputs]) in rows {
        assert_eq!(Fan::of(shape).unwrap(), Fan { inputs, outputs }, "{shape:?}");
    }
}

/// A weight of 100 outputs and 400 inputs, as in Flux.jl, test/utils.jl; `√(6/400)` is its bound of Kaiming's.
#[test]
fn spreads() {
    const SHAPE: [usize; 2] = [100, 400];
    let sqrt2 = 2f32.sqrt();
    let rows: [(&str, Init, f32, f64, Option<f32>); 7] = [
        ("glorot_uniform", glorot_uniform, 1.0, (2.0f64 / 500.0).sqrt(), Some(0.109_544_51)),
        ("glorot_uniform, gain 2", glorot_uniform, 2.0, 2.0 * (2.0f64 / 500.0).sqrt(), Some(0.219_089_02)),
        ("glorot_normal", glorot_normal, 1.0, (2.0f64 / 500.0).sqrt(), None),
        ("kaiming_uniform", kaiming_uniform, sqrt2, (2.0f64 / 400.0).sqrt(), Some(0.122_474_49)),
        ("kaiming_normal", kaiming_normal, sqrt2, (2.0f64 / 400.0).sqrt(), None),
        ("kaiming_normal, gain 1", kaiming_normal, 1.0, 0.05, None),
        ("normal", normal, 0.5, 0.5, None),
    ];
    for (name, init, gain, deviation, bound) in rows {
        let values = init(SHAPE, gain, &mut rng()).unwrap().to_vec::<f32>().unwrap();
        let n = values.len() as f64;
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let variance = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>() / n;
        // Five standard errors; that of a variance is at most √(2/n) of it for both distributions.
        assert!(mean.abs() < 5.0 * deviation / n.sqrt(), "{name}: mean {mean}");
        let off = variance / (deviation * deviation) - 1.0;
        assert!(off.abs() < 5.0 * (2.0 / n).sqrt(), "{name}: variance off by {off}");
        if let Some(bound) = bound {
            let largest = values.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
            assert!(largest <= bound && largest > 0.999 * bound, "{name}: {largest} of {bound}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let [a, b] =
        [rng(), rng()].map(|mut rng| glorot_uniform([3, 4], 1.0, &mut rng).unwrap().to_vec::<f32>().unwrap());
    assert_eq!(a, b);
    let mut one = rng();
    let first = glorot_uniform([3, 4], 1.0, &mut one).unwrap().to_vec::<f32>().unwrap();
    assert_ne!(first, glorot_uniform([3, 4], 1.0, &mut one).unwrap().to_vec::<f32>().unwrap());
}

#[test]
fn bad_arguments_are_errors() {
    let inits: [Init; 5] = [glorot_uniform, glorot_normal, kaiming_uniform, kaiming_normal, normal];
    for (i, init) in inits.into_iter().enumerate() {
        for (shape, gain) in
            [([0, 3], 1.0), ([3, 0], 1.0), ([2, 2], f32::NAN), ([2, 2], -1.0), ([2, 2], f32::INFINITY)]
        {
            let error = init(shape, gain, &mut rng()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Value, "{i}, {shape:?}, {gain}: {error}");
        }
        assert_eq!(init([usize::MAX, 2], 1.0, &mut rng()).unwrap_err().kind(), ErrorKind::Limit);
    }
    let located = glorot_normal([0, 1], 1.0, &mut rng()).unwrap_err();
    assert!(located.location().file().ends_with("tests/init.rs"), "{located}");
    let device = tensorkeep_cpu::device();
    assert_eq!(zeros([0], &device).unwrap_err().kind(), ErrorKind::Value);
    assert_eq!(ones([2, 0], &device).unwrap_err().kind(), ErrorKind::Value);
}
