//! Dropout: what is kept, how much, and that it can be repeated.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::grad;
use tensorkeep_nn::layers::{AlphaDropout, Draws, Dropout};
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, Device, ErrorKind, Rng, Tensor};

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
    let alpha = |p, cx: &Context| AlphaDropout::new(p).unwrap().forward_with(&x, cx).unwrap().to_vec::<f32>();
    assert_eq!(alpha(0.0, &Context::training(1)).unwrap(), [1.0, 2.0, 3.0]);
    assert_eq!(alpha(1.0, &Context::training(1)).unwrap(), [0.0; 3]);
    assert_eq!(alpha(0.7, &Context::evaluation()).unwrap(), [1.0, 2.0, 3.0]);
    // What is dropped is 0, whatever it was.
    let huge = Tensor::new([f32::INFINITY, f32::NEG_INFINITY, 3.0], &cpu()).unwrap();
    assert_eq!(run(1.0, &huge, &Context::training(1)), [0.0; 3]);
    let layers: [&dyn Layer; 2] = [&Dropout::new(1.0).unwrap(), &AlphaDropout::new(1.0).unwrap()];
    for layer in layers {
        let slopes = grad(|x: &Tensor| layer.forward_with(x, &Context::training(1))?.sum_all(), &x).unwrap();
        assert_eq!(slopes.to_vec::<f32>().unwrap(), [0.0; 3], "{}", layer.kind());
    }
}

/// PyTorch's `Dropout2d` draws for each sample and channel; Flux's `dims` names the axes that are drawn along.
#[test]
fn elements_share_draws() {
    let x = Tensor::ones([8, 16, 5, 4], DType::F32, &cpu()).unwrap();
    let rows: [(Draws, [usize; 4]); 5] = [
        (Draws::Element, [8, 16, 5, 4]),
        (Draws::Channel, [8, 16, 1, 1]),
        (Draws::Axes(vec![1]), [1, 16, 1, 1]),
        (Draws::Axes(vec![-2, 0]), [8, 1, 5, 1]),
        (Draws::Axes(vec![]), [1, 1, 1, 1]),
    ];
    for (draws, shape) in rows {
        let dropout = Dropout { draws: draws.clone(), ..Dropout::new(0.5).unwrap() };
        let y = dropout.forward_with(&x, &Context::training(9)).unwrap();
        // The mask is constant along the other axes, and is that of its own draws.
        let mask = Rng::at([9, 0, 0], &cpu()).bernoulli(shape, DType::F32, 0.5).unwrap();
        let want = mask.mul(2.0).unwrap().broadcast_to(x.shape()).unwrap();
        assert_eq!(y.to_vec::<f32>().unwrap(), want.to_vec::<f32>().unwrap(), "{draws:?}");
    }
    let vector = Tensor::ones([3], DType::F32, &cpu()).unwrap();
    for draws in [Draws::Channel, Draws::Axes(vec![-2])] {
        let dropout = Dropout { draws, ..Dropout::new(0.5).unwrap() };
        let error = dropout.forward_with(&vector, &Context::training(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Axis, "{error}");
    }
}

/// What goes in with mean 0 and variance 1 comes out so.
#[test]
fn alpha_dropout_keeps_mean_and_variance() {
    let n = 200_000;
    let x = Rng::new(4, &cpu()).normal([n], 0.0, 1.0).unwrap();
    for probability in [0.1, 0.5, 0.9] {
        let dropout = AlphaDropout::new(probability).unwrap();
        let y = dropout.forward_with(&x, &Context::training(3)).unwrap();
        let [mean, variance] =
            [y.mean_all(), y.variance([0], false)].map(|x| x.unwrap().item().unwrap().as_f64());
        // Five standard errors; that of the variance is at most √(κ/n) for a fourth moment κ, which is below 20 here.
        let n = n as f64;
        assert!(mean.abs() < 5.0 / n.sqrt(), "{probability}: {mean}");
        assert!((variance - 1.0).abs() < 5.0 * (20.0 / n).sqrt(), "{probability}: {variance}");
        let [scale, shift] = dropout.scale_and_shift();
        let dropped = -1.758_099_340_847_376_6 * scale + shift;
        let count =
            y.to_vec::<f32>().unwrap().iter().filter(|&&y| (f64::from(y) - dropped).abs() < 1e-6).count();
        let p = f64::from(probability);
        assert!(
            (count as f64 - p * n).abs() < 6.0 * (n * p * (1.0 - p)).sqrt() + 5.0,
            "{probability}: {count}"
        );
    }
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
        let x = Tensor::ones([2], DType::F32, &cpu()).unwrap();
        let set = Dropout { probability, ..Dropout::new(0.5).unwrap() };
        for error in [Dropout::new(probability).unwrap_err(), AlphaDropout::new(probability).unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Value);
            assert_eq!(
                error.message(),
                format!("probability {probability} is outside 0..=1: pass a value in it")
            );
        }
        for error in [set.describe().err(), set.forward_with(&x, &Context::training(0)).err()] {
            assert_eq!(error.unwrap().kind(), ErrorKind::Value);
        }
    }
}
