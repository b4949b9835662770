//! Triangles of matrices.

use super::Tensor;
use crate::{DType, Error, Result};

impl Tensor {
    /// The lower triangles of matrices `[.., m, n]`, zero elsewhere: column `j` of row `i` stays if
    /// `j ≤ i + diagonal`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) below rank 2.
    #[track_caller]
    pub fn tril(&self, diagonal: isize) -> Result<Self> {
        let (rows, columns) = self.places("tril", diagonal)?;
        self.where_or_zero(&columns.le(&rows)?)
    }

    /// The upper triangles of matrices `[.., m, n]`, zero elsewhere: column `j` of row `i` stays if
    /// `j ≥ i + diagonal`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) below rank 2.
    #[track_caller]
    pub fn triu(&self, diagonal: isize) -> Result<Self> {
        let (rows, columns) = self.places("triu", diagonal)?;
        self.where_or_zero(&columns.ge(&rows)?)
    }

    /// `i + diagonal` as a column and `j` as a row.
    #[track_caller]
    fn places(&self, op: &'static str, diagonal: isize) -> Result<(Self, Self)> {
        let [.., m, n] = *self.shape().sizes() else {
            return Err(Error::shape(op, "matrices have at least 2 axes", &[*self.shape()])
                .advise("add one with unsqueeze"));
        };
        // Diagonals further out lie outside the matrix all the same.
        let diagonal = diagonal.clamp(-(m as isize), n as isize) as i64;
        let rows = Self::arange(m, DType::INDEX, self.device())?.add(diagonal)?.unsqueeze(-1)?;
        Ok((rows, Self::arange(n, DType::INDEX, self.device())?))
    }

    #[track_caller]
    fn where_or_zero(&self, kept: &Self) -> Result<Self> {
        kept.select(self, &Self::zeros((), self.dtype(), self.device())?)
    }
}
