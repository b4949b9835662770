//! Three species of iris, told apart by four measurements: split, standardised and learnt.
//!
//! ```text
//! cargo run --release -p tensorkeep --example iris
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::data::iris;
use tensorkeep::prelude::*;

const SPECIES: [&str; 3] = ["setosa", "versicolor", "virginica"];
/// Columns and rows of the drawing.
const SIZE: [usize; 2] = [60, 20];

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    let (train, test) = iris()?.split(0.3, 4)?;
    let (x, y) = train.to_tensors(&device)?;

    // Part of the model, so that it sees new flowers as it saw those that it learnt from.
    let standardise = Standardise::fit(&x, 1)?;
    let mut model = (standardise, Dense::new(4, 3, &mut Rng::new(1, &device))?);
    let mut optimiser = Optimiser::new(Sgd::new(0.5))?;
    for step in 0..=200 {
        let loss = |model: &(_, _)| cross_entropy(&model.forward(&x)?, &y);
        let (loss, grads) = value_and_grad(loss, &model)?;
        optimiser.update(&mut model, &grads)?;
        if step % 50 == 0 {
            println!("step {step:>3}  loss {:.4}", loss.item()?.as_f64());
        }
    }
    let tested = evaluate(&model, &Loader::new(test, 45, &device)?)?;
    println!(
        "\n{}, of {} flowers it has not seen:\n{}\n",
        SPECIES.join(", "),
        tested.labels.len(),
        tested.confusion
    );
    println!("{}", drawing(&model, &x, &y)?);
    assert!(tested.confusion.accuracy() > 0.93, "accuracy {}", tested.confusion.accuracy());
    Ok(())
}

/// The flowers by length and width of their petals, the letter in capitals where the model takes one for another species.
fn drawing(model: &impl Layer, x: &Tensor, y: &Tensor) -> Result<String> {
    let [width, height] = SIZE;
    let mut cells = vec![vec![' '; width]; height];
    let (labels, guesses) = (y.to_vec::<i32>()?, model.forward(x)?.argmax(-1, false)?.to_vec::<i32>()?);
    let [lengths, widths] = [x.at(1, 2)?.to_vec::<f32>()?, x.at(1, 3)?.to_vec::<f32>()?];
    for (i, (&label, &guess)) in labels.iter().zip(&guesses).enumerate() {
        let letter = ['s', 'e', 'a'][label as usize];
        let column = (lengths[i] / 7.0 * width as f32) as usize;
        let row = ((1.0 - widths[i] / 2.6) * height as f32) as usize;
        cells[row][column] = if label == guess { letter } else { letter.to_ascii_uppercase() };
    }
    let rows = cells.into_iter().map(|row| format!("│{}", row.into_iter().collect::<String>()));
    let rows = rows.collect::<Vec<_>>().join("\n");
    Ok(format!(
        "petal width\n{rows}\n└{} petal length\ns setosa, e versicolor, a virginica",
        "─".repeat(width)
    ))
}

#[test]
fn runs() -> Result<()> {
    main()
}
