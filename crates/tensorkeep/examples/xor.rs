//! A network that learns exclusive or: layers in a tuple, one of them a closure.
//!
//! ```text
//! cargo run --release -p tensorkeep --example xor
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::prelude::*;

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    let x = Tensor::new([[0.0f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], &device)?;
    let y = Tensor::new([[0.0f32], [1.0], [1.0], [0.0]], &device)?;

    // Any function of a tensor is a layer. This one bends, so that the network can do what no line can.
    let bend = |x: &Tensor| x.map(|x| (x * 3.0).sin());
    let mut rng = Rng::new(1, &device);
    let mut model = (Dense::new(2, 4, &mut rng)?, bend, Dense::new(4, 1, &mut rng)?);

    let mut optimiser = Optimiser::new(Adam::new(0.05))?;
    for step in 0..=200 {
        let loss = |model: &(_, _, _)| binary_cross_entropy_with_logits(&model.forward(&x)?, &y);
        let (loss, grads) = value_and_grad(loss, &model)?;
        optimiser.update(&mut model, &grads)?;
        if step % 50 == 0 {
            println!("step {step:>3}  loss {:.4}", loss.item()?.as_f64());
        }
    }
    let guesses = model.forward(&x)?.sigmoid()?;
    println!("\na b   a xor b\n{}", Tensor::concat(&[&x, &guesses], 1)?);
    assert!(guesses.sub(&y)?.abs()?.max_all()?.item()?.as_f64() < 0.1);
    Ok(())
}

#[test]
fn runs() -> Result<()> {
    main()
}
