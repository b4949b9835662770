//! Putting elements.

use half::{bf16, f16};
use tensorkeep_tensor::op::GatherKind;

use super::Lanes;
use crate::storage::{Context, Stored};

/// What it costs to look at an index and put an element, in steps of [`Workers`](crate::workers::Workers).
const PUT_WORK: u64 = 8;

/// An element that others are put to, one by one.
pub(super) trait Put: Stored {
    /// The sum: integers wrap around, halves are rounded each time.
    fn plus(self, other: Self) -> Self;

    /// The larger; NaN if either is.
    fn larger(self, other: Self) -> Self;

    /// The smaller; NaN if either is.
    fn smaller(self, other: Self) -> Self;
}

macro_rules! put {
    ($($element:ident: $add:path, $is_nan:expr;)*) => {$(
        impl Put for $element {
            fn plus(self, other: Self) -> Self {
                $add(self, other)
            }

            fn larger(self, other: Self) -> Self {
                if self > other || $is_nan(self) { self } else { other }
            }

            fn smaller(self, other: Self) -> Self {
                if self < other || $is_nan(self) { self } else { other }
            }
        }
    )*};
}

put! {
    f32: std::ops::Add::add, f32::is_nan;
    f64: std::ops::Add::add, f64::is_nan;
    f16: std::ops::Add::add, f16::is_nan;
    bf16: std::ops::Add::add, bf16::is_nan;
    i64: i64::wrapping_add, never;
    i32: i32::wrapping_add, never;
    u8: u8::wrapping_add, never;
}

/// Whether an integer is NaN.
fn never<T>(_: T) -> bool {
    false
}

/// `out[o, index[i]] = put(out[o, index[i]], updates[o, i])` in the order of `i`, and along the lanes likewise.
///
/// Threads divide the rows of `out`, so that each element is written by one, in order.
pub(super) fn run<T: Stored>(
    cpu: &Context<'_>,
    kind: GatherKind,
    lanes: &Lanes,
    index: &[usize],
    updates: &[T],
    out: &mut [T],
    put: impl Fn(T, T) -> T + Send + Sync,
) {
    let &Lanes { outer, size, inner, picked } = lanes;
    let work = (updates.len() as u64).saturating_mul(PUT_WORK);
    let rows = (outer * size).div_ceil(cpu.workers.threads(work));
    cpu.workers.chunks(work, out, rows * inner, |chunk, out| {
        let mine = chunk * rows..chunk * rows + out.len() / inner;
        for lane in mine.start / size..mine.end.div_ceil(size) {
            for i in 0..picked {
                let updates = &updates[(lane * picked + i) * inner..][..inner];
                match kind {
                    GatherKind::Select => {
                        let row = lane * size + index[i];
                        if mine.contains(&row) {
                            let out = &mut out[(row - mine.start) * inner..][..inner];
                            out.iter_mut().zip(updates).for_each(|(out, &update)| *out = put(*out, update));
                        }
                    }
                    GatherKind::Along => {
                        let index = &index[(lane * picked + i) * inner..];
                        for (j, (&update, &index)) in updates.iter().zip(index).enumerate() {
                            let row = lane * size + index;
                            if mine.contains(&row) {
                                let out = &mut out[(row - mine.start) * inner + j];
                                *out = put(*out, update);
                            }
                        }
                    }
                }
            }
        }
    });
}
