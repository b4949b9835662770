//! A layer of one's own: a plain struct with `#[derive(Module)]`, and what comes with it for nothing.
//!
//! ```text
//! cargo run --release -p tensorkeep --example own_layer
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::autodiff::Options;
use tensorkeep::prelude::*;

/// `x + gate ⊙ f(norm(x))`: a block that starts as the identity, since its gate starts at 0, and opens as far as it helps.
///
/// Source: Bachlechner et al., *ReZero is All You Need*, 2020, arXiv:2003.04887, with a gate for each feature.
#[derive(Clone, Debug, Module)]
struct Gated {
    norm: LayerNorm,
    inner: Dense,
    gate: Tensor,
}

impl Gated {
    fn new(features: usize, rng: &mut Rng) -> Result<Self> {
        let device = rng.device().clone();
        Ok(Self {
            norm: LayerNorm::new(features, &device)?,
            inner: Dense::new(features, features, rng)?,
            gate: Tensor::zeros([features], DType::F32, &device)?,
        })
    }
}

impl Layer for Gated {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        // `run` tells errors and summaries where they are, and gives random layers a stream of their own.
        let y = cx.run("norm", &self.norm, x)?;
        let y = cx.run("inner", &self.inner, &y)?.gelu()?;
        x.add(&y.mul(&self.gate)?)
    }
}

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    let mut rng = Rng::new(0, &device);
    let model = (Dense::new(8, 16, &mut rng)?, vec![Gated::new(16, &mut rng)?, Gated::new(16, &mut rng)?]);
    println!("{}\n", summary(&model, [32, 8], DType::F32)?);

    // The gradient is another such model: `grads.1[0].gate` is the gradient of `model.1[0].gate`.
    let x = rng.normal([32, 8], 0.0, 1.0)?;
    let loss = |model: &(Dense, Vec<Gated>)| model.forward(&x)?.map(|y| y * y)?.mean_all();
    let (_, grads) = value_and_grad(loss, &model)?;
    println!("gradient of the first gate: {}\n", grads.1[0].gate);
    assert_eq!(grads.1[0].gate.shape(), model.1[0].gate.shape());

    // Leaves have paths, so they can be listed, counted and frozen by name.
    let (_, grads) = Options::new().freeze("1.*.norm.**").value_and_grad(loss, &model)?;
    for (leaf, grad) in module::parameters(&model).iter().zip(module::parameters(&grads)) {
        let frozen = if grad.value.elements() == 0 { "frozen" } else { "" };
        println!("{:<18} {:<10} {frozen}", leaf.path.to_string(), leaf.value.shape().to_string());
    }

    // Whatever goes wrong says where.
    if let Err(error) = model.forward(&x.narrow(1, 0..7)?) {
        println!("\na mistake: {error}");
        assert_eq!(error.layer(), "0");
    }
    Ok(())
}

#[test]
fn runs() -> Result<()> {
    main()
}
