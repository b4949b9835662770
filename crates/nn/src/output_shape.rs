//! The shape of a result, without computing it.

use tensorkeep_tensor::{DType, Result, Shape, Tensor, ToShape, meta};

use crate::{Layer, hollow};

/// The shape of what a model gives for an input of this shape and dtype, in evaluation. Nothing is computed:
/// it runs on the device that knows only shapes.
///
/// ```
/// use tensorkeep_nn::layers::{Conv, Flatten, MaxPool};
/// use tensorkeep_nn::output_shape;
/// use tensorkeep_tensor::{DType, Rng, meta};
///
/// let conv = Conv::new([5, 5], 1, 6, &mut Rng::new(0, &meta::device()))?;
/// let features = (conv, MaxPool::new([2, 2]), Flatten);
/// let shape = output_shape(&features, [1, 1, 28, 28], DType::F32)?;
/// assert_eq!(*shape, [1, 864]); // so many inputs does the next layer need
/// assert_eq!(output_shape(&features, [1, 3, 28, 28], DType::F32).unwrap_err().layer(), "0");
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// # Errors
///
/// If such an input does not fit the model, with the path of the layer that it does not fit.
#[track_caller]
pub fn output_shape<M: Layer + Clone>(model: &M, input: impl ToShape, dtype: DType) -> Result<Shape> {
    let device = meta::device();
    let y = hollow(model, &device)?.forward(&Tensor::zeros(input, dtype, &device)?)?;
    Ok(*y.shape())
}
