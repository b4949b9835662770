//! What is run of a case.

use std::any::type_name;

use tensorkeep_autodiff::Options;
use tensorkeep_nn::module::parameters;
use tensorkeep_nn::{Context, Layer, LeafMut, Module, Path};
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::values;

use crate::case::Case;

/// Checks a case, and whether its parameters move the result as the gradient says.
type Check = dyn Fn(&Case<'_>, bool);

/// A model, filled anew by each case, and what is done with it.
pub(crate) struct Row {
    /// The type that it tests, as it is written in programs, or the name of a function.
    pub(crate) covers: String,
    /// Whether the gradient says how parameters move the result.
    moves: bool,
    check: Box<Check>,
}

impl Row {
    /// Of a model, of inputs that have gradients, and of constants.
    pub(crate) fn of<M: Module + Clone + 'static>(
        model: M,
        run: impl Fn(&M, &[Tensor], &[Tensor]) -> Result<Vec<Tensor>> + 'static,
    ) -> Self {
        let check = move |case: &Case<'_>, moves| check(case, &case.filled(&model), &run, moves);
        Self { covers: short::<M>(), moves: true, check: Box::new(check) }
    }

    /// A layer in evaluation, of the only input or constant.
    pub(crate) fn layer(layer: impl Layer + Clone + 'static) -> Self {
        Self::of(layer, |layer, x, constants| Ok(vec![layer.forward(only(x, constants))?]))
    }

    /// A layer in training, of the only input.
    pub(crate) fn training(layer: impl Layer + Clone + 'static) -> Self {
        Self::of(layer, |layer, x, constants| {
            Ok(vec![layer.forward_with(only(x, constants), &Context::training(0))?])
        })
    }

    /// A function without parameters, by its name or by the type that it belongs to.
    pub(crate) fn function(
        covers: impl Into<String>,
        run: impl Fn(&[Tensor], &[Tensor]) -> Result<Vec<Tensor>> + 'static,
    ) -> Self {
        let row = Self::of((), move |(), x, constants| run(x, constants));
        Self { covers: covers.into(), ..row }
    }

    /// The same, which tests something else than its type says.
    pub(crate) fn named(self, covers: impl Into<String>) -> Self {
        Self { covers: covers.into(), ..self }
    }

    /// The same, whose gradient takes for constant what moves with a parameter.
    pub(crate) fn with_constants(self) -> Self {
        Self { moves: false, ..self }
    }

    pub(crate) fn check(&self, case: &Case<'_>) {
        (self.check)(case, self.moves);
    }
}

fn only<'a>(x: &'a [Tensor], constants: &'a [Tensor]) -> &'a Tensor {
    match (x, constants) {
        ([x], []) | ([], [x]) => x,
        _ => panic!("{} inputs and {} constants for a layer of one", x.len(), constants.len()),
    }
}

/// Results, gradients, what parameters move, and what a pass leaves in the states.
fn check<M: Module + Clone>(
    case: &Case<'_>,
    model: &M,
    run: &impl Fn(&M, &[Tensor], &[Tensor]) -> Result<Vec<Tensor>>,
    moves: bool,
) {
    let (x, constants, weights) = (case.inputs(), case.constants(), case.weights());
    // A clone has states of its own.
    case.compare_results(&run(&model.clone(), &x, &constants).unwrap_or_else(|error| case.fail(&error)));

    let loss = |(model, x): &(M, Vec<Tensor>)| {
        let mut sum = Tensor::zeros((), case.dtype, case.device)?;
        for (y, weight) in run(model, x, &constants)?.iter().zip(&weights) {
            if let Some(weight) = weight {
                sum = sum.add(&y.mul(weight)?.sum_all()?)?;
            }
        }
        Ok(sum)
    };
    // What takes no part has a gradient of zeros, in PyTorch too.
    let options = Options::new().allow_unused("**");
    let (_, (by_model, by_x)) =
        options.value_and_grad(loss, &(model.clone(), x.clone())).unwrap_or_else(|error| case.fail(&error));
    case.compare_gradients(&by_model, &by_x);
    let value =
        |model: &M| loss(&(model.clone(), x.clone())).and_then(|sum| sum.item()).map(|sum| sum.as_f64());
    let value = |model: &M| value(model).unwrap_or_else(|error| case.fail(&error));
    if moves {
        perturb(case, model, &by_model, value);
    }

    run(model, &x, &constants).unwrap_or_else(|error| case.fail(&error));
    case.compare_states(model);
}

/// Each parameter, moved a little, moves the sum as its gradient says.
fn perturb<M: Module + Clone>(case: &Case<'_>, model: &M, by_model: &M, sum: impl Fn(&M) -> f64) {
    // What is cut off, of third order, and what is rounded are as small as can be together. Halves have too
    // few digits.
    let (step, tolerance) = match case.dtype {
        DType::F64 => (1e-5, 1e-7),
        DType::F32 => (1e-3, 1e-2),
        _ => return,
    };
    for (i, leaf) in parameters(by_model).iter().enumerate() {
        let moved = |by: f64| {
            let direction = values::ordinary(leaf.value.shape(), case.dtype, i as u64)?;
            let direction = Tensor::from_host(direction, case.device)?;
            let mut moved = model.clone();
            let mut result = Ok(());
            moved.visit_mut(&mut Path::root(), &mut |path, parameter| {
                if let LeafMut::Parameter(x) = parameter
                    && path == &leaf.path
                {
                    result = direction.mul(by).and_then(|by| x.add(&by)).map(|sum| *x = sum);
                }
            });
            result.map(|()| (moved, direction))
        };
        let moved = |by| moved(by).unwrap_or_else(|error| case.fail(&error));
        let ((there, direction), (back, _)) = (moved(step), moved(-step));
        let got = (sum(&there) - sum(&back)) / (2.0 * step);
        let want = leaf.value.mul(&direction).and_then(|slopes| slopes.sum_all()?.item());
        let want = want.unwrap_or_else(|error| case.fail(&error)).as_f64();
        let near = (got - want).abs() <= tolerance * want.abs().max(1.0);
        assert!(near, "{}: {} moves the sum by {got}, and its gradient says {want}", case.name, leaf.path);
    }
}

/// `Conv<2>` of `a::b::Conv<2>`, and the same inside of brackets.
pub(crate) fn short<T: ?Sized>() -> String {
    let parts = type_name::<T>().split_inclusive(['<', '>', '(', ')', ',', ' ']);
    parts.filter_map(|part| part.rsplit("::").next()).collect()
}
