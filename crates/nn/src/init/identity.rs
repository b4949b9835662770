//! What leaves its input as it is.

use tensorkeep_tensor::{DType, Device, Error, Result, Shape, Tensor, ToShape};

use super::fan::not_empty;

/// `gain` where output and input have the same number, at the middle of the kernel, and 0 elsewhere: a layer
/// that gives its input, as far as its outputs reach. For a matrix it is PyTorch's `eye_`, for a kernel its
/// `dirac_`.
///
/// ```
/// use tensorkeep_nn::init::identity;
/// use tensorkeep_tensor::meta;
///
/// assert_eq!(*identity([4, 3, 5, 5], 1.0, &meta::device())?.shape(), [4, 3, 5, 5]);
/// assert!(identity([4], 1.0, &meta::device()).is_err()); // a bias that changes nothing is 0
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a size of 0, fewer than two axes, or a gain
/// that is not finite.
#[track_caller]
pub fn identity(shape: impl ToShape, gain: f32, device: &Device) -> Result<Tensor> {
    grouped_identity(shape, 1, gain, device)
}

/// The same for a convolution in groups: output `i` of each group gives input `i` of that group.
///
/// # Errors
///
/// As for [`identity`], and if the outputs do not divide into the groups.
#[track_caller]
pub fn grouped_identity(shape: impl ToShape, groups: usize, gain: f32, device: &Device) -> Result<Tensor> {
    let shape = not_empty(shape)?;
    let [outputs, inputs, kernel @ ..] = shape.sizes() else {
        let message = format!("a weight of shape {shape} has no inputs and outputs: use two axes or more");
        return Err(Error::value("identity", message));
    };
    if groups == 0 || !outputs.is_multiple_of(groups) {
        let message = format!("{outputs} outputs do not divide into {groups} groups: use a divisor");
        return Err(Error::value("identity", message));
    }
    if !gain.is_finite() {
        return Err(Error::value("identity", format!("a gain of {gain}: use a finite number")));
    }
    let rows = Tensor::arange(outputs / groups, DType::INDEX, device)?.unsqueeze(-1)?;
    let same = rows.eq(&Tensor::arange(*inputs, DType::INDEX, device)?)?;
    let matrix = same.to_dtype(DType::F32)?.mul(gain)?.tile([groups, 1])?;
    let ones = vec![1; kernel.len()];
    let around: Vec<(usize, usize)> = [(0, 0), (0, 0)]
        .into_iter()
        .chain(kernel.iter().map(|size| (size / 2, size - 1 - size / 2)))
        .collect();
    let flat = Shape::new(&[&[*outputs, *inputs][..], &ones].concat())?;
    matrix.reshape(flat)?.pad(&around, 0.0)
}
