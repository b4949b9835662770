//! One product to compute, in whole or in part, and its division among threads.

use super::element::{Accumulator, Element};
use super::kernel::Kernel;
use super::operand::Operand;
use super::scratch::Scratch;
use super::window::Window;
use super::{Store, narrow, panels, swapped};
use crate::isa::Isa;
use crate::workers::Workers;

/// `a·b`, where `a` has as many columns as `b` has rows.
pub(crate) struct Product<'a, T: Element> {
    pub(super) a: Operand<'a, T>,
    pub(super) b: Operand<'a, T>,
    pub(super) store: Store,
    pub(super) epilogue: Option<&'a Epilogue<'a, T>>,
    /// Number of its first element in the whole of the results.
    pub(super) start: usize,
    pub(super) kernel: &'static Kernel<T::Sum>,
    pub(super) path: Path,
}

/// What is done to elements as soon as they are complete, while they are in cache: to so many in a row, from the one of this
/// number in the whole of the results on.
pub(crate) type Epilogue<'a, T> = dyn Fn(usize, &mut [T]) + Send + Sync + 'a;

/// Which arithmetic a product takes. It is chosen by the shape and strides of the whole product, never of a
/// part, so that an element's value doesn't depend on how the work was divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// Inner products of contiguous vectors.
    Dots,
    /// Rows of the right operand, some at a time, each multiplied by a number.
    Sweeps,
    /// Tiles of the transpose.
    Swapped { depth: usize },
    /// Tiles in registers, with the inner dimension in blocks of at most `depth`.
    Tiles { depth: usize },
}

impl Path {
    fn of<T: Element>(a: Operand<'_, T>, b: Operand<'_, T>, kernel: &Kernel<T::Sum>) -> Self {
        let depth = kernel.depth();
        let narrow = a.rows() <= narrow::MAX_ROWS && T::direct(b).is_some();
        let few = swapped::pays(&a, &b) && T::direct(b).is_some();
        match (b.row_stride(), b.col_stride()) {
            (1, _) if narrow => Self::Dots,
            (_, 1) if narrow => Self::Sweeps,
            (1, _) if few => Self::Swapped { depth },
            _ => Self::Tiles { depth: panels::depth(&b, a.rows(), kernel) },
        }
    }
}

impl<T: Element> Clone for Product<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Element> Copy for Product<'_, T> {}

impl<'a, T: Element> Product<'a, T> {
    pub(super) fn new(a: Operand<'a, T>, b: Operand<'a, T>, store: Store, isa: Isa) -> Self {
        debug_assert_eq!(a.cols(), b.rows());
        let kernel = T::Sum::kernel(isa);
        let path = Path::of(a, b, kernel);
        Self { a, b, store, epilogue: None, start: 0, kernel, path }
    }

    /// Applies the epilogue to a part of the result that is complete, which starts at `(i, j)`.
    pub(super) fn finish(&self, c: &mut Window<'_, T>, [i, j]: [usize; 2]) {
        let Some(epilogue) = self.epilogue else { return };
        let start = self.start + i * c.row_stride() + j;
        if let Some(whole) = c.whole() {
            return epilogue(start, whole);
        }
        for row in 0..c.rows() {
            epilogue(start + row * c.row_stride(), c.row(row));
        }
    }

    /// Computes the product into `c`, cut into `pieces` for as many threads.
    pub(super) fn run(self, workers: &Workers, c: Window<'_, T>, pieces: usize) {
        match self.cut(pieces) {
            None => Scratch::with(|scratch| T::multiply(&self, c, scratch)),
            Some(Cut::Rows(at)) => {
                let start = self.start + at * c.row_stride();
                let (top, bottom) = c.split_rows(at);
                let (inner, cols) = (0..self.a.cols(), self.a.rows());
                let first = Self { a: self.a.block(0..at, inner.clone()), ..self };
                let second = Self { a: self.a.block(at..cols, inner), start, ..self };
                halves(workers, [first, second], [top, bottom], pieces);
            }
            Some(Cut::Cols(at)) => {
                let (left, right) = c.split_cols(at);
                let (inner, cols) = (0..self.b.rows(), self.b.cols());
                let first = Self { b: self.b.block(inner.clone(), 0..at), ..self };
                let second = Self { b: self.b.block(inner, at..cols), start: self.start + at, ..self };
                halves(workers, [first, second], [left, right], pieces);
            }
        }
    }

    /// Where to cut this product in two, if it should be cut: across its longer side, since what the parts
    /// share is packed by both, and between registers.
    fn cut(&self, pieces: usize) -> Option<Cut> {
        if pieces < 2 {
            return None;
        }
        let half = |size: usize, step: usize| {
            let at = (size / 2).next_multiple_of(step);
            (0 < at && at < size).then_some(at)
        };
        let rows = half(self.a.rows(), 1).map(Cut::Rows);
        let cols = half(self.b.cols(), self.kernel.width_for(1)).map(Cut::Cols);
        if self.a.rows() > self.b.cols() { rows.or(cols) } else { cols.or(rows) }
    }
}

/// Computes two products at the same time.
fn halves<T: Element>(
    workers: &Workers,
    [a, b]: [Product<'_, T>; 2],
    [to_a, to_b]: [Window<'_, T>; 2],
    pieces: usize,
) {
    let (mut to_a, mut to_b) = (Some(to_a), Some(to_b));
    let mut first = || to_a.take().map_or((), |c| a.run(workers, c, pieces / 2));
    let mut second = || to_b.take().map_or((), |c| b.run(workers, c, pieces - pieces / 2));
    workers.join(&mut first, &mut second);
}

/// A cut before a row or a column.
enum Cut {
    Rows(usize),
    Cols(usize),
}
