//! Transforms, filters and decibels against PyTorch's and torchaudio's, by `golden/spectral.py`, and against
//! Flux's cases; and bad input.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::error::Error;

use serde_json::Value;
use tensorkeep_autodiff::vjp;
use tensorkeep_nn::signal::{
    MelScale, Spectrogram, Spectrum, Stft, StftOptions, cosine_window, db_to_power, hamming_window,
    hann_window, power_to_db,
};
use tensorkeep_tensor::{DType, Device, Result, Tensor, meta};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::{array, doubles};
use tensorkeep_testkit::{Subject, devices, refusal};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn golden(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("golden/spectral.json")).unwrap();
    all[name].as_array().unwrap().clone()
}

#[track_caller]
fn assert_close(name: &str, got: &Tensor, want: &Value, tolerance: f64) {
    let got = got.to_device(&cpu()).unwrap().to_dtype(DType::F64).unwrap();
    let want = doubles(want).unwrap();
    assert_eq!(got.shape(), want.shape(), "{name}");
    for (i, (got, want)) in
        got.to_vec::<f64>().unwrap().into_iter().zip(want.to_vec::<f64>().unwrap()).enumerate()
    {
        assert!((got - want).abs() <= tolerance * want.abs().max(1.0), "{name}, {i}: {got} is not {want}");
    }
}

fn size(case: &Value, name: &str) -> usize {
    case[name].as_u64().unwrap() as usize
}

fn options(case: &Value) -> StftOptions {
    StftOptions {
        n_fft: size(case, "n_fft"),
        hop_length: size(case, "hop_length"),
        window: Some(doubles(&case["window"]).unwrap().to_vec().unwrap()),
        center: case["center"].as_bool().unwrap(),
        normalized: case["normalized"].as_bool().unwrap(),
    }
}

/// Every device in f64 and f32, and how far off a number may be there.
fn places() -> Vec<(Device, DType, f64)> {
    let of = |subject: Subject| {
        let device = subject.device.clone();
        let each = [(DType::F64, 1e-12), (DType::F32, 1e-5)].into_iter();
        each.filter(|(dtype, _)| subject.has(*dtype))
            .map(|(dtype, tolerance)| (device.clone(), dtype, tolerance))
            .collect::<Vec<_>>()
    };
    devices().unwrap().into_iter().flat_map(of).collect()
}

#[test]
fn transforms_are_pytorchs_with_gradients() {
    for (device, dtype, tolerance) in places() {
        for (i, case) in golden("stft").iter().enumerate() {
            let name = format!("stft {i} in {dtype} on {device}");
            let stft = Stft::new(&options(case), dtype, &device).unwrap();
            let of = |value: &Value| array(value, dtype, &cpu()).unwrap().to_device(&device).unwrap();
            let both = |spectrum: Spectrum| Tensor::stack(&[&spectrum.real, &spectrum.imaginary], 0);
            let x = of(&case["x"]);
            let spectrum = stft.forward(&x).unwrap();
            assert_close(&name, &spectrum.real, &case["real"], tolerance);
            assert_close(&name, &spectrum.imaginary, &case["imaginary"], tolerance);
            let (_, back) = vjp(|x: &Tensor| both(stft.forward(x)?), &x).unwrap();
            assert_close(&name, &back.call(&of(&case["weights"])).unwrap(), &case["dx"], tolerance);

            let inverse = &case["inverse"];
            let length = case["length"].as_u64().map(|length| length as usize);
            let run = |(real, imaginary): &(Tensor, Tensor)| {
                stft.inverse(&Spectrum { real: real.clone(), imaginary: imaginary.clone() }, length)
            };
            let (y, back) = vjp(run, &(of(&inverse["real"]), of(&inverse["imaginary"]))).unwrap();
            assert_close(&name, &y, &inverse["y"], tolerance);
            let (real, imaginary) = back.call(&of(&inverse["weights"])).unwrap();
            assert_close(&name, &real, &inverse["d_real"], tolerance);
            assert_close(&name, &imaginary, &inverse["d_imaginary"], tolerance);
        }
    }
}

#[test]
fn spectrograms_filters_and_decibels_are_torchaudios() {
    for (device, dtype, tolerance) in places() {
        let of = |value: &Value| array(value, dtype, &cpu()).unwrap().to_device(&device).unwrap();
        for case in golden("spectrogram") {
            let window = Some(hann_window(8, true).unwrap());
            let options = StftOptions { hop_length: 4, window, ..StftOptions::new(8) };
            let spectrogram = Spectrogram {
                power: case["power"].as_f64().unwrap(),
                pad: size(&case, "pad"),
                window_normalized: case["window_normalized"].as_bool().unwrap(),
                ..Spectrogram::new(Stft::new(&options, dtype, &device).unwrap())
            };
            let y = spectrogram.forward(&of(&case["x"])).unwrap();
            // Of what is rounded away from silence, a root leaves its root.
            let tolerance = tolerance.powf(spectrogram.power.min(1.0));
            let name = format!("power {} in {dtype} on {device}", spectrogram.power);
            assert_close(&name, &y, &case["y"], tolerance);
        }
        for case in golden("mel") {
            let number = |name: &str| case[name].as_f64().unwrap();
            let scale = MelScale {
                fmin: number("fmin"),
                fmax: number("fmax"),
                ..MelScale::new(size(&case, "n_freqs"), size(&case, "n_mels"), number("sample_rate"))
            };
            // torchaudio spaces frequencies in single precision.
            assert_close("mel", &scale.filter_bank(dtype, &device).unwrap(), &case["bank"], 1e-6);
        }
        for case in golden("decibels") {
            let name = format!("decibels in {dtype} on {device}");
            let top_db = case["top_db"].as_f64();
            let (y, back) = vjp(|x: &Tensor| power_to_db(x, 1e-10, top_db), &of(&case["x"])).unwrap();
            assert_close(&name, &y, &case["y"], tolerance);
            assert_close(&name, &back.call(&of(&case["weights"])).unwrap(), &case["dx"], tolerance);
        }
    }
    for case in golden("windows") {
        let periodic = case["periodic"].as_bool().unwrap();
        let window = match case["kind"].as_str().unwrap() {
            "hann_window" => hann_window(size(&case, "n"), periodic),
            _ => hamming_window(size(&case, "n"), periodic),
        };
        assert_close("window", &Tensor::new(window.unwrap(), &cpu()).unwrap(), &case["w"], 1e-14);
    }
}

#[test]
fn signals_come_back_from_their_spectra() {
    let x = Tensor::arange(61, DType::F64, &cpu()).unwrap().map(|x| (x * 0.7).sin() + x * 0.01).unwrap();
    for (n_fft, hop_length, center, normalized) in [
        (16, 4, true, false),
        (16, 3, true, true),
        (15, 5, true, false),
        (8, 8, false, false),
        (1, 1, false, true),
    ] {
        let window = center.then(|| hann_window(n_fft, true).unwrap());
        let options = StftOptions { n_fft, hop_length, window, center, normalized };
        let stft = Stft::new(&options, DType::F64, &cpu()).unwrap();
        let back = stft.inverse(&stft.forward(&x).unwrap(), None).unwrap();
        let n = back.elements();
        let off = back.sub(&x.narrow(0, ..n).unwrap()).unwrap().abs().unwrap().max_all().unwrap();
        assert!(off.item().unwrap().as_f64() < 1e-12, "{options:?}: {off:?}");
        assert!(n + hop_length > 61 - n_fft, "{options:?}: {n}");
    }
    let db = power_to_db(&x.map(|x| x * x).unwrap(), 1e-10, None).unwrap();
    let power = db_to_power(&db).unwrap().sub(&x.map(|x| x * x).unwrap()).unwrap();
    assert!(power.abs().unwrap().max_all().unwrap().item().unwrap().as_f64() < 1e-9);
}

/// A root of nothing has no slope that one could use: none is taken.
#[test]
fn silence_has_no_gradient() {
    let stft = Stft::new(&StftOptions::new(4), DType::F64, &cpu()).unwrap();
    let silence = Tensor::zeros([8], DType::F64, &cpu()).unwrap();
    for power in [0.5, 1.0, 2.0, 3.0] {
        let spectrogram = Spectrogram { power, ..Spectrogram::new(stft.clone()) };
        let (y, back) = vjp(|x: &Tensor| spectrogram.forward(x), &silence).unwrap();
        assert!(y.to_vec::<f64>().unwrap().iter().all(|y| *y == 0.0), "{power}");
        let dx = back.call(&y.ones_like().unwrap()).unwrap();
        assert!(dx.to_vec::<f64>().unwrap().iter().all(|x| *x == 0.0), "{power}");
    }
    let angle = stft.forward(&silence.map(|x| x + 1.0).unwrap()).unwrap().phase().unwrap();
    assert_eq!(angle.to_vec::<f64>().unwrap()[0], 0.0);
}

#[test]
fn spectral_is_what_flux_says() {
    every_case("spectral", |case| match case.id() {
        id if id.starts_with("hann_window") => window(case, hann_window),
        id if id.starts_with("hamming_window") => window(case, hamming_window),
        id if id.starts_with("mel_filterbank") => mel(case),
        _ => case.unknown(),
    });
}

fn window(case: &Case, make: fn(usize, bool) -> Result<Vec<f64>>) -> Outcome {
    let n = [case.input("n"), case.param("n")].into_iter().find_map(Value::as_u64).unwrap_or(0) as usize;
    let of = |periodic: &Value| -> std::result::Result<Tensor, Box<dyn Error>> {
        Ok(Tensor::new(make(n, periodic.as_bool().unwrap_or(true))?, &cpu())?)
    };
    match case.param("periodic").as_array() {
        Some(both) => both
            .iter()
            .zip(case.expected().as_array().unwrap())
            .try_for_each(|(periodic, want)| case.same(&of(periodic)?, want)),
        None => case.expect(&of(case.param("periodic"))?),
    }
}

fn mel(case: &Case) -> Outcome {
    let number = |names: [&str; 2]| names.into_iter().find_map(|name| case.param(name).as_f64());
    let count = |name: &str| case.param(name).as_u64().unwrap_or(0) as usize;
    let mut scale =
        MelScale::new(count("n_freqs"), count("n_mels"), number(["sample_rate", "sr"]).unwrap_or(0.0));
    scale.fmin = number(["fmin", "f_min"]).unwrap_or(scale.fmin);
    scale.fmax = number(["fmax", "f_max"]).unwrap_or(scale.fmax);
    case.expect(&scale.filter_bank(DType::F64, &cpu())?)
}

#[test]
fn bad_input_is_refused() {
    let floats = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &cpu()).unwrap();
    let made = |options: StftOptions| refusal(Stft::new(&options, DType::F32, &cpu()));
    let eight = || StftOptions::new(8);
    let stft = Stft::new(&eight(), DType::F32, &cpu()).unwrap();
    let apart =
        Stft::new(&StftOptions { hop_length: 9, center: false, ..eight() }, DType::F32, &cpu()).unwrap();
    let faded = StftOptions { window: Some(hann_window(8, true).unwrap()), center: false, ..eight() };
    let faded = Stft::new(&faded, DType::F32, &cpu()).unwrap();
    let spectrum =
        |real: &[usize], imaginary: &[usize]| Spectrum { real: floats(real), imaginary: floats(imaginary) };
    let inverse = |stft: &Stft, real: &[usize]| refusal(stft.inverse(&spectrum(real, real), None));
    let mel = |scale: MelScale| refusal(scale.filter_bank(DType::F32, &meta::device()));
    let scale = MelScale::new(9, 4, 8000.0);
    let power = |power| refusal(spectrum(&[5, 1], &[5, 1]).abs_pow(power));
    let zeros = StftOptions { window: Some(vec![0.0]), ..eight() };
    let zeros = Spectrogram {
        window_normalized: true,
        ..Spectrogram::new(Stft::new(&zeros, DType::F32, &cpu()).unwrap())
    };
    let rows = [
        (refusal(hann_window(0, true)), "value: a window of 0 numbers"),
        (refusal(hann_window(usize::MAX, true)), "limit: a window of"),
        (refusal(cosine_window(4, true, f64::NAN, 0.5)), "value: a window of 4 numbers by NaN"),
        (made(StftOptions { n_fft: 0, ..eight() }), "value: frames of 0"),
        (made(StftOptions { hop_length: 0, ..eight() }), "value: frames of 8 with a hop of 0"),
        (made(StftOptions::new(3)), "value: frames of 3 with a hop of 0"),
        (made(StftOptions::new(usize::MAX)), "limit: frames of"),
        (
            made(StftOptions { window: Some(vec![1.0; 9]), ..eight() }),
            "value: a window of 9 numbers for frames of 8",
        ),
        (made(StftOptions { window: Some(Vec::new()), ..eight() }), "value: a window of 0 numbers"),
        (made(StftOptions { window: Some(vec![f64::NAN]), ..eight() }), "value: a window of 1 numbers"),
        (refusal(Stft::new(&eight(), DType::I32, &cpu())), "dtype: waves of i32"),
        (refusal(stft.forward(&floats(&[]))), "shape: a signal is [.., length]"),
        (refusal(stft.forward(&floats(&[2, 4]))), "value: a signal of 4 is too short for frames of 8"),
        (refusal(stft.forward(&floats(&[0]))), "value: a signal of 0 is too short"),
        (refusal(apart.forward(&floats(&[7]))), "value: a signal of 7 is too short"),
        (refusal(stft.forward(&floats(&[9]).to_dtype(DType::F64).unwrap())), "dtype: "),
        (inverse(&stft, &[4, 3]), "shape: both parts of a spectrum are [.., 5, frames]"),
        (inverse(&stft, &[5, 0]), "shape: both parts of a spectrum"),
        (inverse(&stft, &[5]), "shape: both parts of a spectrum"),
        (refusal(stft.inverse(&spectrum(&[5, 3], &[5, 2]), None)), "shape: both parts of a spectrum"),
        (
            refusal(stft.inverse(&spectrum(&[5, 3], &[5, 3]), Some(0))),
            "value: 3 frames of 8 leave places of 4..4",
        ),
        (inverse(&apart, &[5, 3]), "value: 3 frames of 8 leave places of 0..26 without a window"),
        (inverse(&faded, &[5, 3]), "value: 3 frames of 8 leave places"),
        (refusal(stft.inverse(&spectrum(&[5, 3], &[5, 3]), Some(usize::MAX))), "limit: "),
        (power(0.0), "value: a spectrum to the power of 0"),
        (power(-1.0), "value: a spectrum to the power of -1"),
        (power(f64::NAN), "value: a spectrum to the power of NaN"),
        (refusal(zeros.forward(&floats(&[9]))), "value: a window of zeros"),
        (mel(MelScale { n_freqs: 1, ..scale }), "value: 4 filters of 1 frequencies"),
        (mel(MelScale { n_mels: 0, ..scale }), "value: 0 filters"),
        (mel(MelScale { fmin: 4000.0, ..scale }), "value: 4 filters of 9 frequencies from 4000 to 4000"),
        (mel(MelScale { fmin: -1.0, ..scale }), "value: 4 filters of 9 frequencies from -1"),
        (mel(MelScale { fmax: f64::NAN, ..scale }), "value: 4 filters"),
        (mel(MelScale { sample_rate: 0.0, ..scale }), "value: 4 filters"),
        (mel(MelScale { n_freqs: usize::MAX, n_mels: 2, ..scale }), "limit: "),
        (mel(MelScale { n_freqs: 1 << 55, ..scale }), "out-of-memory: no room"),
        (refusal(scale.filter_bank(DType::I32, &cpu())), "dtype: filters of i32"),
        (refusal(power_to_db(&floats(&[1]), 0.0, None)), "value: an amin of 0"),
        (refusal(power_to_db(&floats(&[1]), f64::NAN, None)), "value: an amin of NaN"),
        (
            refusal(power_to_db(&floats(&[1]), 1e-10, Some(-1.0))),
            "value: an amin of 0.0000000001 and a top_db of Some(-1.0)",
        ),
        (refusal(power_to_db(&floats(&[1]).to_dtype(DType::I32).unwrap(), 1e-10, None)), "dtype: "),
    ];
    for (i, (got, want)) in rows.iter().enumerate() {
        assert!(got.starts_with(want), "row {i}: {got}");
    }
    // No examples are no error.
    assert_eq!(*stft.forward(&floats(&[0, 9])).unwrap().real.shape(), [0, 5, 5]);
    assert_eq!(*power_to_db(&floats(&[0, 3]), 1e-10, Some(80.0)).unwrap().shape(), [0, 3]);
}
