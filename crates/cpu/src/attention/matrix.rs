//! Matrices within a buffer, and their products.

use tensorkeep_tensor::{Error, Result};

use crate::float::Wide;
use crate::gemm::{Matrices, Misfit, Store, gemm};
use crate::storage::Context;

/// A matrix within a buffer.
#[derive(Clone, Copy)]
pub(super) struct Matrix<'a, S> {
    pub(super) data: &'a [S],
    pub(super) offset: usize,
    pub(super) strides: [isize; 2],
}

impl<'a, S> Matrix<'a, S> {
    /// The matrix whose rows of `cols` elements make up `data`.
    pub(super) fn contiguous(data: &'a [S], cols: usize) -> Self {
        Self { data, offset: 0, strides: [cols as isize, 1] }
    }

    /// Its rows from number `i` on. Rows that exist lie inside the buffer.
    pub(super) fn rows_from(self, i: usize) -> Self {
        let offset = self.offset.wrapping_add_signed((i as isize).wrapping_mul(self.strides[0]));
        Self { offset, ..self }
    }

    /// The same elements with rows and columns exchanged.
    pub(super) fn transposed(self) -> Self {
        let [row, col] = self.strides;
        Self { strides: [col, row], ..self }
    }

    fn alone<'b>(&'b self) -> Matrices<'b, S> {
        Matrices { data: self.data, offsets: std::slice::from_ref(&self.offset), strides: self.strides }
    }
}

/// `c = a·b` or `c += a·b`, where `a` is the first `m × k` of its matrix and `b` the first `k × n`.
pub(super) fn multiply<S: Wide>(
    cpu: &Context<'_>,
    shape: [usize; 3],
    a: Matrix<'_, S>,
    b: Matrix<'_, S>,
    c: &mut [S],
    store: Store,
) -> Result<()> {
    let fits = gemm(cpu.workers, shape, a.alone(), b.alone(), c, store);
    fits.map_err(|Misfit(why)| Error::internal("attention", why))
}
