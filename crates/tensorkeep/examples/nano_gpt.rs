//! A small GPT that learns to write, letter by letter, and then writes.
//!
//! ```text
//! cargo run --release -p tensorkeep --example nano_gpt -- --data ../shared/data/tinyshakespeare/input.txt
//! ```
//!
//! `--data` is a file of text. Without it, the network learns the text of a licence, and not for long.
//! `python/nano_gpt.py` is the same program for PyTorch: same sizes, steps and windows of text in the same order.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod text;

use std::time::Instant;

use arguments::Arguments;
use tensorkeep::nn::layers::{Gpt, GptSizes};
use tensorkeep::prelude::*;
use text::Text;

/// Windows a step, and characters a window.
const BATCH: [usize; 2] = [12, 64];
/// The largest learning rate, and the steps on the way up to it.
const RATE: f64 = 0.003;
const WARM_UP: usize = 50;

/// Goes on from `start`: one character at a time is drawn from the chances after those before it.
fn write(model: &Gpt, start: i32, count: usize, temperature: f64, rng: &mut Rng) -> Result<Vec<i32>> {
    let mut written = vec![start];
    for uniform in rng.uniform([count], 0.0, 1.0)?.to_vec::<f32>()? {
        let seen = &written[written.len().saturating_sub(BATCH[1])..];
        let logits = model.forward(&Tensor::new([seen], rng.device())?)?;
        let last = logits.at(0, 0)?.at(0, seen.len() - 1)?;
        written.push(text::draw(&last, temperature, uniform)?);
    }
    Ok(written)
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let text = Text::read(arguments.data.as_deref())?;
    let (steps, wanted) = if arguments.data.is_some() { (450, 2.2) } else { (40, 3.5) };

    let sizes = GptSizes {
        vocabulary: text.characters(),
        context: BATCH[1],
        features: 128,
        heads: 4,
        layers: 4,
        tied: false,
        ..GptSizes::default()
    };
    let mut model = Gpt::new(sizes, &mut Rng::new(1, &device))?;
    println!("{} parameters\n", module::count(&model));
    let mut optimiser = Optimiser::new(AdamW::new(RATE))?;
    let started = Instant::now();
    for step in 0..steps {
        let warm = (step as f64 + 1.0) / WARM_UP as f64;
        optimiser.set_rate(RATE * warm.min(1.0 - step as f64 / steps as f64))?;
        let (x, y) = text.batch(step, BATCH, &device)?;
        let loss = |model: &Gpt| cross_entropy(&model.forward(&x)?, &y);
        let (loss, grads) = value_and_grad(loss, &model)?;
        optimiser.update(&mut model, &grads)?;
        if step % 50 == 0 {
            println!("step {step:>4}  loss {:.4}", loss.item()?.as_f64());
        }
    }
    let loss = text.test(&model, BATCH, &device)?;
    println!("validation loss {loss:.4} after {steps} steps in {:.1} s\n", started.elapsed().as_secs_f64());
    println!("{}", text.spell(&write(&model, 0, 400, 0.8, &mut Rng::new(2, &device))?));
    assert!(loss < wanted, "validation loss {loss}");
    Ok(())
}

fn main() -> Result<()> {
    run(&Arguments::read()?)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none())
}
