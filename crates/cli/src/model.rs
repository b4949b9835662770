//! The networks.

use tensorkeep_nn::Sequential;
use tensorkeep_nn::layers::{Conv, Dense, Dropout, Flatten, MaxPool, Padding};
use tensorkeep_tensor::{Error, Result, Rng, Tensor};

use crate::arguments::ModelName;

/// A network for `side × side` images with one channel.
pub(crate) fn build(name: ModelName, side: usize, classes: usize, rng: &mut Rng) -> Result<Sequential> {
    match name {
        ModelName::Mlp => mlp(side * side, classes, rng),
        ModelName::Lenet => lenet(side, classes, rng),
    }
}

/// Two dense layers, between which training drops some numbers: the data sets are small.
fn mlp(features: usize, classes: usize, rng: &mut Rng) -> Result<Sequential> {
    let hidden = if features > 256 { 512 } else { 128 };
    Ok(Sequential::new()
        .then(Flatten)
        .then(Dense::new(features, hidden, rng)?)
        .then(Tensor::relu)
        .then(Dropout::new(0.3)?)
        .then(Dense::new(hidden, classes, rng)?))
}

/// Two convolutions with pooling, three dense layers, with ReLU and max-pooling where the original had sigmoids and means.
///
/// Source: LeCun et al., *Gradient-Based Learning Applied to Document Recognition*, 1998, figure 2. Images below 16 pixels
/// get kernels of 3 with padding, so that something is left to pool.
fn lenet(side: usize, classes: usize, rng: &mut Rng) -> Result<Sequential> {
    if side < 8 {
        return Err(Error::value("lenet", format!("images of {side} pixels: use at least 8, or the mlp")));
    }
    let (kernel, second) = if side < 16 { (3, Padding::Same) } else { (5, Padding::Valid) };
    let inner = if side < 16 { side / 4 } else { (side / 2 - 4) / 2 };
    Ok(Sequential::new()
        .then(Conv { padding: Padding::Same, ..Conv::new([kernel; 2], 1, 6, rng)? })
        .then(Tensor::relu)
        .then(MaxPool::new([2, 2]))
        .then(Conv { padding: second, ..Conv::new([kernel; 2], 6, 16, rng)? })
        .then(Tensor::relu)
        .then(MaxPool::new([2, 2]))
        .then(Flatten)
        .then(Dense::new(16 * inner * inner, 120, rng)?)
        .then(Tensor::relu)
        .then(Dense::new(120, 84, rng)?)
        .then(Tensor::relu)
        .then(Dense::new(84, classes, rng)?))
}

#[cfg(test)]
mod tests {
    use tensorkeep_nn::Layer;
    use tensorkeep_tensor::{DType, meta};

    use super::*;

    #[test]
    fn shapes_fit() {
        let device = meta::device();
        for (name, side) in
            [(ModelName::Mlp, 8), (ModelName::Mlp, 28), (ModelName::Lenet, 8), (ModelName::Lenet, 28)]
        {
            let model = build(name, side, 10, &mut Rng::new(0, &device)).unwrap();
            let x = Tensor::zeros([2, 1, side, side], DType::F32, &device).unwrap();
            assert_eq!(*model.forward(&x).unwrap().shape(), [2, 10], "{name} {side}");
        }
        assert!(build(ModelName::Lenet, 7, 10, &mut Rng::new(0, &device)).is_err());
    }
}
