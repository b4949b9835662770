//! Dropout: what is kept, how much, and that it can be repeated.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::Dropout;
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, Device, ErrorKind, Tensor};

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn run(probability: f32, x: &Tensor, cx: &Context) -> Vec<f32> {
    Dropout::new(probability).unwrap().forward_with(x, cx).unwrap().to_vec().unwrap()
}

#[test]
fn keeps_the_mean() {
    let n = 100_000;
    let x = Tensor::ones([n], DType::F32, &cpu()).unwrap();
    for probability in [0.1f32, 0.5, 0.9] {
        let y = run(probability, &x, &Context::training(3));
        let kept = 1.0 / (1.0 - probability);
        assert!(y.iter().all(|&y| y == 0.0 || (y - kept).abs() < 1e-6), "{probability}");
        let zeros = y.iter().filter(|&&y| y == 0.0).count() as f64;
        // Five standard deviations of a binomial number.
        let (p, n) = (f64::from(probability), n as f64);
        assert!((zeros - p * n).abs() < 5.0 * (n * p * (1.0 - p)).sqrt(), "{probability}: {zeros} zeros");
    }
}

/// Flux.jl, test/layers/normalisation.jl: 0 is the identity, 1 gives zeros, evaluation is the identity.
#[test]
fn limits() {
    let x = Tensor::new([1.0f32, 2.0, 3.0], &cpu()).unwrap();
    assert_eq!(run(0.0, &x, &Context::training(1)), [1.0, 2.0, 3.0]);
    assert_eq!(run(1.0, &x, &Context::training(1)), [0.0; 3]);
    assert_eq!(run(0.7, &x, &Context::evaluation()), [1.0, 2.0, 3.0]);
}

#[test]
fn a_pass_can_be_repeated() {
    let x = Tensor::ones([64], DType::F32, &cpu()).unwrap();
    let model = (Dropout::new(0.5).unwrap(), Dropout::new(0.5).unwrap());
    let pass = |seed| model.forward_with(&x, &Context::training(seed)).unwrap().to_vec::<f32>().unwrap();
    assert_eq!(pass(1), pass(1));
    assert_ne!(pass(1), pass(2));

    // Two layers at one place would drop the same elements, and a quarter of the mean would be missing.
    let quarter = pass(1).iter().filter(|&&y| y > 0.0).count();
    assert!((8..=24).contains(&quarter), "{quarter} of 64 passed both");
    let cx = Context::training(1);
    assert_ne!(run(0.5, &x, &cx.at("a")), run(0.5, &x, &cx.at("b")));
    assert_eq!(run(0.5, &x, &cx.at("a")), run(0.5, &x, &cx.at("a")));
}

#[test]
fn bad_probabilities_are_errors() {
    for probability in [-0.1, 1.1, f32::NAN, f32::INFINITY] {
        let error = Dropout::new(probability).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        assert_eq!(
            error.message(),
            format!("probability {probability} is outside 0..=1: pass a value in it")
        );
    }
}
