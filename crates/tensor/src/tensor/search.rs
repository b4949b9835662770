//! Where numbers belong among sorted ones.

use super::Tensor;
use crate::{Error, Result};

impl Tensor {
    /// Where each value would be put among sorted numbers: how many of them are smaller, or, if `right`, not greater. As
    /// [`DType::INDEX`](crate::DType::INDEX).
    ///
    /// | `self`, ascending | `values` | result |
    /// |---|---|---|
    /// | `[n]` | `[..]` | `[..]` |
    /// | `[.., n]` | `[.., m]` | `[.., m]` |
    ///
    /// Among descending numbers it is `n − hay.flip(-1)?.searchsorted(values, !right)`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the outer axes differ,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) if the dtypes differ.
    #[track_caller]
    pub fn searchsorted(&self, values: &Self, right: bool) -> Result<Self> {
        if self.rank() == 1 && values.rank() != 1 {
            return self.searchsorted(&values.flatten(0)?, right)?.reshape(values.shape());
        }
        let (Some((n, outer)), Some((m, same))) = (self.shape().split_last(), values.shape().split_last())
        else {
            let rule = "there is no axis to search along";
            return Err(Error::shape("searchsorted", rule, &[*self.shape(), *values.shape()])
                .advise("pass sorted numbers of rank 1 or more"));
        };
        if outer != same {
            let rule = "numbers and values differ in their outer axes";
            return Err(Error::shape("searchsorted", rule, &[*self.shape(), *values.shape()])
                .advise("reshape one, or search in one row"));
        }
        // Sorted together, a value comes behind the numbers that it belongs behind and behind the values before it. Sorting is
        // stable, so equal ones keep the order in which they were joined.
        let (joined, own) = match right {
            false => (Self::concat(&[values, self], -1)?, 0..*m),
            true => (Self::concat(&[self, values], -1)?, *n..n + m),
        };
        joined.sorted_places()?.narrow(-1, own)?.sub(&values.sorted_places()?)
    }

    /// The place of each element of the last axis when it is sorted: the inverse of the permutation that sorts.
    #[track_caller]
    fn sorted_places(&self) -> Result<Self> {
        self.argsort(-1, false)?.argsort(-1, false)
    }
}
