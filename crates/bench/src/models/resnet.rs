//! The residual network of 20 layers for small images.

use tensorkeep::nn::layers::{BatchNorm, Conv, Dense, Padding};
use tensorkeep::nn::{Context, Layer};
use tensorkeep::{Module, Result, Rng, Tensor};

/// He et al., *Deep Residual Learning for Image Recognition*, 2015, arXiv:1512.03385, §4.2 with `n = 3`, but that shortcuts
/// between shapes are convolutions.
#[derive(Clone, Debug, Module)]
pub(crate) struct ResNet {
    stem: Normed,
    blocks: Vec<Block>,
    output: Dense,
}

/// A convolution and a batch norm.
#[derive(Clone, Debug, Module)]
struct Normed {
    convolution: Conv<2>,
    norm: BatchNorm,
}

#[derive(Clone, Debug, Module)]
struct Block {
    first: Normed,
    second: Normed,
    shortcut: Option<Normed>,
}

impl ResNet {
    pub(crate) fn new(rng: &mut Rng) -> Result<Self> {
        let (stem, mut blocks, mut inputs) = (Normed::new([3, 16], 3, 1, rng)?, Vec::new(), 16);
        for (stage, outputs) in [16, 32, 64].into_iter().enumerate() {
            for block in 0..3 {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                blocks.push(Block::new([inputs, outputs], stride, rng)?);
                inputs = outputs;
            }
        }
        Ok(Self { stem, blocks, output: Dense::new(64, 10, rng)? })
    }
}

impl Normed {
    fn new([inputs, outputs]: [usize; 2], kernel: usize, stride: usize, rng: &mut Rng) -> Result<Self> {
        let mut convolution = Conv::new([kernel; 2], inputs, outputs, rng)?;
        convolution.bias = None;
        convolution.stride = [stride; 2];
        convolution.padding = Padding::Explicit([(kernel / 2, kernel / 2); 2]);
        Ok(Self { convolution, norm: BatchNorm::new(outputs, rng.device())? })
    }
}

impl Block {
    fn new(channels: [usize; 2], stride: usize, rng: &mut Rng) -> Result<Self> {
        let first = Normed::new(channels, 3, stride, rng)?;
        let second = Normed::new([channels[1]; 2], 3, 1, rng)?;
        let changes = channels[0] != channels[1];
        let shortcut = if changes { Some(Normed::new(channels, 1, stride, rng)?) } else { None };
        Ok(Self { first, second, shortcut })
    }
}

impl Layer for Normed {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        self.norm.forward_with(&self.convolution.forward_with(x, cx)?, cx)
    }
}

impl Layer for Block {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let y = self.first.forward_with(x, cx)?.relu()?;
        let y = self.second.forward_with(&y, cx)?;
        let x = match &self.shortcut {
            Some(shortcut) => shortcut.forward_with(x, cx)?,
            None => x.clone(),
        };
        y.add(&x)?.relu()
    }
}

impl Layer for ResNet {
    fn forward_with(&self, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let mut x = self.stem.forward_with(x, cx)?.relu()?;
        for block in &self.blocks {
            x = block.forward_with(&x, cx)?;
        }
        self.output.forward_with(&x.mean([2, 3], false)?, cx)
    }
}
