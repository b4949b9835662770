//! The functions against references of higher precision, on every instruction set, within stated bounds.

#![allow(clippy::print_stderr, reason = "a test says what it skips")]

use std::f64::consts::PI;

use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::map::{map_on, map2_on};
use super::*;
use crate::isa::Isa;

/// A function, the largest error allowed in units in the last place, the code, and a reference.
struct Row<T: 'static> {
    name: &'static str,
    ulps: f64,
    map: fn(Isa, &[T], &mut [T]),
    reference: fn(f64) -> f64,
}

/// Single precision, against double precision.
const SINGLE: &[Row<f32>] = &[
    Row { name: "exp", ulps: 1.1, map: map_on::<f32, Exp>, reference: f64::exp },
    Row { name: "expm1", ulps: 1.6, map: map_on::<f32, Expm1>, reference: f64::exp_m1 },
    Row { name: "log", ulps: 1.0, map: map_on::<f32, Log>, reference: f64::ln },
    Row { name: "log1p", ulps: 1.5, map: map_on::<f32, Log1p>, reference: f64::ln_1p },
    Row { name: "tanh", ulps: 2.25, map: map_on::<f32, Tanh>, reference: f64::tanh },
    Row { name: "sigmoid", ulps: 2.5, map: map_on::<f32, Sigmoid>, reference: sigmoid },
    Row { name: "erf", ulps: 1.6, map: map_on::<f32, Erf>, reference: libm::erf },
    Row { name: "sin", ulps: 2.0, map: map_on::<f32, Sin>, reference: f64::sin },
    Row { name: "cos", ulps: 2.0, map: map_on::<f32, Cos>, reference: f64::cos },
    Row { name: "tan", ulps: 4.0, map: map_on::<f32, Tan>, reference: f64::tan },
];

/// Double precision, against `libm`, whose own errors of up to one unit are part of the bounds.
const DOUBLE: &[Row<f64>] = &[
    Row { name: "exp", ulps: 2.0, map: map_on::<f64, Exp>, reference: libm::exp },
    Row { name: "expm1", ulps: 2.0, map: map_on::<f64, Expm1>, reference: libm::expm1 },
    Row { name: "log", ulps: 2.0, map: map_on::<f64, Log>, reference: libm::log },
    Row { name: "log1p", ulps: 2.0, map: map_on::<f64, Log1p>, reference: libm::log1p },
    Row { name: "tanh", ulps: 3.0, map: map_on::<f64, Tanh>, reference: libm::tanh },
    Row { name: "sigmoid", ulps: 3.0, map: map_on::<f64, Sigmoid>, reference: sigmoid },
    Row { name: "erf", ulps: 0.0, map: map_on::<f64, Erf>, reference: libm::erf },
    Row { name: "sin", ulps: 0.0, map: map_on::<f64, Sin>, reference: libm::sin },
    Row { name: "cos", ulps: 0.0, map: map_on::<f64, Cos>, reference: libm::cos },
    Row { name: "tan", ulps: 0.0, map: map_on::<f64, Tan>, reference: libm::tan },
];

fn sigmoid(x: f64) -> f64 {
    if x < 0.0 { libm::exp(x) / (1.0 + libm::exp(x)) } else { 1.0 / (1.0 + libm::exp(-x)) }
}

/// The units in the last place of a type.
#[derive(Clone, Copy)]
struct Precision {
    digits: i32,
    lowest_exponent: i32,
    /// What infinity counts as: the next power of two, if there is one.
    infinity: f64,
}

const OF_F32: Precision =
    Precision { digits: 23, lowest_exponent: -126, infinity: f64::from_bits(0x47f0_0000_0000_0000) };
const OF_F64: Precision = Precision { digits: 52, lowest_exponent: -1022, infinity: f64::MAX };

/// The distance of `got` from `exact` in units in the last place; infinite if just one is NaN or a zero has
/// the wrong sign.
fn distance(got: f64, exact: f64, precision: Precision) -> f64 {
    if got.is_nan() && exact.is_nan() {
        return 0.0;
    }
    let zero_differs = exact == 0.0 && got.to_bits() != exact.to_bits();
    if got.is_nan() || exact.is_nan() || zero_differs {
        return f64::INFINITY;
    }
    let [got, exact] = [got, exact].map(|x| x.clamp(-precision.infinity, precision.infinity));
    let exponent = (libm::frexp(exact).1 - 1).max(precision.lowest_exponent);
    libm::ldexp((got - exact).abs(), precision.digits - exponent)
}

/// Points where functions tend to go wrong.
fn awkward() -> Vec<f64> {
    let ones =
        [0.0, 1e-300, 1e-45, 1e-40, 1.2e-38, 1e-8, 0.292, 0.414, 0.5, 0.9999999, 1.0, 1.0000001, 2.0, 4.0];
    let angles = (1..40).map(|n| f64::from(n) * PI / 4.0);
    let large =
        [16.6, 17.4, 87.3, 88.72, 88.73, 103.9, 104.1, 709.78, 745.1, 1e5, 1e6, 1.1e6, 1e10, 3.4e38, 1e308];
    let positive = ones.into_iter().chain(angles).chain(large).chain([f64::INFINITY, f64::NAN]);
    positive.flat_map(|x| [x, -x]).collect()
}

/// Checks the functions of single precision at some numbers, on every instruction set.
fn check_singles(from: &[f32]) {
    let mut to = vec![0.0; from.len()];
    for row in SINGLE {
        let exact: Vec<f64> = from.iter().map(|&x| (row.reference)(f64::from(x))).collect();
        for isa in Isa::available() {
            (row.map)(isa, from, &mut to);
            for ((&x, &y), &exact) in from.iter().zip(&to).zip(&exact) {
                // Nearly all are the nearest number.
                if y.to_bits() == (exact as f32).to_bits() {
                    continue;
                }
                let ulps = distance(f64::from(y), exact, OF_F32);
                assert!(
                    ulps <= row.ulps,
                    "{} {isa:?}: {ulps} units at {x:e}: {y:e}, not {exact:e}",
                    row.name
                );
            }
        }
    }
}

/// Every 4096th number, or each one there is if `TENSORKEEP_EXHAUSTIVE=1`, as `cargo xtask test --exhaustive` sets it: some
/// twenty minutes of two cores.
#[test]
fn single_precision_is_within_its_bounds() {
    check_singles(&awkward().into_iter().map(|x| x as f32).collect::<Vec<_>>());
    if std::env::var_os("TENSORKEEP_EXHAUSTIVE").is_some_and(|value| value == "1") {
        (0..=u16::MAX).into_par_iter().for_each(|high| {
            let bits = (0..=u16::MAX).map(|low| (u32::from(high) << 16) | u32::from(low));
            check_singles(&bits.map(f32::from_bits).collect::<Vec<_>>());
        });
    } else {
        eprintln!("skipped: 4095 of each 4096 numbers; TENSORKEEP_EXHAUSTIVE=1 tests all");
        let bits = (0..=u32::MAX >> 12).map(|i| (i << 12) | (i & 0xfff));
        check_singles(&bits.map(f32::from_bits).collect::<Vec<_>>());
    }
}

#[test]
fn double_precision_is_within_its_bounds() {
    let bits = (0..=u32::MAX >> 15)
        .map(|i| f64::from_bits((u64::from(i) << 47) | ((u64::from(i) * 0x9e37_79b9) & 0x7fff_ffff)));
    let near = (-40_000..40_000).map(|i| f64::from(i) / 1999.0);
    let from: Vec<f64> = bits.chain(near).chain(awkward()).collect();
    let mut to = vec![0.0; from.len()];
    for row in DOUBLE {
        for isa in Isa::available() {
            (row.map)(isa, &from, &mut to);
            for (&x, &y) in from.iter().zip(&to) {
                let exact = (row.reference)(x);
                let ulps = distance(y, exact, OF_F64);
                assert!(
                    ulps <= row.ulps,
                    "{} {isa:?}: {ulps} units at {x:e}: {y:e}, not {exact:e}",
                    row.name
                );
            }
        }
    }
}

#[test]
fn functions_of_two_numbers_are_within_their_bounds() {
    type Row2 = (&'static str, f64, fn(Isa, &[f32], &[f32], &mut [f32]), fn(f64, f64) -> f64);
    let rows: [Row2; 2] =
        [("pow", 1.0, map2_on::<f32, Pow>, libm::pow), ("atan2", 3.0, map2_on::<f32, Atan2>, libm::atan2)];
    let mut values: Vec<f32> = awkward().into_iter().map(|x| x as f32).collect();
    values.extend((-300..300).map(|i| i as f32 / 8.0));
    values.extend((0..=u32::MAX >> 22).map(|i| f32::from_bits((i << 22) | ((i * 4099) & 0x3f_ffff))));
    let mut to = vec![0.0; values.len()];
    for (name, bound, map2, reference) in rows {
        for isa in Isa::available() {
            for &x in &values {
                map2(isa, &vec![x; values.len()], &values, &mut to);
                for (&y, &got) in values.iter().zip(&to) {
                    let exact = reference(f64::from(x), f64::from(y));
                    let ulps = distance(f64::from(got), exact, OF_F32);
                    assert!(
                        ulps <= bound,
                        "{name} {isa:?}: {ulps} units at {x:e}, {y:e}: {got:e}, not {exact:e}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_value_does_not_depend_on_its_position() {
    let from: Vec<f32> = (0..200).map(|i| (i as f32 - 100.0) * 0.37).chain([2e6, f32::NAN]).collect();
    for isa in Isa::available() {
        for row in SINGLE {
            let mut whole = vec![0.0; from.len()];
            (row.map)(isa, &from, &mut whole);
            for start in [0, 1, 31, 170] {
                for len in [0, 1, 5, 31, 32] {
                    let mut part = vec![0.0; len];
                    (row.map)(isa, &from[start..start + len], &mut part);
                    let bits = |slice: &[f32]| slice.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&part), bits(&whole[start..start + len]), "{} {isa:?}", row.name);
                }
            }
        }
    }
}
