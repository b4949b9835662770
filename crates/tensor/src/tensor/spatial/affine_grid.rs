//! The grid that an affine map lays over an image.

use super::{Tensor, numbers};
use crate::op::require_float;
use crate::{Error, Result};

impl Tensor {
    /// The places that affine maps `θ`, one an image, take the elements of a result from: for
    /// [`grid_sample`](Self::grid_sample), of the same `align_corners`. A map sends the place `(x, y, 1)` in
    /// the result, each coordinate from −1 to 1, to a place `(x, y)` in the image.
    ///
    /// | | shape |
    /// |---|---|
    /// | `θ` | `[n, 2, 3]`, or `[n, 3, 4]` for volumes |
    /// | `size` | `[h, w]`, or `[d, h, w]` |
    /// | result | `[n, h, w, 2]`, or `[n, d, h, w, 3]` |
    ///
    /// Source: Jaderberg, Simonyan, Zisserman and Kavukcuoglu, *Spatial Transformer Networks*, 2015,
    /// arXiv:1506.02025, equation 1.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `θ` is not of such maps,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for another number of sizes,
    /// [`ErrorKind::DType`](crate::ErrorKind::DType) for integers.
    #[track_caller]
    pub fn affine_grid(&self, size: &[usize], align_corners: bool) -> Result<Self> {
        let op = "affine_grid";
        require_float(op, self.dtype())?;
        let n = match *self.shape().sizes() {
            [n, 2, 3] | [n, 3, 4] => n,
            _ => {
                let rule = "a map is [batch, 2, 3] for images, [batch, 3, 4] for volumes";
                return Err(Error::shape(op, rule, &[*self.shape()]).advise("reshape it"));
            }
        };
        let axes = self.shape()[1];
        if size.len() != axes {
            let message = format!("{} sizes for a map of {axes} axes: give one an axis", size.len());
            return Err(Error::value(op, message));
        }
        let mut columns = Vec::with_capacity(axes + 1);
        // x runs along the last axis.
        for (axis, &m) in size.iter().enumerate().rev() {
            let mut shape = vec![1; axes];
            shape[axis] = m;
            let line = numbers(op, m, self.dtype(), self.device(), |i| coordinate(i, m, align_corners))?;
            columns.push(line.reshape(shape)?.broadcast_to(size)?);
        }
        columns.push(Self::ones(size, self.dtype(), self.device())?);
        let places = Self::stack(&columns.iter().collect::<Vec<_>>(), -1)?;
        let places = places.reshape([places.elements() / (axes + 1), axes + 1])?;
        places.matmul(&self.t()?)?.reshape([&[n], size, &[axes]].concat())
    }
}

/// Where element `i` of `m` lies between −1 and 1.
fn coordinate(i: usize, m: usize, align_corners: bool) -> f64 {
    match (align_corners, m) {
        (true, 1) => 0.0,
        (true, m) => 2.0 * i as f64 / (m - 1) as f64 - 1.0,
        (false, m) => (2.0 * i as f64 + 1.0) / m as f64 - 1.0,
    }
}
