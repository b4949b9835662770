//! Convolutions: their numbers, their sizes, and the side of an odd padding.

use serde_json::Value;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, Conv, ConvTranspose, GlobalMaxPool, GlobalMeanPool, MaxPool, MeanPool,
    Padding,
};
use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{DType, Result, Rng, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};

use super::{array, asked, option, padding, per_axis, sizes};
use tensorkeep_testkit::assert_near;

use crate::{HOLLOW, numbers};

fn convolved<const N: usize>(case: &Case) -> Outcome {
    let (stride, dilation) = (per_axis(case.param("stride"), 1), per_axis(case.param("dilation"), 1));
    let (groups, padding) = (per_axis::<1>(case.param("groups"), 1)[0], padding(case.param("padding")));
    let convolve = |x: &Tensor, weight: &Tensor| {
        let conv = Conv::<N> { weight: weight.clone(), bias: None, stride, dilation, padding, groups };
        // Flux's convolution turns its kernel round.
        let conv =
            if case.param("kernel_flipped_true_convolution") == true { conv.flip_kernel()? } else { conv };
        conv.forward(x)
    };
    case.expect(&asked(case, convolve, &array(case.input("w"))?)?)
}

/// `pad_axis0` and `pad_axis1`, and numbers at some places.
fn probed(case: &Case) -> Outcome {
    let image = |name: &str| array(case.input(name))?.unsqueeze(0)?.unsqueeze(0);
    let pads: [[usize; 2]; 2] = ["pad_axis0", "pad_axis1"].map(|name| per_axis(case.param(name), 0));
    let conv = Conv::<2> {
        weight: image("w")?,
        bias: None,
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Explicit(pads.map(|[low, high]| (low, high))),
        groups: 1,
    };
    let y = conv.forward(&image("x")?)?.at(0, 0)?.at(0, 0)?;
    for (name, want) in case.expected().as_object().ok_or("no places")? {
        match name.strip_prefix("at(").and_then(|place| place.strip_suffix(')')?.split_once(',')) {
            Some((i, j)) => case.same(&y.at(0, i.parse()?)?.at(0, j.parse()?)?, want)?,
            None => assert_eq!(y.shape().to_vec(), per_axis::<2>(want, 0), "{name}"),
        }
    }
    Ok(())
}

/// Windows of a signal as rows, and what is made of them.
fn unfolded(case: &Case) -> Outcome {
    let x = array(case.input("x"))?;
    let (signal, w) = (x.reshape([1, 1, x.elements()])?, case.input("w"));
    let weight = if w.is_null() { None } else { Some(array(w)?) };
    let taps = weight.as_ref().map_or(per_axis(case.param("kernel"), 1), |w| [w.elements()]);
    let low = per_axis::<1>(case.param("pad"), 0)[0];
    let stride = per_axis::<1>(case.param("stride"), 1)[0];
    let window =
        Window { stride: [stride, 1, 1], padding: [(low, low), (0, 0), (0, 0)], ..Window::default() };
    let columns = signal.unfold(&taps, window)?;
    if case.id().starts_with("fold") {
        return case.expect(&columns.fold(&[x.elements()], &taps, window)?.reshape(x.shape())?);
    }
    let rows = columns.at(0, 0)?.t()?;
    match weight {
        None => case.expect(&rows),
        Some(w) if case.param("kernel_flipped_true_convolution") == true => {
            case.expect(&rows.matmul(&w.flip(0)?)?)
        }
        Some(w) => case.expect(&rows.matmul(&w)?),
    }
}

#[test]
fn convolutions() {
    every_case("conv", |case| match case.id() {
        id if id.contains("fold") => unfolded(case),
        _ if !case.param("pad_axis0").is_null() => probed(case),
        id if id.starts_with("conv1d") => convolved::<1>(case),
        id if id.starts_with("conv2d") => convolved::<2>(case),
        id if id.starts_with("conv3d") => convolved::<3>(case),
        _ => case.unknown(),
    });
}

/// A convolution, or its transpose, of two spatial axes with the settings of a case.
fn convolution(case: &Case) -> Result<Box<dyn Layer>> {
    let rng = &mut Rng::new(0, &HOLLOW);
    let kernel: [usize; 2] = per_axis(case.param("kernel"), 1);
    let [inputs, outputs] = per_axis(case.param("channels"), 1);
    let (stride, dilation) = (per_axis(case.param("stride"), 1), per_axis(case.param("dilation"), 1));
    let padding = padding(option(case, &["pad", "padding"]));
    if case.id().contains("transpose") {
        let output_padding = per_axis(case.param("outpad"), 0);
        let layer = ConvTranspose::new(kernel, inputs, outputs, rng)?;
        return Ok(Box::new(ConvTranspose { stride, dilation, padding, output_padding, ..layer }));
    }
    let layer = match case.id().contains("depthwise") {
        true => Conv::depthwise(kernel, inputs, outputs / inputs, rng)?,
        false => Conv::grouped(kernel, inputs, outputs, per_axis::<1>(case.param("groups"), 1)[0], rng)?,
    };
    Ok(Box::new(Conv { stride, dilation, padding, ..layer }))
}

/// Sizes of one kernel under several settings.
fn geometry(case: &Case) -> Outcome {
    for (settings, want) in case.param("settings").as_array().into_iter().flatten().zip(0..) {
        let kernel: [usize; 2] = per_axis(case.input("kernel"), 1);
        let [_, _, channels, _] = per_axis(case.input("input_size"), 1);
        let both = [&settings["padding_lo_hi"], &settings["padding"]];
        let conv = Conv {
            stride: per_axis(&settings["stride"], 1),
            dilation: per_axis(&settings["dilation"], 1),
            padding: padding(both.into_iter().find(|padding| !padding.is_null()).unwrap_or(&Value::Null)),
            ..Conv::new(kernel, channels, 1, &mut Rng::new(0, &HOLLOW))?
        };
        let want: [usize; 2] = per_axis(&case.expected()[want], 0);
        assert_eq!(sizes(case, &conv)?[..2], want, "{settings}");
    }
    Ok(())
}

#[test]
fn sizes_of_convolutions_and_pools() {
    every_case("conv_shape", |case| {
        let output: [usize; 2] = per_axis(option(case, &["output", "out", "size"]), 1);
        let (kernel, padding) =
            (per_axis(case.param("kernel"), 1), padding(option(case, &["pad", "padding"])));
        let stride: [usize; 2] = match case.param("stride") {
            Value::Null => kernel,
            stride => per_axis(stride, 1),
        };
        let layer: Box<dyn Layer> = match case.id() {
            "convdims_sizes" => return geometry(case),
            id if id.contains("adaptive_max") => Box::new(AdaptiveMaxPool { size: output, uniform: true }),
            id if id.contains("adaptive_mean") => Box::new(AdaptiveMeanPool { size: output, uniform: true }),
            id if id.contains("global") && id.contains("max") => Box::new(GlobalMaxPool),
            id if id.contains("global") => Box::new(GlobalMeanPool),
            id if id.contains("maxpool") => Box::new(MaxPool { stride, padding, ..MaxPool::new(kernel) }),
            id if id.contains("meanpool") => Box::new(MeanPool { stride, padding, ..MeanPool::new(kernel) }),
            id if id.contains("conv") || id.contains("crosscor") || id.contains("depthwise") => {
                convolution(case)?
            }
            _ => return case.unknown(),
        };
        assert_eq!(sizes(case, &*layer)?, per_axis::<4>(case.expected(), 0), "{}", case.id());
        Ok(())
    });
}

/// Flux's `SamePad`, whose odd element is before; PyTorch's and ours is behind.
#[test]
fn the_side_of_same() {
    let x = numbers(&[1, 1, 5], 0);
    let conv = |padding| Conv::<1> {
        weight: numbers(&[1, 1, 4], 1),
        bias: None,
        stride: [1],
        dilation: [1],
        padding,
        groups: 1,
    };
    let transpose = |padding, stride| ConvTranspose::<1> {
        weight: numbers(&[1, 1, 2], 1),
        bias: None,
        stride: [stride],
        dilation: [1],
        padding,
        output_padding: [0],
        groups: 1,
    };
    let explicit = |low, high| Padding::Explicit([(low, high)]);
    let run = |layer: &dyn Layer| layer.forward(&x).unwrap();
    let same = |a: Tensor, b: Tensor| assert_near("same", &a, &b, 0.0);
    same(run(&conv(Padding::Same)), run(&conv(explicit(1, 2))));
    same(run(&conv(Padding::SameLower)), run(&conv(explicit(2, 1))));
    same(run(&transpose(Padding::Same, 1)), run(&transpose(explicit(0, 1), 1)));
    same(run(&transpose(Padding::SameLower, 1)), run(&transpose(explicit(1, 0), 1)));
    // A kernel shorter than the stride leaves zeros: Flux drops −1 and −2 elements.
    let whole = run(&transpose(Padding::Valid, 5));
    assert_eq!(*whole.shape(), [1, 1, 22]);
    let zeros = |low, high| whole.pad(&[(0, 0), (0, 0), (low, high)], 0).unwrap();
    same(run(&transpose(Padding::Same, 5)), zeros(0, 3));
    same(run(&transpose(Padding::SameLower, 5)), zeros(1, 2));
    for (kernel, stride) in [(1, 3), (2, 3), (3, 3), (6, 3), (7, 3), (4, 1)] {
        for padding in [Padding::Same, Padding::SameLower] {
            let rng = &mut Rng::new(0, &HOLLOW);
            let x = Tensor::zeros([1, 1, 9], DType::F32, rng.device()).unwrap();
            let conv = Conv { padding, stride: [stride], ..Conv::new([kernel], 1, 1, rng).unwrap() };
            assert_eq!(*conv.forward(&x).unwrap().shape(), [1, 1, 9usize.div_ceil(stride)]);
            let dilation = [2];
            let layer = ConvTranspose::new([kernel], 1, 1, rng).unwrap();
            let up = ConvTranspose { padding, stride: [stride], dilation, ..layer };
            assert_eq!(*up.forward(&x).unwrap().shape(), [1, 1, 9 * stride]);
        }
    }
}
