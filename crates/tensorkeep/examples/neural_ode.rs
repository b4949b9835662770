//! A differential equation that is learnt from a spiral: the gradient flows through the integrator, whether its steps are fixed or
//! chosen on the way.
//!
//! ```text
//! cargo run --release -p tensorkeep --example neural_ode
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use tensorkeep::prelude::*;

/// Moments of the spiral that are known, and the time between two.
const MOMENTS: usize = 100;
const PAUSE: f64 = 0.05;
/// Columns and rows of the drawing.
const SIZE: [usize; 2] = [64, 26];

/// The right side of `dy/dt = f(y)`, for states `[n, 2]`. The equation does not mention `t`.
type Field<'a> = &'a dyn Fn(&Tensor) -> Result<Tensor>;

/// A step of the classical method of Runge and Kutta, of order 4.
fn rk4(f: Field<'_>, y: &Tensor, h: f64) -> Result<Tensor> {
    let k1 = f(y)?;
    let k2 = f(&y.add(&k1.mul(h / 2.0)?)?)?;
    let k3 = f(&y.add(&k2.mul(h / 2.0)?)?)?;
    let k4 = f(&y.add(&k3.mul(h)?)?)?;
    Tensor::zip_all([y, &k1, &k2, &k3, &k4], |[y, k1, k2, k3, k4]| {
        y + (k1 + (k2 + k3) * 2.0 + k4) * (h / 6.0)
    })
}

/// The coefficients of Dormand and Prince, *A family of embedded Runge–Kutta formulae*, 1980, table 2: what each stage takes of
/// those before. The last row is the solution of order 5.
const STAGES: [&[f64]; 6] = [
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];
/// By how much the solution of order 5 exceeds that of order 4.
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// `y + h Σ cᵢ kᵢ`.
fn combined(y: &Tensor, slopes: &[Tensor], coefficients: &[f64], h: f64) -> Result<Tensor> {
    let mut terms = slopes.iter().zip(coefficients).filter(|(_, c)| **c != 0.0);
    terms.try_fold(y.clone(), |sum, (k, c)| sum + &k.mul(c * h)?)
}

/// Goes from `y` over a time of `span` in steps as long as `tolerance` allows, beginning with `h`, and leaves there the length that
/// comes next. The lengths are plain numbers, so the gradient is that of the steps that were taken.
fn dormand_prince(f: Field<'_>, y: &Tensor, span: f64, tolerance: f64, h: &mut f64) -> Result<Tensor> {
    let (mut y, mut left) = (y.clone(), span);
    while left > 1e-9 {
        let step = h.min(left);
        let (mut slopes, mut next) = (vec![f(&y)?], y.clone());
        for row in STAGES {
            next = combined(&y, &slopes, row, step)?;
            slopes.push(f(&next)?);
        }
        let error = combined(&y.zeros_like()?, &slopes, &ERROR, step)?.abs()?.max_all()?.item()?.as_f64();
        if error <= tolerance {
            (y, left) = (next, left - step);
        }
        // Hairer, Nørsett and Wanner, *Solving Ordinary Differential Equations I*, §II.4, equation 4.13.
        *h = step * (0.9 * (tolerance / error.max(1e-12)).powf(0.2)).clamp(0.2, 5.0);
        if h.is_nan() || *h < 1e-6 {
            return Err(Error::value("dormand_prince", format!("steps of {h}: the equation is too stiff")));
        }
    }
    Ok(y)
}

/// How to come from one moment to the next.
#[derive(Clone, Copy, Debug)]
enum Integrator {
    Rk4,
    DormandPrince,
}

impl Integrator {
    /// The states at `count` moments from `y` on, `[count, n, 2]`.
    fn path(self, f: Field<'_>, y: &Tensor, count: usize) -> Result<Tensor> {
        let (mut states, mut h) = (vec![y.clone()], PAUSE);
        for i in 1..count {
            let next = match self {
                Self::Rk4 => rk4(f, &states[i - 1], PAUSE)?,
                Self::DormandPrince => dormand_prince(f, &states[i - 1], PAUSE, 1e-4, &mut h)?,
            };
            states.push(next);
        }
        Tensor::stack(&states.iter().collect::<Vec<_>>(), 0)
    }
}

fn cube(y: &Tensor) -> Result<Tensor> {
    y.map(|y| y * y * y)
}

/// What is learnt: a network that sees cubes, as the true equation has them.
#[derive(Clone, Debug, Module)]
struct Learnt(Dense, Dense);

impl Layer for Learnt {
    fn forward_with(&self, y: &Tensor, _: &Context) -> Result<Tensor> {
        self.1.forward(&self.0.forward(&cube(y)?)?.tanh()?)
    }
}

fn main() -> Result<()> {
    let device = tensorkeep::cpu::device();
    // The spiral of Chen et al., *Neural Ordinary Differential Equations*, 2018, arXiv:1806.07366: dy/dt = y³ A.
    let a = Tensor::new([[-0.1f32, 2.0], [-2.0, -0.1]], &device)?;
    let truth = |y: &Tensor| cube(y)?.matmul(&a);
    let start = Tensor::new([[2.0f32, 0.0]], &device)?;
    let spiral = Integrator::DormandPrince.path(&truth, &start, MOMENTS)?.reshape([MOMENTS, 2])?;

    let mut rng = Rng::new(1, &device);
    let mut model = Learnt(Dense::new(2, 64, &mut rng)?, Dense::new(64, 2, &mut rng)?);
    // Pieces of the spiral that start at every moment: many short paths are easier to learn than a long one.
    let piece = 8;
    let starts = MOMENTS - piece;
    let pieces: Vec<Tensor> = (0..piece).map(|i| spiral.narrow(0, i..i + starts)).collect::<Result<_>>()?;
    let pieces = Tensor::stack(&pieces.iter().collect::<Vec<_>>(), 0)?;
    let loss = |model: &Learnt, integrator: Integrator| {
        let path = integrator.path(&|y| model.forward(y), &spiral.narrow(0, ..starts)?, piece)?;
        mse(&path, &pieces)
    };

    // Two ways to integrate one equation, and two gradients: they agree as far as the integrators do.
    let [fixed, adaptive] = [Integrator::Rk4, Integrator::DormandPrince]
        .map(|integrator| grad(|model: &Learnt| loss(model, integrator), &model));
    let (fixed, adaptive) = (fixed?.0.weight, adaptive?.0.weight);
    let apart = fixed.sub(&adaptive)?.norm([0, 1], false)?.div(&fixed.norm([0, 1], false)?)?;
    println!("gradients apart by {:.1e} of their length\n", apart.item()?.as_f64());
    assert!(apart.item()?.as_f64() < 1e-3);

    for (integrator, steps, rate) in [(Integrator::Rk4, 1000, 0.01), (Integrator::DormandPrince, 200, 0.002)]
    {
        let mut optimiser = Optimiser::new(Adam::new(rate))?;
        for step in 0..=steps {
            optimiser.set_rate(rate * (1.0 - f64::from(step) / f64::from(steps + 1)))?;
            let (value, grads) = value_and_grad(|model: &Learnt| loss(model, integrator), &model)?;
            optimiser.update(&mut model, &grads)?;
            if step % (steps / 4) == 0 {
                println!("{integrator:?}  step {step:>3}  loss {:.6}", value.item()?.as_f64());
            }
        }
    }

    // From the first moment alone.
    let found =
        Integrator::DormandPrince.path(&|y| model.forward(y), &start, MOMENTS)?.reshape([MOMENTS, 2])?;
    let distance = found.sub(&spiral)?.norm([1], false)?.mean_all()?.item()?.as_f64();
    println!("mean distance to the spiral {distance:.3}\n\n{}", drawing(&spiral, &found)?);
    assert!(distance < 0.1, "distance {distance}");
    Ok(())
}

/// The spiral and what was learnt of it.
fn drawing(spiral: &Tensor, found: &Tensor) -> Result<String> {
    let [width, height] = SIZE;
    let mut cells = vec![vec![' '; width]; height];
    let cell = |at: f32, count: usize| (((at + 2.2) / 4.4).clamp(0.0, 0.999) * count as f32) as usize;
    for (path, mark) in [(spiral, 'o'), (found, '*')] {
        for at in path.to_vec::<f32>()?.chunks(2) {
            let place = &mut cells[cell(-at[1], height)][cell(at[0], width)];
            *place = if *place == 'o' && mark == '*' { '@' } else { mark };
        }
    }
    let drawn = cells.into_iter().map(|row| row.into_iter().collect::<String>()).collect::<Vec<_>>();
    Ok(format!("{}\no true, * learnt, @ both", drawn.join("\n")))
}

#[test]
fn runs() -> Result<()> {
    main()
}
