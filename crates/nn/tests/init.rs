//! What parameters start as: the right spread, and the right errors.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::init::{
    Fan, FanMode, Gain, constant, glorot_normal, glorot_uniform, grouped_identity, identity, kaiming_normal,
    kaiming_uniform, lecun_normal, lecun_uniform, normal, ones, orthogonal, sparse, truncated_normal,
    uniform, zeros,
};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Rng, Tensor, meta};
use tensorkeep_testkit::devices;

type Init = fn([usize; 2], f32, &mut Rng) -> Result<Tensor>;

fn rng() -> Rng {
    Rng::new(2, &cpu())
}

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn kaiming_in(shape: [usize; 2], gain: f32, rng: &mut Rng) -> Result<Tensor> {
    kaiming_normal(shape, FanMode::Inputs, gain, rng)
}

fn kaiming_in_uniform(shape: [usize; 2], gain: f32, rng: &mut Rng) -> Result<Tensor> {
    kaiming_uniform(shape, FanMode::Inputs, gain, rng)
}

fn near(gain: f32, rng: &mut Rng) -> Result<Tensor> {
    truncated_normal([5, 7], 0.5, gain, -1.0..2.0, rng)
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
    let kaiming_out: Init = |shape, gain, rng| kaiming_normal(shape, FanMode::Outputs, gain, rng);
    let rows: [(&str, Init, f32, f64, Option<f32>); 11] = [
        ("glorot_uniform", glorot_uniform, 1.0, (2.0f64 / 500.0).sqrt(), Some(0.109_544_51)),
        ("glorot_uniform, gain 2", glorot_uniform, 2.0, 2.0 * (2.0f64 / 500.0).sqrt(), Some(0.219_089_02)),
        ("glorot_normal", glorot_normal, 1.0, (2.0f64 / 500.0).sqrt(), None),
        ("kaiming_uniform", kaiming_in_uniform, sqrt2, (2.0f64 / 400.0).sqrt(), Some(0.122_474_49)),
        ("kaiming_normal", kaiming_in, sqrt2, (2.0f64 / 400.0).sqrt(), None),
        ("kaiming_normal, gain 1", kaiming_in, 1.0, 0.05, None),
        ("kaiming_normal of outputs", kaiming_out, sqrt2, (2.0f64 / 100.0).sqrt(), None),
        ("lecun_normal", lecun_normal, 2.0, 0.1, None),
        ("lecun_uniform", lecun_uniform, 1.0, 0.05, Some(0.086_602_54)),
        ("normal", normal, 0.5, 0.5, None),
        ("uniform", uniform, 0.5, 0.5 / 3f64.sqrt(), Some(0.5)),
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
    let inits: [Init; 8] = [
        glorot_uniform,
        glorot_normal,
        kaiming_in_uniform,
        kaiming_in,
        lecun_normal,
        lecun_uniform,
        normal,
        uniform,
    ];
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
    let device = cpu();
    let rng = &mut rng();
    let nan = f32::NAN;
    let rows: Vec<(&str, Result<Tensor>)> = vec![
        ("zeros", zeros([0], &device)),
        ("ones", ones([2, 0], &device)),
        ("constant, empty", constant([0], 1.0, &device)),
        ("constant, NaN", constant([2], nan, &device)),
        ("truncated, empty", truncated_normal([0], 0.0, 1.0, -2.0..2.0, rng)),
        ("truncated, deviation 0", truncated_normal([2], 0.0, 0.0, -2.0..2.0, rng)),
        ("truncated, negative", truncated_normal([2], 0.0, -1.0, -2.0..2.0, rng)),
        ("truncated, NaN", truncated_normal([2], nan, 1.0, -2.0..2.0, rng)),
        ("truncated, one value", truncated_normal([2], 0.0, 1.0, 2.0..2.0, rng)),
        ("truncated, no bound", truncated_normal([2], 0.0, 1.0, -2.0..f32::INFINITY, rng)),
        ("truncated, far away", truncated_normal([2], 0.0, 1.0, 90.0..91.0, rng)),
        ("sparse, empty", sparse([0, 2], 0.5, 0.1, rng)),
        ("sparse, above 1", sparse([2, 2], 1.1, 0.1, rng)),
        ("sparse, NaN", sparse([2, 2], f64::NAN, 0.1, rng)),
        ("sparse, negative deviation", sparse([2, 2], 0.5, -0.1, rng)),
        ("orthogonal, a vector", orthogonal([3], 1.0, rng)),
        ("orthogonal, a number", orthogonal((), 1.0, rng)),
        ("orthogonal, empty", orthogonal([3, 0], 1.0, rng)),
        ("orthogonal, NaN", orthogonal([3, 3], nan, rng)),
        ("identity, a bias", identity([3], 1.0, &device)),
        ("identity, empty", identity([3, 3, 0], 1.0, &device)),
        ("identity, infinite", identity([3, 3], f32::INFINITY, &device)),
        ("identity, groups that do not divide", grouped_identity([3, 3, 1], 2, 1.0, &device)),
        ("identity, no groups", grouped_identity([3, 3, 1], 0, 1.0, &device)),
    ];
    for (name, result) in rows {
        let error = result.err().unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind(), ErrorKind::Value, "{name}: {error}");
        assert!(error.location().file().ends_with("tests/init.rs"), "{name}: {error}");
    }
    // A limit of the device, found before the host makes room.
    assert_eq!(truncated_normal([1 << 40], 0.0, 1.0, -2.0..2.0, rng).unwrap_err().kind(), ErrorKind::Limit);
    assert_eq!(orthogonal([1 << 40, 1], 1.0, rng).unwrap_err().kind(), ErrorKind::Limit);
}

/// Bit for bit, and the stream goes on at the same place; where there are only shapes, nothing is made.
#[test]
fn every_device_starts_from_the_same_numbers() {
    type Any = fn(&mut Rng) -> Result<Tensor>;
    let rows: [(&str, Any); 7] = [
        ("glorot", |rng| glorot_normal([5, 7], 1.0, rng)),
        ("kaiming", |rng| kaiming_in_uniform([5, 7], 1.0, rng)),
        ("truncated normal", |rng| near(0.7, rng)),
        ("orthogonal", |rng| orthogonal([5, 7], 1.5, rng)),
        ("orthogonal, tall", |rng| orthogonal([7, 1, 3], 1.5, rng)),
        ("sparse", |rng| sparse([9, 4], 0.3, 0.1, rng)),
        ("identity", |rng| grouped_identity([4, 3, 3, 2], 2, 2.0, rng.device())),
    ];
    for (name, init) in rows {
        let draw = |device: &Device| {
            let mut rng = Rng::new(8, device);
            let weight = init(&mut rng).unwrap_or_else(|error| panic!("{name}: {error}"));
            (weight, rng.normal([3], 0.0, 1.0).unwrap(), rng.position())
        };
        let numbers = |x: &Tensor| x.to_vec::<f32>().unwrap();
        let (want, next, position) = draw(&cpu());
        for subject in devices().unwrap() {
            let (weight, after, _) = draw(&subject.device);
            assert_eq!(numbers(&weight), numbers(&want), "{name} on {}", subject.device.name());
            assert_eq!(numbers(&after), numbers(&next), "{name} on {}", subject.device.name());
        }
        let (hollow, _, there) = draw(&meta::device());
        assert_eq!((hollow.shape(), hollow.dtype(), there), (want.shape(), DType::F32, position), "{name}");
    }
    let endless = &mut Rng::new(0, &meta::device());
    assert_eq!(truncated_normal([1 << 40], 0.0, 1.0, -2.0..2.0, endless).unwrap().elements(), 1 << 40);
    assert_eq!(orthogonal([1 << 20, 1 << 20], 1.0, endless).unwrap().elements(), 1 << 40);
}

/// Mean and variance of what lies within the bounds, by `scipy.stats.truncnorm`.
#[test]
fn truncated_normals_have_the_moments_of_their_distribution() {
    let rows = [
        // mean, deviation, bounds, mean and variance of what is left
        (0.0, 1.0, -2.0, 2.0, 0.0, 0.7737413035499232),
        (0.5, 0.7, -1.0, 2.0, 0.5, 0.4028624754622309),
        (0.0, 1.0, 2.0, 3.0, 2.3158213267437806, 0.0615207795744932),
        (0.0, 1.0, -8.0, -6.0, -6.158481366839988, 0.023985213407840655),
        (0.0, 1.0, 9.0, 10.0, 9.108456288012421, 0.01144880582163625),
        (1.0, 0.02, 0.96, 1.04, 1.0, 0.00030949652141996957),
        (0.0, 1.0, -1.0, 10.0, 0.2875999709391784, 0.6296862857766055),
    ];
    for (mean, deviation, low, high, want_mean, want_variance) in rows {
        let x = truncated_normal([200, 500], mean, deviation, low..high, &mut rng()).unwrap();
        let values: Vec<f64> = x.to_vec::<f32>().unwrap().into_iter().map(f64::from).collect();
        let n = values.len() as f64;
        assert!(values.iter().all(|&x| x >= f64::from(low) && x <= f64::from(high)), "{low}..{high}");
        let got_mean = values.iter().sum::<f64>() / n;
        let got_variance = values.iter().map(|x| (x - got_mean).powi(2)).sum::<f64>() / n;
        // Five standard errors; the fourth moment of what is bounded so is below 10 variances squared.
        assert!((got_mean - want_mean).abs() < 5.0 * (want_variance / n).sqrt(), "{low}..{high}: {got_mean}");
        assert!(
            (got_variance / want_variance - 1.0).abs() < 5.0 * (9.0 / n).sqrt(),
            "{low}..{high}: {got_variance}"
        );
    }
}

#[test]
fn orthogonal_weights_keep_lengths() {
    for (shape, gain) in
        [(vec![6, 6], 1.0), (vec![4, 9], 2.0), (vec![9, 4], 0.5), (vec![8, 2, 3, 3], 1.0), (vec![1, 1], 3.0)]
    {
        let weight = orthogonal(&shape, gain, &mut rng()).unwrap().to_dtype(DType::F64).unwrap();
        let matrix = weight.flatten(1).unwrap();
        let [rows, columns] = matrix.dims().unwrap();
        let short = if rows <= columns { matrix } else { matrix.t().unwrap() };
        let product = short.matmul(&short.t().unwrap()).unwrap();
        let want =
            Tensor::eye(rows.min(columns), DType::F64, &cpu()).unwrap().mul(f64::from(gain * gain)).unwrap();
        let off = product.sub(&want).unwrap().abs().unwrap().max_all().unwrap().item().unwrap().as_f64();
        assert!(off < 1e-6, "{shape:?}: {off}");
    }
    // Drawn evenly: a diagonal element of a 2 by 2 matrix is a cosine of an even angle, negative half of the time.
    let mut rng = rng();
    let negative =
        (0..400).filter(|_| orthogonal([2, 2], 1.0, &mut rng).unwrap().to_vec::<f32>().unwrap()[0] < 0.0);
    let count = negative.count();
    assert!((150..=250).contains(&count), "{count} of 400");
}

/// PyTorch's `eye_` and `dirac_`: a layer that gives its input.
#[test]
fn identities_give_their_input() {
    let list = |x: Result<Tensor>| x.unwrap().to_vec::<f32>().unwrap();
    assert_eq!(list(identity([2, 3], 2.0, &cpu())), [2.0, 0.0, 0.0, 0.0, 2.0, 0.0]);
    assert_eq!(list(identity([2, 1, 3], 1.0, &cpu())), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    // The middle of an even kernel is behind its centre.
    assert_eq!(list(identity([1, 1, 2, 4], 1.0, &cpu())), [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(list(grouped_identity([4, 2, 1], 2, 1.0, &cpu())), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0]);
    assert_eq!(list(constant([2], 0.5, &cpu())), [0.5, 0.5]);
}

#[test]
fn sparse_columns_have_as_many_zeros_as_asked() {
    for (share, zeros) in [(0.0, 0), (0.1, 1), (0.25, 3), (0.3, 3), (0.31, 4), (1.0, 10)] {
        let weight = sparse([10, 200], share, 0.5, &mut rng()).unwrap();
        let counts = weight.eq(0.0).unwrap().to_dtype(DType::I32).unwrap();
        let columns = counts.sum([0], false).unwrap().to_vec::<i32>().unwrap();
        assert_eq!(columns, vec![zeros; 200], "{share}");
        // Each row has its part of them.
        let rows = counts.sum([1], false).unwrap().to_vec::<i32>().unwrap();
        assert!(rows.iter().all(|&count| (count - 20 * zeros).abs() <= 40), "{share}: {rows:?}");
    }
}

/// Values of `torch.nn.init.calculate_gain`.
#[test]
fn gains() {
    let rows = [
        (Gain::Linear, 1.0),
        (Gain::Tanh, 1.666_666_7),
        (Gain::Relu, 2f32.sqrt()),
        (Gain::LeakyRelu(0.2), 1.386_750_5),
        (Gain::Selu, 0.75),
    ];
    for (gain, want) in rows {
        assert!((gain.value() - want).abs() < 1e-6, "{gain:?}");
    }
}
