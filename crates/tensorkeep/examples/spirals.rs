//! Two spirals, told apart by a small network that is trained with a plain loop, and drawn in the terminal.
//!
//! ```text
//! cargo run --release -p tensorkeep --example spirals
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::f32::consts::TAU;

use tensorkeep::prelude::*;

/// Points of a spiral.
const POINTS: usize = 100;
/// Columns and rows of the drawing.
const SIZE: [usize; 2] = [64, 28];

/// Point `i` of one of two spirals, which start opposite each other.
fn point(class: usize, i: usize) -> [f32; 2] {
    let t = i as f32 / POINTS as f32;
    let angle = TAU * (1.5 * t + class as f32 / 2.0);
    [(0.1 + 0.9 * t) * angle.cos(), (0.1 + 0.9 * t) * angle.sin()]
}

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    let places: Vec<(usize, usize)> = (0..2).flat_map(|class| (0..POINTS).map(move |i| (class, i))).collect();
    let x = Tensor::new(places.iter().map(|&(class, i)| point(class, i)).collect::<Vec<_>>(), &device)?;
    let y = Tensor::new(places.iter().map(|&(class, _)| class as i32).collect::<Vec<_>>(), &device)?;

    let mut rng = Rng::new(2, &device);
    let mut model = Sequential::new()
        .then(Dense::new(2, 32, &mut rng)?)
        .then(Tensor::gelu)
        .then(Dense::new(32, 32, &mut rng)?)
        .then(Tensor::gelu)
        .then(Dense::new(32, 2, &mut rng)?);
    let mut optimiser = Optimiser::new(AdamW::new(0.02))?;
    for step in 0..=400 {
        let (loss, grads) =
            value_and_grad(|model: &Sequential| cross_entropy(&model.forward(&x)?, &y), &model)?;
        optimiser.update(&mut model, &grads)?;
        if step % 100 == 0 {
            let accuracy = accuracy(&model.forward(&x)?, &y)?;
            println!("step {step:>3}  loss {:.4}  accuracy {:.0} %", loss.item()?.as_f64(), accuracy * 100.0);
        }
    }
    println!("\n{}", drawing(&model, &device)?);
    assert!(accuracy(&model.forward(&x)?, &y)? > 0.99);
    Ok(())
}

/// What the model thinks of every place, the darker the surer of class 1, with the points it learnt from.
fn drawing(model: &Sequential, device: &Device) -> Result<String> {
    let [width, height] = SIZE;
    let at = |cell: usize, count: usize| 2.2 * (cell as f32 + 0.5) / count as f32 - 1.1;
    let cells =
        (0..height).flat_map(|row| (0..width).map(move |column| [at(column, width), -at(row, height)]));
    let sure = model.forward(&Tensor::new(cells.collect::<Vec<_>>(), device)?)?.softmax()?.at(1, 1)?;
    let shade = |sure: f32| [' ', '░', '▒', '▓'][((sure * 4.0) as usize).min(3)];
    let mut drawn: Vec<Vec<char>> = sure
        .to_vec::<f32>()?
        .chunks(width)
        .map(|row| row.iter().map(|&sure| shade(sure)).collect())
        .collect();
    for class in 0..2 {
        for [x, y] in (0..POINTS).map(|i| point(class, i)) {
            let cell = |at: f32, count: usize| ((at + 1.1) / 2.2 * count as f32) as usize;
            drawn[cell(-y, height)][cell(x, width)] = if class == 0 { 'o' } else { '#' };
        }
    }
    Ok(drawn.into_iter().map(|row| row.into_iter().collect::<String>()).collect::<Vec<_>>().join("\n"))
}

#[test]
fn runs() -> Result<()> {
    main()
}
