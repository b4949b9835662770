//! A derivative of one's own: neurons that fire or do not, which exact gradients cannot train and straight-through ones can.
//!
//! ```text
//! cargo run --release -p tensorkeep --example custom_gradient
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::autodiff::custom_vjp;
use tensorkeep::data::digits;
use tensorkeep::prelude::*;

/// Neurons of the hidden layer.
const NEURONS: usize = 100;

/// 1 above 0, else −1. Its derivative is 0 wherever it has one, so nothing below it can learn.
fn hard(x: &Tensor) -> Result<Tensor> {
    x.map(|x| x.gt(0.0).select(1.0, -1.0))
}

/// The same numbers, and in the place of their derivative that of `clamp(x, −1, 1)`: the estimator passes a gradient straight
/// through, unless the neuron is so sure of itself that it should stay.
///
/// Source: Hubara et al., *Binarized Neural Networks*, 2016, arXiv:1602.02830, equation 4.
fn straight_through(x: &Tensor) -> Result<Tensor> {
    custom_vjp(
        &[x],
        |inputs| hard(&inputs[0]),
        |inputs, _, dy| Ok(vec![inputs[0].zip(dy, |x, dy| x.abs().le(1.0).select(dy, 0.0))?]),
    )
}

/// A dense layer of neurons that fire or do not, and one that reads them.
#[derive(Clone, Debug, Module)]
struct Binary {
    neurons: Dense,
    output: Dense,
    #[module(skip)]
    fire: fn(&Tensor) -> Result<Tensor>,
}

impl Layer for Binary {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let code = (self.fire)(&cx.run("neurons", &self.neurons, &x.flatten(1)?)?)?;
        cx.run("output", &self.output, &code)
    }
}

/// Trains a network, and returns it with its share of right guesses on digits that it has not seen.
fn train(fire: fn(&Tensor) -> Result<Tensor>) -> Result<(Binary, f64)> {
    let device = tensorkeep::cpu::device();
    let (train, test) = digits()?.split(0.2, 0)?;
    let loader = Loader::new(train, 64, &device)?.shuffle(1);
    let mut rng = Rng::new(1, &device);
    let mut model = Binary {
        neurons: Dense::new(64, NEURONS, &mut rng)?,
        output: Dense::new(NEURONS, 10, &mut rng)?,
        fire,
    };
    let mut optimiser = Optimiser::new(Adam::new(0.01))?;
    Fit::new(30, 1).rate(|done| 0.01 * (1.0 - done)).run(
        &mut model,
        &mut optimiser,
        &loader,
        |model, x, y, cx| cross_entropy(&model.forward_with(x, cx)?, y),
    )?;
    let (x, y) = test.to_tensors(&device)?;
    let right = accuracy(&model.forward(&x)?, &y)?;
    Ok((model, right))
}

fn main() -> Result<()> {
    // Where they agree with finite differences, and where they are meant not to.
    let x = Tensor::new([-2.0f32, -0.5, 0.5, 2.0], &tensorkeep::cpu::device())?;
    println!("x                {x}\nfires            {}", hard(&x)?);
    let exact = grad(|x: &Tensor| hard(x)?.sum_all(), &x)?;
    let estimated = grad(|x: &Tensor| straight_through(x)?.sum_all(), &x)?;
    println!("exact gradient   {exact}\nstraight through {estimated}\n");
    assert_eq!(exact.to_vec::<f32>()?, [0.0; 4]);
    assert_eq!(estimated.to_vec::<f32>()?, [0.0, 1.0, 1.0, 0.0]);

    let (_, without) = train(hard)?;
    let (model, with) = train(straight_through)?;
    println!(
        "accuracy with exact gradients {:.1} %, straight through {:.1} %\n",
        without * 100.0,
        with * 100.0
    );
    println!("{}", codes(&model)?);
    assert!(with > 0.93 && with > without + 0.03, "{with} against {without}");
    Ok(())
}

/// Which neurons fire for a few digits: equal digits have like codes.
fn codes(model: &Binary) -> Result<String> {
    let (x, y) = digits()?.range(..30)?.to_tensors(&tensorkeep::cpu::device())?;
    let fired = hard(&model.neurons.forward(&x.flatten(1)?)?)?.to_vec::<f32>()?;
    let mut lines: Vec<String> = Vec::new();
    for (label, code) in y.to_vec::<i32>()?.iter().zip(fired.chunks(NEURONS)) {
        let code: String = code.iter().map(|&fired| if fired > 0.0 { '█' } else { '·' }).collect();
        lines.push(format!("{label} {code}"));
    }
    lines.sort();
    Ok(lines.join("\n"))
}

#[test]
fn runs() -> Result<()> {
    main()
}
