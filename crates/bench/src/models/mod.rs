//! The models of the workloads, as their peers have them.

mod char_lstm;
mod lenet;
mod resnet;
mod transformer;

use tensorkeep::nn::Layer;
use tensorkeep::nn::layers::Dense;
use tensorkeep::{Result, Rng, Tensor};

pub(crate) use char_lstm::CharLstm;
pub(crate) use lenet::LeNet;
pub(crate) use resnet::ResNet;
pub(crate) use transformer::{Encoder, Gpt};

/// Three dense layers with ReLU between them.
pub(crate) fn mlp(sizes: [usize; 4], rng: &mut Rng) -> Result<impl Layer + Clone + use<>> {
    let [a, b, c, d] = sizes;
    Ok((
        Dense::new(a, b, rng)?,
        Tensor::relu as fn(&Tensor) -> Result<Tensor>,
        Dense::new(b, c, rng)?,
        Tensor::relu as fn(&Tensor) -> Result<Tensor>,
        Dense::new(c, d, rng)?,
    ))
}
