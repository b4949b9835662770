//! A conditional generative adversarial network: one network draws the digit that it is asked for, another one learns to tell its
//! drawings from real ones, and a third, which never sees the first two at work, says whether the right digit was drawn.
//!
//! ```text
//! cargo run --release -p tensorkeep --example conditional_gan -- --data ../shared/data/mnist
//! ```
//!
//! `--data` is a folder with the four files of MNIST. Without it, the networks learn the embedded digits.
//!
//! Source: Radford, Metz and Chintala, *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks*,
//! 2015, arXiv:1511.06434; Mirza and Osindero, *Conditional Generative Adversarial Nets*, 2014, arXiv:1411.1784.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod pictures;

use arguments::Arguments;
use pictures::SIDE;
use tensorkeep::nn::layers::Resize;
use tensorkeep::prelude::*;
use tensorkeep::tensor::Interpolation;

/// Random numbers that a drawing starts from.
const NOISE: usize = 32;
const BATCH: usize = 32;
/// Every pixel four times: with a convolution behind it, it leaves no chequered pattern as transposed convolutions do. Odena et al.,
/// *Deconvolution and Checkerboard Artifacts*, 2016.
const TWICE: Upsample<2> = Upsample { to: Resize::Scale([2.0; 2]), mode: Interpolation::Nearest };

/// Draws digits: from noise and a class to `[n, 1, 28, 28]`.
#[derive(Clone, Debug, Module)]
struct Generator {
    start: Dense,
    norms: [BatchNorm; 3],
    convolutions: [Conv<2>; 3],
}

impl Generator {
    fn new(rng: &mut Rng) -> Result<Self> {
        let device = rng.device().clone();
        let norm = |channels| BatchNorm::new(channels, &device);
        let mut conv = |inputs, outputs| -> Result<Conv<2>> {
            Ok(Conv { padding: Padding::Same, ..Conv::new([3, 3], inputs, outputs, rng)? })
        };
        let convolutions = [conv(32, 16)?, conv(16, 8)?, conv(8, 1)?];
        Ok(Self {
            start: Dense::new(NOISE + 10, 32 * 7 * 7, rng)?,
            norms: [norm(32)?, norm(16)?, norm(8)?],
            convolutions,
        })
    }

    fn draw(&self, noise: &Tensor, class: &Tensor, cx: &Context) -> Result<Tensor> {
        let [n, _] = noise.dims()?;
        let asked = Tensor::concat(&[noise, &class.one_hot(10, DType::F32)?], 1)?;
        let mut x = self.start.forward(&asked)?.reshape([n, 32, 7, 7])?;
        for (i, (norm, convolution)) in self.norms.iter().zip(&self.convolutions).enumerate() {
            x = norm.forward_with(&x, cx)?.relu()?;
            if i < 2 {
                x = TWICE.forward(&x)?;
            }
            x = convolution.forward(&x)?;
        }
        x.sigmoid()
    }
}

/// Looks at a digit and at what it is said to be: the logit of its being real.
///
/// What it is said to be counts by a product with the features, as Miyato and Koyama have it, *cGANs with Projection
/// Discriminator*, 2018, arXiv:1802.05637, equation 3.
#[derive(Clone, Debug, Module)]
struct Discriminator {
    convolutions: [Conv<2>; 2],
    drop: Dropout,
    output: Dense,
    classes: Embedding,
}

impl Discriminator {
    fn new(rng: &mut Rng) -> Result<Self> {
        let mut conv = |inputs, outputs| -> Result<Conv<2>> {
            let conv = Conv::new([5, 5], inputs, outputs, rng)?;
            Ok(Conv { stride: [2, 2], padding: Padding::Explicit([(2, 2); 2]), ..conv })
        };
        let convolutions = [conv(1, 16)?, conv(16, 32)?];
        let features = 32 * 7 * 7;
        let classes = Embedding { weight: init::normal([10, features], 0.02, rng)?, padding_index: None };
        Ok(Self { convolutions, drop: Dropout::new(0.1)?, output: Dense::new(features, 1, rng)?, classes })
    }

    fn judge(&self, x: &Tensor, class: &Tensor, cx: &Context) -> Result<Tensor> {
        let mut x = x.clone();
        for (i, convolution) in self.convolutions.iter().enumerate() {
            x = cx.at(i).run("drop", &self.drop, &convolution.forward(&x)?.leaky_relu(0.2)?)?;
        }
        let features = x.flatten(1)?;
        let agreement = features.mul(&self.classes.forward(class)?)?.sum([1], true)?;
        self.output.forward(&features)? + agreement
    }
}

/// The loss of saying `logits` where all are real, or all are drawn.
fn loss(logits: &Tensor, real: f64) -> Result<Tensor> {
    let targets = Tensor::full(logits.shape(), real, DType::F32, logits.device())?;
    binary_cross_entropy_with_logits(logits, &targets)
}

/// The third network: it has learnt real digits alone.
fn witness(loader: &Loader, epochs: usize, rng: &mut Rng) -> Result<impl Layer + Clone + use<>> {
    let convolution = Conv { stride: [2, 2], ..Conv::new([5, 5], 1, 16, rng)? };
    let mut model = (
        (convolution, Tensor::relu, MaxPool::new([2, 2]), Flatten),
        (Dense::new(16 * 6 * 6, 64, rng)?, Tensor::relu, Dense::new(64, 10, rng)?),
    );
    let mut optimiser = Optimiser::new(AdamW::new(0.005))?;
    Fit::new(epochs, 1).rate(|done| 0.005 * (1.0 - done)).run(
        &mut model,
        &mut optimiser,
        loader,
        |model, x, y, cx| cross_entropy(&model.forward_with(x, cx)?, y),
    )?;
    Ok(model)
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let mut rng = Rng::new(1, &device);
    let [train, _] = pictures::digits(arguments.data.as_deref())?;
    let (steps, epochs, wanted) = if arguments.data.is_some() { (900, 1, 0.9) } else { (140, 4, 0.5) };
    let loader = Loader::new(train, BATCH, &device)?.shuffle(1).drop_last();
    let witness = witness(&loader, epochs, &mut rng)?;

    let (mut generator, mut discriminator) = (Generator::new(&mut rng)?, Discriminator::new(&mut rng)?);
    let patient = Adam { beta1: 0.5, ..Adam::new(0.002) };
    let (mut learn_to_draw, mut learn_to_judge) = (Optimiser::new(patient)?, Optimiser::new(patient)?);
    for (step, batch) in (1..).flat_map(|epoch| loader.epoch(epoch)).take(steps).enumerate() {
        let (x, y) = batch?;
        let cx = Context::training(step as u64);
        let noise = rng.normal([BATCH, NOISE], 0.0, 1.0)?;

        let drawn = generator.draw(&noise, &y, &cx)?;
        let (judged, grads) = value_and_grad(
            |d: &Discriminator| {
                // Real ones count for 0.9, so that the judge is never too sure.
                loss(&d.judge(&x, &y, &cx.at("real"))?, 0.9)?
                    + loss(&d.judge(&drawn, &y, &cx.at("drawn"))?, 0.0)?
            },
            &discriminator,
        )?;
        learn_to_judge.update(&mut discriminator, &grads)?;

        let (fooled, grads) = value_and_grad(
            |g: &Generator| loss(&discriminator.judge(&g.draw(&noise, &y, &cx)?, &y, &cx.at("drawn"))?, 1.0),
            &generator,
        )?;
        learn_to_draw.update(&mut generator, &grads)?;
        if step % 100 == 0 {
            println!(
                "step {step:>4}  judge {:.3}  draughtsman {:.3}",
                judged.item()?.as_f64(),
                fooled.item()?.as_f64()
            );
        }
    }

    // A row of each digit, drawn as in training: by the statistics of the batch.
    let class = Tensor::arange(10, DType::INDEX, &device)?.repeat(0, 20)?;
    let drawn = generator.draw(&rng.normal([200, NOISE], 0.0, 1.0)?, &class, &Context::training(0))?;
    let recognised = accuracy(&witness.forward(&drawn)?, &class)?;
    let few = drawn.reshape([10, 20, 1, SIDE, SIDE])?.at(1, 0)?.narrow(0, ..5)?;
    println!("{}", pictures::in_terminal(&pictures::tiled(&few, 5)?)?);
    pictures::save(&pictures::tiled(&drawn, 20)?, &arguments.picture("conditional-gan.pgm")?)?;
    println!("{:.1} % of the drawings are recognised as what was asked for", recognised * 100.0);
    assert!(recognised >= wanted, "{recognised} recognised");
    Ok(())
}

fn main() -> Result<()> {
    run(&Arguments::read()?)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none())
}
