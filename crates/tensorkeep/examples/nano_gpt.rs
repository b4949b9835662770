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
use tensorkeep::nn::init;
use tensorkeep::prelude::*;
use tensorkeep::tensor::op::Attention;
use text::Text;

/// Windows a step, and characters a window.
const BATCH: [usize; 2] = [12, 64];
const BLOCKS: usize = 4;
const FEATURES: usize = 128;
const HEADS: usize = 4;
/// The largest learning rate, and the steps on the way up to it.
const RATE: f64 = 0.003;
const WARM_UP: usize = 50;

/// A dense layer of normal weights, as GPT-2 has them: of deviation 0.02, less where a result is added to what was there.
fn dense(inputs: usize, outputs: usize, deviation: f32, rng: &mut Rng) -> Result<Dense> {
    let weight = init::normal([outputs, inputs], deviation, rng)?;
    Ok(Dense { weight, bias: Some(init::zeros([outputs], rng.device())?) })
}

/// Attention and two dense layers, each behind a norm and beside a shortcut.
///
/// Source: Vaswani et al., *Attention Is All You Need*, 2017, arXiv:1706.03762, with the norms first as in GPT-2.
#[derive(Clone, Debug, Module)]
struct Block {
    norms: [LayerNorm; 2],
    /// Queries, keys and values.
    qkv: Dense,
    mix: Dense,
    wide: Dense,
    narrow: Dense,
}

impl Block {
    fn new(rng: &mut Rng) -> Result<Self> {
        let norm = || LayerNorm::new(FEATURES, rng.device());
        let norms = [norm()?, norm()?];
        let added = 0.02 / (2.0 * BLOCKS as f32).sqrt();
        Ok(Self {
            norms,
            qkv: dense(FEATURES, 3 * FEATURES, 0.02, rng)?,
            mix: dense(FEATURES, FEATURES, added, rng)?,
            wide: dense(FEATURES, 4 * FEATURES, 0.02, rng)?,
            narrow: dense(4 * FEATURES, FEATURES, added, rng)?,
        })
    }
}

impl Layer for Block {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let [batch, length, _] = x.dims()?;
        let width = FEATURES / HEADS;
        let qkv = cx.run("qkv", &self.qkv, &self.norms[0].forward(x)?)?;
        let qkv = qkv.reshape([batch, length, 3, HEADS, width])?.permute([2, 0, 3, 1, 4])?;
        let attention = Attention { scale: (width as f64).sqrt().recip(), causal: true };
        let y = qkv.at(0, 0)?.attention(&qkv.at(0, 1)?, &qkv.at(0, 2)?, attention)?;
        let y = y.transpose(1, 2)?.reshape([batch, length, FEATURES])?;
        let x = x.add(&cx.run("mix", &self.mix, &y)?)?;
        let y = cx.run("wide", &self.wide, &self.norms[1].forward(&x)?)?.gelu()?;
        x.add(&cx.run("narrow", &self.narrow, &y)?)
    }
}

/// A vector for each character and one for each place, blocks, and the chances of what comes next.
#[derive(Clone, Debug, Module)]
struct Gpt {
    characters: Embedding,
    places: Embedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
    output: Dense,
}

impl Gpt {
    fn new(characters: usize, rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            characters: Embedding {
                weight: init::normal([characters, FEATURES], 0.02, rng)?,
                padding_index: None,
            },
            places: Embedding { weight: init::normal([BATCH[1], FEATURES], 0.02, rng)?, padding_index: None },
            blocks: (0..BLOCKS).map(|_| Block::new(rng)).collect::<Result<_>>()?,
            norm: LayerNorm::new(FEATURES, rng.device())?,
            output: Dense { bias: None, ..dense(FEATURES, characters, 0.02, rng)? },
        })
    }

    /// Goes on from `start`: one character at a time is drawn from the chances after those before it.
    fn write(&self, start: i32, count: usize, temperature: f64, rng: &mut Rng) -> Result<Vec<i32>> {
        let mut written = vec![start];
        for uniform in rng.uniform([count], 0.0, 1.0)?.to_vec::<f32>()? {
            let seen = &written[written.len().saturating_sub(BATCH[1])..];
            let logits = self.forward(&Tensor::new([seen], rng.device())?)?;
            let last = logits.at(0, 0)?.at(0, seen.len() - 1)?;
            written.push(text::draw(&last, temperature, uniform)?);
        }
        Ok(written)
    }
}

impl Layer for Gpt {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let [_, length] = x.dims()?;
        let x = self.characters.forward(x)?.add(&self.places.weight.narrow(0, ..length)?)?;
        let x = cx.run("norm", &self.norm, &cx.run("blocks", &self.blocks, &x)?)?;
        cx.run("output", &self.output, &x)
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let text = Text::read(arguments.data.as_deref())?;
    let (steps, wanted) = if arguments.data.is_some() { (600, 2.12) } else { (40, 3.5) };

    let mut model = Gpt::new(text.characters(), &mut Rng::new(1, &device))?;
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
    println!("{}", text.spell(&model.write(0, 400, 0.8, &mut Rng::new(2, &device))?));
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
