//! An operand, addressed by index.

use tensorkeep_tensor::{DType, HostArray, Scalar, Shape};

/// An operand of an operation.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a>(pub(super) &'a HostArray);

impl Operand<'_> {
    pub(super) fn shape(&self) -> &Shape {
        self.0.shape()
    }

    pub(super) fn dtype(&self) -> DType {
        self.0.dtype()
    }

    /// The element at an index; 0 outside.
    pub(super) fn at(&self, index: &[usize]) -> Scalar {
        let position = index.iter().zip(self.shape().iter()).fold(0, |at, (&i, &n)| at * n + i);
        self.0.data().get(position).unwrap_or(Scalar::Int(0))
    }

    /// The element at an index, as a float.
    pub(super) fn float(&self, index: &[usize]) -> f64 {
        self.at(index).as_f64()
    }

    /// The element at an index of a shape that this one broadcasts to.
    pub(super) fn broadcast(&self, index: &[usize]) -> Scalar {
        let skip = index.len() - self.shape().rank();
        let own: Vec<usize> = index[skip..]
            .iter()
            .zip(self.shape().iter())
            .map(|(&i, &n)| if n == 1 { 0 } else { i })
            .collect();
        self.at(&own)
    }

    /// The elements along an axis of the line that goes through an index.
    pub(super) fn line(&self, index: &[usize], axis: usize) -> Vec<Scalar> {
        (0..self.shape()[axis]).map(|i| self.at(&with(index, axis, i))).collect()
    }

    /// The elements along the last axis, as floats.
    pub(super) fn row(&self, outer: &[usize]) -> Vec<f64> {
        self.line(&[outer, &[0]].concat(), outer.len()).into_iter().map(Scalar::as_f64).collect()
    }
}

/// `index` with `value` on one axis.
pub(super) fn with(index: &[usize], axis: usize, value: usize) -> Vec<usize> {
    let mut index = index.to_vec();
    index[axis] = value;
    index
}
