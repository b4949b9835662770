//! A variational autoencoder with two numbers a digit, which can be drawn as a map of all digits.
//!
//! ```text
//! cargo run --release -p tensorkeep --example vae -- --data ../shared/data/mnist
//! ```
//!
//! `--data` is a folder with the four files of MNIST. Without it, the model learns the embedded digits.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod pictures;

use arguments::Arguments;
use pictures::SIDE;
use tensorkeep::prelude::*;

const PIXELS: usize = SIDE * SIDE;
/// Numbers that stand for a digit.
const LATENT: usize = 2;
/// Rows and columns of the map.
const MAP: usize = 20;

/// An encoder to a normal distribution of the numbers, and a decoder from numbers to the chance of each pixel to be white.
///
/// Source: Kingma and Welling, *Auto-Encoding Variational Bayes*, 2013, arXiv:1312.6114.
#[derive(Clone, Debug, Module)]
struct Vae {
    encoder: [Dense; 2],
    mean: Dense,
    log_variance: Dense,
    decoder: [Dense; 3],
}

impl Vae {
    fn new(rng: &mut Rng) -> Result<Self> {
        Ok(Self {
            encoder: [Dense::new(PIXELS, 256, rng)?, Dense::new(256, 128, rng)?],
            mean: Dense::new(128, LATENT, rng)?,
            log_variance: Dense::new(128, LATENT, rng)?,
            decoder: [
                Dense::new(LATENT, 128, rng)?,
                Dense::new(128, 256, rng)?,
                Dense::new(256, PIXELS, rng)?,
            ],
        })
    }

    /// Mean and logarithm of the variance of the numbers of each picture.
    fn encode(&self, x: &Tensor) -> Result<[Tensor; 2]> {
        let [first, second] = &self.encoder;
        let h = second.forward(&first.forward(&x.flatten(1)?)?.relu()?)?.relu()?;
        Ok([self.mean.forward(&h)?, self.log_variance.forward(&h)?])
    }

    /// The logits of the pixels.
    fn decode(&self, z: &Tensor) -> Result<Tensor> {
        let [first, second, third] = &self.decoder;
        third.forward(&second.forward(&first.forward(z)?.relu()?)?.relu()?)
    }

    /// The negative evidence lower bound of a picture, in nats: what it takes to tell its pixels from the numbers, and the
    /// numbers from noise. The latter is `½ Σ (μ² + σ² − 1 − log σ²)`, appendix B of the paper.
    fn loss(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let n = x.shape()[0] as f64;
        let [mean, log_variance] = self.encode(x)?;
        // A draw that depends on the distribution through arithmetic alone, so that gradients find a way.
        let z = match cx.rng(x.device()) {
            Some(mut rng) => {
                let noise = rng.normal(mean.shape(), 0.0, 1.0)?;
                Tensor::zip_all([&mean, &log_variance, &noise], |[m, v, noise]| m + (v * 0.5).exp() * noise)?
            }
            None => mean.clone(),
        };
        let pixels = binary_cross_entropy_with_logits(&self.decode(&z)?, &x.flatten(1)?)?;
        let divergence = mean.zip(&log_variance, |m, v| (m * m + v.exp() - 1.0 - v) * 0.5)?.sum_all()?;
        pixels.mul(PIXELS as f64)? + divergence.div(n)
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let [train, test] = pictures::digits(arguments.data.as_deref())?;
    let (epochs, wanted) = if arguments.data.is_some() { (10, 153.0) } else { (10, 270.0) };
    let loader = Loader::new(train, 128, &device)?.shuffle(1).workers(1);

    let mut model = Vae::new(&mut Rng::new(1, &device))?;
    let mut optimiser = Optimiser::new(Adam::new(0.002))?;
    let mut tell = |event: &Event<'_>| {
        if let Event::EpochEnd { epoch, loss, seconds, .. } = event {
            println!("epoch {:>2}  {loss:.1} nats a digit  {seconds:.1} s", epoch + 1);
        }
        Ok(())
    };
    Fit::new(epochs, 1).rate(|done| 0.002 * (1.0 - done).max(0.05)).listen(&mut tell).run(
        &mut model,
        &mut optimiser,
        &loader,
        |model, x, _, cx| model.loss(x, cx),
    )?;

    let (mut total, mut count) = (0.0, 0);
    for (i, batch) in Loader::new(test, 500, &device)?.epoch(0).enumerate() {
        let (x, _) = batch?;
        total += model.loss(&x, &Context::training(i as u64))?.item()?.as_f64() * x.shape()[0] as f64;
        count += x.shape()[0];
    }
    let bound = total / count as f64;
    println!("\n{bound:.1} nats a digit that it has not seen");

    let map = map(&model, &device)?;
    // Four of them from one corner to the other.
    let diagonal = map.slice(0, 2 * (MAP + 1).., 5 * (MAP as isize + 1))?;
    println!("{}", pictures::in_terminal(&pictures::tiled(&diagonal, 4)?)?);
    pictures::save(&pictures::tiled(&map, MAP)?, &arguments.picture("vae-map.pgm")?)?;
    assert!(bound < wanted, "{bound} nats");
    Ok(())
}

/// What is decoded from numbers on a grid over the middle of the plane.
fn map(model: &Vae, device: &Device) -> Result<Tensor> {
    let line = Tensor::linspace(-2.0, 2.0, MAP, DType::F32, device)?;
    let z = Tensor::stack(&[&line.repeat(0, MAP)?, &line.tile([MAP])?], 1)?;
    model.decode(&z)?.sigmoid()?.reshape([MAP * MAP, 1, SIDE, SIDE])
}

fn main() -> Result<()> {
    run(&Arguments::read()?)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none())
}
