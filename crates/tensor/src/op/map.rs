//! Elementwise operations.

use std::sync::Arc;

use smallvec::SmallVec;

use super::{Spec, Specs};
use crate::expr::Program;
use crate::{Error, Result, Scalar, Shape};

/// `yⱼ[i] = programⱼ(x₀[i], x₁[i], …)` over inputs broadcast together.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | each input | broadcastable | as the expressions demand |
/// | each result | the broadcast shape | as the expressions give |
///
/// A program may have several results, computed in one pass: an optimiser's update gives the parameter and
/// its moments. Numbers that change from step to step travel as `params`, so that a kernel made for the
/// program serves them all.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
    /// What to compute.
    pub program: Arc<Program>,
    /// The values of the program's parameters.
    pub params: SmallVec<[Scalar; 4]>,
}

impl Map {
    /// Evaluates `program` with these parameters.
    pub fn new(program: Arc<Program>, params: &[Scalar]) -> Self {
        Self { program, params: SmallVec::from_slice(params) }
    }

    #[track_caller]
    pub(crate) fn infer_into(&self, inputs: &[Spec], results: &mut Specs) -> Result<()> {
        let name = self.program.name();
        if inputs.len() != self.program.inputs() || self.params.len() != self.program.params() {
            let message = format!(
                "{} inputs and {} parameters for an expression of {} and {}: pass as many as it names",
                inputs.len(),
                self.params.len(),
                self.program.inputs(),
                self.program.params()
            );
            return Err(Error::value(name, message));
        }
        let mut wider;
        let mut shape = inputs.first().map_or(&Shape::SCALAR, |spec| &spec.shape);
        for spec in inputs {
            if spec.shape != *shape {
                wider = Shape::broadcast(name, shape, &spec.shape)?;
                shape = &wider;
            }
        }
        let typed = self.program.typed(inputs.iter().map(|spec| spec.dtype), &self.params)?;
        typed.results().for_each(|dtype| results.push(Spec::new(*shape, dtype)));
        Ok(())
    }
}
