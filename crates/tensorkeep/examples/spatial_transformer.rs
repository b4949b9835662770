//! A network that straightens digits before it reads them: it learns from their labels alone where to look.
//!
//! ```text
//! cargo run --release -p tensorkeep --example spatial_transformer -- --data ../shared/data/mnist
//! ```
//!
//! `--data` is a folder with the four files of MNIST. Without it, the network learns the embedded digits.
//!
//! Source: Jaderberg et al., *Spatial Transformer Networks*, 2015, arXiv:1506.02025.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod pictures;

use arguments::Arguments;
use pictures::SIDE;
use tensorkeep::prelude::*;
use tensorkeep::tensor::GridSample;

/// The learning rate that training starts with.
const RATE: f64 = 0.005;

/// Pictures `[n, 1, 28, 28]` seen through affine maps `[n, 2, 3]`: what is drawn at `(x, y)`, both from −1 to 1, was at
/// `map · (x, y, 1)`. Between pixels, the four neighbours count by their nearness; outside is black. Equations 1 and 5.
fn sample(pictures: &Tensor, maps: &Tensor) -> Result<Tensor> {
    pictures.grid_sample(&maps.affine_grid(&[SIDE, SIDE], false)?, GridSample::default())
}

/// Digits that are turned by up to 60 degrees, shrunk and moved.
fn disturbed(pictures: &Tensor, rng: &mut Rng) -> Result<Tensor> {
    let n = pictures.shape()[0];
    let (angle, scale) = (rng.uniform([n], -1.05, 1.05)?, rng.uniform([n], 1.1, 1.7)?);
    let shift = rng.uniform([n, 2, 1], -0.4, 0.4)?;
    let (cos, sin) = (angle.cos()?.mul(&scale)?, angle.sin()?.mul(&scale)?);
    let turn = Tensor::stack(&[&cos, &sin.neg()?, &sin, &cos], 1)?.reshape([n, 2, 2])?;
    sample(pictures, &Tensor::concat(&[&turn, &shift], 2)?)
}

/// A network that finds the map, if it has one, and one that reads what is seen through it.
#[derive(Clone, Debug, Module)]
struct Reader {
    locate: Option<Sequential>,
    read: Sequential,
}

impl Reader {
    fn new(locates: bool, rng: &mut Rng) -> Result<Self> {
        let read = Sequential::new()
            .then(Conv::new([5, 5], 1, 8, rng)?)
            .then(Tensor::relu)
            .then(MaxPool::new([2, 2]))
            .then(Conv::new([5, 5], 8, 16, rng)?)
            .then(Tensor::relu)
            .then(MaxPool::new([2, 2]))
            .then(Flatten)
            .then(Dense::new(16 * 4 * 4, 10, rng)?);
        if !locates {
            return Ok(Self { locate: None, read });
        }
        // The first map that it finds leaves everything as it is.
        let identity = Tensor::new([1.0f32, 0.0, 0.0, 0.0, 1.0, 0.0], rng.device())?;
        let map = Dense { weight: init::normal([6, 32], 1e-3, rng)?, bias: Some(identity) };
        let locate = Sequential::new()
            .then(MeanPool::new([2, 2]))
            .then(Conv::new([5, 5], 1, 8, rng)?)
            .then(Tensor::relu)
            .then(MaxPool::new([2, 2]))
            .then(Flatten)
            .then(Dense::new(8 * 5 * 5, 32, rng)?)
            .then(Tensor::relu)
            .then(map);
        Ok(Self { locate: Some(locate), read })
    }

    /// What it reads.
    fn straighten(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        match &self.locate {
            Some(locate) => sample(x, &cx.run("locate", locate, x)?.reshape([x.shape()[0], 2, 3])?),
            None => Ok(x.clone()),
        }
    }
}

impl Layer for Reader {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run("read", &self.read, &self.straighten(x, cx)?)
    }
}

/// Trains a reader on digits that are disturbed anew each time.
fn train(mut model: Reader, loader: &Loader, steps: usize) -> Result<Reader> {
    let mut optimiser = Optimiser::new(AdamW::new(RATE))?;
    for (step, batch) in (0..).flat_map(|epoch| loader.epoch(epoch)).take(steps).enumerate() {
        let ((x, y), seed) = (batch?, step as u64);
        optimiser.set_rate(RATE * (1.0 - step as f64 / steps as f64))?;
        let (x, cx) = (disturbed(&x, &mut Rng::new(seed, x.device()))?, Context::training(seed));
        let loss = |model: &Reader| cross_entropy(&model.forward_with(&x, &cx)?, &y);
        let (loss, grads) = value_and_grad(loss, &model)?;
        optimiser.update(&mut model, &grads)?;
        if step % 100 == 0 {
            println!("step {step:>4}  loss {:.3}", loss.item()?.as_f64());
        }
    }
    Ok(model)
}

/// The share of right guesses on disturbed digits.
fn tested(model: &Reader, loader: &Loader) -> Result<f64> {
    let mut right = 0.0;
    for (i, batch) in loader.epoch(0).enumerate() {
        let (x, y) = batch?;
        let x = disturbed(&x, &mut Rng::new(u64::MAX - i as u64, x.device()))?;
        right += accuracy(&model.forward(&x)?, &y)? * y.elements() as f64;
    }
    Ok(right / loader.examples() as f64)
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let [train_set, test_set] = pictures::digits(arguments.data.as_deref())?;
    let (steps, wanted, lead) = if arguments.data.is_some() { (600, 0.92, 0.08) } else { (140, 0.6, 0.15) };
    let loader = Loader::new(train_set, 64, &device)?.shuffle(1).workers(1);
    let tests = Loader::new(test_set.clone(), 500, &device)?;

    let plain = train(Reader::new(false, &mut Rng::new(1, &device))?, &loader, steps)?;
    let model = train(Reader::new(true, &mut Rng::new(1, &device))?, &loader, steps)?;
    let [without, with] = [tested(&plain, &tests)?, tested(&model, &tests)?];
    println!("accuracy as they are {:.1} %, straightened {:.1} %\n", without * 100.0, with * 100.0);

    // As they were, as they came, and as the reader sees them.
    let (x, _) = test_set.range(..12)?.to_tensors(&device)?;
    let turned = disturbed(&x, &mut Rng::new(7, &device))?;
    let seen = model.straighten(&turned, &Context::evaluation())?;
    let few = |x: &Tensor| x.narrow(0, ..4);
    let shown = pictures::tiled(&Tensor::concat(&[&few(&turned)?, &few(&seen)?], 0)?, 4)?;
    println!("{}", pictures::in_terminal(&shown)?);
    let all = pictures::tiled(&Tensor::concat(&[&x, &turned, &seen], 0)?, 12)?;
    pictures::save(&all, &arguments.picture("spatial-transformer.pgm")?)?;
    assert!(with >= wanted && with > without + lead, "accuracy {with}, {without} without");
    Ok(())
}

fn main() -> Result<()> {
    run(&Arguments::read()?)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none())
}
