//! How one parameter moves.

use std::sync::Arc;

use smallvec::SmallVec;
use tensorkeep_tensor::expr::Program;
use tensorkeep_tensor::{Access, Outputs, Result, Scalar, Tensor};

pub(crate) type Params = SmallVec<[Scalar; 4]>;

/// What is to become of one parameter in this step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It stays.
    Stays,
    /// It is what an earlier leaf is.
    Tied,
    /// It moves as this group does.
    Moves(usize),
}

/// What one step runs over a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Run {
    pub(crate) program: Arc<Program>,
    pub(crate) params: Params,
    /// Whether it only adds the gradient to this slot, and the parameter stays.
    pub(crate) hold: Option<usize>,
}

impl Run {
    /// What it writes and reads.
    fn operands<'a>(
        &self,
        x: &'a mut Tensor,
        grad: &'a Tensor,
        slots: &'a mut [Tensor],
    ) -> SmallVec<[Access<'a>; 4]> {
        match self.hold {
            Some(at) => {
                slots.get_mut(at).map(Access::Write).into_iter().chain([Access::Read(grad)]).collect()
            }
            None => {
                let state = slots.iter_mut().map(Access::Write);
                [Access::Write(x), Access::Read(grad)].into_iter().chain(state).collect()
            }
        }
    }

    /// Finds out how it can be done. Changes nothing: whatever can fail is done here.
    #[track_caller]
    pub(crate) fn prepare(self, x: &mut Tensor, grad: &Tensor, slots: &mut [Tensor]) -> Result<Move> {
        let operands = self.operands(x, grad, slots);
        if Tensor::is_updated_in_place(&self.program, &operands, &self.params) {
            drop(operands);
            return Ok(Move::InPlace(self));
        }
        let inputs: SmallVec<[&Tensor; 4]> = operands.iter().map(|x| &**x).collect();
        Tensor::map_all(&self.program, &inputs, &self.params).map(|outputs| Move::To(self.hold, outputs))
    }
}

/// How a parameter and its state move.
#[derive(Debug)]
pub(crate) enum Move {
    /// Not at all.
    None,
    /// As the earlier leaf that it is tied to.
    AsEarlier,
    /// In the memory that they have.
    InPlace(Run),
    /// To these values; or one slot alone to one.
    To(Option<usize>, Outputs),
}

impl Move {
    /// Does it. What takes no memory cannot fail, and the rest has been done.
    #[track_caller]
    pub(crate) fn install(self, x: &mut Tensor, grad: &Tensor, slots: &mut [Tensor]) -> Result<()> {
        match self {
            Self::None | Self::AsEarlier => {}
            Self::InPlace(run) => {
                let mut operands = run.operands(x, grad, slots);
                Tensor::update_all(&run.program, &mut operands, &run.params)?;
            }
            Self::To(Some(at), outputs) => {
                for (slot, value) in slots.iter_mut().skip(at).zip(outputs) {
                    *slot = value;
                }
            }
            Self::To(None, outputs) => {
                for (place, value) in std::iter::once(x).chain(slots).zip(outputs) {
                    *place = value;
                }
            }
        }
        Ok(())
    }
}
