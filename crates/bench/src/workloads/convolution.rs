//! Convolution, pooling and batch norm, with and without their gradients.

use tensorkeep::autodiff::grad;
use tensorkeep::nn::layers::{BatchNorm, Conv, MaxPool, Padding};
use tensorkeep::nn::{Context, Layer, Module};
use tensorkeep::{Device, Result, Rng, Tensor};

use crate::workload::{Work, Workload};

use super::{discard, random};

/// A convolution of a batch of images: a name, the shapes of both operands, stride, padding and groups.
type Row = (&'static str, [usize; 4], [usize; 4], usize, usize, usize);

const CONVOLUTIONS: [Row; 6] = [
    ("3x3_64_56", [32, 64, 56, 56], [64, 64, 3, 3], 1, 1, 1),
    ("3x3_128_28", [32, 128, 28, 28], [128, 128, 3, 3], 1, 1, 1),
    ("7x7s2_3_224", [8, 3, 224, 224], [64, 3, 7, 7], 2, 3, 1),
    ("1x1_256_28", [32, 256, 28, 28], [256, 256, 1, 1], 1, 0, 1),
    ("dw3x3_128_56", [32, 128, 56, 56], [128, 1, 3, 3], 1, 1, 128),
    ("5x5_lenet", [128, 1, 28, 28], [6, 1, 5, 5], 1, 2, 1),
];

/// The images of the other layers.
const IMAGES: [usize; 4] = [32, 64, 56, 56];

pub(super) fn all() -> Vec<Workload> {
    let convolutions = CONVOLUTIONS.into_iter().flat_map(|row| {
        let (name, x, w, stride, padding, groups) = row;
        let positions = (x[2] + 2 * padding - w[2]) / stride + 1;
        let flops = 2.0 * (x[0] * positions * positions * w.iter().product::<usize>()) as f64;
        let layer = move |device: &Device| {
            let mut layer =
                Conv::grouped([w[2], w[3]], w[1] * groups, w[0], groups, &mut Rng::new(2, device))?;
            layer.bias = None;
            (layer.stride, layer.padding) = ([stride; 2], Padding::Explicit([(padding, padding); 2]));
            Ok(layer)
        };
        both(name, x, [Work::Flops(flops), Work::Flops(3.0 * flops)], layer)
    });
    // Images in and results out, and with gradients both of them the other way round.
    let bytes = |results: f64| {
        let once = 4.0 * IMAGES.iter().product::<usize>() as f64 * (1.0 + results);
        [Work::Bytes(once), Work::Bytes(2.0 * once)]
    };
    let pool = both("maxpool2", IMAGES, bytes(0.25), |_: &Device| Ok(MaxPool::new([2, 2])));
    let norm = both("bn2d_train", IMAGES, bytes(1.0), |device: &Device| BatchNorm::new(64, device));
    convolutions.chain(pool).chain(norm).collect()
}

/// A layer applied to images in training: alone, and with the gradients of its parameters and its input.
fn both<M: Layer + Module + Clone + 'static>(
    name: &str,
    x: [usize; 4],
    [forward, gradients]: [Work; 2],
    layer: impl Fn(&Device) -> Result<M> + Copy + 'static,
) -> [Workload; 2] {
    let cx = Context::training(0);
    let forward = Workload::new(format!("conv/{name}_fwd"), forward, {
        let cx = cx.clone();
        move |device| {
            let (x, layer, cx) = (random(&x, 1, device)?, layer(device)?, cx.clone());
            Ok(move || layer.forward_with(&x, &cx).map(discard))
        }
    });
    let gradients = Workload::new(format!("conv/{name}_fwdbwd"), gradients, move |device| {
        let (cx, model) = (cx.clone(), (random(&x, 1, device)?, layer(device)?));
        let dy = random(model.1.forward(&model.0)?.shape(), 9, device)?;
        Ok(move || {
            let loss = |(x, layer): &(Tensor, M)| layer.forward_with(x, &cx)?.mul(&dy)?.sum_all();
            grad(loss, &model).map(discard)
        })
    });
    [forward, gradients]
}
