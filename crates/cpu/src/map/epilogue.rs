//! Elementwise operations on results that another kernel is still making, part by part, while they are in cache.

use smallvec::{SmallVec, smallvec};
use tensorkeep_tensor::op::{Map, Spec};
use tensorkeep_tensor::{DType, Result, Tensor};

use super::is_scattered;
use super::job::Job;
use super::plan::Plan;
use super::source::Source;

/// What does it to so many elements in a row, from the one of this number on.
pub(crate) type Finish<'a> = dyn Fn(usize, &mut [u8]) + Send + Sync + 'a;

/// Calls `f` with what applies `op` in place to elements of `dtype`, its first input, and to `more`, so that they become those
/// of `result`. Returns `None` if that cannot be done in place; then nothing was done.
pub(crate) fn with_epilogue<R>(
    op: &Map,
    dtype: DType,
    more: &[&Tensor],
    result: &Spec,
    f: impl FnOnce(&Finish<'_>) -> Result<R>,
) -> Result<Option<R>> {
    let mut dtypes: SmallVec<[DType; 4]> = smallvec![dtype];
    dtypes.extend(more.iter().map(|x| x.dtype()));
    let typed = op.program.typed(dtypes, &op.params)?;
    let plan = typed.compiled(Plan::new);
    if result.dtype != dtype || !plan.reads_before_writing(0, 0) || more.iter().any(|x| is_scattered(x)) {
        return Ok(None);
    }
    let mut sources: SmallVec<[Source<'_>; 4]> = smallvec![Source::result(dtype, 0)];
    for x in more {
        sources.push(Source::new(x, &result.shape)?);
    }
    let job = Job { plan, sources: &sources, params: &op.params };
    f(&|start, part| job.run(start, part.len() / dtype.size(), &mut [part])).map(Some)
}
