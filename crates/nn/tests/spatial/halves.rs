//! Sizes and samples in half precision.

use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{AdaptiveMeanPool, Resize, Upsample};
use tensorkeep_tensor::{DType, GridSample, Interpolation, Rotation, SamplePadding, Tensor};
use tensorkeep_testkit::assert_near;

use crate::{Function, numbers};

/// Halves agree with the same numbers in `f64` to their own precision: sums and places are computed in `f32`.
#[test]
fn halves_are_rounded_once() {
    let resized =
        |mode| -> Function { Box::new(move |x| Upsample { to: Resize::Size([5, 3]), mode }.forward(&x[0])) };
    let reflected = GridSample { padding: SamplePadding::Reflection, ..GridSample::default() };
    let rows: [(&str, Function, &[&[usize]]); 5] = [
        ("bilinear", resized(Interpolation::Linear { align_corners: false }), &[&[1, 1, 3, 5]]),
        ("bicubic, aligned", resized(Interpolation::Cubic { align_corners: true }), &[&[1, 1, 3, 5]]),
        ("adaptive mean", Box::new(|x| AdaptiveMeanPool::new([5, 4]).forward(&x[0])), &[&[1, 1, 3, 7]]),
        ("rotate", Box::new(|x| x[0].rotate(27f64.to_radians(), Rotation::default())), &[&[1, 1, 4, 5]]),
        ("sample", Box::new(move |x| x[0].grid_sample(&x[1], reflected)), &[&[1, 2, 3, 4], &[1, 2, 4, 2]]),
    ];
    for (name, f, shapes) in rows {
        // Exact in both, so that only the result is rounded; and most places are within the image.
        let input = |(k, shape): (usize, &&[usize])| {
            let x = numbers(shape, k).div(if k == 1 { 1.9 } else { 1.0 });
            x.and_then(|x| x.mul(2)?.round()?.div(4)).unwrap()
        };
        let x: Vec<Tensor> = shapes.iter().enumerate().map(input).collect();
        for (dtype, tolerance) in [(DType::F16, 6e-4), (DType::BF16, 5e-3)] {
            let narrow: Vec<Tensor> = x.iter().map(|x| x.to_dtype(dtype).unwrap()).collect();
            let (got, want) = (f(&narrow).unwrap(), f(&x).unwrap());
            assert_eq!(got.dtype(), dtype, "{name}");
            assert_near(&format!("{name} in {dtype}"), &got, &want, tolerance);
        }
    }
}
