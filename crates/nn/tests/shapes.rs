//! Which shapes layers take and give, and with which words they refuse, on the device that knows only shapes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{
    AdaptiveMaxPool, AdaptiveMeanPool, AlphaDropout, BagMode, BatchNorm, Bilinear, Conv, ConvTranspose,
    Dense, Dropout, Embedding, EmbeddingBag, Flatten, GlobalMaxPool, GlobalMeanPool, Glu, GroupNorm,
    InstanceNorm, LayerNorm, LocalResponseNorm, LpPool, MaxPool, MeanPool, NormOver, Pad, Padding,
    PixelShuffle, PixelUnshuffle, Prelu, Resize, RmsNorm, Scale, SpectralNorm, Upsample, WeightNorm,
};
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, ErrorKind, Interpolation, PadMode, Rng, Shape, Tensor, meta};

fn floats(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &meta::device()).unwrap()
}

fn on<T>(make: impl FnOnce(&mut Rng) -> T) -> (T, Rng) {
    let mut rng = Rng::new(0, &meta::device());
    (make(&mut rng), rng)
}

/// A layer, an input, and what comes of it.
type Row = (&'static str, Box<dyn Layer>, Vec<usize>, Result<Vec<usize>, (ErrorKind, &'static str)>);

fn check(rows: Vec<Row>) {
    for (name, layer, input, want) in rows {
        // The device of the layer's own parameters.
        let device = tensorkeep_nn::module::parameters(&*layer).first().map(|p| p.value.device().clone());
        let x = Tensor::zeros(&input, DType::F32, &device.unwrap_or_else(meta::device)).unwrap();
        match (layer.forward(&x), want) {
            (Ok(y), Ok(want)) => assert_eq!(y.shape().to_vec(), want, "{name}"),
            (Err(error), Err((kind, message))) => {
                assert_eq!(error.kind(), kind, "{name}: {error}");
                assert!(error.message().starts_with(message), "{name}: {error}");
                assert!(error.location().file().ends_with("shapes.rs"), "{name}: {error}");
            }
            (got, want) => panic!("{name}: {got:?} is not {want:?}"),
        }
    }
}

/// Sizes of Flux.jl, src/layers/conv.jl, the examples of `Conv`, and by the formula.
#[test]
fn convolutions() {
    let conv = on(|rng| Conv::new([5, 5], 3, 7, rng).unwrap()).0;
    let with = |padding, stride, dilation| Box::new(Conv { padding, stride, dilation, ..conv.clone() });
    let even = on(|rng| Conv::new([4], 1, 1, rng).unwrap()).0;
    let image = || vec![50, 3, 100, 100];
    check(vec![
        ("valid", with(Padding::Valid, [1, 1], [1, 1]), image(), Ok(vec![50, 7, 96, 96])),
        ("same, stride 2", with(Padding::Same, [2, 2], [1, 1]), image(), Ok(vec![50, 7, 50, 50])),
        ("same, stride 3", with(Padding::Same, [3, 1], [1, 1]), image(), Ok(vec![50, 7, 34, 100])),
        ("same, dilation 3", with(Padding::Same, [1, 1], [3, 3]), image(), Ok(vec![50, 7, 100, 100])),
        ("no images", with(Padding::Valid, [1, 1], [1, 1]), vec![0, 3, 9, 9], Ok(vec![0, 7, 5, 5])),
        (
            "explicit",
            with(Padding::Explicit([(20, 10), (0, 0)]), [1, 1], [1, 1]),
            image(),
            Ok(vec![50, 7, 126, 96]),
        ),
        (
            "too small",
            with(Padding::Valid, [1, 1], [1, 1]),
            vec![1, 3, 4, 9],
            Err((
                ErrorKind::Value,
                "a window of 5 with dilation 1 does not fit on spatial axis 0 of size 4 padded by 0 and 0: use a smaller \
                 kernel or more padding",
            )),
        ),
        (
            "stride 0",
            with(Padding::Valid, [1, 0], [1, 1]),
            image(),
            Err((
                ErrorKind::Value,
                "kernel 5, stride 0, dilation 1 on spatial axis 1: all must be at least 1",
            )),
        ),
        (
            "a dilation beyond all bounds",
            with(Padding::Same, [1, 1], [usize::MAX, 1]),
            image(),
            Err((
                ErrorKind::Value,
                "a window of 5 with dilation 18446744073709551615 does not fit on spatial axis 0 of size 100 padded by",
            )),
        ),
        (
            "other channels",
            with(Padding::Valid, [1, 1], [1, 1]),
            vec![50, 4, 100, 100],
            Err((
                ErrorKind::Shape,
                "in 1 groups a weight is [outputs (a multiple of the groups), channels / groups, kernel..]: \
                 [50, 4, 100, 100] and [7, 3, 5, 5]",
            )),
        ),
        (
            "an image without batch",
            with(Padding::Valid, [1, 1], [1, 1]),
            vec![3, 100, 100],
            Err((ErrorKind::Shape, "input and weight differ in rank: [3, 100, 100] and [7, 3, 5, 5]")),
        ),
        (
            "same, even kernel",
            Box::new(Conv { padding: Padding::Same, ..even }),
            vec![1, 1, 9],
            Ok(vec![1, 1, 9]),
        ),
        (
            "a weight of another rank",
            Box::new(Conv { weight: floats(&[7, 3, 5]), ..conv }),
            image(),
            Err((
                ErrorKind::Shape,
                "a weight is [outputs, inputs / groups, then 2 spatial axes]: [7, 3, 5]; use a weight of that rank",
            )),
        ),
    ]);
}

/// What is refused is in `spatial/refusals.rs`.
#[test]
fn space() {
    let up = on(|rng| ConvTranspose::new([3, 4], 6, 2, rng).unwrap()).0;
    let more = ConvTranspose { stride: [2, 3], output_padding: [1, 2], ..up.clone() };
    let same = ConvTranspose { padding: Padding::Same, ..more.clone() };
    let image = || vec![2, 6, 4, 9];
    let to = |to| Box::new(Upsample { to, mode: Interpolation::Nearest });
    let ceil = MaxPool { ceil_mode: true, ..MaxPool::new([3, 2]) };
    check(vec![
        ("transposed", Box::new(up), image(), Ok(vec![2, 2, 6, 12])),
        ("transposed, strided", Box::new(more), image(), Ok(vec![2, 2, 10, 30])),
        ("transposed, same", Box::new(same), image(), Ok(vec![2, 2, 9, 29])),
        ("adaptive max", Box::new(AdaptiveMaxPool::new([3, 4])), image(), Ok(vec![2, 6, 3, 4])),
        ("adaptive mean", Box::new(AdaptiveMeanPool::new([8, 1])), image(), Ok(vec![2, 6, 8, 1])),
        ("global max", Box::new(GlobalMaxPool), image(), Ok(vec![2, 6, 1, 1])),
        ("global mean of a signal", Box::new(GlobalMeanPool), vec![2, 6, 9], Ok(vec![2, 6, 1])),
        ("lp", Box::new(LpPool::new(2.0, [2, 3])), image(), Ok(vec![2, 6, 2, 3])),
        ("max, rounding up", Box::new(ceil), image(), Ok(vec![2, 6, 2, 5])),
        (
            "pad",
            Box::new(Pad { padding: [(1, 2), (0, 8)], mode: PadMode::Reflect }),
            image(),
            Ok(vec![2, 6, 7, 17]),
        ),
        ("shuffle", Box::new(PixelShuffle { factor: 2 }), vec![2, 8, 3, 3, 1], Ok(vec![2, 1, 6, 6, 2])),
        ("unshuffle", Box::new(PixelUnshuffle { factor: 3 }), vec![2, 1, 9], Ok(vec![2, 3, 3])),
        ("upsample by a scale", to(Resize::Scale([1.6, 0.5])), image(), Ok(vec![2, 6, 6, 4])),
        ("upsample to a size", to(Resize::Size([1, 10])), image(), Ok(vec![2, 6, 1, 10])),
    ]);
}

#[test]
fn pools() {
    let far = MeanPool { padding: Padding::Explicit([(2, 0)]), ..MeanPool::new([3]) };
    check(vec![
        ("max", Box::new(MaxPool::new([4, 4])), vec![50, 3, 100, 100], Ok(vec![50, 3, 25, 25])),
        ("mean", Box::new(MeanPool::new([3])), vec![2, 3, 10], Ok(vec![2, 3, 3])),
        ("over three axes", Box::new(MaxPool::new([2, 2, 2])), vec![1, 1, 4, 5, 6], Ok(vec![1, 1, 2, 2, 3])),
        (
            "another rank",
            Box::new(MaxPool::new([2, 2])),
            vec![2, 3, 10],
            Err((
                ErrorKind::Shape,
                "an input is [batch, channels, then 2 spatial axes]: [2, 3, 10]; reshape the input",
            )),
        ),
        (
            "no window",
            Box::new(MeanPool::new([0])),
            vec![2, 3, 10],
            Err((
                ErrorKind::Value,
                "kernel 0, stride 0, dilation 1 on spatial axis 0: all must be at least 1",
            )),
        ),
        (
            "padded by more than half",
            Box::new(far),
            vec![2, 3, 10],
            Err((
                ErrorKind::Value,
                "padding of 2 and 0 for a window of 3 on spatial axis 0: pad at most half a window",
            )),
        ),
    ]);
}

#[test]
fn others() {
    let device = meta::device();
    let dense = on(|rng| Dense::new(3, 2, rng).unwrap()).0;
    check(vec![
        ("dense", Box::new(dense.clone()), vec![4, 5, 3], Ok(vec![4, 5, 2])),
        ("dense of nothing", Box::new(dense.clone()), vec![0, 3], Ok(vec![0, 2])),
        (
            "dense, transposed",
            Box::new(dense.clone()),
            vec![3, 4],
            Err((
                ErrorKind::Shape,
                "the last axis of the input is not 3, the inputs of the weight: [3, 4] and [2, 3]; reshape the input or make the layer for it",
            )),
        ),
        (
            "dense of a number",
            Box::new(dense),
            vec![],
            Err((
                ErrorKind::Shape,
                "a single number has no axis of inputs: []; pass a vector or a batch of them",
            )),
        ),
        ("glu", Box::new(Glu::default()), vec![2, 6], Ok(vec![2, 3])),
        (
            "glu of no halves",
            Box::new(Glu::default()),
            vec![2, 5],
            Err((ErrorKind::Shape, "axis -1 has no two halves: [2, 5]; use an even size")),
        ),
        ("prelu", Box::new(Prelu::new(3, &device).unwrap()), vec![2, 3, 4, 4], Ok(vec![2, 3, 4, 4])),
        ("prelu of a number", Box::new(Prelu::new(1, &device).unwrap()), vec![], Ok(vec![])),
        (
            "prelu of other channels",
            Box::new(Prelu::new(3, &device).unwrap()),
            vec![2, 1],
            Err((
                ErrorKind::Shape,
                "axis 1 of the input is not 3, the slopes of the layer: [2, 1] and [3]; move the channels there, or make the layer for them or for 1",
            )),
        ),
        ("flatten", Box::new(Flatten), vec![2, 3, 4], Ok(vec![2, 12])),
        ("flatten of rows", Box::new(Flatten), vec![2, 3], Ok(vec![2, 3])),
        ("dropout", Box::new(Dropout::new(0.5).unwrap()), vec![2, 0], Ok(vec![2, 0])),
        ("layer norm", Box::new(LayerNorm::new(4, &device).unwrap()), vec![3, 4], Ok(vec![3, 4])),
        (
            "layer norm that would broadcast",
            Box::new(LayerNorm::new(4, &device).unwrap()),
            vec![3, 1],
            Err((
                ErrorKind::Shape,
                "the last axis of the input is not 4, the features of the layer: [3, 1] and [4]; move that axis there or make the layer for it",
            )),
        ),
        ("batch norm", Box::new(BatchNorm::new(4, &device).unwrap()), vec![3, 4, 5], Ok(vec![3, 4, 5])),
        (
            "batch norm of other channels",
            Box::new(BatchNorm::new(4, &device).unwrap()),
            vec![3, 1, 4],
            Err((
                ErrorKind::Shape,
                "axis 1 of the input is not 4, the channels of the layer: [3, 1, 4] and [4]; move that axis there or make the layer for it",
            )),
        ),
        (
            "batch norm of a vector",
            Box::new(BatchNorm::new(4, &device).unwrap()),
            vec![4],
            Err((ErrorKind::Shape, "an input is [batch, channels, ..]: [4]; reshape the input")),
        ),
    ]);
}

#[test]
fn norms() {
    let device = meta::device();
    let layer_norm = |features: &[usize]| Box::new(LayerNorm::new(features, &device).unwrap());
    let group = || Box::new(GroupNorm::new(2, 4, &device).unwrap());
    let response = |size| Box::new(LocalResponseNorm::new(size));
    let channels = "axis 1 of the input is not 4, the channels of the layer: [3, 5, 2] and [4]";
    check(vec![
        ("over two axes", layer_norm(&[4, 5]), vec![3, 4, 5], Ok(vec![3, 4, 5])),
        ("over all axes", layer_norm(&[4, 5]), vec![4, 5], Ok(vec![4, 5])),
        ("of no rows", layer_norm(&[4, 5]), vec![0, 4, 5], Ok(vec![0, 4, 5])),
        (
            "over others",
            layer_norm(&[4, 5]),
            vec![5],
            Err((
                ErrorKind::Shape,
                "the last axes of the input are not [4, 5], the features of the layer: [5] and [4, 5]",
            )),
        ),
        (
            "features that were set to none",
            Box::new(LayerNorm {
                features: Shape::new(&[0]).unwrap(),
                weight: None,
                bias: None,
                ..*layer_norm(&[1])
            }),
            vec![2, 0],
            Err((ErrorKind::Shape, "the last axis of the input is not 0")),
        ),
        ("rms norm", Box::new(RmsNorm::new([4, 5], &device).unwrap()), vec![4, 5], Ok(vec![4, 5])),
        (
            "rms norm of others",
            Box::new(RmsNorm::new(4, &device).unwrap()),
            vec![4, 5],
            Err((ErrorKind::Shape, "the last axis of the input is not 4, the features of the layer")),
        ),
        ("group norm", group(), vec![3, 4, 2], Ok(vec![3, 4, 2])),
        ("group norm of rows", group(), vec![3, 4], Ok(vec![3, 4])),
        ("group norm of nothing", group(), vec![0, 4, 3], Ok(vec![0, 4, 3])),
        ("group norm of others", group(), vec![3, 5, 2], Err((ErrorKind::Shape, channels))),
        (
            "a value a group",
            Box::new(GroupNorm::new(4, 4, &device).unwrap()),
            vec![3, 4],
            Err((ErrorKind::Value, "1 values a group have no variance: use fewer groups or larger inputs")),
        ),
        (
            "groups that were set to none",
            Box::new(GroupNorm { groups: 0, ..*group() }),
            vec![3, 4],
            Err((ErrorKind::Value, "4 channels do not divide into 0 groups: use a divisor")),
        ),
        ("instance norm", Box::new(InstanceNorm::new(4).unwrap()), vec![3, 4, 2], Ok(vec![3, 4, 2])),
        (
            "instance norm of others",
            Box::new(InstanceNorm::new(4).unwrap()),
            vec![3, 5, 2],
            Err((ErrorKind::Shape, channels)),
        ),
        (
            "instance norm of rows",
            Box::new(InstanceNorm::new(4).unwrap()),
            vec![3, 4],
            Err((ErrorKind::Value, "1 values a channel have no variance: use larger inputs")),
        ),
        ("response norm", response(5), vec![3, 4, 2, 2], Ok(vec![3, 4, 2, 2])),
        ("response norm of one", response(1), vec![3, 4], Ok(vec![3, 4])),
        (
            "response norm of no neighbours",
            response(0),
            vec![3, 4],
            Err((ErrorKind::Value, "0 channels are no neighbours: use at least 1")),
        ),
        (
            "response norm of a vector",
            response(5),
            vec![3],
            Err((ErrorKind::Shape, "an input is [batch, channels, ..]: [3]; reshape the input")),
        ),
        ("scale", Box::new(Scale::new([2, 1], &device).unwrap()), vec![3, 1, 5], Ok(vec![3, 2, 5])),
        (
            "bilinear",
            Box::new(on(|rng| Bilinear::new([3, 3], 2, rng).unwrap()).0),
            vec![4, 5, 3],
            Ok(vec![4, 5, 2]),
        ),
        (
            "bilinear of one input",
            Box::new(on(|rng| Bilinear::new([3, 4], 2, rng).unwrap()).0),
            vec![5, 3],
            Err((
                ErrorKind::Shape,
                "inputs are not [.., 3] and [.., 4] of the same batch, as the weight is: [5, 3] and [5, 3] and [2, 3, 4]",
            )),
        ),
    ]);
    // A size beyond all bounds is refused, and not computed with.
    assert!(LocalResponseNorm::new(usize::MAX).forward(&floats(&[1, 2])).is_err());
}

#[test]
fn weights_that_are_not_there_have_no_norm() {
    let dense = || on(|rng| Dense::new(3, 2, rng).unwrap()).0;
    let weight = |path: &str, over| WeightNorm::new(dense(), path, over).unwrap_err();
    let spectral = |path: &str, axis| on(|rng| SpectralNorm::new(dense(), path, axis, rng)).0.unwrap_err();
    let rows = [
        (weight("kernel", NormOver::All), "the layer has no parameter \"kernel\": it has weight, bias"),
        (weight("weight", NormOver::AllBut(2)), "axis 2 of a weight of shape [2, 3]: use a smaller one"),
        (weight("weight", NormOver::Axis(2)), "axis 2 of a weight of shape [2, 3]: use a smaller one"),
        (weight("weight", NormOver::Axis(usize::MAX)), "axis 18446744073709551615 of a weight of shape"),
        (spectral("kernel", 0), "the layer has no parameter \"kernel\""),
        (spectral("weight", 2), "axis 2 of a weight of shape [2, 3]: use a smaller one"),
        (
            WeightNorm::new(MaxPool::new([2]), "weight", NormOver::All).unwrap_err(),
            "the layer has no parameter \"weight\": it has none",
        ),
        (
            WeightNorm::new(
                Dense::new(3, 2, &mut Rng::new(0, &tensorkeep_cpu::device())).unwrap(),
                "bias",
                NormOver::All,
            )
            .unwrap_err(),
            "a slice of bias is zero and has no direction: start from other numbers",
        ),
    ];
    for (error, want) in rows {
        assert!(error.message().starts_with(want), "{error}");
        assert!(error.location().file().ends_with("shapes.rs"), "{error}");
    }
}

#[test]
fn bags_begin_in_order() {
    let bag = on(|rng| EmbeddingBag::new(10, 4, BagMode::Mean, rng).unwrap()).0;
    let device = bag.weight.device().clone();
    let words = |shape: &[usize]| Tensor::zeros(shape, DType::I32, &device).unwrap();
    let floats = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &device).unwrap();
    for (shape, want) in
        [(vec![5], vec![4]), (vec![2, 5], vec![2, 4]), (vec![2, 0], vec![2, 4]), (vec![0, 5], vec![0, 4])]
    {
        for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
            let bag = EmbeddingBag { mode, ..bag.clone() };
            assert_eq!(bag.forward(&words(&shape)).unwrap().shape().to_vec(), want, "{mode:?}, {shape:?}");
        }
    }
    let nine = words(&[9]);
    let flat = |offsets: &[usize]| bag.bags(&nine, offsets, None);
    for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
        let bag = EmbeddingBag { mode, ..bag.clone() };
        for offsets in [&[0][..], &[0, 0, 9], &[0, 4, 9, 9]] {
            assert_eq!(*bag.bags(&nine, offsets, None).unwrap().shape(), [offsets.len(), 4]);
        }
        assert_eq!(*bag.bags(&words(&[0]), &[], None).unwrap().shape(), [0, 4]);
        assert_eq!(*bag.bags(&words(&[0]), &[0, 0], None).unwrap().shape(), [2, 4]);
    }
    let sum = EmbeddingBag { mode: BagMode::Sum, ..bag.clone() };
    let rows = [
        (bag.forward(&words(&[])), "a single index is no bag: []; add an axis with unsqueeze"),
        (flat(&[]), "9 indices are in no bag: pass where bags begin"),
        (flat(&[1, 2]), "the first bag begins at 1: begin it at 0"),
        (flat(&[0, 4, 1]), "a bag would begin at 4 and end at 1 of 9 indices: put offsets in order"),
        (flat(&[0, 4, 10]), "a bag would begin at 10 and end at 9 of 9 indices: put offsets in order"),
        (bag.weighted(&nine, &floats(&[9])), "factors are for sums, and this is Mean: use BagMode::Sum"),
        (sum.weighted(&nine, &floats(&[8])), "there is not one factor an index: [8] and [9]"),
        (sum.bags(&words(&[3, 3]), &[0], None), ""),
    ];
    for (result, want) in rows {
        let error = result.unwrap_err();
        assert!(error.message().starts_with(want), "{error}");
        assert!(error.location().file().ends_with("shapes.rs"), "{error}");
    }
    assert_eq!(*sum.weighted(&nine, &floats(&[9])).unwrap().shape(), [4]);
    // Where there are only shapes, bags of any size cost nothing.
    assert_eq!(*bag.bags(&words(&[1 << 40]), &[0, 1 << 39], None).unwrap().shape(), [2, 4]);
}

#[test]
fn a_single_value_has_no_variance() {
    let norm = BatchNorm::new(4, &meta::device()).unwrap();
    for (shape, count) in [(vec![1, 4], 1), (vec![0, 4], 0), (vec![5, 4, 0], 0)] {
        let x = Tensor::zeros(shape, DType::F32, norm.weight.as_ref().unwrap().device()).unwrap();
        let error = norm.forward_with(&x, &Context::training(0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value);
        assert_eq!(
            error.message(),
            format!("{count} values a channel have no variance: train on larger batches")
        );
    }
}

#[test]
fn embedding_needs_indices() {
    let (layer, rng) = on(|rng| Embedding::new(10, 4, rng).unwrap());
    let words = Tensor::zeros([2, 5], DType::I32, rng.device()).unwrap();
    assert_eq!(*layer.forward(&words).unwrap().shape(), [2, 5, 4]);
    let error = layer.forward(&words.to_dtype(DType::F32).unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DType);
}

/// Layers that compute nothing, or too much, cannot be made.
#[test]
fn sizes_that_make_no_layer() {
    let device = meta::device();
    let huge = usize::MAX;
    let rows = [
        ("dense without inputs", on(|rng| Dense::new(0, 2, rng).err()).0, ErrorKind::Value),
        ("dense without outputs", on(|rng| Dense::new(2, 0, rng).err()).0, ErrorKind::Value),
        ("dense, huge", on(|rng| Dense::new(huge, huge, rng).err()).0, ErrorKind::Limit),
        ("conv without inputs", on(|rng| Conv::new([3], 0, 2, rng).err()).0, ErrorKind::Value),
        ("conv without kernel", on(|rng| Conv::new([3, 0], 2, 2, rng).err()).0, ErrorKind::Value),
        ("conv, huge", on(|rng| Conv::new([huge], 2, 2, rng).err()).0, ErrorKind::Limit),
        ("no groups", on(|rng| Conv::grouped([3], 2, 2, 0, rng).err()).0, ErrorKind::Value),
        ("groups that do not divide", on(|rng| Conv::grouped([3], 4, 6, 3, rng).err()).0, ErrorKind::Value),
        ("embedding of nothing", on(|rng| Embedding::new(0, 4, rng).err()).0, ErrorKind::Value),
        ("batch norm of nothing", BatchNorm::new(0, &device).err(), ErrorKind::Value),
        ("layer norm of nothing", LayerNorm::new(0, &device).err(), ErrorKind::Value),
        ("layer norm of no axes", LayerNorm::new((), &device).err(), ErrorKind::Value),
        ("rms norm of nothing", RmsNorm::new([2, 0], &device).err(), ErrorKind::Value),
        ("instance norm of nothing", InstanceNorm::new(0).err(), ErrorKind::Value),
        ("group norm of nothing", GroupNorm::new(1, 0, &device).err(), ErrorKind::Value),
        ("group norm of no groups", GroupNorm::new(0, 4, &device).err(), ErrorKind::Value),
        ("scale of nothing", Scale::new([0, 2], &device).err(), ErrorKind::Value),
        ("scale of no axes", Scale::new((), &device).err(), ErrorKind::Value),
        ("bilinear of nothing", on(|rng| Bilinear::new([3, 0], 2, rng).err()).0, ErrorKind::Value),
        ("bag of nothing", on(|rng| EmbeddingBag::new(3, 0, BagMode::Sum, rng).err()).0, ErrorKind::Value),
        (
            "padding that is not there",
            on(|rng| Embedding::new(3, 2, rng).unwrap().with_padding(3).err()).0,
            ErrorKind::Value,
        ),
    ];
    for (name, error, kind) in rows {
        let error = error.unwrap_or_else(|| panic!("{name} was made"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.location().file().ends_with("shapes.rs"), "{name}: {error}");
    }
    let error = Dense::new(0, 2, &mut Rng::new(0, &device)).unwrap_err();
    assert_eq!(error.message(), "a parameter of shape [2, 0] is empty: use sizes of at least 1");
}

/// No dtype is cast on the way: parameters are `f32`, and so must be what meets them.
#[test]
fn dtypes_are_not_mixed() {
    let device = meta::device();
    let rng = &mut Rng::new(0, &device);
    let rows: Vec<(&str, Box<dyn Layer>, &[usize])> = vec![
        ("dense", Box::new(Dense::new(4, 2, rng).unwrap()), &[3, 4]),
        ("conv", Box::new(Conv::new([3], 4, 2, rng).unwrap()), &[3, 4, 5]),
        ("batch norm", Box::new(BatchNorm::new(4, &device).unwrap()), &[3, 4]),
        ("layer norm", Box::new(LayerNorm::new(4, &device).unwrap()), &[3, 4]),
        ("prelu", Box::new(Prelu::new(4, &device).unwrap()), &[3, 4]),
        ("dropout", Box::new(Dropout::new(0.5).unwrap()), &[3, 4]),
        ("alpha dropout", Box::new(AlphaDropout::new(0.5).unwrap()), &[3, 4]),
        ("rms norm", Box::new(RmsNorm::new(4, &device).unwrap()), &[3, 4]),
        ("group norm", Box::new(GroupNorm::new(2, 4, &device).unwrap()), &[3, 4]),
        ("scale", Box::new(Scale::new(4, &device).unwrap()), &[3, 4]),
        ("bilinear", Box::new(Bilinear::new([4, 4], 2, rng).unwrap()), &[3, 4]),
    ];
    let (training, evaluation) = (Context::training(0), Context::evaluation());
    for (name, layer, shape) in rows {
        for dtype in [DType::F64, DType::F16, DType::BF16, DType::I32, DType::I64, DType::U8, DType::Bool] {
            let x = Tensor::zeros(shape, dtype, &device).unwrap();
            for cx in [&training, &evaluation] {
                // Dropout has no parameters: every float will do, and in evaluation everything.
                let fits = name.ends_with("dropout") && (dtype.is_float() || !cx.is_training());
                match layer.forward_with(&x, cx) {
                    Ok(y) => assert!(fits && y.dtype() == dtype, "{name} of {dtype}"),
                    Err(error) => {
                        assert!(!fits && error.kind() == ErrorKind::DType, "{name} of {dtype}: {error}")
                    }
                }
            }
        }
    }
}
