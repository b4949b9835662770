//! The cases of Flux's and NNlib's own suites. Their spatial axes are listed first to last as in Julia; where an array is given
//! as printed, its first axis is Julia's first. Which spatial axis is called the first changes no number, as long as sizes,
//! kernels and paddings are listed alike.

use serde_json::Value;
use tensorkeep_autodiff::{value_and_grad, vjp};
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, Conv, ConvTranspose, GlobalMaxPool, GlobalMeanPool, LpPool, MaxPool,
    MeanPool, Padding,
};
use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{
    DType, GridSample, Interpolation, PadMode, Result, Rng, Rotation, SampleMode, SamplePadding, Tensor,
};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::doubles;

use crate::{HOLLOW, assert_near, numbers};

/// One number an axis; a single one is meant for all.
fn per_axis<const N: usize>(value: &Value, default: usize) -> [usize; N] {
    let number = |value: &Value| value.as_u64().map_or(default, |n| n as usize);
    match value.as_array() {
        Some(list) => std::array::from_fn(|axis| number(&list[axis])),
        None => [number(value); N],
    }
}

/// A number, one an axis, one a side of each axis, or a word.
fn padding<const N: usize>(value: &Value) -> Padding<N> {
    match value.as_array() {
        // Flux puts the odd one before.
        _ if value == "same" => Padding::SameLower,
        Some(sides) if sides.len() == 2 * N => {
            let sides = |side: usize| sides[side].as_u64().unwrap() as usize;
            Padding::Explicit(std::array::from_fn(|axis| (sides(2 * axis), sides(2 * axis + 1))))
        }
        _ => Padding::Explicit(per_axis(value, 0).map(|n| (n, n))),
    }
}

/// An option under the first of these names that the case has.
fn option<'a>(case: &'a Case, names: &[&str]) -> &'a Value {
    names.iter().map(|name| case.param(name)).find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// An array, or `ones(..)`.
fn array(value: &Value) -> Result<Tensor> {
    let sizes = value.as_str().and_then(|word| word.strip_prefix("ones(")?.strip_suffix(')'));
    match sizes {
        Some(sizes) => {
            let sizes: Vec<usize> = sizes.split(',').map(|size| size.trim().parse().unwrap()).collect();
            Tensor::ones(sizes, DType::F64, &tensorkeep_cpu::device())
        }
        None => doubles(value),
    }
}

/// What the name of a case asks for of a function of an input and a weight: its result, or the gradient by one of them.
fn asked(case: &Case, f: impl Fn(&Tensor, &Tensor) -> Result<Tensor>, w: &Tensor) -> Result<Tensor> {
    let (x, dy) = (array(case.input("x"))?, case.input("dy"));
    let pull = |by: &Tensor, f: &dyn Fn(&Tensor) -> Result<Tensor>| vjp(f, by)?.1.call(&array(dy)?);
    match case.id() {
        id if id.ends_with("grad_weight") => pull(w, &|w| f(&x, w)),
        id if id.contains("_grad") => pull(&x, &|x| f(x, w)),
        _ => f(&x, w),
    }
}

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

/// The sizes `[spatial0, spatial1, channels, batch]` that a layer gives, for an input of the case's sizes.
fn sizes(case: &Case, layer: &dyn Layer) -> std::result::Result<[usize; 4], Box<dyn std::error::Error>> {
    let [s, t, channels, batch] = per_axis(case.input("input_size"), 1);
    let x = Tensor::zeros([batch, channels, s, t], DType::F32, &HOLLOW)?;
    let [batch, channels, s, t] = layer.forward(&x)?.dims()?;
    Ok([s, t, channels, batch])
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

/// Which pool a case speaks of, with its windows, by how the name begins.
fn pool<const N: usize>(case: &Case, kind: &str) -> Box<dyn Layer> {
    let (kernel, stride) = (per_axis::<N>(case.param("kernel"), 1), per_axis(case.param("stride"), 1));
    let padding = padding(case.param("padding"));
    let count_padding = case.param("count_include_pad") != false;
    match kind {
        "max" => Box::new(MaxPool { stride, padding, ..MaxPool::new(kernel) }),
        "mean" => Box::new(MeanPool { kernel, stride, padding, count_padding }),
        _ => Box::new(LpPool { p: case.param("p").as_f64().unwrap(), kernel, stride, padding }),
    }
}

/// The sizes of a pool under several settings, its stride being its kernel unless it is said.
fn pool_sizes(case: &Case) -> Outcome {
    for (settings, i) in case.param("settings").as_array().into_iter().flatten().zip(0..) {
        let kernel: [usize; 2] = per_axis(&settings["kernel"], 1);
        let stride = if settings["stride"].is_null() { kernel } else { per_axis(&settings["stride"], 1) };
        let pool = MaxPool { stride, padding: padding(&settings["pad"]), ..MaxPool::new(kernel) };
        assert_eq!(sizes(case, &pool)?, per_axis::<4>(&case.expected()[i], 0), "{settings}");
    }
    Ok(())
}

#[test]
fn pools() {
    every_case("pooling", |case| {
        let id = case.id();
        if id == "pool_sizes" {
            return pool_sizes(case);
        }
        let axes = ["1d", "2d", "3d"].into_iter().position(|axes| id.contains(axes));
        let pool = |kind: &str| match axes {
            Some(0) => pool::<1>(case, kind),
            Some(1) => pool::<2>(case, kind),
            _ => pool::<3>(case, kind),
        };
        let kind = ["max", "mean", "lp"].into_iter().find(|kind| id.starts_with(kind));
        match (axes, kind) {
            (Some(_), Some(kind)) => {
                let pool = pool(kind);
                case.expect(&asked(case, |x, _| pool.forward(x), &array(case.input("x"))?)?)
            }
            // The gradients of the sums of a max and a mean pool.
            (Some(_), None) if id.contains("natural") => ["max", "mean"].into_iter().try_for_each(|kind| {
                let pool = pool(kind);
                let (_, dx) = value_and_grad(|x| pool.forward(x)?.sum_all(), &array(case.input("x"))?)?;
                case.same(&dx, &case.expected()[format!("grad_{kind}pool")])
            }),
            _ => case.unknown(),
        }
    });
}

#[test]
fn edges() {
    every_case("padding", |case| {
        let value = option(case, &["value", "val"]).as_f64().unwrap_or(0.0);
        let mode = match case.param("mode").as_str() {
            Some("constant" | "zeros") => PadMode::Constant(value.into()),
            Some("repeat" | "replicate" | "edge") => PadMode::Replicate,
            Some("reflect") => PadMode::Reflect,
            Some("symmetric") => PadMode::Symmetric,
            Some("circular") => PadMode::Circular,
            _ => return case.unknown(),
        };
        let x = array(case.input("x"))?;
        let pads = case.param("pads");
        // A pair an axis, or one number for all sides.
        let pair = |axis: usize| match pads.as_u64() {
            Some(n) => (n as usize, n as usize),
            None => per_axis::<2>(&pads[axis], 0).into(),
        };
        case.expect(&x.pad_mode(&(0..x.rank()).map(pair).collect::<Vec<_>>(), mode)?)
    });
}

/// The sizes that are asked for, or come of a scale.
fn target(case: &Case, input: &[usize]) -> Option<Vec<usize>> {
    if let Some(sizes) = case.param("size").as_array() {
        return sizes.iter().map(|size| size.as_u64().map(|size| size as usize)).collect();
    }
    let scale = case.param("scale");
    let scales =
        scale.as_array().cloned().unwrap_or_else(|| vec![scale.clone(); input.len().saturating_sub(2)]);
    let sizes = &input[input.len().checked_sub(scales.len())?..];
    sizes.iter().zip(&scales).map(|(&n, scale)| Some((n as f64 * scale.as_f64()?) as usize)).collect()
}

#[test]
fn sizes_by_interpolation() {
    every_case("upsample", |case| {
        let align_corners = case.param("align_corners") != false;
        let how = match case.param("mode").as_str() {
            Some("nearest") => Interpolation::Nearest,
            Some("linear" | "bilinear" | "trilinear") => Interpolation::Linear { align_corners },
            None if case.id().contains("nearest") => Interpolation::Nearest,
            None if case.id().contains("pixel_shuffle") => {
                let factor = per_axis::<1>(option(case, &["r", "factor", "scale"]), 1)[0];
                return case.expect(&array(case.input("x"))?.pixel_shuffle(factor)?);
            }
            _ => return case.unknown(),
        };
        let input =
            [case.param("input_size"), case.input("input_size")].into_iter().find_map(Value::as_array);
        let x = match input {
            None => array(case.input("x"))?,
            Some(sizes) => {
                let sizes: Vec<usize> = sizes.iter().filter_map(Value::as_u64).map(|n| n as usize).collect();
                Tensor::zeros(sizes, DType::F64, &tensorkeep_cpu::device())?
            }
        };
        let upstream = case.input("dy");
        let size = match upstream.is_null() {
            true => target(case, x.shape()).ok_or("no size")?,
            false => array(upstream)?.shape().to_vec(),
        };
        let size = &size[size.len().saturating_sub(x.rank())..];
        let resize = |x: &Tensor| x.interpolate(size, how);
        let got = match (upstream.is_null(), case.id().contains("grad")) {
            (false, _) => vjp(resize, &x)?.1.call(&array(upstream)?)?,
            // The upstream is the result itself.
            (true, true) => vjp(resize, &x)?.1.call(&resize(&x)?)?,
            (true, false) => resize(&x)?,
        };
        match case.expected() {
            // NNlib refuses what PyTorch and we define.
            Value::String(word) if word == "error" => {
                assert_eq!(&got.shape()[got.rank() - size.len()..], size);
                Ok(())
            }
            Value::Object(parts) => {
                parts.iter().try_for_each(|(name, want)| match name.strip_prefix("row") {
                    Some(row) => case.same(&got.at(0, row.parse()?)?, want),
                    None => {
                        case.same(&got.sub(want.as_f64().ok_or("no number")?)?.abs()?.max_all()?, &0.0.into())
                    }
                })
            }
            _ => case.expect(&got),
        }
    });
}

#[test]
fn samples() {
    every_case("sampling", |case| {
        let padding = match case.param("padding_mode").as_str() {
            Some("zeros") | None => SamplePadding::Zeros,
            Some("border") => SamplePadding::Border,
            _ => return case.unknown(),
        };
        // NNlib aligns corners always.
        let how = GridSample { padding, align_corners: true, ..GridSample::default() };
        let pair = (array(case.input("x"))?, array(case.input("grid"))?);
        let sample = |(x, grid): &(Tensor, Tensor)| x.grid_sample(grid, how);
        let y = sample(&pair)?;
        let Value::Object(parts) = case.expected() else {
            return case.expect(&y);
        };
        let dy = array(case.input("dy"))?;
        let (_, (dx, dgrid)) =
            value_and_grad(|pair: &(Tensor, Tensor)| sample(pair)?.mul(&dy)?.sum_all(), &pair)?;
        parts.iter().try_for_each(|(name, want)| match name.as_str() {
            "y" => case.same(&y, want),
            "grad_input" => case.same(&dx, want),
            "grad_grid" => case.same(&dgrid, want),
            _ => case.unknown(),
        })
    });
}

/// The examples of `imrotate`, whose centre is the element behind the middle. NNlib drops what lies partly outside, so only
/// elements within are compared.
#[test]
fn turned_images() {
    let mut bar = vec![0.0; 36];
    (bar[2 * 6 + 3], bar[3 * 6 + 3]) = (1.0, 1.0);
    // Julia's first axis is our last.
    let image = |numbers: Vec<f64>, n: usize| {
        Tensor::from_vec(numbers, [1, 1, n, n], &tensorkeep_cpu::device()).unwrap().t().unwrap()
    };
    let behind = |n: usize| Some([(n / 2) as f64; 2]);
    let (a, b, c) = (0.292_893_218_813_452_5, 0.585_786_437_626_905, 0.085_786_437_626_904_95);
    let mut want = vec![0.0; 36];
    for (place, value) in [((2, 3), a), ((2, 4), b), ((3, 2), c), ((3, 3), 1.0), ((3, 4), a), ((4, 3), c)] {
        let (i, j): (usize, usize) = place;
        want[i * 6 + j] = value;
    }
    let turned =
        image(bar, 6).rotate(45f64.to_radians(), Rotation { center: behind(6), ..Rotation::default() });
    assert_near("45 degrees", &turned.unwrap(), &image(want, 6), 1e-9);

    let (mut x, mut y) = (vec![0.0; 16], vec![0.0; 16]);
    (x[5], y[7]) = (1.0, 1.0);
    let turned =
        image(x, 4).rotate(90f64.to_radians(), Rotation { center: behind(4), ..Rotation::default() });
    assert_near("90 degrees", &turned.unwrap(), &image(y, 4), 0.0);

    let (mut x, mut y) = (vec![0.0; 9], vec![0.0; 9]);
    (x[1], y[2]) = (1.0, 1.0);
    let nearest = Rotation { mode: SampleMode::Nearest, center: behind(3) };
    let whole = image(x, 3).to_dtype(DType::I32).unwrap();
    assert_near("nearest", &whole.rotate(45f64.to_radians(), nearest).unwrap(), &image(y, 3), 0.0);
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

/// Adaptive pools whose windows are all alike: 10 elements in 4 windows of 4, two apart.
#[test]
fn uniform_windows() {
    let x = numbers(&[1, 2, 10], 0);
    let mean = AdaptiveMeanPool { uniform: true, ..AdaptiveMeanPool::new([4]) }.forward(&x).unwrap();
    assert_near("mean", &mean, &MeanPool { stride: [2], ..MeanPool::new([4]) }.forward(&x).unwrap(), 0.0);
    let max = AdaptiveMaxPool { uniform: true, ..AdaptiveMaxPool::new([4]) }.forward(&x).unwrap();
    assert_near("max", &max, &MaxPool { stride: [2], ..MaxPool::new([4]) }.forward(&x).unwrap(), 0.0);
    assert_ne!(
        AdaptiveMeanPool::new([4]).forward(&x).unwrap().to_vec::<f64>().unwrap(),
        mean.to_vec::<f64>().unwrap()
    );
}
