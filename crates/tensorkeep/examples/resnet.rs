//! A residual network of 20 layers on a folder of pictures, which are read while it trains: a data set of one's own.
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
use std::path::{Path, PathBuf};

use arguments::Arguments;
use tensorkeep::data::{Dataset, Pair, digits};
use tensorkeep::format::{LoadLimits, read_pgm};
use tensorkeep::prelude::*;
use tensorkeep::tensor::{HostArray, HostData};
use tensorkeep::train::{Progress, evaluate};

/// Pictures in folders, one a class.
struct ImageFolder {
    classes: Vec<String>,
    /// Each picture's file and class.
    files: Vec<(PathBuf, usize)>,
}

/// What a folder holds, in the order of names: that of the system differs from one to the next.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths: Vec<PathBuf> = read().map_err(|error| refused(folder, &error))?;
    paths.sort();
    Ok(paths)
}

/// What is wrong with a file or a folder.
fn refused(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::new(ErrorKind::Format, "image_folder", format!("{}: {why}", path.display()))
}

impl ImageFolder {
    fn open(folder: &Path) -> Result<Self> {
        let (mut classes, mut files) = (Vec::new(), Vec::new());
        for class in listed(folder)? {
            files.extend(listed(&class)?.into_iter().map(|file| (file, classes.len())));
            classes.push(class.file_name().unwrap_or_default().to_string_lossy().into_owned());
        }
        Ok(Self { classes, files })
    }
}

/// Two methods make a data set. A batch is read when it is asked for, by whichever worker of the loader: only these pictures are in
/// memory.
impl Dataset for ImageFolder {
    fn len(&self) -> usize {
        self.files.len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        let (mut pixels, mut labels, mut size) = (Vec::new(), Vec::new(), None);
        for &i in indices {
            let Some((path, class)) = self.files.get(i) else {
                return Err(Error::new(ErrorKind::Index, "image_folder", format!("there is no picture {i}")));
            };
            let bytes = fs::read(path).map_err(|error| refused(path, &error))?;
            let image = read_pgm(&bytes, &LoadLimits::default()).map_err(|error| refused(path, &error))?;
            let this = [image.height(), image.width()];
            if *size.get_or_insert(this) != this {
                return Err(refused(path, &"its size is not that of the others: resize it"));
            }
            pixels.extend(image.brightness());
            labels.push(*class as i32);
        }
        let [height, width] = size.unwrap_or_default();
        let x = HostArray::new(HostData::F32(pixels), [labels.len(), 1, height, width])?;
        let n = labels.len();
        Ok((x, HostArray::new(HostData::I32(labels), [n])?))
    }
}

/// Writes the embedded digits as pictures of 16 × 16 pixels, four of five to learn from.
fn write_digits(folder: PathBuf) -> Result<PathBuf> {
    let set = digits()?;
    let (x, y) = (set.inputs().clone(), set.targets());
    let x = Tensor::from_host(x, &tensorkeep::cpu::device())?.repeat(2, 2)?.repeat(3, 2)?;
    for (i, class) in y.data().iter().enumerate() {
        let part = if i % 5 == 0 { "test" } else { "train" };
        let class = folder.join(part).join(class.as_i64().to_string());
        fs::create_dir_all(&class).map_err(|error| refused(&class, &error))?;
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
    let (train, test) = (ImageFolder::open(&folder.join("train"))?, ImageFolder::open(&folder.join("test"))?);
    println!(
        "{} and {} pictures in {}, of {}",
        train.len(),
        test.len(),
        folder.display(),
        train.classes.join(", ")
    );

    let mut model = resnet20(train.classes.len(), &mut Rng::new(1, &device))?;
    println!("{} parameters\n", tensorkeep::nn::module::count(&model));
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
