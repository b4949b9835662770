//! A straight line through points, found by gradient descent that is written out: no layer, no optimiser.
//!
//! ```text
//! cargo run --release -p tensorkeep --example linear_regression
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::prelude::*;

/// How many points there are.
const POINTS: usize = 60;
/// Columns and rows of the drawing.
const SIZE: [usize; 2] = [60, 20];

/// Slope and intercept of `y = a x + b`. A model is any tree of tensors, and a pair of them is one.
type Line = (Tensor, Tensor);

fn predict((slope, intercept): &Line, x: &Tensor) -> Result<Tensor> {
    x.mul(slope)? + intercept
}

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    let mut rng = Rng::new(3, &device);
    let x = rng.uniform([POINTS], -1.0, 1.0)?;
    let y = x.mul(1.5)?.sub(0.5)?.add(&rng.normal([POINTS], 0.0, 0.2)?)?;

    let mut line = (Tensor::new(0.0f32, &device)?, Tensor::new(0.0f32, &device)?);
    for step in 0..=100 {
        // The gradient of a pair is a pair.
        let (loss, grads) = value_and_grad(|line: &Line| mse(&predict(line, &x)?, &y), &line)?;
        line = (line.0.sub(&grads.0.mul(0.5)?)?, line.1.sub(&grads.1.mul(0.5)?)?);
        if step % 20 == 0 {
            println!("step {step:>3}  loss {:.4}", loss.item()?.as_f64());
        }
    }
    let [slope, intercept] = [line.0.item()?.as_f64(), line.1.item()?.as_f64()];
    println!("\ny = {slope:.3} x {intercept:+.3}\n\n{}", drawing(&line, &x, &y)?);

    // Least squares in closed form: the slope is the covariance divided by the variance.
    let (dx, dy) = (x.sub(&x.mean_all()?)?, y.sub(&y.mean_all()?)?);
    let exact = dx.mul(&dy)?.mean_all()?.div(&dx.mul(&dx)?.mean_all()?)?;
    let shift = y.mean_all()?.sub(&x.mean_all()?.mul(&exact)?)?;
    assert!((slope - exact.item()?.as_f64()).abs() < 1e-4);
    assert!((intercept - shift.item()?.as_f64()).abs() < 1e-4);
    Ok(())
}

/// The points, and the line that was found.
fn drawing(line: &Line, x: &Tensor, y: &Tensor) -> Result<String> {
    let [width, height] = SIZE;
    let mut cells = vec![vec![' '; width]; height];
    let mut put = |x: f32, y: f32, mark: char| {
        let column = ((x + 1.0) / 2.0 * width as f32) as usize;
        let row = ((1.0 - (y + 2.5) / 4.5) * height as f32) as usize;
        cells[row.min(height - 1)][column.min(width - 1)] = mark;
    };
    let across = Tensor::linspace(-1.0, 1.0, width, DType::F32, x.device())?;
    for (x, mark) in [(&across, '·'), (x, 'o')] {
        let heights = if mark == 'o' { y.clone() } else { predict(line, x)? };
        x.to_vec()?.into_iter().zip(heights.to_vec()?).for_each(|(x, y)| put(x, y, mark));
    }
    Ok(cells.into_iter().map(|row| row.into_iter().collect::<String>()).collect::<Vec<_>>().join("\n"))
}

#[test]
fn runs() -> Result<()> {
    main()
}
