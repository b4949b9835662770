//! Elementwise operations whose results take the places of operands.

use smallvec::SmallVec;
use tensorkeep_tensor::op::Map;
use tensorkeep_tensor::{Access, Result};

use super::job::Job;
use super::plan::Plan;
use super::source::Source;
use super::{Part, compute, is_scattered};
use crate::storage::contiguous_mut;
use crate::workers::Workers;

/// Whether [`update`] would do it.
pub(crate) fn updates(op: &Map, operands: &[Access<'_>]) -> bool {
    let typed = op.program.typed(operands.iter().map(|x| x.dtype()), &op.params);
    typed.is_ok_and(|typed| fits(typed.compiled(Plan::new), operands))
}

/// Computes the results in the memory of the operands that are to be written, if [`fits`] says that it can be done. Tells whether
/// it did; if not, nothing has changed.
pub(crate) fn update(workers: &Workers, op: &Map, operands: &mut [Access<'_>]) -> Result<bool> {
    let typed = op.program.typed(operands.iter().map(|x| x.dtype()), &op.params)?;
    let plan = typed.compiled(Plan::new);
    let written = operands.iter().find(|x| matches!(x, Access::Write(_)));
    let Some(shape) = written.map(|x| *x.shape()).filter(|_| fits(plan, operands)) else { return Ok(false) };
    let (mut sources, mut parts) = (SmallVec::<[Source<'_>; 4]>::new(), SmallVec::<[Part<'_>; 1]>::new());
    for x in operands {
        match x {
            Access::Read(x) => sources.push(Source::new(x, &shape)?),
            Access::Write(x) => {
                sources.push(Source::result(x.dtype(), parts.len()));
                let size = x.dtype().size();
                parts.push(Part { bytes: contiguous_mut(x)?, size });
            }
        }
    }
    compute(workers, &Job { plan, sources: &sources, params: &op.params }, shape.elements(), parts);
    Ok(true)
}

/// Whether operands are where tiles can read them, and those that are to be written are read before.
fn fits(plan: &Plan, operands: &[Access<'_>]) -> bool {
    let mut output = 0;
    operands.iter().enumerate().all(|(input, x)| match x {
        Access::Read(x) => !is_scattered(x),
        Access::Write(x) => {
            output += 1;
            x.layout().is_contiguous() && plan.reads_before_writing(input, output - 1)
        }
    })
}
