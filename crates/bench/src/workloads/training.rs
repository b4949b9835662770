//! Training steps: forward, mean cross-entropy, backward, update, on a fixed batch.

use tensorkeep::autodiff::value_and_grad;
use tensorkeep::nn::losses::cross_entropy;
use tensorkeep::nn::{Context, Layer, Module};
use tensorkeep::train::{Adam, AdamW, Optimiser, Rule, Sgd};
use tensorkeep::{Device, Result, Rng, Tensor};

use crate::models::{CharLstm, Gpt, LeNet, ResNet, mlp};
use crate::workload::{Work, Workload};

use super::{discard, random, random_indices};

pub(super) fn all() -> Vec<Workload> {
    let momentum = |rate, decay| Sgd { momentum: 0.9, decay, ..Sgd::new(rate) };
    let images = |shape: [usize; 4]| move |device: &Device| random(&shape, 1, device);
    let text = |length| move |device: &Device| random_indices(&[32, length], 65, 1, device);
    vec![
        step(
            "mlp_b64_adam",
            vec![64],
            10,
            |rng| mlp([784, 512, 256, 10], rng),
            |device| random(&[64, 784], 1, device),
            Adam::new(1e-3),
        ),
        step("lenet_b128_sgdm", vec![128], 10, LeNet::new, images([128, 1, 28, 28]), momentum(0.01, 0.0)),
        step(
            "resnet20_b128_sgdm_wd",
            vec![128],
            10,
            ResNet::new,
            images([128, 3, 32, 32]),
            momentum(0.1, 5e-4),
        ),
        step("charlstm_b32_adamw", vec![32, 64], 65, CharLstm::new, text(64), AdamW::new(1e-3)),
        step("gpt_b32_adamw", vec![32, 128], 65, Gpt::new, text(128), AdamW::new(1e-3)),
    ]
}

/// A step of `model` on inputs with labels of this shape.
fn step<M: Layer + Module + Clone + 'static>(
    name: &str,
    labels: Vec<usize>,
    classes: usize,
    model: impl Fn(&mut Rng) -> Result<M> + 'static,
    inputs: impl Fn(&Device) -> Result<Tensor> + 'static,
    rule: impl Rule + Clone + 'static,
) -> Workload {
    let samples = Work::Samples(labels[0] as f64);
    Workload::new(format!("train/{name}"), samples, move |device| {
        let (x, y) = (inputs(device)?, random_indices(&labels, classes, 2, device)?);
        let (mut model, mut optimiser) = (model(&mut Rng::new(3, device))?, Optimiser::new(rule.clone())?);
        Ok(move || {
            let cx = Context::training(optimiser.steps());
            let loss = |model: &M| cross_entropy(&model.forward_with(&x, &cx)?, &y);
            let (loss, grads) = value_and_grad(loss, &model)?;
            optimiser.update(&mut model, &grads)?;
            discard(loss);
            Ok(())
        })
    })
}
