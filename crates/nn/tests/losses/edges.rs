//! What each loss computes at the edges, and what it refuses.

use tensorkeep_autodiff::grad;
use tensorkeep_nn::losses::{
    BinaryCrossEntropy, BinaryCrossEntropyWithLogits, BinaryFocal, Contrastive, CosineEmbedding,
    CrossEntropy, Dice, Focal, GaussianNll, HingeEmbedding, Huber, KlDivergence, MarginRanking, Msle,
    MultiMargin, PoissonNll, Reduction, Scores, SmoothL1, TripletMargin, Tversky, binary_cross_entropy,
    binary_cross_entropy_with_logits, binary_label_smoothing, cosine_embedding, cross_entropy, dice, focal,
    gaussian_nll, hinge, huber, kl_divergence, label_smoothing, mae, margin_ranking, mse, multi_margin,
    multilabel_margin, multilabel_soft_margin, nll, triplet_margin, tversky,
};
use tensorkeep_tensor::{DType, ErrorKind, Result, Tensor};

use crate::{cpu, row};

type Loss = fn(&Tensor, &Tensor) -> Result<Tensor>;

/// A loss of labels, its other operand being given.
type OfLabels<'a> = dyn Fn(&Tensor) -> Result<Tensor> + 'a;

/// A name, a loss, a prediction, a target and the value of the loss.
type Row = (&'static str, Loss, Vec<f64>, Vec<f64>, f64);

fn value(loss: Result<Tensor>) -> f64 {
    let loss = loss.unwrap();
    assert_eq!(loss.rank(), 0);
    loss.item().unwrap().as_f64()
}

#[test]
fn values() {
    const LN2: f64 = std::f64::consts::LN_2;
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let bce: Loss = binary_cross_entropy;
    let logits: Loss = binary_cross_entropy_with_logits;
    let rows: [Row; 13] = [
        // Flux.jl, test/losses.jl.
        ("mse", mse, vec![0.9, 0.1, 0.1, 0.9], vec![1.0, 1.0, 0.0, 0.0], 0.41),
        ("bce", bce, vec![0.1, 0.2, 0.9], vec![1.0; 3], 1.339_127_840_361_990_4),
        (
            "bce of logits",
            logits,
            vec![logit(0.1), logit(0.2), logit(0.9)],
            vec![1.0; 3],
            1.339_127_840_361_990_4,
        ),
        // By hand: what is certain costs nothing, or the bound.
        ("sure and right", bce, vec![0.0, 1.0], vec![0.0, 1.0], 0.0),
        ("sure and wrong", bce, vec![0.0, 1.0], vec![1.0, 0.0], 100.0),
        ("undecided", bce, vec![0.5], vec![0.25], LN2),
        ("undecided, logits", logits, vec![0.0], vec![0.25], LN2),
        ("large and right", logits, vec![1000.0, -1000.0], vec![1.0, 0.0], 0.0),
        ("large and wrong", logits, vec![1000.0, -1000.0], vec![0.0, 1.0], 1000.0),
        ("NaN target of mse", mse, vec![1.0, 1.0], vec![1.0, f64::NAN], f64::NAN),
        ("NaN target of bce", bce, vec![0.5], vec![f64::NAN], f64::NAN),
        ("NaN target of logits", logits, vec![0.5], vec![f64::NAN], f64::NAN),
        // `log 1.5` exists; the other term shows that it is no probability.
        ("no probability", bce, vec![1.5], vec![1.0], f64::NAN),
    ];
    for (name, loss, prediction, target, want) in rows {
        let got = value(loss(&row(&prediction), &row(&target)));
        let close = (got - want).abs() <= 1e-12 * want.abs().max(1.0);
        assert!(close || (got.is_nan() && want.is_nan()), "{name}: {got} is not {want}");
    }
}

/// Flux.jl, src/losses/functions.jl, the example of `logitcrossentropy`.
#[test]
fn cross_entropy_of_classes() {
    let logits =
        [-9.0f64, -8.0, -7.0, -6.0, -5.0, -4.0, -3.0, -2.0, -1.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
    let logits = [&logits[..], &[7.0, 8.0, 9.0, 7.5]].concat();
    let logits = Tensor::from_vec(logits, [7, 3], &cpu()).unwrap();
    let labels = Tensor::new([0, 1, 2, 0, 1, 0, 0], &cpu()).unwrap();
    let mean = value(cross_entropy(&logits, &labels));
    assert!((mean - 1.579_120_5).abs() < 1e-6, "{mean}");

    let each = CrossEntropy { reduction: Reduction::None, ..Default::default() };
    let rows = each.loss(&logits, &labels).unwrap();
    assert_eq!(*rows.shape(), [7]);
    assert!((value(rows.sum_all()) / 7.0 - mean).abs() < 1e-12);

    let sequences = cross_entropy(&logits.reshape([7, 1, 3]).unwrap(), &labels.reshape([7, 1]).unwrap());
    assert!((value(sequences) - mean).abs() < 1e-12);
}

/// Probabilities and logits that are sure, or do not count, slope finitely: 0 · ∞ is nowhere.
#[test]
fn slopes_at_the_edges() {
    let ends = row(&[0.0, 1.0, 0.0, 1.0, 1e-310, 0.5]);
    let targets = row(&[0.0, 1.0, 1.0, 0.0, 0.0, 0.5]);
    let slopes = |loss: &dyn Fn(&Tensor) -> Result<Tensor>, x: &Tensor| {
        grad(|x: &Tensor| loss(x)?.sum_all(), x).unwrap().to_vec::<f64>().unwrap()
    };
    let finite = |name: &str, loss: &dyn Fn(&Tensor) -> Result<Tensor>, x: &Tensor| {
        let slopes = slopes(loss, x);
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{name}: {slopes:?}");
    };
    finite("bce", &|p| binary_cross_entropy(p, &targets), &ends);
    finite("bce of targets", &|t| binary_cross_entropy(&ends, t), &targets);
    let probabilities = Scores::Probabilities { epsilon: 0.0 };
    let of_rows = |x: &Tensor| x.reshape([2, 3]).unwrap();
    let loss = CrossEntropy { scores: probabilities, ..Default::default() };
    finite("cross-entropy", &|p| loss.loss(p, &of_rows(&targets)), &of_rows(&ends));
    let loss = KlDivergence { scores: probabilities, ..Default::default() };
    finite("divergence", &|p| loss.loss(p, &of_rows(&targets)), &of_rows(&ends));
    finite("divergence of targets", &|t| kl_divergence(&of_rows(&ends), t), &of_rows(&targets));
    for gamma in [0.0, 0.5, 1.0, 2.0, 3.0] {
        let loss = Focal { gamma, scores: probabilities, ..Default::default() };
        finite("focal", &|p| loss.loss(p, &of_rows(&targets)), &of_rows(&ends));
        let loss = BinaryFocal { gamma, logits: false, ..Default::default() };
        finite("binary focal", &|p| loss.loss(p, &targets), &ends);
        let loss = BinaryFocal { gamma, ..Default::default() };
        finite(
            "binary focal of logits",
            &|x| loss.loss(x, &targets),
            &row(&[-900.0, 900.0, 0.0, 3.0, 40.0, -40.0]),
        );
    }
    // Where a logit is 0, as from a layer of zeros, the slope is σ(0) − t.
    let zeros = row(&[0.0, 0.0]);
    let loss = |x: &Tensor| binary_cross_entropy_with_logits(x, &row(&[0.0, 1.0]))?.mul(2.0);
    assert_eq!(slopes(&loss, &zeros), [0.5, -0.5]);
    // A class that cannot be and need not be costs nothing.
    let logits = Tensor::new([[1.0, f64::NEG_INFINITY]], &cpu()).unwrap();
    let sure = Tensor::new([[1.0, 0.0]], &cpu()).unwrap();
    assert_eq!(value(cross_entropy(&logits, &sure)), 0.0);
    assert_eq!(slopes(&|x| cross_entropy(x, &sure), &logits), [0.0, 0.0]);
}

#[test]
fn labels_outside_are_errors() {
    let logits = Tensor::zeros([2, 3], DType::F32, &cpu()).unwrap();
    let smooth = CrossEntropy { label_smoothing: 0.1, ..Default::default() };
    let ignoring = CrossEntropy { ignore_index: Some(-100), ..Default::default() };
    let weighted =
        CrossEntropy { weight: Some(Tensor::ones([3], DType::F32, &cpu()).unwrap()), ..Default::default() };
    let losses: [&OfLabels<'_>; 6] = [
        &|labels| cross_entropy(&logits, labels),
        &|labels| nll(&logits, labels),
        &|labels| smooth.loss(&logits, labels),
        &|labels| ignoring.loss(&logits, labels),
        &|labels| weighted.loss(&logits, labels),
        &|labels| multi_margin(&logits, labels),
    ];
    for (i, loss) in losses.iter().enumerate() {
        for label in [-1, 3, i32::MAX, i32::MIN] {
            let labels = Tensor::new([0, label], &cpu()).unwrap();
            for dtype in [DType::I32, DType::I64] {
                let error = loss(&labels.to_dtype(dtype).unwrap()).and_then(|loss| loss.item()).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Index, "loss {i}, {label} in {dtype}: {error}");
            }
        }
        let bytes = Tensor::zeros([2], DType::U8, &cpu()).unwrap();
        let error = loss(&bytes).unwrap_err();
        assert_eq!(error.message(), "labels are of u8: use i32 or i64", "loss {i}");
    }
    let labels = Tensor::new([[0, 3], [1, -1]], &cpu()).unwrap();
    let error = multilabel_margin(&logits, &labels).and_then(|loss| loss.item()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Index, "{error}");
}

/// What is ignored has no effect, not even as NaN; if all is, the mean is 0 and so is its gradient.
#[test]
fn ignored_labels() {
    let logits = Tensor::new([[1.0, f64::NAN, 2.0], [0.5, 0.8, -1.0]], &cpu()).unwrap();
    let losses = [
        CrossEntropy::default(),
        CrossEntropy { label_smoothing: 0.2, ..Default::default() },
        CrossEntropy { scores: Scores::LogProbabilities, ..Default::default() },
        CrossEntropy { weight: Some(row(&[1.0, 2.0, 3.0])), ..Default::default() },
        CrossEntropy { scores: Scores::Probabilities { epsilon: 0.0 }, ..Default::default() },
    ];
    for loss in losses {
        let alone = loss.loss(&logits.narrow(0, 1..).unwrap(), &Tensor::new([1], &cpu()).unwrap());
        let loss = CrossEntropy { ignore_index: Some(7), ..loss };
        let rows = [
            (Tensor::new([7, 1], &cpu()).unwrap(), value(alone)),
            (Tensor::new([7, 7], &cpu()).unwrap(), 0.0),
        ];
        for (labels, want) in rows {
            let got = value(loss.loss(&logits, &labels));
            assert!((got - want).abs() < 1e-15, "{loss:?}: {got} is not {want}");
            let slopes = grad(|x: &Tensor| loss.loss(x, &labels), &logits).unwrap().to_vec::<f64>().unwrap();
            assert_eq!(slopes[..3], [0.0; 3], "{loss:?}");
            assert_eq!(slopes[3..] == [0.0; 3], want == 0.0, "{loss:?}: {slopes:?}");
        }
    }
    let targets = logits.softmax().unwrap();
    let loss = CrossEntropy { ignore_index: Some(0), ..Default::default() };
    let error = loss.loss(&logits, &targets).unwrap_err();
    assert_eq!(error.message(), "label 0 is to be ignored, but there are no labels: pass labels, or None");
}

/// Sums of many halves do not fit into a half.
#[test]
fn means_of_many_halves() {
    let logits = Tensor::zeros([100_000, 2], DType::F16, &cpu()).unwrap();
    let labels = Tensor::zeros([100_000], DType::I32, &cpu()).unwrap();
    let loss = CrossEntropy { ignore_index: Some(1), ..Default::default() };
    assert!((value(loss.loss(&logits, &labels)) - 2f64.ln()).abs() < 1e-3);
}

#[test]
fn options_out_of_range_are_refused() {
    let x = row(&[0.5, 0.25]);
    let labels = Tensor::new(0i64, &cpu()).unwrap();
    let (nan, minus) = (f64::NAN, -0.5);
    let rows = [
        (Huber { delta: 0.0, ..Default::default() }.loss(&x, &x), "delta is 0: use a finite number above 0"),
        (Huber { delta: f64::INFINITY, ..Default::default() }.loss(&x, &x), "delta is inf"),
        (SmoothL1 { beta: minus, ..Default::default() }.loss(&x, &x), "beta is -0.5"),
        (Msle { offset: nan, ..Default::default() }.loss(&x, &x), "offset is NaN"),
        (PoissonNll { epsilon: minus, ..Default::default() }.loss(&x, &x), "epsilon is -0.5"),
        (GaussianNll { epsilon: 0.0, ..Default::default() }.loss(&x, &x, &x), "epsilon is 0"),
        (HingeEmbedding { margin: nan, ..Default::default() }.loss(&x, &x), "margin is NaN"),
        (Contrastive { margin: minus, ..Default::default() }.loss(&x, &x), "margin is -0.5"),
        (BinaryFocal { gamma: minus, ..Default::default() }.loss(&x, &x), "gamma is -0.5"),
        (BinaryFocal { alpha: Some(nan), ..Default::default() }.loss(&x, &x), "alpha is NaN"),
        (Focal { gamma: nan, ..Default::default() }.loss(&x, &x), "gamma is NaN"),
        (Dice { smooth: minus }.loss(&x, &x), "smooth is -0.5"),
        (Tversky { beta: minus, ..Default::default() }.loss(&x, &x), "beta is -0.5"),
        (TripletMargin { margin: 0.0, ..Default::default() }.loss(&x, &x, &x), "margin is 0"),
        (TripletMargin { epsilon: 0.0, ..Default::default() }.loss(&x, &x, &x), "epsilon is 0"),
        (TripletMargin { norm: nan, ..Default::default() }.loss(&x, &x, &x), "norm is NaN"),
        (
            CosineEmbedding { margin: 2.0, ..Default::default() }.loss(&x, &x, &x.sum_all().unwrap()),
            "margin is 2: use a cosine, in -1..=1",
        ),
        (MarginRanking { margin: nan, ..Default::default() }.loss(&x, &x, &x), "margin is NaN"),
        (MultiMargin { power: 0.0, ..Default::default() }.loss(&x, &labels), "power is 0"),
        (
            CrossEntropy { label_smoothing: 1.5, ..Default::default() }.loss(&x, &labels),
            "label_smoothing is 1.5: use a share in 0..=1",
        ),
        (
            CrossEntropy { scores: Scores::Probabilities { epsilon: minus }, ..Default::default() }
                .loss(&x, &labels),
            "epsilon is -0.5",
        ),
        (
            BinaryCrossEntropy { label_smoothing: nan, ..Default::default() }.loss(&x, &x),
            "label_smoothing is NaN",
        ),
        (
            BinaryCrossEntropyWithLogits { label_smoothing: minus, ..Default::default() }.loss(&x, &x),
            "label_smoothing is -0.5",
        ),
        (label_smoothing(&x, nan), "label_smoothing is NaN"),
        (binary_label_smoothing(&x, -0.1), "label_smoothing is -0.1"),
    ];
    for (i, (result, message)) in rows.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "row {i}: {error}");
        assert!(error.message().starts_with(message), "row {i}: {error}");
        assert!(error.location().file().ends_with("edges.rs"), "row {i}: {error}");
    }
    assert_eq!(label_smoothing(&x, 0.0).unwrap().to_vec::<f64>().unwrap(), [0.5, 0.25]);
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let x = Tensor::zeros([4, 3], DType::F64, &cpu()).unwrap();
    let labels = Tensor::zeros([4], DType::I64, &cpu()).unwrap();
    let weight = |shape: &[usize]| Some(Tensor::ones(shape, DType::F64, &cpu()).unwrap());
    let rows = [
        CrossEntropy { weight: weight(&[4]), ..Default::default() }.loss(&x, &labels),
        CrossEntropy { weight: weight(&[]), ..Default::default() }.loss(&x, &labels),
        CrossEntropy { weight: weight(&[4]), ..Default::default() }.loss(&x, &x),
        MultiMargin { weight: weight(&[2]), ..Default::default() }.loss(&x, &labels),
        BinaryCrossEntropy { weight: weight(&[2, 4, 3]), ..Default::default() }.loss(&x, &x),
        BinaryCrossEntropyWithLogits { weight: weight(&[4]), ..Default::default() }.loss(&x, &x),
        BinaryCrossEntropyWithLogits { pos_weight: weight(&[1, 4, 3]), ..Default::default() }.loss(&x, &x),
    ];
    for (i, result) in rows.into_iter().enumerate() {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape, "row {i}: {error}");
    }
}

#[test]
fn operands_that_do_not_fit_are_errors() {
    let zeros = |shape: &[usize], dtype| Tensor::zeros(shape, dtype, &cpu()).unwrap();
    let floats = |shape: &[usize]| zeros(shape, DType::F32);
    let labels = |shape: &[usize]| zeros(shape, DType::I32);
    let pairs: [(&str, Loss); 10] = [
        ("mse", mse),
        ("mae", mae),
        ("huber", huber),
        ("hinge", hinge),
        ("kl_divergence", kl_divergence),
        ("focal", focal),
        ("margin_ranking", |y, t| margin_ranking(y, y, t)),
        ("gaussian_nll", |y, t| gaussian_nll(y, t, y)),
        ("binary_cross_entropy", binary_cross_entropy),
        ("binary_cross_entropy_with_logits", binary_cross_entropy_with_logits),
    ];
    for (name, loss) in pairs {
        let rows = [
            (floats(&[4]), floats(&[4, 1]), ErrorKind::Shape),
            (floats(&[4]), floats(&[1]), ErrorKind::Shape),
            (floats(&[0, 4]), floats(&[0, 4]), ErrorKind::Shape),
            (floats(&[4]), labels(&[4]), ErrorKind::DType),
        ];
        for (prediction, target, kind) in rows {
            let error = loss(&prediction, &target).unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
        }
        let column = loss(&floats(&[4]), &floats(&[4, 1])).unwrap_err();
        assert_eq!(column.message(), "prediction and target differ in shape: [4] and [4, 1]; reshape one");
    }
    let sets: [(&str, Loss); 4] = [
        ("dice", dice),
        ("tversky", tversky),
        ("triplet_margin", |y, t| triplet_margin(y, y, t)),
        ("multilabel_soft_margin", multilabel_soft_margin),
    ];
    for (name, loss) in sets {
        let error = loss(&floats(&[4, 2]), &floats(&[4])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Shape, "{name}: {error}");
    }
    let error = cosine_embedding(&floats(&[4, 2]), &floats(&[4, 2]), &floats(&[2])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape, "{error}");
    let located = mse(&floats(&[4]), &floats(&[5])).unwrap_err();
    assert!(located.location().file().ends_with("edges.rs"), "{located}");

    let rows = [
        (floats(&[4, 3]), labels(&[4, 1]), ErrorKind::Shape),
        (floats(&[4, 3]), labels(&[3]), ErrorKind::Shape),
        (floats(&[0, 3]), labels(&[0]), ErrorKind::Shape),
        (floats(&[4, 0]), labels(&[4]), ErrorKind::Shape),
        (floats(&[]), labels(&[]), ErrorKind::Shape),
        (floats(&[4, 3]), floats(&[4]), ErrorKind::DType),
        (labels(&[4, 3]), labels(&[4]), ErrorKind::DType),
    ];
    for (logits, labels, kind) in rows {
        let error = cross_entropy(&logits, &labels).unwrap_err();
        assert_eq!(error.kind(), kind, "{} and {}: {error}", logits.shape(), labels.shape());
    }
}
