//! LeNet-5 with ReLU and max-pooling.

use tensorkeep::nn::layers::{Conv, Dense, MaxPool, Padding};
use tensorkeep::nn::{Context, Layer};
use tensorkeep::{Module, Result, Rng, Tensor};

/// Two convolutions with pooling, and three dense layers, for images of 28 × 28 pixels.
#[derive(Clone, Debug, Module)]
pub(crate) struct LeNet {
    convolutions: [Conv<2>; 2],
    dense: [Dense; 3],
}

impl LeNet {
    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        let padding = Padding::Explicit([(2, 2); 2]);
        let first = Conv { padding, ..Conv::new([5, 5], 1, 6, rng)? };
        let convolutions = [first, Conv::new([5, 5], 6, 16, rng)?];
        let dense = [Dense::new(400, 120, rng)?, Dense::new(120, 84, rng)?, Dense::new(84, 10, rng)?];
        Ok(Self { convolutions, dense })
    }
}

impl Layer for LeNet {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let mut x = x.clone();
        for convolution in &self.convolutions {
            x = MaxPool::new([2, 2]).forward_with(&convolution.forward_with(&x, cx)?.relu()?, cx)?;
        }
        let [a, b, c] = &self.dense;
        let x = a.forward_with(&x.flatten(1)?, cx)?.relu()?;
        c.forward_with(&b.forward_with(&x, cx)?.relu()?, cx)
    }
}
