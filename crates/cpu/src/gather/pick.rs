//! Picking elements.

use tensorkeep_tensor::op::GatherKind;

use super::Lanes;
use crate::storage::{Context, Stored};

/// Elements in the piece that a thread picks at a time.
const CHUNK: usize = 1 << 14;

/// What it costs to pick an element on its own, in steps of [`Workers`](crate::workers::Workers).
const PICK_WORK: u64 = 4;

/// `out[o, i] = x[o, index[i]]`, or `out[o, i, j] = x[o, index[o, i, j], j]`.
pub(super) fn run<T: Stored>(
    cpu: &Context<'_>,
    kind: GatherKind,
    lanes: &Lanes,
    x: &[T],
    index: &[usize],
    out: &mut [T],
) {
    let &Lanes { size, inner, picked, .. } = lanes;
    let rows = (CHUNK / inner).max(1);
    cpu.workers.chunks((out.len() as u64).saturating_mul(PICK_WORK), out, rows * inner, |chunk, out| {
        for (row, out) in out.chunks_exact_mut(inner).enumerate() {
            let row = chunk * rows + row;
            let lane = &x[row / picked * size * inner..];
            match kind {
                GatherKind::Select => {
                    out.copy_from_slice(&lane[index[row % picked] * inner..][..inner]);
                }
                GatherKind::Along => {
                    for (j, (out, &index)) in out.iter_mut().zip(&index[row * inner..]).enumerate() {
                        *out = lane[index * inner + j];
                    }
                }
            }
        }
    });
}
