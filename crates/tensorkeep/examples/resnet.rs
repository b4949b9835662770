//! A residual network of 20 layers on a folder of pictures, which are read while it trains.
//!
//! ```text
//! cargo run --release -p tensorkeep --example resnet [-- --data FOLDER]
//! ```
//!
//! `--data` is a folder with `train/CLASS/NAME.pgm` and `test/CLASS/NAME.pgm`, grey pictures of one size. Without it, one is made of
//! the embedded digits.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod pictures;

use std::fs;
use std::path::PathBuf;

use arguments::Arguments;
use tensorkeep::data::{ImageFolder, digits};
use tensorkeep::prelude::*;

/// Writes the embedded digits as pictures of 16 × 16 pixels, four of five to learn from.
fn write_digits(folder: PathBuf) -> Result<PathBuf> {
    let set = digits()?;
    let (x, y) = (set.inputs().clone(), set.targets());
    let x = Tensor::from_host(x, &tensorkeep::cpu::device())?.repeat(2, 2)?.repeat(3, 2)?;
    for (i, class) in y.data().iter().enumerate() {
        let part = if i % 5 == 0 { "test" } else { "train" };
        let class = folder.join(part).join(class.as_i64().to_string());
        fs::create_dir_all(&class).map_err(|error| {
            let message = format!("{}: {error}: choose another --out", class.display());
            Error::new(ErrorKind::Io, "resnet", message)
        })?;
        pictures::write(&x.at(0, i)?.at(0, 0)?, &class.join(format!("{i:04}.pgm")))?;
    }
    Ok(folder)
}

/// A convolution without a bias, which the norm behind it would take away.
#[derive(Clone, Debug, Module)]
struct Normed(Conv<2>, BatchNorm);

impl Normed {
    fn new([inputs, outputs]: [usize; 2], kernel: usize, stride: usize, rng: &mut Rng) -> Result<Self> {
        let conv = Conv::new([kernel; 2], inputs, outputs, rng)?;
        let padding = Padding::Explicit([(kernel / 2, kernel / 2); 2]);
        let conv = Conv { bias: None, stride: [stride; 2], padding, ..conv };
        Ok(Self(conv, BatchNorm::new(outputs, rng.device())?))
    }
}

impl Layer for Normed {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run(1, &self.1, &cx.run(0, &self.0, x)?)
    }
}

/// Two convolutions beside a shortcut, which is a convolution of one pixel where the shape changes.
#[derive(Clone, Debug, Module)]
struct Block {
    first: Normed,
    second: Normed,
    shortcut: Option<Normed>,
}

impl Layer for Block {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let y = cx.run("second", &self.second, &cx.run("first", &self.first, x)?.relu()?)?;
        y.add(&cx.run("shortcut", &self.shortcut, x)?)?.relu()
    }
}

/// He et al., *Deep Residual Learning for Image Recognition*, 2015, arXiv:1512.03385, §4.2 with n = 3.
fn resnet20(classes: usize, rng: &mut Rng) -> Result<impl Layer + Clone + use<>> {
    let stem = (Normed::new([1, 16], 3, 1, rng)?, Tensor::relu);
    let (mut blocks, mut inputs) = (Vec::new(), 16);
    for (outputs, stride) in [(16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1)]
    {
        let first = Normed::new([inputs, outputs], 3, stride, rng)?;
        let second = Normed::new([outputs; 2], 3, 1, rng)?;
        let changes = inputs != outputs;
        let shortcut = changes.then(|| Normed::new([inputs, outputs], 1, stride, rng)).transpose()?;
        blocks.push(Block { first, second, shortcut });
        inputs = outputs;
    }
    let mean = |x: &Tensor| x.mean([2, 3], false);
    Ok((stem, blocks, mean, Dense::new(64, classes, rng)?))
}

fn run(arguments: &Arguments, epochs: usize, wanted: f64) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let folder = match &arguments.data {
        Some(folder) => folder.clone(),
        None => write_digits(arguments.picture("digits")?)?,
    };
    let (train, test) = (ImageFolder::open(folder.join("train"))?, ImageFolder::open(folder.join("test"))?);
    println!(
        "{} and {} pictures in {}, of {}",
        train.len(),
        test.len(),
        folder.display(),
        train.classes().names().join(", ")
    );

    let mut model = resnet20(train.classes().len(), &mut Rng::new(1, &device))?;
    println!("{} parameters\n", module::count(&model));
    let loader = Loader::new(train, 64, &device)?.shuffle(1).workers(1);
    let mut optimiser = Optimiser::new(Sgd { momentum: 0.9, ..Sgd::new(0.1) })?;
    Fit::new(epochs, 1).rate(|done| 0.1 * (1.0 - done)).listen(&mut Progress::new()).run(
        &mut model,
        &mut optimiser,
        &loader,
        |model, x, y, cx| cross_entropy(&model.forward_with(x, cx)?, y),
    )?;
    let tests = Loader::new(test, 6, &device)?;
    let tested = evaluate(&model, &tests)?;
    println!("\n{}\n", tested.confusion);
    for batch in tests.epoch(0).step_by(20).take(3) {
        let (x, _) = batch?;
        let guesses = model.forward(&x)?.argmax(-1, false)?;
        println!("{}\n{guesses}", pictures::in_terminal(&pictures::tiled(&x, 6)?)?);
    }
    let accuracy = tested.confusion.accuracy();
    println!("accuracy {:.2} % after {epochs} epochs", accuracy * 100.0);
    assert!(accuracy >= wanted, "accuracy {accuracy}");
    Ok(())
}

fn main() -> Result<()> {
    run(&Arguments::read()?, 8, 0.97)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none(), 2, 0.85)
}
