//! Answers of trained models, and text from a language model.

use tensorkeep::nn::Layer;
use tensorkeep::{Device, Result, Rng};

use crate::models::{Encoder, Gpt, LeNet, ResNet, mlp};
use crate::workload::{Work, Workload};

use super::{discard, random};

/// Tokens of a generated text.
const TOKENS: usize = 100;

pub(super) fn all() -> Vec<Workload> {
    let encoder = |name, batch| answer(name, vec![batch, 128, 256], Encoder::new);
    vec![
        answer("mlp_b1", vec![1, 784], |rng| mlp([784, 512, 256, 10], rng)),
        answer("lenet_b1", vec![1, 1, 28, 28], LeNet::new),
        answer("resnet20_b1", vec![1, 3, 32, 32], ResNet::new),
        encoder("encoder_b1", 1),
        encoder("encoder_b16", 16),
        generation("gpt_gen100_kv", true),
        generation("gpt_gen100_nokv", false),
    ]
}

/// The result of `model` for a batch of this shape.
fn answer<M: Layer + 'static>(
    name: &str,
    x: Vec<usize>,
    model: impl Fn(&mut Rng) -> Result<M> + 'static,
) -> Workload {
    Workload::new(format!("infer/{name}"), Work::Samples(x[0] as f64), move |device: &Device| {
        let (model, x) = (model(&mut Rng::new(3, device))?, random(&x, 1, device)?);
        Ok(move || model.forward(&x).map(discard))
    })
}

fn generation(name: &str, remembers: bool) -> Workload {
    Workload::new(format!("infer/{name}"), Work::Samples(TOKENS as f64), move |device| {
        let model = Gpt::new(&mut Rng::new(3, device))?;
        Ok(move || model.generate(TOKENS, remembers).map(discard))
    })
}
