//! What a network learnt of the digits 0 to 4 helps it with 5 to 9: its features are frozen, and a new head learns from few pictures.
//!
//! ```text
//! cargo run --release -p tensorkeep --example transfer_learning -- --data ../shared/data/mnist
//! ```
//!
//! `--data` is a folder with the four files of MNIST. Without it, the network learns the embedded digits.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod pictures;

use std::sync::Arc;

use arguments::Arguments;
use tensorkeep::autodiff::Options;
use tensorkeep::data::{Pair, group_indices};
use tensorkeep::prelude::*;

/// Numbers that stand for a picture.
const FEATURES: usize = 32 * 4 * 4;
/// Pictures of each of the other digits, in each lesson.
const LESSONS: [usize; 5] = [1, 2, 5, 10, 20];

/// Features of a picture, and a head that names one of five digits.
#[derive(Clone, Debug, Module)]
struct Network {
    features: Sequential,
    head: Dense,
}

impl Network {
    fn new(rng: &mut Rng) -> Result<Self> {
        let features = Sequential::new()
            .then(Conv::new([5, 5], 1, 16, rng)?)
            .then(Tensor::relu)
            .then(MaxPool::new([2, 2]))
            .then(Conv::new([5, 5], 16, 32, rng)?)
            .then(Tensor::relu)
            .then(MaxPool::new([2, 2]))
            .then(Flatten);
        Ok(Self { features, head: Dense::new(FEATURES, 5, rng)? })
    }
}

impl Layer for Network {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        cx.run("head", &self.head, &cx.run("features", &self.features, x)?)
    }
}

/// The digits from `first` on, five of them, numbered from 0.
fn five(set: &Arc<dyn Dataset>, first: i32) -> Result<Arc<dyn Dataset>> {
    let five = i64::from(first)..i64::from(first) + 5;
    let labels = set.labels()?;
    let found = (0..labels.len()).filter(|&i| five.contains(&labels[i])).collect();
    let renumbered = move |x: HostArray, y: HostArray| -> Result<Pair> {
        let labels = y.data().iter().map(|label| label.as_i64() as i32 - first).collect();
        Ok((x, HostArray::new(HostData::I32(labels), y.shape())?))
    };
    Ok(Arc::new(Subset::new(Arc::new(Arc::clone(set)), found)?.map(renumbered)))
}

/// The first so many pictures of each of the five digits.
fn few(set: &Arc<dyn Dataset>, each: usize, device: &Device) -> Result<(Tensor, Tensor)> {
    let some = Arc::new(Arc::clone(set).range(..set.len().min(1000))?);
    let groups = group_indices(&some.labels()?);
    let places = groups.into_values().flat_map(|group| group.into_iter().take(each)).collect();
    Subset::new(some, places)?.to_tensors(device)
}

/// Makes `steps` steps on the same few pictures. What `options` freezes stays as it is.
fn teach(model: &mut Network, (x, y): &(Tensor, Tensor), options: &Options, steps: usize) -> Result<()> {
    let mut optimiser = Optimiser::new(AdamW::new(0.005))?;
    for step in 0..steps {
        let cx = Context::training(step as u64);
        let (_, grads) = options
            .value_and_grad(|model: &Network| cross_entropy(&model.forward_with(x, &cx)?, y), model)?;
        optimiser.update(model, &grads)?;
    }
    Ok(())
}

/// The share of right guesses.
fn tested(model: &Network, loader: &Loader) -> Result<f64> {
    Ok(evaluate(model, loader)?.confusion.accuracy())
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let [train, test] = pictures::digits(arguments.data.as_deref())?;
    // So few embedded digits are all alike: there, a network that learns all anew does as well.
    let (epochs, wanted, lead) = if arguments.data.is_some() { (2, 0.88, 0.05) } else { (10, 0.85, -0.05) };
    let tests = |first| Loader::new(five(&test, first)?, 500, &device);

    let mut learnt = Network::new(&mut Rng::new(1, &device))?;
    let loader = Loader::new(five(&train, 0)?, 64, &device)?.shuffle(1);
    let mut optimiser = Optimiser::new(AdamW::new(0.003))?;
    Fit::new(epochs, 1).rate(|done| 0.003 * (1.0 - done)).run(
        &mut learnt,
        &mut optimiser,
        &loader,
        |model, x, y, cx| cross_entropy(&model.forward_with(x, cx)?, y),
    )?;
    println!("0 to 4, from {} pictures: {:.1} %\n", loader.examples(), tested(&learnt, &tests(0)?)? * 100.0);

    println!(
        "5 to 9, from a few pictures each: the frozen features of 0 to 4 with a new head (#), or all anew (o)\n"
    );
    let (others, tests) = (five(&train, 5)?, tests(5)?);
    let (mut last, mut ahead) = ([0.0; 2], 0.0);
    for each in LESSONS {
        let lesson = few(&others, each, &device)?;
        let mut rng = Rng::new(2, &device);
        let mut frozen = Network { head: Dense::new(FEATURES, 5, &mut rng)?, ..learnt.clone() };
        teach(&mut frozen, &lesson, &Options::new().freeze("features.**"), 100)?;
        let mut anew = Network::new(&mut rng)?;
        teach(&mut anew, &lesson, &Options::new(), 100)?;
        last = [tested(&frozen, &tests)?, tested(&anew, &tests)?];
        for (accuracy, mark) in last.into_iter().zip(["#", "o"]) {
            println!("{each:>3} {:<50} {:.1} %", mark.repeat((accuracy * 50.0) as usize), accuracy * 100.0);
        }

        // Frozen is frozen: not a bit has changed.
        let parameters = |model: &Network| module::parameters(&model.features);
        for (was, is) in parameters(&learnt).iter().zip(parameters(&frozen)) {
            assert_eq!(was.value.to_vec::<f32>()?, is.value.to_vec::<f32>()?, "{}", was.path);
        }
        ahead += (last[0] - last[1]) / LESSONS.len() as f64;
    }
    println!("\nahead by {:.1} % in the mean", ahead * 100.0);
    assert!(last[0] >= wanted && ahead >= lead, "accuracy {}, ahead by {ahead}", last[0]);
    Ok(())
}

fn main() -> Result<()> {
    run(&Arguments::read()?)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none())
}
