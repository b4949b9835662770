//! What is run of a case.

use std::any::type_name;

use tensorkeep_autodiff::Options;
use tensorkeep_nn::{Context, Layer, Module};
use tensorkeep_tensor::{Result, Tensor};

use crate::case::Case;

/// A model, filled anew by each case, and what is done with it.
pub(crate) struct Row {
    /// The type that it tests, as it is written in programs, or the name of a function.
    pub(crate) covers: String,
    check: Box<dyn Fn(&Case<'_>)>,
}

impl Row {
    /// Of a model, of inputs that have gradients, and of constants.
    pub(crate) fn of<M: Module + Clone + 'static>(
        model: M,
        run: impl Fn(&M, &[Tensor], &[Tensor]) -> Result<Vec<Tensor>> + 'static,
    ) -> Self {
        let check = move |case: &Case<'_>| check(case, &case.filled(&model), &run);
        Self { covers: short::<M>(), check: Box::new(check) }
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

    pub(crate) fn check(&self, case: &Case<'_>) {
        (self.check)(case);
    }
}

fn only<'a>(x: &'a [Tensor], constants: &'a [Tensor]) -> &'a Tensor {
    match (x, constants) {
        ([x], []) | ([], [x]) => x,
        _ => panic!("{} inputs and {} constants for a layer of one", x.len(), constants.len()),
    }
}

/// Results, gradients, and what a pass leaves in the states.
fn check<M: Module + Clone>(
    case: &Case<'_>,
    model: &M,
    run: &impl Fn(&M, &[Tensor], &[Tensor]) -> Result<Vec<Tensor>>,
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

    run(model, &x, &constants).unwrap_or_else(|error| case.fail(&error));
    case.compare_states(model);
}

/// `Conv<2>` of `a::b::Conv<2>`, and the same inside of brackets.
pub(crate) fn short<T: ?Sized>() -> String {
    let parts = type_name::<T>().split_inclusive(['<', '>', '(', ')', ',', ' ']);
    parts.filter_map(|part| part.rsplit("::").next()).collect()
}
