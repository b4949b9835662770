//! First and second derivatives against differences, at places where there are any.

use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{AdaptiveMaxPool, AdaptiveMeanPool, ConvTranspose, LpPool, MaxPool, Padding};
use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{GridSample, Interpolation, PadMode, Rotation, SampleMode, SamplePadding};
use tensorkeep_testkit::gradient;

use crate::{Function, numbers};

/// Squared, so that the second derivative of what is linear is not 0 everywhere.
fn bent(f: Function) -> Function {
    Box::new(move |x| f(x)?.map(|y| y * y))
}

#[test]
fn of_both_orders() {
    let window = Window { stride: [2, 1, 1], dilation: [1, 2, 1], padding: [(1, 0), (0, 1), (0, 0)] };
    let transpose = Box::new(|x: &[_]| {
        let [weight, bias] = [&x[1], &x[2]].map(tensorkeep_tensor::Tensor::clone);
        let layer = ConvTranspose::<1> {
            weight,
            bias: Some(bias),
            stride: [2],
            dilation: [1],
            padding: Padding::Explicit([(1, 0)]),
            output_padding: [1],
            groups: 2,
        };
        layer.forward(&x[0])
    });
    let interpolate =
        |size: &'static [usize], how| -> Function { Box::new(move |x| x[0].interpolate(size, how)) };
    let (linear, cubic) =
        (Interpolation::Linear { align_corners: false }, Interpolation::Cubic { align_corners: true });
    let pad = |mode| -> Function { Box::new(move |x| x[0].pad_mode(&[(1, 2), (2, 1)], mode)) };
    let sample = |mode, padding| -> Function {
        let how = GridSample { mode, padding, align_corners: false };
        Box::new(move |x| x[0].grid_sample(&x[1].div(1.7)?, how))
    };
    let of = |layer: Box<dyn Layer>| -> Function { Box::new(move |x| layer.forward(&x[0])) };
    let ceil = MaxPool { stride: [2], ceil_mode: true, ..MaxPool::new([3]) };
    let image: &[&[usize]] = &[&[1, 1, 3, 3], &[1, 2, 2, 2]];
    let rows: Vec<(&str, Function, &[&[usize]])> = vec![
        ("transposed convolution", transpose, &[&[1, 2, 3], &[2, 1, 2], &[2]]),
        ("max pool", of(Box::new(ceil)), &[&[1, 1, 6]]),
        ("adaptive mean pool", of(Box::new(AdaptiveMeanPool::new([2, 3]))), &[&[1, 1, 3, 4]]),
        ("adaptive max pool", of(Box::new(AdaptiveMaxPool::new([2, 3]))), &[&[1, 1, 3, 4]]),
        ("lp pool", of(Box::new(LpPool::new(3.0, [2]))), &[&[1, 1, 6]]),
        ("replicate", pad(PadMode::Replicate), &[&[3, 3]]),
        ("reflect", pad(PadMode::Reflect), &[&[3, 3]]),
        ("symmetric", pad(PadMode::Symmetric), &[&[3, 3]]),
        ("circular", pad(PadMode::Circular), &[&[3, 3]]),
        ("nearest", interpolate(&[5, 2], Interpolation::Nearest), &[&[3, 3]]),
        ("bilinear", interpolate(&[5, 2], linear), &[&[3, 3]]),
        ("bicubic", interpolate(&[5, 2], cubic), &[&[3, 3]]),
        ("unfold", Box::new(move |x| x[0].unfold(&[2, 2], window)), &[&[1, 1, 3, 4]]),
        ("fold", Box::new(move |x| x[0].fold(&[3, 4], &[2, 2], window)), &[&[1, 4, 6]]),
        ("shuffle", Box::new(|x| x[0].pixel_shuffle(2)), &[&[1, 4, 1, 2]]),
        ("unshuffle", Box::new(|x| x[0].pixel_unshuffle(2)), &[&[1, 1, 2, 4]]),
        ("sample, zeros", sample(SampleMode::Linear, SamplePadding::Zeros), image),
        ("sample, border", sample(SampleMode::Linear, SamplePadding::Border), image),
        ("sample, reflection", sample(SampleMode::Linear, SamplePadding::Reflection), image),
        ("sample, nearest", sample(SampleMode::Nearest, SamplePadding::Zeros), image),
        ("affine grid", Box::new(|x| x[0].affine_grid(&[2, 2], true)), &[&[1, 2, 3]]),
        ("rotate", Box::new(|x| x[0].rotate(0.4, Rotation::default())), &[&[1, 1, 3, 3]]),
    ];
    for (name, f, shapes) in rows {
        let inputs: Vec<_> = shapes.iter().enumerate().map(|(k, shape)| numbers(shape, k)).collect();
        let checked = gradient::check(bent(f), &inputs);
        assert!(checked.is_ok(), "{name}: {}", checked.unwrap_err());
    }
}

/// Where a window of zeros has no norm's slope, it counts as flat.
#[test]
fn a_norm_at_zero_is_flat() {
    let x = numbers(&[1, 1, 4], 0).mul(0.0).unwrap();
    for p in [0.5, 1.0, 2.0, 3.0] {
        let pool = move |x: &[_]| LpPool::new(p, [2]).forward(&x[0]);
        assert_eq!(
            gradient::of(pool, std::slice::from_ref(&x)).unwrap()[0].to_vec::<f64>().unwrap(),
            [0.0; 4]
        );
    }
}
