//! Steps in half precision: what overflows is left out and recovered from, what is small survives.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{BatchNorm, Dense};
use tensorkeep_nn::losses::mse;
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Rng, Tensor};
use tensorkeep_train::{AdamW, GradScaler, GradScalerState, MixedPrecision, Optimiser, Sgd};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn tensor(values: &[f32]) -> Tensor {
    Tensor::from_vec(values.to_vec(), [values.len()], &cpu()).unwrap()
}

fn values(x: &Tensor) -> Vec<f32> {
    x.to_vec().unwrap()
}

fn descent(rate: f64) -> Optimiser {
    Optimiser::new(Sgd::new(rate)).unwrap()
}

/// `slope · 8 w`, whose gradient passes through a half: `slope · factor` and eight times that.
fn line(slope: f64) -> impl Fn(&Tensor) -> Result<Tensor> {
    move |w: &Tensor| w.mul(8.0)?.to_dtype(DType::F32)?.mul(slope)?.sum_all()
}

#[test]
fn an_overflow_is_left_out_and_recovered_from() {
    let (mut w, mut optimiser, mut mixed) = (tensor(&[1.0]), descent(0.01), MixedPrecision::f16());
    let mut factors = Vec::new();
    // A gradient of 32: the first factor under which it is a half is 1024.
    let made: Vec<bool> = (0..8)
        .map(|_| {
            factors.push(mixed.scaler.unwrap().factor());
            let step = mixed.step(&mut w, &mut optimiser, line(4.0)).unwrap();
            assert!(step.loss.item().unwrap().as_f64() <= 32.0, "the loss is not scaled");
            !step.report.is_skipped()
        })
        .collect();
    assert_eq!(factors, [65536.0, 32768.0, 16384.0, 8192.0, 4096.0, 2048.0, 1024.0, 1024.0]);
    assert_eq!(made, [false, false, false, false, false, false, true, true]);
    assert_eq!(mixed.scaler.unwrap().state, GradScalerState { factor: 1024.0, good: 2, skipped: 6 });
    // Two steps of 0.32, by a rule that counted no more.
    assert!((values(&w)[0] - 0.36).abs() < 1e-6, "{w:?}");
    assert_eq!(optimiser.steps(), 2);
}

#[test]
fn small_gradients_survive() {
    // A slope of 10⁻⁸ is less than half the smallest half, 2⁻²⁴.
    let moved = |mut mixed: MixedPrecision| {
        let mut w = tensor(&[1.0]);
        mixed.step(&mut w, &mut descent(1e6), line(1e-8)).unwrap();
        1.0 - values(&w)[0]
    };
    assert_eq!(moved(MixedPrecision { scaler: None, ..MixedPrecision::f16() }), 0.0);
    assert!((moved(MixedPrecision::f16()) - 0.08).abs() < 1e-4);
    // bf16 has the range of f32.
    assert!((moved(MixedPrecision::bf16()) - 0.08).abs() < 1e-3);
}

/// What a step adds is kept where a half would lose it beside the weight.
#[test]
fn master_weights_are_kept_in_full() {
    let (mut w, mut optimiser, mut mixed) = (tensor(&[1.0]), descent(1e-5), MixedPrecision::bf16());
    for _ in 0..100 {
        mixed.step(&mut w, &mut optimiser, line(1.0)).unwrap();
    }
    assert!((values(&w)[0] - (1.0 - 100.0 * 8e-5)).abs() < 1e-5, "{w:?}");
}

#[test]
fn the_factor_grows_after_good_steps() {
    let scaler = GradScaler { interval: 3, ..GradScaler::new() };
    let mut mixed = MixedPrecision { scaler: Some(scaler), ..MixedPrecision::f16() };
    let (mut w, mut optimiser, mut factors) = (tensor(&[1.0]), descent(0.0), Vec::new());
    // Small slopes, and one that overflows: the count begins anew.
    for slope in [1e-3, 1e-3, 1e-3, 1e-3, 1.0, 1e-3, 1e-3, 1e-3] {
        mixed.step(&mut w, &mut optimiser, line(slope)).unwrap();
        factors.push(mixed.scaler.unwrap().factor() / 65536.0);
    }
    assert_eq!(factors, [1.0, 1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 2.0]);
}

#[test]
fn a_saved_scaler_goes_on_where_it_stood() {
    let start = || {
        let scaler = GradScaler { interval: 2, ..GradScaler::new() };
        MixedPrecision { scaler: Some(scaler), ..MixedPrecision::f16() }
    };
    let slopes = [4.0, 1e-3, 1e-3, 0.5, 1e-3, 2.0, 1e-3, 1e-3, 1e-3];
    let run = |mixed: &mut MixedPrecision, w: &mut Tensor, slopes: &[f64]| {
        let mut optimiser = descent(0.01);
        let of = |&slope: &f64| {
            let report = mixed.step(w, &mut optimiser, line(slope)).unwrap().report;
            (report, mixed.scaler.unwrap().state, values(w))
        };
        slopes.iter().map(of).collect::<Vec<_>>()
    };
    let whole = run(&mut start(), &mut tensor(&[1.0]), &slopes);
    for cut in 0..slopes.len() {
        let (mut first, mut w) = (start(), tensor(&[1.0]));
        let mut parts = run(&mut first, &mut w, &slopes[..cut]);
        let mut second = start();
        second.scaler.as_mut().unwrap().restore(&first.scaler.unwrap().words()).unwrap();
        parts.extend(run(&mut second, &mut w, &slopes[cut..]));
        assert_eq!(parts, whole, "cut at {cut}");
    }
}

#[test]
fn words_that_lie_are_refused() {
    let bits = f64::to_bits;
    let largest = f64::from(f32::MAX);
    let rows: [(&[u64], &str); 10] = [
        (&[], "0 words"),
        (&[bits(1.0), 0], "2 words"),
        (&[bits(1.0), 0, 0, 0], "4 words"),
        (&[bits(f64::NAN), 0, 0], "factor NaN"),
        (&[bits(-2.0), 0, 0], "factor -2"),
        (&[bits(0.0), 0, 0], "factor 0"),
        (&[bits(f64::INFINITY), 0, 0], "factor inf"),
        (&[bits(1.0), 2000, 0], "2000 good steps"),
        // A count below zero, as whoever wrote it may have meant.
        (&[bits(1.0), -1i64 as u64, 0], "18446744073709551615 good steps"),
        (&[bits(largest), u64::MAX, u64::MAX], "ok"),
    ];
    for (words, want) in rows {
        let mut scaler = GradScaler::new();
        let got = scaler.restore(words).map_or_else(|error| error.message().to_owned(), |()| "ok".to_owned());
        assert!(got.starts_with(want), "{words:?}: {got}");
        if want != "ok" {
            assert_eq!(scaler, GradScaler::new(), "{words:?}: what was refused has changed nothing");
            continue;
        }
        // It can grow no more, nor its counts.
        let (mut w, dw) = (tensor(&[1.0]), tensor(&[1.0]));
        assert!(!scaler.step(&mut descent(0.1), &mut w, &dw).unwrap().is_skipped());
        assert!(scaler.step(&mut descent(0.1), &mut w, &tensor(&[f32::NAN])).unwrap().is_skipped());
        assert_eq!(scaler.state, GradScalerState { factor: largest / 2.0, good: 0, skipped: u64::MAX });
    }
}

#[test]
fn what_no_factor_helps_is_an_error() {
    let (mut w, mut optimiser) = (tensor(&[1.0]), descent(0.1));
    let mut mixed = MixedPrecision::f16();
    let nan = |w: &Tensor| w.mul(f64::NAN)?.sum_all();
    let error = (0..17).find_map(|_| mixed.step(&mut w, &mut optimiser, nan).err()).unwrap();
    assert_eq!((error.kind(), mixed.scaler.unwrap().factor()), (ErrorKind::Value, 1.0));
    assert!(error.message().contains("not finite at a factor of 1 either"), "{error}");
    assert_eq!((values(&w), optimiser.steps()), (vec![1.0], 0));
}

#[test]
fn bad_settings_are_refused() {
    let of = |scaler: GradScaler| scaler.scale(&tensor(&[1.0]));
    let new = GradScaler::new;
    let rows = [
        (of(GradScaler { growth: 0.5, ..new() }), "growth 0.5"),
        (of(GradScaler { growth: f64::NAN, ..new() }), "growth NaN"),
        (of(GradScaler { backoff: 1.0, ..new() }), "backoff 1"),
        (of(GradScaler { backoff: 0.0, ..new() }), "backoff 0"),
        (of(GradScaler { least: -1.0, ..new() }), "least factor -1"),
        (of(GradScaler { interval: 0, ..new() }), "interval of 0"),
    ];
    for (got, words) in rows {
        let error = got.unwrap_err();
        assert!(error.kind() == ErrorKind::Value && error.message().contains(words), "{error}");
    }
    for factor in [0.0, -1.0, f64::INFINITY, f64::NAN] {
        let scaler = GradScaler { state: GradScalerState { factor, ..new().state }, ..new() };
        assert!(of(scaler).unwrap_err().message().contains("factor"));
        let (mut w, dw) = (tensor(&[1.0]), tensor(&[1.0]));
        assert!({ scaler }.step(&mut descent(0.1), &mut w, &dw).is_err());
        assert_eq!(values(&w), [1.0]);
    }
    let mut mixed = MixedPrecision { dtype: DType::I32, ..MixedPrecision::bf16() };
    let error = mixed.step(&mut tensor(&[1.0]), &mut descent(0.1), |w: &Tensor| w.sum_all()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DType);
}

/// A small network learns as well as in `f32`, statistics included.
#[test]
fn a_network_learns_in_half_precision() {
    type Model = (Dense, BatchNorm, fn(&Tensor) -> Result<Tensor>, Dense);
    let rng = &mut Rng::new(4, &cpu());
    let x = rng.normal([64, 3], 0.0, 1.0).unwrap();
    let y = x.sin().unwrap().sum([1], true).unwrap();
    let model: Model = (
        Dense::new(3, 16, rng).unwrap(),
        BatchNorm::new(16, &cpu()).unwrap(),
        Tensor::tanh,
        Dense::new(16, 1, rng).unwrap(),
    );
    let train = |mut mixed: MixedPrecision| {
        let (mut model, mut optimiser) = (model.clone(), Optimiser::new(AdamW::new(0.02)).unwrap());
        let mut loss = f64::NAN;
        for step in 0..150 {
            let x = x.to_dtype(mixed.dtype).unwrap();
            let of =
                |m: &Model| mse(&m.forward_with(&x, &Context::training(step))?.to_dtype(DType::F32)?, &y);
            loss = mixed.step(&mut model, &mut optimiser, of).unwrap().loss.item().unwrap().as_f64();
        }
        let tested = mse(&model.forward(&x).unwrap(), &y).unwrap().item().unwrap().as_f64();
        (loss, tested)
    };
    let full = train(MixedPrecision { dtype: DType::F32, ..MixedPrecision::bf16() });
    assert!(full.0 < 0.03 && full.1 < 0.03, "{full:?}");
    for mixed in [MixedPrecision::f16(), MixedPrecision::bf16()] {
        let dtype = mixed.dtype;
        let (loss, tested) = train(mixed);
        assert!(loss < full.0 + 0.02 && tested < full.1 + 0.02, "{dtype}: {loss}, {tested} and not {full:?}");
    }
}
