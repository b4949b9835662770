//! Picking elements.

use tensorkeep_tensor::op::GatherKind;

use super::Lanes;
use crate::cache::{LARGE, Past, prefetch_all};
use crate::memory::Line;
use crate::storage::{Context, Stored};

/// Elements in the piece that a thread picks at a time.
const CHUNK: usize = 1 << 14;

/// What it costs to pick an element on its own, in steps of [`Workers`](crate::workers::Workers).
const PICK_WORK: u64 = 4;

/// Bytes from which what is picked from is not in the nearest caches.
const FAR: usize = 1 << 19;

/// So many bytes before it is copied a row is asked for. The machine cannot guess which it will be.
const AHEAD: usize = 4 << 10;

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
    let work = (out.len() as u64).saturating_mul(PICK_WORK);
    let past_caches = size_of_val(out) >= LARGE;
    cpu.workers.chunks(work, out, rows * inner, |chunk, out| match kind {
        GatherKind::Select => Rows { lanes, x, index }.copy(chunk * rows, past_caches, out),
        GatherKind::Along => {
            for (row, out) in (chunk * rows..).zip(out.chunks_exact_mut(inner)) {
                let lane = &x[row / picked * size * inner..];
                for (j, (out, &index)) in out.iter_mut().zip(&index[row * inner..]).enumerate() {
                    *out = lane[index * inner + j];
                }
            }
        }
    });
}

/// What [`GatherKind::Select`] picks.
struct Rows<'a, T> {
    lanes: &'a Lanes,
    x: &'a [T],
    index: &'a [usize],
}

impl<T: Stored> Rows<'_, T> {
    /// The row that is number `i` of the result.
    fn row(&self, i: usize) -> &[T] {
        let Lanes { size, inner, picked, .. } = *self.lanes;
        &self.x[(i / picked * size + self.index[i % picked]) * inner..][..inner]
    }

    /// Copies those from number `start` on.
    fn copy(&self, start: usize, past_caches: bool, out: &mut [T]) {
        let Lanes { outer, inner, picked, .. } = *self.lanes;
        let bytes = inner * size_of::<T>();
        let ahead =
            if bytes < size_of::<Line>() || size_of_val(self.x) < FAR { 0 } else { AHEAD.div_ceil(bytes) };
        let rows = (start..start + out.len() / inner).map(|i| {
            if ahead > 0 {
                let next = self.row((i + ahead).min(outer * picked - 1));
                let near = &next[..inner.min(AHEAD / size_of::<T>())];
                prefetch_all(near);
            }
            self.row(i)
        });
        if past_caches
            && bytes.is_multiple_of(size_of::<Line>())
            && let Ok(lines) = bytemuck::try_cast_slice_mut::<T, Line>(out)
        {
            let past = Past::new();
            let lines = lines.chunks_exact_mut(bytes / size_of::<Line>());
            return rows.zip(lines).for_each(|(row, out)| past.copy(bytemuck::cast_slice(row), out));
        }
        rows.zip(out.chunks_exact_mut(inner)).for_each(|(row, out)| out.copy_from_slice(row));
    }
}
