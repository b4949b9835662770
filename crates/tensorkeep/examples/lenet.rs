//! LeNet-5 on the digits of MNIST: convolutions, pooling, the training loop of the library, and what the network got wrong.
//!
//! ```text
//! cargo run --release -p tensorkeep --example lenet -- --data ../shared/data/mnist
//! ```
//!
//! `--data` is a folder with the four files of MNIST. Without it, the network learns the embedded digits.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;
mod pictures;

use std::sync::Arc;

use arguments::Arguments;
use tensorkeep::data::Shift;
use tensorkeep::prelude::*;

/// LeCun et al., *Gradient-Based Learning Applied to Document Recognition*, 1998, figure 2, with ReLU and max-pooling where the
/// original had sigmoids and means.
fn lenet(rng: &mut Rng) -> Result<impl Layer + Clone + use<>> {
    // The padding keeps the 28 × 28 pixels; a pooling halves both sides.
    let first = Conv { padding: Padding::Same, ..Conv::new([5, 5], 1, 6, rng)? };
    let features = (
        (first, Tensor::relu, MaxPool::new([2, 2])),
        (Conv::new([5, 5], 6, 16, rng)?, Tensor::relu, MaxPool::new([2, 2])),
    );
    let classifier = (
        (Dense::new(16 * 5 * 5, 120, rng)?, Tensor::relu),
        (Dense::new(120, 84, rng)?, Tensor::relu),
        Dense::new(84, 10, rng)?,
    );
    Ok((features, Flatten, classifier))
}

fn run(arguments: &Arguments) -> Result<()> {
    let device = tensorkeep::cpu::device();
    let [train, test] = pictures::digits(arguments.data.as_deref())?;
    let (epochs, batch, wanted) = if arguments.data.is_some() { (5, 128, 0.99) } else { (8, 32, 0.97) };

    let mut model = lenet(&mut Rng::new(1, &device))?;
    println!("{}\n", summary(&model, [batch, 1, pictures::SIDE, pictures::SIDE], DType::F32)?);
    // Some pictures move by a pixel on their way: more digits than there are.
    let loader = Loader::new(train, batch, &device)?.shuffle(1).transform(1, Shift::new(0.3)?).workers(1);
    let mut optimiser = Optimiser::new(AdamW::new(0.004))?;
    // Down to nothing in a straight line: the last steps settle what the first ones found.
    let history = Fit::new(epochs, 1).rate(|done| 0.004 * (1.0 - done)).listen(&mut Progress::new()).run(
        &mut model,
        &mut optimiser,
        &loader,
        |model, x, y, cx| cross_entropy(&model.forward_with(x, cx)?, y),
    )?;

    let tested = evaluate(&model, &Loader::new(test.clone(), 500, &device)?)?;
    let accuracy = tested.confusion.accuracy();
    println!("{}\n", tested.confusion);
    println!(
        "accuracy {:.2} % of {} digits after {epochs} epochs in {:.1} s",
        accuracy * 100.0,
        tested.labels.len(),
        history.seconds
    );
    let worst = worst(&tested, 40);
    let (x, _) = Subset::new(Arc::new(test), worst)?.to_tensors(&device)?;
    pictures::save(&pictures::tiled(&x, 10)?, &arguments.picture("lenet-mistakes.pgm")?)?;
    assert!(accuracy >= wanted, "accuracy {accuracy}");
    Ok(())
}

/// The digits with the largest losses.
fn worst(tested: &Evaluation, count: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..tested.losses.len()).collect();
    order.sort_by(|&a, &b| tested.losses[b].total_cmp(&tested.losses[a]));
    order.truncate(count);
    for &i in order.iter().take(5) {
        println!("a {} taken for a {}, loss {:.2}", tested.labels[i], tested.guesses[i], tested.losses[i]);
    }
    order
}

fn main() -> Result<()> {
    run(&Arguments::read()?)
}

#[test]
fn runs() -> Result<()> {
    run(&Arguments::none())
}
