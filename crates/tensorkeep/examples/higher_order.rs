//! Gradients of gradients: the Taylor series of a function, each coefficient by one more call of `grad`.
//!
//! ```text
//! cargo run --release -p tensorkeep --example higher_order
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::prelude::*;

type Function<'a> = &'a dyn Fn(&Tensor) -> Result<Tensor>;

/// The `n`-th derivative of `f` at a single number. `grad` works on anything that is made of tensor operations, and it is
/// itself made of them.
fn derivative(n: usize, f: Function<'_>, x: &Tensor) -> Result<Tensor> {
    match n {
        0 => f(x),
        n => grad(|x: &Tensor| derivative(n - 1, f, x), x),
    }
}

fn main() -> Result<()> {
    let zero = Tensor::new(0.0f64, &tensorkeep::cpu::device())?;
    // tanh x = x − x³/3 + 2x⁵/15 − 17x⁷/315 + …
    let functions: [(&str, Function<'_>); 4] = [
        ("exp x", &|x| x.exp()),
        ("sin x", &|x| x.sin()),
        ("tanh x", &|x| x.tanh()),
        ("log(1 + x)", &|x| x.log1p()),
    ];
    for (name, f) in functions {
        print!("{name:>12} =");
        let mut factorial = 1.0;
        for n in 0..=7 {
            factorial *= f64::from(n.max(1));
            let coefficient = derivative(n as usize, f, &zero)?.item()?.as_f64() / factorial;
            if coefficient.abs() > 1e-12 {
                print!(" {coefficient:+.4}·x^{n}");
            }
        }
        println!(" + …");
    }
    let seventh = derivative(7, &|x| x.tanh(), &zero)?.item()?.as_f64();
    assert!((seventh / 5040.0 + 17.0 / 315.0).abs() < 1e-12);
    Ok(())
}

#[test]
fn runs() -> Result<()> {
    main()
}
