//! What is refused, and with which words; and what is defined though it looks odd.

use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, Conv, ConvTranspose, GlobalMaxPool, GlobalMeanPool, LpPool, MaxPool,
    Pad, Padding, PixelShuffle, PixelUnshuffle, Resize, Upsample,
};
use tensorkeep_tensor::op::Window;
use tensorkeep_tensor::{
    DType, ErrorKind, GridSample, Interpolation, PadMode, Result, Rng, Rotation, SampleMode, SamplePadding,
    Tensor,
};

use crate::HOLLOW;

const HUGE: usize = usize::MAX;

fn floats(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &HOLLOW).unwrap()
}

type Row = (&'static str, Result<Tensor>, ErrorKind, &'static str);

fn check(rows: Vec<Row>) {
    for (name, got, kind, message) in rows {
        let error = got.err().unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.message().starts_with(message), "{name}: {error}");
        assert!(error.location().file().ends_with("refusals.rs"), "{name}: {error}");
    }
}

#[test]
fn layers() {
    use ErrorKind::{DType as Type, Limit, Shape, Value};
    let rng = &mut Rng::new(0, &HOLLOW);
    let x = floats(&[1, 2, 6]);
    let up = ConvTranspose::new([3], 2, 2, rng).unwrap();
    let with = |stride, dilation, padding, more| {
        let (stride, dilation, output_padding) = ([stride], [dilation], [more]);
        ConvTranspose { stride, dilation, padding, output_padding, ..up.clone() }.forward(&x)
    };
    let explicit = |low, high| Padding::Explicit([(low, high)]);
    let strange = ConvTranspose { weight: floats(&[2, 2, 3, 3]), ..up.clone() };
    let pool = |p| LpPool::new(p, [2]).forward(&x);
    let scale = |scale| Upsample { to: Resize::Scale([scale]), mode: Interpolation::Nearest }.forward(&x);
    let vast =
        MaxPool { stride: [1 << 63], padding: explicit(HUGE, HUGE), ceil_mode: true, ..MaxPool::new([1]) };
    let pad = |low, mode| Pad { padding: [(low, 0)], mode }.forward(&x);
    check(vec![
        (
            "output padding",
            with(2, 1, Padding::Valid, 2),
            Value,
            "output padding 2 on spatial axis 0 with stride 2",
        ),
        (
            "all is dropped",
            with(1, 1, explicit(4, 4), 0),
            Value,
            "6 elements of spatial axis 0 spread to 8, of which",
        ),
        (
            "no stride",
            with(0, 1, Padding::Valid, 0),
            Value,
            "kernel 3, stride 0, dilation 1 on spatial axis 0",
        ),
        (
            "no dilation",
            with(1, 0, Padding::Valid, 0),
            Value,
            "kernel 3, stride 1, dilation 0 on spatial axis 0",
        ),
        ("huge stride", with(HUGE, HUGE, Padding::Valid, 0), Limit, ""),
        ("huge padding", with(1, 1, explicit(HUGE, HUGE), 0), Value, "6 elements"),
        ("no elements", up.forward(&floats(&[1, 2, 0])), Value, "0 elements of spatial axis 0"),
        ("other channels", up.forward(&floats(&[1, 3, 6])), Shape, ""),
        (
            "another rank",
            up.forward(&floats(&[1, 2, 6, 6])),
            Shape,
            "an input is [batch, channels, then 1 spatial",
        ),
        (
            "weight of another rank",
            strange.forward(&x),
            Shape,
            "a weight is [inputs, outputs / groups, then 1 spatial",
        ),
        ("integers", up.forward(&x.to_dtype(DType::I32).unwrap()), Type, ""),
        (
            "groups",
            ConvTranspose::grouped([3], 2, 3, 2, rng).map(|up| up.weight),
            Value,
            "2 inputs and 3 outputs do not",
        ),
        ("depthwise, huge", Conv::depthwise([3], 3, HUGE, rng).map(|conv| conv.weight), Limit, ""),
        ("depthwise of nothing", Conv::depthwise([3], 0, 1, rng).map(|conv| conv.weight), Value, ""),
        ("negative p", pool(-1.0), Value, "p is -1: use a finite number above 0"),
        ("p that is no number", pool(f64::NAN), Value, "p is NaN"),
        ("infinite p", pool(f64::INFINITY), Value, "p is inf"),
        ("no scale", scale(0.0), Value, "scale 0: use a finite number above 0"),
        ("scale to nothing", scale(0.1), Value, "6 elements of axis 2 cannot become 0"),
        ("scale that is no number", scale(f64::NAN), Value, "scale NaN"),
        ("huge scale", scale(1e300), Limit, ""),
        (
            "mirrored too far",
            pad(6, PadMode::Reflect),
            Value,
            "padding of 6 and 0 on axis 2 of size 6: this mode pads by at most 5",
        ),
        ("wrapped too far", pad(7, PadMode::Circular), Value, "padding of 7 and 0 on axis 2 of size 6"),
        ("replicated without end", pad(HUGE, PadMode::Replicate), Limit, ""),
        (
            "a constant that does not fit",
            Pad { padding: [(1, 1)], mode: PadMode::Constant(0.5.into()) }
                .forward(&x.to_dtype(DType::I32).unwrap()),
            Type,
            "",
        ),
        (
            "pad of another rank",
            Pad { padding: [(1, 1); 2], mode: PadMode::Reflect }.forward(&x),
            Shape,
            "an input is [batch, channels, then 2 spatial",
        ),
        (
            "shuffle",
            PixelShuffle { factor: 4 }.forward(&x),
            Shape,
            "the channels are no multiple of 4, 4 along each of 1 axes",
        ),
        ("shuffle by 0", PixelShuffle { factor: 0 }.forward(&x), Value, "a factor of 0"),
        ("shuffle of a matrix", PixelShuffle { factor: 1 }.forward(&floats(&[2, 2])), Shape, "an input is"),
        ("unshuffle", PixelUnshuffle { factor: 4 }.forward(&x), Shape, "a spatial axis is no multiple of 4"),
        ("unshuffle by much", PixelUnshuffle { factor: HUGE }.forward(&floats(&[1, 1, 0, 0])), Limit, ""),
        (
            "global pool of nothing",
            GlobalMaxPool.forward(&floats(&[1, 2, 0])),
            Shape,
            "an input is [batch, channels",
        ),
        (
            "global pool of features",
            GlobalMeanPool.forward(&floats(&[1, 2])),
            Shape,
            "an input is [batch, channels",
        ),
        (
            "adaptive pool to nothing",
            AdaptiveMeanPool::new([0]).forward(&x),
            Value,
            "[6] elements cannot become [0]",
        ),
        ("adaptive pool to much", AdaptiveMaxPool::new([HUGE]).forward(&x), Limit, ""),
        (
            "adaptive pool of nothing",
            AdaptiveMaxPool::new([2]).forward(&floats(&[1, 2, 0])),
            Value,
            "[0] elements",
        ),
        (
            "adaptive pool of integers",
            AdaptiveMaxPool::new([4]).forward(&x.to_dtype(DType::I32).unwrap()),
            Type,
            "",
        ),
        (
            "more uniform windows than elements",
            AdaptiveMaxPool { size: [7], uniform: true }.forward(&x),
            Value,
            "6 elements of spatial axis 0 cannot fill 7 windows",
        ),
        (
            "dilated too far",
            MaxPool { dilation: [6], ..MaxPool::new([2]) }.forward(&x),
            Value,
            "a window of 2 with dilation 6 does not fit",
        ),
        ("huge padding, rounding up", vast.forward(&x), Value, "padding of"),
        (
            "no stride, rounding up",
            MaxPool { stride: [0], ceil_mode: true, ..MaxPool::new([2]) }.forward(&x),
            Value,
            "kernel 2, stride 0",
        ),
    ]);
}

#[test]
fn functions() {
    use ErrorKind::{Axis, DType as Type, Limit, Shape, Value};
    let image = floats(&[2, 3, 8, 8]);
    let grid = floats(&[2, 4, 5, 2]);
    let sample = |image: &Tensor, grid: &Tensor| image.grid_sample(grid, GridSample::default());
    let one = Window::default();
    let huge = Window { stride: [HUGE; 3], dilation: [HUGE; 3], padding: [(HUGE, HUGE); 3] };
    let linear = Interpolation::Linear { align_corners: true };
    let whole = image.to_dtype(DType::I32).unwrap();
    check(vec![
        (
            "grid of another batch",
            sample(&image, &floats(&[1, 4, 5, 2])),
            Shape,
            "an image is [n, c, h, w] with a grid",
        ),
        ("grid of triples", sample(&image, &floats(&[2, 4, 5, 3])), Shape, "an image is"),
        ("grid of a line", sample(&floats(&[2, 3, 8]), &floats(&[2, 4, 1])), Shape, "an image is"),
        ("empty image", sample(&floats(&[2, 3, 0, 8]), &grid), Shape, "an image without elements"),
        (
            "grid of another dtype",
            sample(&image, &grid.to_dtype(DType::F16).unwrap()),
            Type,
            "operands of f32 and f16",
        ),
        ("image of integers", sample(&whole, &grid), Type, ""),
        (
            "huge image",
            sample(&floats(&[2, 1, 1 << 20, 1 << 20]), &grid),
            Limit,
            "1099511627776 elements of an image",
        ),
        (
            "maps of another rank",
            floats(&[2, 6]).affine_grid(&[4, 4], true),
            Shape,
            "a map is [batch, 2, 3] for images",
        ),
        (
            "a size for a plane",
            floats(&[2, 2, 3]).affine_grid(&[4], true),
            Value,
            "1 sizes for a map of 2 axes",
        ),
        ("huge grid", floats(&[2, 2, 3]).affine_grid(&[HUGE, HUGE], true), Limit, ""),
        ("angle", image.rotate(f64::NAN, Rotation::default()), Value, "angle NaN about row 3.5, column 3.5"),
        (
            "centre",
            image.rotate(0.0, Rotation { center: Some([0.0, f64::INFINITY]), ..Rotation::default() }),
            Value,
            "angle 0 about",
        ),
        ("integers between", whole.rotate(0.5, Rotation::default()), Type, ""),
        (
            "image without batch",
            floats(&[3, 8, 8]).rotate(0.0, Rotation::default()),
            Shape,
            "images are [batch",
        ),
        (
            "too many sizes",
            image.interpolate(&[1; 5], linear),
            Axis,
            "5 sizes for a tensor of shape [2, 3, 8, 8]",
        ),
        ("integers between sizes", whole.interpolate(&[4, 4], linear), Type, ""),
        ("huge size", image.interpolate(&[HUGE, 8], linear), Limit, ""),
        (
            "of nothing",
            floats(&[2, 3, 0, 8]).interpolate(&[4, 4], linear),
            Value,
            "0 elements of axis 2 cannot become 4",
        ),
        (
            "too few pads",
            image.pad_mode(&[(1, 1)], PadMode::Reflect),
            Axis,
            "1 entries for a tensor of shape",
        ),
        (
            "nothing to replicate",
            floats(&[0]).pad_mode(&[(1, 1)], PadMode::Replicate),
            Value,
            "padding of 1 and 1 on axis 0 of size 0",
        ),
        ("kernel of one axis", image.unfold(&[2], one), Shape, "a kernel of 1 axes for 2 spatial axes"),
        ("kernel of nothing", image.unfold(&[2, 0], one), Value, "kernel 0, stride 1"),
        ("huge window", image.unfold(&[2, 2], huge), Value, "a window of 2"),
        ("columns of another image", floats(&[1, 12, 6]).fold(&[5, 5], &[2, 2], one), Shape, "columns are"),
        (
            "columns of a kernel of nothing",
            floats(&[1, 12, 6]).fold(&[5, 5], &[2, 0], one),
            Value,
            "kernel 0",
        ),
        ("columns without batch", floats(&[12, 6]).fold(&[5, 5], &[2, 2], one), Shape, "columns are"),
        ("columns of a huge image", floats(&[1, 12, 6]).fold(&[HUGE, HUGE], &[2, 2], one), Limit, ""),
    ]);
}

/// Infinite and missing coordinates, and infinite elements beside ones that are read.
#[test]
fn odd_numbers() {
    let cpu = tensorkeep_cpu::device();
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let image = Tensor::new([[[[1.0f32, 2.0], [3.0, 4.0]]]], &cpu).unwrap();
    let grid =
        Tensor::new([[[[inf, 0.0], [-inf, -1.0], [nan, -1.0], [1e30, 1e30], [-1e30, 1.0]]]], &cpu).unwrap();
    let rows = [
        (SamplePadding::Zeros, [0.0, 0.0, 1.0, 0.0, 0.0]),
        (SamplePadding::Border, [3.0, 1.0, 1.0, 4.0, 3.0]),
    ];
    for (padding, want) in rows {
        let how = GridSample { mode: SampleMode::Linear, padding, align_corners: true };
        assert_eq!(image.grid_sample(&grid, how).unwrap().to_vec::<f32>().unwrap(), want, "{padding:?}");
    }
    for align_corners in [false, true] {
        let how = GridSample { padding: SamplePadding::Reflection, align_corners, ..GridSample::default() };
        let got = image.grid_sample(&grid, how).unwrap().to_vec::<f32>().unwrap();
        assert!(got.iter().all(|x| (1.0..=4.0).contains(x)), "{got:?}");
        // An image of one element has nothing to mirror but that.
        let dot = image.narrow(2, ..1).unwrap().narrow(3, ..1).unwrap();
        assert_eq!(dot.grid_sample(&grid, how).unwrap().to_vec::<f32>().unwrap(), [1.0; 5]);
    }
    // What is outside is 0, whatever the first element is.
    let image = Tensor::new([[[[inf, 2.0], [3.0, 4.0]]]], &cpu).unwrap();
    let got = image.grid_sample(&grid.narrow(2, ..1).unwrap(), GridSample::default()).unwrap();
    assert_eq!(got.to_vec::<f32>().unwrap(), [0.0]);
    // Columns keep to themselves.
    let columns = image.unfold(&[1, 2], Window::default()).unwrap().to_vec::<f32>().unwrap();
    assert_eq!(columns, [inf, 3.0, 2.0, 4.0]);
    let x = Tensor::new([[[inf, 1.0f32, 2.0, 3.0, 4.0]]], &cpu).unwrap();
    let means = AdaptiveMeanPool::new([3]).forward(&x).unwrap().to_vec::<f32>().unwrap();
    assert_eq!(means, [inf, 2.0, 3.5]);
    // The most negative window there is still has a winner inside.
    let x = Tensor::full([1, 1, 3], f64::NEG_INFINITY, DType::F32, &cpu).unwrap();
    let pool = MaxPool { ceil_mode: true, ..MaxPool::new([2]) };
    let (largest, winners) = pool.forward_with_indices(&x).unwrap();
    assert_eq!(largest.to_vec::<f32>().unwrap(), [f32::NEG_INFINITY; 2]);
    assert_eq!(winners.to_dtype(DType::I64).unwrap().to_vec::<i64>().unwrap(), [0, 2]);
    assert!(
        LpPool::new(2.0, [1]).forward(&x.mul(nan).unwrap()).unwrap().to_vec::<f32>().unwrap()[0].is_nan()
    );
}

/// Batches of nothing pass; only space must not be empty.
#[test]
fn empty_batches() {
    let x = floats(&[0, 4, 6, 6]);
    let rng = &mut Rng::new(0, &HOLLOW);
    let rows: Vec<(Box<dyn Layer>, [usize; 4])> = vec![
        (Box::new(ConvTranspose::new([3, 3], 4, 2, rng).unwrap()), [0, 2, 8, 8]),
        (Box::new(GlobalMeanPool), [0, 4, 1, 1]),
        (Box::new(AdaptiveMaxPool::new([4, 5])), [0, 4, 4, 5]),
        (Box::new(LpPool::new(2.0, [2, 2])), [0, 4, 3, 3]),
        (Box::new(Pad { padding: [(1, 1); 2], mode: PadMode::Circular }), [0, 4, 8, 8]),
        (Box::new(PixelShuffle { factor: 2 }), [0, 1, 12, 12]),
        (Box::new(Upsample { to: Resize::Size([3, 9]), mode: Interpolation::Nearest }), [0, 4, 3, 9]),
    ];
    for (layer, want) in rows {
        assert_eq!(*layer.forward(&x).unwrap().shape(), want, "{}", layer.kind());
    }
    let none = GridSample::default();
    assert_eq!(*x.grid_sample(&floats(&[0, 2, 3, 2]), none).unwrap().shape(), [0, 4, 2, 3]);
    assert_eq!(
        *floats(&[2, 4, 6, 6]).grid_sample(&floats(&[2, 0, 3, 2]), none).unwrap().shape(),
        [2, 4, 0, 3]
    );
    assert_eq!(*x.rotate(1.0, Rotation::default()).unwrap().shape(), [0, 4, 6, 6]);
}
