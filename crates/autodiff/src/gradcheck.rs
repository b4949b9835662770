//! Gradients against differences.

use std::fmt;
use std::panic::Location;

use tensorkeep_tensor::module::{LeafMut, Module, Path, parameters};
use tensorkeep_tensor::{DType, Error, HostArray, HostData, Result, Scalar, Tensor, philox};

use crate::gradient::Options;

/// How the gradient of a function is compared with central differences, `(f(x + h) − f(x − h)) / 2h`, one
/// number of one leaf after the other.
///
/// A result of several numbers is first projected: `Σ rᵢ yᵢ` with fixed weights `r` without structure. Leaves
/// that are not of `f64` are constants: in fewer bits, a difference says nothing.
///
/// ```
/// use tensorkeep_autodiff::{Gradcheck, custom_vjp};
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([0.5f64, 1.0, 2.0], &tensorkeep_cpu::device())?;
/// let check = Gradcheck { second_order: true, ..Gradcheck::new() };
/// assert!(check.report(|x: &Tensor| x.exp()?.mul(x), &x)?.passed());
///
/// // A rule of one's own, whose sign is wrong.
/// let wrong = |x: &Tensor| custom_vjp(&[x], |x| x[0].cos(), |x, _, dy| Ok(vec![x[0].sin()?.mul(dy)?]));
/// let report = check.report(wrong, &x)?;
/// assert!(!report.passed());
/// assert!(report.to_string().starts_with("first order: by element 1 of (root) at 1: "));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Gradcheck {
    /// The step `h`, for numbers above 1 in proportion to them. The default, 6·10⁻⁶, is the cube root of the
    /// unit of `f64`, where the error of the formula and that of rounding are about equal.
    pub step: f64,
    /// How far a slope may be off, relative to the largest number in play: 2·10⁻⁷.
    pub tolerance: f64,
    /// Whether the gradient of the gradient is checked as well.
    pub second_order: bool,
    /// At most so many numbers of each leaf are checked, spread evenly over it. All, by default.
    pub elements: usize,
}

impl Default for Gradcheck {
    fn default() -> Self {
        Self { step: 6e-6, tolerance: 2e-7, second_order: false, elements: usize::MAX }
    }
}

/// What a [`Gradcheck`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct GradcheckReport {
    /// How many slopes were compared.
    pub compared: usize,
    /// The one that is off most; there is none if no leaf has elements.
    pub worst: Option<Discrepancy>,
    /// How far a slope may be off.
    pub tolerance: f64,
}

/// A slope by the rules and by differences.
#[derive(Clone, Debug, PartialEq)]
pub struct Discrepancy {
    /// 1, or 2 for the gradient of the gradient.
    pub order: u8,
    /// The leaf.
    pub path: Path,
    /// Which of its numbers, row by row.
    pub element: usize,
    /// That number.
    pub at: f64,
    /// The slope by the rules.
    pub analytic: f64,
    /// The slope by differences.
    pub numeric: f64,
    /// How far they are apart, relative to the largest number in play.
    pub error: f64,
}

impl GradcheckReport {
    /// Whether every slope is within the tolerance.
    pub fn passed(&self) -> bool {
        self.worst.as_ref().is_none_or(|worst| worst.error <= self.tolerance)
    }
}

impl fmt::Display for GradcheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(worst) = &self.worst else { return f.write_str("there was nothing to compare") };
        let order = if worst.order == 1 { "first order" } else { "second order" };
        let Discrepancy { path, element, at, analytic, numeric, error, .. } = worst;
        write!(f, "{order}: by element {element} of {path} at {at}: {analytic} by the rule, {numeric} by ")?;
        write!(f, "differences, off by {error:.1e} where {:.1e} is allowed", self.tolerance)
    }
}

/// Compares the gradient of `f` at `model` with differences, as [`Gradcheck::new`] does, and is an error if
/// it does not pass.
///
/// ```
/// use tensorkeep_autodiff::{gradcheck, stop_gradient};
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([0.5f64, 1.0], &tensorkeep_cpu::device())?;
/// gradcheck(|x: &Tensor| x.mul(x), &x)?;
/// assert!(gradcheck(|x: &Tensor| x.mul(&stop_gradient(x)), &x).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) with the worst slope if one is off; as for
/// [`Gradcheck::report`].
#[track_caller]
pub fn gradcheck<M: Module + Clone>(f: impl Fn(&M) -> Result<Tensor>, model: &M) -> Result<GradcheckReport> {
    Gradcheck::new().check(f, model)
}

impl Gradcheck {
    /// A check of first order of every number.
    pub fn new() -> Self {
        Self::default()
    }

    /// [`report`](Self::report), and an error if it does not pass.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) with the worst slope if one is off; as for
    /// [`report`](Self::report).
    #[track_caller]
    pub fn check<M: Module + Clone>(
        &self,
        f: impl Fn(&M) -> Result<Tensor>,
        model: &M,
    ) -> Result<GradcheckReport> {
        let report = self.report(f, model)?;
        match report.passed() {
            true => Ok(report),
            false => Err(Error::value("gradcheck", format!("{report}: correct the rule"))),
        }
    }

    /// Compares the gradient of `f` at `model` with differences.
    ///
    /// # Errors
    ///
    /// Those of `f`; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if no leaf is of `f64`, or
    /// step or tolerance are not positive numbers; [`ErrorKind::DType`](tensorkeep_tensor::ErrorKind::DType)
    /// if the result is not of floats.
    #[track_caller]
    pub fn report<M: Module + Clone>(
        &self,
        f: impl Fn(&M) -> Result<Tensor>,
        model: &M,
    ) -> Result<GradcheckReport> {
        let at = Location::caller();
        for (name, value) in [("step", self.step), ("tolerance", self.tolerance)] {
            if !(value > 0.0 && value.is_finite()) {
                let message = format!("a {name} of {value}: use a positive number");
                return Err(Error::value("gradcheck", message));
            }
        }
        if !parameters(model).iter().any(|leaf| leaf.value.dtype() == DType::F64) {
            let message =
                "no leaf is of f64, in which differences mean something: cast with module::to_dtype";
            return Err(Error::value("gradcheck", message));
        }
        let mut report = GradcheckReport { compared: 0, worst: None, tolerance: self.tolerance };
        let first = |m: &M| project(&f(m)?, 1);
        let both = self.compare(1, &first, model, &mut report).and_then(|()| match self.second_order {
            true => self.compare(2, &|m: &M| slope(&first, m), model, &mut report),
            false => Ok(()),
        });
        both.map(|()| report).map_err(|error| error.located(at))
    }

    /// Compares the gradient of `f`, which gives one number.
    fn compare<M: Module + Clone>(
        &self,
        order: u8,
        f: Function<'_, M>,
        model: &M,
        report: &mut GradcheckReport,
    ) -> Result<()> {
        let gradients = parameters(&gradient(f, model)?);
        for (leaf, dx) in parameters(model).into_iter().zip(gradients) {
            if leaf.tied || leaf.value.dtype() != DType::F64 {
                continue;
            }
            let (values, slopes) = (leaf.value.to_vec::<f64>()?, dx.value.to_vec::<f64>()?);
            // Of many, every so many-th.
            let stride = values.len().div_ceil(self.elements.max(1)).max(1);
            for (element, (&at, &analytic)) in values.iter().zip(&slopes).enumerate().step_by(stride) {
                let step = self.step * at.abs().max(1.0);
                let number = |to: f64| -> Result<f64> {
                    let mut values = values.clone();
                    values[element] = to;
                    let x = Tensor::from_vec(values, leaf.value.shape(), leaf.value.device())?;
                    Ok(f(&with_leaf(model, &leaf.value, &x))?.item()?.as_f64())
                };
                let (above, below) = (number(at + step)?, number(at - step)?);
                let numeric = (above - below) / ((at + step) - (at - step));
                let error = distance(analytic, numeric, above);
                report.compared += 1;
                if report.worst.as_ref().is_none_or(|worst| error > worst.error) {
                    let path = leaf.path.clone();
                    report.worst = Some(Discrepancy { order, path, element, at, analytic, numeric, error });
                }
            }
        }
        Ok(())
    }
}

type Function<'a, M> = &'a dyn Fn(&M) -> Result<Tensor>;

/// How far two slopes are apart, relative to the largest number in play, `value` being one of the function.
fn distance(analytic: f64, numeric: f64, value: f64) -> f64 {
    if analytic == numeric || (analytic.is_nan() && numeric.is_nan()) {
        return 0.0;
    }
    let scale = numeric.abs().max(analytic.abs()).max(1.0) + 1e-3 * value.abs();
    let error = (analytic - numeric).abs() / scale;
    if error.is_nan() { f64::INFINITY } else { error }
}

/// The model with another tensor in the place of a leaf, and of those that are tied to it.
fn with_leaf<M: Module + Clone>(model: &M, leaf: &Tensor, x: &Tensor) -> M {
    let mut moved = model.clone();
    moved.visit_mut(&mut Path::root(), &mut |_, other| {
        if let LeafMut::Parameter(other) = other
            && other.is_same(leaf)
        {
            *other = x.clone();
        }
    });
    moved
}

fn gradient<M: Module + Clone>(f: Function<'_, M>, model: &M) -> Result<M> {
    Ok(Options::new().allow_unused("**").value_and_grad(|m: &M| f(m), model)?.1)
}

/// A projection of the gradient: a function again, whose own gradient is of second order.
fn slope<M: Module + Clone>(f: Function<'_, M>, model: &M) -> Result<Tensor> {
    let gradients = parameters(&gradient(f, model)?);
    let mut sum: Option<Tensor> = None;
    for (seed, (dx, leaf)) in (2..).zip(gradients.iter().zip(parameters(model))) {
        if leaf.value.dtype() == DType::F64 {
            let term = project(&dx.value, seed)?;
            sum = Some(match sum {
                None => term,
                Some(sum) => term.add(&sum)?,
            });
        }
    }
    sum.ok_or_else(|| Error::internal("gradcheck", "the leaves of f64 got lost"))
}

/// `Σ rᵢ yᵢ`, with weights between ½ and 1½ of either sign.
fn project(y: &Tensor, seed: u64) -> Result<Tensor> {
    if !y.dtype().is_float() {
        let message = format!("the result is {}, only floats have slopes: cast it", y.dtype());
        return Err(Error::dtype("gradcheck", message));
    }
    let weight = |i: usize| {
        let [word, sign, ..] = philox::block(seed, i as u64);
        let size = 0.5 + f64::from(philox::unit(word));
        Scalar::Float(if sign & 1 == 0 { size } else { -size })
    };
    let weights = HostData::cast(y.dtype(), (0..y.elements()).map(weight));
    let weights = Tensor::from_host(HostArray::new(weights, y.shape())?, y.undecorated().device())?;
    y.mul(&weights)?.sum_all()
}
