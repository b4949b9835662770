//! Values and gradients against PyTorch's, by `golden/spatial.py`: in `f64` and `f32`, on every device.

use serde_json::Value;
use tensorkeep_autodiff::Options;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, Conv, ConvTranspose, GlobalMaxPool, GlobalMeanPool, LpPool, MaxPool,
    MeanPool, Pad, Padding, PixelShuffle, PixelUnshuffle, Resize, Upsample,
};
use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{
    DType, Device, GridSample, Interpolation, PadMode, Result, Rotation, SampleMode, SamplePadding, Tensor,
};
use tensorkeep_testkit::devices;
use tensorkeep_testkit::golden::doubles;

use crate::{Function, assert_near, numbers};

/// A layer of an input alone.
fn of(layer: impl Layer + 'static) -> Function {
    Box::new(move |x| layer.forward(&x[0]))
}

fn conv<const N: usize>(
    stride: [usize; N],
    padding: Padding<N>,
    dilation: [usize; N],
    groups: usize,
) -> Function {
    Box::new(move |x| {
        let (weight, bias) = (x[1].clone(), Some(x[2].clone()));
        Conv { weight, bias, stride, dilation, padding, groups }.forward(&x[0])
    })
}

fn transpose<const N: usize>(
    stride: [usize; N],
    padding: [usize; N],
    output_padding: [usize; N],
    groups: usize,
    dilation: [usize; N],
) -> Function {
    let padding = Padding::Explicit(padding.map(|p| (p, p)));
    Box::new(move |x| {
        let (weight, bias) = (x[1].clone(), Some(x[2].clone()));
        ConvTranspose { weight, bias, stride, dilation, padding, output_padding, groups }.forward(&x[0])
    })
}

fn max_pool(name: &str) -> Option<Pool> {
    let explicit = |padding: [usize; 2]| Padding::Explicit(padding.map(|p| (p, p)));
    Some(match name {
        "max pool dilated" => {
            let padding = Padding::Explicit([(1, 1)]);
            Pool::One(MaxPool { stride: [2], dilation: [2], padding, ..MaxPool::new([3]) })
        }
        "max pool ceil" => Pool::Two(MaxPool { ceil_mode: true, ..MaxPool::new([2, 3]) }),
        "max pool ceil, dilated" => Pool::Two(MaxPool {
            dilation: [2, 3],
            padding: explicit([1, 1]),
            ceil_mode: true,
            ..MaxPool::new([3, 2])
        }),
        "max pool ceil, all begin inside" => Pool::Two(MaxPool {
            stride: [3, 3],
            padding: explicit([0, 1]),
            ceil_mode: true,
            ..MaxPool::new([2, 2])
        }),
        "max pool ceil 3d" => {
            Pool::Three(MaxPool { stride: [2, 3, 3], ceil_mode: true, ..MaxPool::new([2; 3]) })
        }
        _ => return None,
    })
}

enum Pool {
    One(MaxPool<1>),
    Two(MaxPool<2>),
    Three(MaxPool<3>),
}

impl Pool {
    fn run(&self, x: &Tensor) -> Result<(Tensor, Tensor)> {
        match self {
            Self::One(pool) => pool.forward_with_indices(x),
            Self::Two(pool) => pool.forward_with_indices(x),
            Self::Three(pool) => pool.forward_with_indices(x),
        }
    }
}

fn window2(stride: [usize; 2], dilation: [usize; 2], padding: usize) -> Window {
    let [s, d] = [stride, dilation].map(|[a, b]| [a, b, 1]);
    Window { stride: s, dilation: d, padding: [(padding, padding); 3] }
}

/// `sample 4d bilinear zeros, aligned` and its kin.
fn sampler(name: &str, align_corners: bool) -> Function {
    let has = |word: &str| name.contains(word);
    let mode = if has("nearest") { SampleMode::Nearest } else { SampleMode::Linear };
    let padding = match () {
        () if has("border") => SamplePadding::Border,
        () if has("reflection") => SamplePadding::Reflection,
        () => SamplePadding::Zeros,
    };
    Box::new(move |x| x[0].grid_sample(&x[1], GridSample { mode, padding, align_corners }))
}

fn resized(name: &str, align_corners: bool) -> Option<Function> {
    let nearest = Interpolation::Nearest;
    let (linear, cubic) = (Interpolation::Linear { align_corners }, Interpolation::Cubic { align_corners });
    Some(match name {
        "nearest 1d" => of(Upsample { to: Resize::Size([7]), mode: nearest }),
        "nearest 2d" => of(Upsample { to: Resize::Scale([2.0, 3.0]), mode: nearest }),
        "nearest 3d" => of(Upsample { to: Resize::Size([2, 3, 2]), mode: nearest }),
        "linear" => of(Upsample { to: Resize::Scale([1.75]), mode: linear }),
        "bilinear" => of(Upsample { to: Resize::Size([5, 3]), mode: linear }),
        "trilinear" => of(Upsample { to: Resize::Size([3, 2, 4]), mode: linear }),
        "bicubic" => of(Upsample { to: Resize::Size([5, 3]), mode: cubic }),
        "to one" => of(Upsample { to: Resize::Size([1, 1]), mode: linear }),
        "cubic to one" => of(Upsample { to: Resize::Size([1, 2]), mode: cubic }),
        _ => return None,
    })
}

fn row(name: &str) -> Function {
    let (plain, align) = (name.trim_end_matches(", aligned"), name.ends_with(", aligned"));
    if let Some(resized) = resized(plain, align) {
        return resized;
    }
    if let Some(pool) = max_pool(name) {
        return Box::new(move |x| Ok(pool.run(&x[0])?.0));
    }
    let pad = |padding, mode| of(Pad { padding, mode });
    let mean = |count_padding| MeanPool {
        stride: [2, 2],
        padding: Padding::Explicit([(1, 1); 2]),
        count_padding,
        ..MeanPool::new([3, 2])
    };
    match plain {
        "conv" => conv([2, 1], Padding::Explicit([(1, 1), (0, 0)]), [1, 2], 2),
        "conv same" => conv([1, 1], Padding::Same, [3, 2], 1),
        "conv depthwise" => conv([1], Padding::Valid, [1], 2),
        "transpose 1d" => transpose([2], [1], [1], 1, [1]),
        "transpose 1d, dilated" => transpose([1], [0], [2], 1, [3]),
        "transpose 2d" => transpose([2, 3], [1, 0], [1, 2], 2, [1, 2]),
        "transpose 3d" => transpose([1, 2, 2], [0, 0, 1], [0; 3], 1, [1; 3]),
        "mean pool" => of(mean(true)),
        "mean pool, not counting" => of(mean(false)),
        "adaptive mean 1d" => of(AdaptiveMeanPool::new([3])),
        "adaptive mean 2d" => of(AdaptiveMeanPool::new([5, 4])),
        "adaptive mean 2d, even" => of(AdaptiveMeanPool::new([2, 3])),
        "adaptive max 2d" => of(AdaptiveMaxPool::new([5, 4])),
        "adaptive max 3d" => of(AdaptiveMaxPool::new([2, 1, 3])),
        "global mean" => of(GlobalMeanPool),
        "global max" => of(GlobalMaxPool),
        "lp pool 1d" => of(LpPool { stride: [2], ..LpPool::new(3.0, [3]) }),
        "lp pool 2d" => of(LpPool { stride: [2, 1], ..LpPool::new(2.0, [2, 3]) }),
        "pad constant" => pad([(0, 1), (1, 2)], PadMode::Constant(0.5.into())),
        "pad replicate" => of(Pad { padding: [(1, 0), (0, 2), (4, 1)], mode: PadMode::Replicate }),
        "pad reflect" => pad([(1, 2), (3, 2)], PadMode::Reflect),
        "pad circular" => of(Pad { padding: [(4, 3)], mode: PadMode::Circular }),
        "shuffle" => of(PixelShuffle { factor: 2 }),
        "unshuffle" => of(PixelUnshuffle { factor: 2 }),
        "unfold" => Box::new(|x| x[0].unfold(&[2, 3], window2([2, 2], [2, 1], 1))),
        "fold" => Box::new(|x| x[0].fold(&[5, 4], &[2, 3], window2([2, 2], [2, 1], 1))),
        "grid 2d" => Box::new(move |x| x[0].affine_grid(&[2, 3], align)),
        "grid 3d" => Box::new(move |x| x[0].affine_grid(&[2, 1, 3], align)),
        "transformer" => Box::new(move |x| {
            let grid = x[1].affine_grid(&[3, 3], align)?;
            x[0].grid_sample(&grid, GridSample { align_corners: align, ..GridSample::default() })
        }),
        "rotate" => Box::new(|x| x[0].rotate(27f64.to_radians(), Rotation::default())),
        "rotate a quarter" => Box::new(|x| x[0].rotate(90f64.to_radians(), Rotation::default())),
        sample if sample.starts_with("sample") => sampler(sample, align),
        _ => panic!("no row for {name}"),
    }
}

fn inputs(case: &Value, dtype: DType, device: &Device) -> Vec<Tensor> {
    let shapes = case["inputs"].as_array().unwrap().iter().enumerate();
    let input = |(k, shape): (usize, &Value)| {
        let shape: Vec<usize> =
            shape.as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
        let divide = case["divide"][k].as_f64().unwrap_or(1.0);
        numbers(&shape, k).div(divide).unwrap().to_dtype(dtype).unwrap().to_device(device).unwrap()
    };
    shapes.map(input).collect()
}

#[test]
fn values_and_gradients_are_pytorchs() {
    let cases: Value = serde_json::from_str(include_str!("../golden/spatial.json")).unwrap();
    for subject in devices().unwrap() {
        for dtype in [DType::F64, DType::F32].into_iter().filter(|&dtype| subject.has(dtype)) {
            let tolerance = if dtype == DType::F64 { 1e-11 } else { 4e-6 };
            for (name, case) in cases.as_object().unwrap() {
                let (f, x) = (row(name), inputs(case, dtype, &subject.device));
                let f = |x: &[Tensor]| f(x).unwrap_or_else(|error| panic!("{name}: {error}"));
                let name = format!("{name}, {dtype} on {}", subject.device);
                let want = doubles(&case["y"]).unwrap();
                assert_near(&name, &f(&x), &want, tolerance);
                let weights = numbers(want.shape(), 8).to_dtype(dtype).unwrap();
                let weights = weights.to_device(&subject.device).unwrap();
                let loss = |x: &Vec<Tensor>| f(x).mul(&weights)?.sum_all();
                let (_, gradients) = Options::new().allow_unused("**").value_and_grad(loss, &x).unwrap();
                for (k, gradient) in gradients.iter().enumerate() {
                    let want = doubles(&case["gradients"][k]).unwrap();
                    assert_near(&format!("{name}, gradient {k}"), gradient, &want, tolerance);
                }
            }
        }
    }
}

#[test]
fn winners_are_pytorchs() {
    let cases: Value = serde_json::from_str(include_str!("../golden/spatial.json")).unwrap();
    let mut rows = 0;
    for (name, case) in cases.as_object().unwrap() {
        let Some(pool) = max_pool(name) else { continue };
        for subject in devices().unwrap() {
            let indices = pool.run(&inputs(case, DType::F32, &subject.device)[0]).unwrap().1;
            assert_near(name, &indices, &doubles(&case["indices"]).unwrap(), 0.0);
        }
        rows += 1;
    }
    assert_eq!(rows, 5);
}

/// Halves agree with the same numbers in `f64` to their own precision: sums and places are computed in `f32`.
#[test]
fn halves_are_rounded_once() {
    let cases: Value = serde_json::from_str(include_str!("../golden/spatial.json")).unwrap();
    let cpu = tensorkeep_cpu::device();
    let names =
        ["bilinear", "bicubic, aligned", "adaptive mean 2d", "rotate", "sample 4d bilinear reflection"];
    for (dtype, tolerance) in [(DType::F16, 6e-4), (DType::BF16, 5e-3)] {
        for name in names {
            // Exact in both, so that only the result is rounded; and most places are within the image.
            let x: Vec<Tensor> = inputs(&cases[name], DType::F64, &cpu)
                .iter()
                .map(|x| x.mul(2).unwrap().round().unwrap().div(4).unwrap())
                .collect();
            let narrow: Vec<Tensor> = x.iter().map(|x| x.to_dtype(dtype).unwrap()).collect();
            let (got, want) = (row(name)(&narrow).unwrap(), row(name)(&x).unwrap());
            assert_eq!(got.dtype(), dtype, "{name}");
            assert_near(&format!("{name} in {dtype}"), &got, &want, tolerance);
        }
    }
}
