//! Second derivatives of a single number.

use std::cell::Cell;
use std::panic::Location;

use tensorkeep_tensor::module::{self, Module, parameters};
use tensorkeep_tensor::{DType, Error, Result, Tensor};

use crate::gradient::Options;
use crate::jacobian::{jacrev, one_hot};
use crate::product::{tangents, vjp};

/// The Hessian of `f` at `model` times `tangent`, without the Hessian: the gradient of `⟨∇f, v⟩`.
/// Pearlmutter, *Fast Exact Multiplication by the Hessian*, 1994.
///
/// Leaves that are not of floats become tensors without elements. It takes the time of a few gradients and
/// the memory of the recording of one.
///
/// ```
/// use tensorkeep_autodiff::hvp;
/// use tensorkeep_tensor::Tensor;
///
/// let device = tensorkeep_cpu::device();
/// let (x, v) = (Tensor::new([1.0f64, 2.0], &device)?, Tensor::new([1.0f64, -1.0], &device)?);
/// let hv = hvp(|x: &Tensor| x.mul(x)?.mul(x)?.sum_all(), &x, &v)?;
/// assert_eq!(hv.to_vec::<f64>()?, [6.0, -12.0]);
/// assert!(hvp(Tensor::sum_all, &x, &v.sum_all()?).is_err()); // the tangent is not shaped like x
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f` and of its gradient, but that a leaf may be unused; as for [`jvp`](crate::jvp) if `tangent`
/// is not like `model`.
#[track_caller]
pub fn hvp<M: Module + Clone>(f: impl FnOnce(&M) -> Result<Tensor>, model: &M, tangent: &M) -> Result<M> {
    let (at, tangents) = (Location::caller(), tangents("hvp", model, tangent)?);
    let options = Options::new().allow_unused("**");
    let along = |m: &M| dot(model, &gradient(&options, f, m, at)?, &tangents);
    Ok(options.value_and_grad(along, model)?.1)
}

/// `⟨a, b⟩` over the parameters of a model, tied ones once.
#[track_caller]
fn dot<M: Module>(model: &M, a: &M, b: &[Tensor]) -> Result<Tensor> {
    let leaves = parameters(model);
    let is_wide = leaves.iter().any(|leaf| leaf.value.dtype() == DType::F64);
    let dtype = if is_wide { DType::F64 } else { DType::F32 };
    let mut sum: Option<Tensor> = None;
    for ((leaf, a), b) in leaves.iter().zip(parameters(a)).zip(b) {
        if leaf.tied || !leaf.value.dtype().is_float() {
            continue;
        }
        let term = a.value.to_dtype(dtype)?.mul(&b.to_dtype(dtype)?)?.sum_all()?;
        sum = Some(match sum {
            Some(sum) => sum.add(&term)?,
            None => term,
        });
    }
    sum.ok_or_else(|| Error::internal("hvp", "a gradient has no leaf"))
}

/// The Hessian of `f` at `model`: a matrix over the float parameters in the order of
/// [`module::flatten`], tied ones once.
///
/// It is the Jacobian of the gradient, by rows: of `n` parameters it takes `n` sweeps and holds `n²` numbers,
/// twice that while it is put together. Where products or the diagonal will do, use [`hvp`] or
/// [`hessian_diagonal`]. `f` runs on copies of the states of `model`, so that running statistics stay.
///
/// ```
/// use tensorkeep_autodiff::hessian;
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([0.3f64, -0.7], &tensorkeep_cpu::device())?;
/// let h = hessian(|x: &Tensor| x.prod([0], false), &x)?;
/// assert_eq!((h.shape().sizes(), h.to_vec::<f64>()?), ([2, 2].as_slice(), vec![0.0, 1.0, 1.0, 0.0]));
/// assert!(hessian(|x: &Tensor| x.mul(x), &x).is_err()); // not a single number
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// Those of `f`; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if there is no parameter of
/// floats; [`ErrorKind::NoGradient`](tensorkeep_tensor::ErrorKind::NoGradient) if the result depends on none;
/// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if it is not a single number.
#[track_caller]
pub fn hessian<M: Module + Clone>(f: impl Fn(&M) -> Result<Tensor>, model: &M) -> Result<Tensor> {
    let at = Location::caller();
    jacrev(|flat: &Tensor| flat_gradient(&f, model, flat, at), &module::flatten(model)?)
}

/// The diagonal of the Hessian of `f` at `model`: `∂²f/∂p²` in the place of each parameter. Leaves that are
/// not of floats stay as they are.
///
/// It takes a sweep for each number of the leaves, as the whole Hessian does, but holds one row of it at a
/// time.
///
/// ```
/// use tensorkeep_autodiff::hessian_diagonal;
/// use tensorkeep_tensor::Tensor;
///
/// let x = Tensor::new([[1.0f64, 2.0], [3.0, 4.0]], &tensorkeep_cpu::device())?;
/// let diagonal = hessian_diagonal(|x: &Tensor| x.mul(x)?.mul(x)?.sum_all(), &x)?;
/// assert_eq!(diagonal.to_vec::<f64>()?, [6.0, 12.0, 18.0, 24.0]);
/// assert!(hessian_diagonal(|x: &Tensor| x.mul(x), &x).is_err()); // not a single number
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// As for [`hessian`].
#[track_caller]
pub fn hessian_diagonal<M: Module + Clone>(f: impl Fn(&M) -> Result<Tensor>, model: &M) -> Result<M> {
    let (at, flat) = (Location::caller(), module::flatten(model)?);
    let (_, pullback) = vjp(|flat: &Tensor| flat_gradient(&f, model, flat, at), &flat)?;
    let entry = |i: usize| {
        // A copy, since a view would keep the whole row.
        pullback.call(&one_hot(&flat, i)?)?.narrow(0, i..=i)?.map(Clone::clone)
    };
    let diagonal = (0..flat.elements()).map(entry).collect::<Result<Vec<_>>>()?;
    match &diagonal[..] {
        [] => module::unflatten(model, &flat),
        diagonal => module::unflatten(model, &Tensor::concat(&diagonal.iter().collect::<Vec<_>>(), 0)?),
    }
}

/// The gradient of `f` by the parameters as one vector.
fn flat_gradient<M: Module + Clone>(
    f: &impl Fn(&M) -> Result<Tensor>,
    model: &M,
    flat: &Tensor,
    at: &'static Location<'static>,
) -> Result<Tensor> {
    gradient(&Options::new(), |flat: &Tensor| f(&module::unflatten(model, flat)?), flat, at)
}

/// The gradient of `f`, taken for a caller at `at`: its errors are told there, and those of `f` where they
/// come from.
fn gradient<M: Module + Clone>(
    options: &Options,
    f: impl FnOnce(&M) -> Result<Tensor>,
    model: &M,
    at: &'static Location<'static>,
) -> Result<M> {
    let failed = Cell::new(false);
    let of = |model: &M| f(model).inspect_err(|_| failed.set(true));
    let gradient = options.value_and_grad(of, model);
    gradient
        .map(|(_, gradient)| gradient)
        .map_err(|error| if failed.get() { error } else { error.located(at) })
}
