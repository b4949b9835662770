//! Which shapes layers take and give, and with which words they refuse, on the device that knows only shapes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::layers::{
    BatchNorm, Conv, Dense, Dropout, Embedding, Flatten, Glu, LayerNorm, MaxPool, MeanPool, Padding, Prelu,
};
use tensorkeep_nn::{Context, Layer};
use tensorkeep_tensor::{DType, ErrorKind, Rng, Tensor, meta};

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
                "a kernel of 5 with dilation 18446744073709551615 has no middle to pad around: use an odd kernel or \
                 Padding::Explicit",
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
            Err((
                ErrorKind::Value,
                "a kernel of 4 with dilation 1 has no middle to pad around: use an odd kernel or Padding::Explicit",
            )),
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
fn a_single_value_has_no_variance() {
    let norm = BatchNorm::new(4, &meta::device()).unwrap();
    for (shape, count) in [(vec![1, 4], 1), (vec![0, 4], 0), (vec![5, 4, 0], 0)] {
        let x = Tensor::zeros(shape, DType::F32, norm.running_mean.get().device()).unwrap();
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
    ];
    let (training, evaluation) = (Context::training(0), Context::evaluation());
    for (name, layer, shape) in rows {
        for dtype in [DType::F64, DType::F16, DType::BF16, DType::I32, DType::I64, DType::U8, DType::Bool] {
            let x = Tensor::zeros(shape, dtype, &device).unwrap();
            for cx in [&training, &evaluation] {
                // Dropout has no parameters: every float will do, and in evaluation everything.
                let fits = name == "dropout" && (dtype.is_float() || !cx.is_training());
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
