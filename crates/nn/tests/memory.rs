//! Training keeps no memory: neither recordings nor running statistics grow.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::layers::{BatchNorm, Conv, Dense, Dropout, Flatten, MaxPool};
use tensorkeep_nn::losses::cross_entropy;
use tensorkeep_nn::{Context, Layer, LeafMut, Module, Path, module};
use tensorkeep_tensor::{Device, Result, Rng, Tensor};

fn model(device: &Device) -> Result<impl Layer + Clone> {
    let rng = &mut Rng::new(1, device);
    let features =
        (Conv::new([3, 3], 1, 2, rng)?, BatchNorm::new(2, device)?, Tensor::relu, MaxPool::new([2, 2]));
    Ok((features, Flatten, Dropout::new(0.2)?, Dense::new(8, 3, rng)?))
}

/// `θ ← θ − 0.1 dθ`.
fn descend<M: Module>(model: &mut M, gradient: &M) {
    let mut slopes = module::parameters(gradient).into_iter();
    model.visit_mut(&mut Path::root(), &mut |_, leaf| {
        if let (LeafMut::Parameter(x), Some(slope)) = (leaf, slopes.next()) {
            *x = x.zip(&slope.value, |x, dx| x - dx * 0.1).unwrap();
        }
    });
}

/// A thousand steps leave live bytes as they were after the first, to the byte, on every device.
#[test]
fn a_thousand_steps_keep_live_bytes() {
    for subject in tensorkeep_testkit::devices().unwrap() {
        let device = subject.apart().unwrap().device;
        let mut model = model(&device).unwrap();
        let x = Rng::new(2, &device).normal([4, 1, 6, 6], 0.0, 1.0).unwrap();
        let labels = Tensor::new([0, 1, 2, 1], &device).unwrap();
        let (mut live, mut losses) = (None, Vec::new());
        for step in 0..1000 {
            let cx = Context::training(step);
            let (loss, gradient) =
                value_and_grad(|m| cross_entropy(&m.forward_with(&x, &cx)?, &labels), &model).unwrap();
            descend(&mut model, &gradient);
            if step % 250 == 0 {
                losses.push(loss.item().unwrap().as_f64());
            }
            drop((loss, gradient));
            let now = device.memory().live;
            assert_eq!(*live.get_or_insert(now), now, "{}, step {step}", device.name());
        }
        // It did train.
        assert!(losses[3] < 0.5 * losses[0], "{}: {losses:?}", device.name());
    }
}
