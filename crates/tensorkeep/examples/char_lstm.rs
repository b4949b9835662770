//! A recurrent network that learns to write, letter by letter, and then writes.
//!
//! ```text
//! cargo run --release -p tensorkeep --example char_lstm -- --data ../shared/data/tinyshakespeare/input.txt
//! ```
//!
//! `--data` is a file of text. Without it, the network learns the text of a licence, and not for long.
//! `python/char_lstm.py` is the same program for PyTorch: same sizes, steps and windows of text in the same order.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod text;

use std::time::Instant;

use arguments::Arguments;
use tensorkeep::prelude::*;
use text::Text;

/// Windows a step, and characters a window.
const BATCH: [usize; 2] = [32, 64];
/// The learning rate that training starts with.
const RATE: f64 = 0.006;

/// A vector for each character, memory, and the chances of what comes next.
#[derive(Clone, Debug, Module)]
struct Writer {
    embedding: Embedding,
    memory: Lstm,
    output: Dense,
}

impl Layer for Writer {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let x = cx.run("embedding", &self.embedding, x)?;
        cx.run("output", &self.output, &cx.run("memory", &self.memory, &x)?)
    }
}

impl Writer {
    fn new(characters: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            embedding: Embedding::new(characters, 64, rng)?,
            memory: Lstm::new(64, 256, rng)?,
            output: Dense::new(256, characters, rng)?,
        })
    }

    /// Goes on from `start`: one character at a time is drawn, and becomes the next input. What came before is in the state.
    fn write(&self, start: i32, count: usize, temperature: f64, rng: &mut Rng) -> Result<Vec<i32>> {
        let (mut written, mut state) = (vec![start], None);
        let draws = rng.uniform([count], 0.0, 1.0)?.to_vec::<f32>()?;
        for (i, uniform) in draws.into_iter().enumerate() {
            let last = Tensor::new([[written[i]]], rng.device())?;
            let (features, next) = self.memory.run(&self.embedding.forward(&last)?, state.as_ref())?;
            let logits = self.output.forward(&features)?.reshape([self.output.weight.shape()[0]])?;
            written.push(text::draw(&logits, temperature, uniform)?);
            state = Some(next);
        }
        Ok(written)
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let text = Text::read(arguments.data.as_deref())?;
    let (steps, wanted) = if arguments.data.is_some() { (380, 1.78) } else { (40, 3.3) };

    let mut model = Writer::new(text.characters(), &mut Rng::new(1, &device))?;
    let mut optimiser = Optimiser::new(AdamW::new(RATE))?;
    let started = Instant::now();
    for step in 0..steps {
        optimiser.set_rate(RATE * (1.0 - step as f64 / steps as f64))?;
        let (x, y) = text.batch(step, BATCH, &device)?;
        let loss = |model: &Writer| cross_entropy(&model.forward(&x)?, &y);
        let (loss, grads) = value_and_grad(loss, &model)?;
        optimiser.update(&mut model, &grads)?;
        if step % 50 == 0 {
            println!("step {step:>4}  loss {:.4}", loss.item()?.as_f64());
        }
    }
    let loss = text.test(&model, BATCH, &device)?;
    println!("validation loss {loss:.4} after {steps} steps in {:.1} s\n", started.elapsed().as_secs_f64());
    let written = model.write(0, 400, 0.8, &mut Rng::new(2, &device))?;
    println!("{}", text.spell(&written));
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
