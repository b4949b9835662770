//! What is done to gradients before a rule: decay, clipping by value and by norms, and gradients that are not finite.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_tensor::{DType, Error, ErrorKind, Tensor};
use tensorkeep_testkit::devices;
use tensorkeep_train::{Adam, Lamb, NonFinite, Optimiser, Outcome, Rule, Sgd, StepReport, Transform};

const INF: f64 = f64::INFINITY;

fn tensor(values: &[f64], dtype: DType) -> Tensor {
    let x = Tensor::from_vec(values.to_vec(), [values.len()], &tensorkeep_cpu::device()).unwrap();
    x.to_dtype(dtype).unwrap()
}

fn values(x: &Tensor) -> Vec<f64> {
    x.to_device(&tensorkeep_cpu::device()).unwrap().to_dtype(DType::F64).unwrap().to_vec().unwrap()
}

fn chain(rule: impl Rule + 'static, transforms: &[Transform]) -> Optimiser {
    let start = Optimiser::new(rule).unwrap();
    transforms.iter().fold(start, |optimiser, &transform| optimiser.transform(transform).unwrap())
}

/// Transforms, the gradients that come of them, and the norm that is reported.
type Row<'a> = (&'a [Transform], [Vec<f64>; 2], Option<f64>);

/// The gradients that come of those of a model of two tensors, and the norm that is reported.
#[test]
fn gradients_are_transformed_in_order() {
    use Transform::{ClipGlobalNorm, ClipNorm, ClipValue, L1Decay, L2Decay, Negate};
    let (p, g) = ([vec![2.0, -1.0], vec![4.0]], [vec![3.0, -4.0], vec![12.0]]);
    let both = [ClipNorm { max: 6.0, p: 2.0 }, ClipGlobalNorm { max: 61f64.sqrt() / 2.0, p: 2.0 }];
    let scaled = |scale: f64| [vec![3.0 * scale, -4.0 * scale], vec![12.0 * scale]];
    let rows: Vec<Row<'_>> = vec![
        (&[], g.clone(), None),
        (&[L2Decay(0.5)], [vec![4.0, -4.5], vec![14.0]], None),
        (&[Negate], scaled(-1.0), None),
        (&[Negate, L2Decay(0.5)], [vec![-2.0, 3.5], vec![-10.0]], None),
        (&[L2Decay(0.5), Negate], [vec![-4.0, 4.5], vec![-14.0]], None),
        (&[L1Decay(0.5)], [vec![3.5, -4.5], vec![12.5]], None),
        (&[ClipValue(3.5)], [vec![3.0, -3.5], vec![3.5]], None),
        (&[ClipValue(0.0)], [vec![0.0, 0.0], vec![0.0]], None),
        (&[ClipNorm { max: 6.0, p: 2.0 }], [vec![3.0, -4.0], vec![6.0]], None),
        (&[ClipNorm { max: 3.5, p: 1.0 }], [vec![1.5, -2.0], vec![3.5]], None),
        (&[ClipNorm { max: 2.0, p: INF }], [vec![1.5, -2.0], vec![2.0]], None),
        (&[ClipGlobalNorm { max: 6.5, p: 2.0 }], scaled(0.5), Some(13.0)),
        (&[ClipGlobalNorm { max: 20.0, p: 2.0 }], g.clone(), Some(13.0)),
        (&[ClipGlobalNorm { max: 9.5, p: 1.0 }], scaled(0.5), Some(19.0)),
        (&[ClipGlobalNorm { max: 3.0, p: INF }], scaled(0.25), Some(12.0)),
        (&[ClipGlobalNorm { max: 0.0, p: 2.0 }], scaled(0.0), Some(13.0)),
        // (3³ + 4³ + 12³)^⅓
        (&[ClipGlobalNorm { max: 100.0, p: 3.0 }], g.clone(), Some(1819f64.cbrt())),
        // Of the gradient with decay: [4, −4.5], [14].
        (&[L2Decay(0.5), ClipNorm { max: 7.0, p: 2.0 }], [vec![4.0, -4.5], vec![7.0]], None),
        (&[ClipNorm { max: 6.0, p: 2.0 }, L2Decay(0.5)], [vec![4.0, -4.5], vec![8.0]], None),
        // [3, −4], [6], then the norm of all: √61.
        (&both, [vec![1.5, -2.0], vec![3.0]], Some(61f64.sqrt())),
        (&[ClipValue(1.0), L2Decay(1.0), ClipValue(2.5)], [vec![2.5, -2.0], vec![2.5]], None),
    ];
    for (row, (transforms, want, norm)) in rows.into_iter().enumerate() {
        for (dtype, tolerance) in
            [(DType::F64, 1e-14), (DType::F32, 1e-6), (DType::F16, 4e-3), (DType::BF16, 3e-2)]
        {
            let mut model = p.clone().map(|p| tensor(&p, dtype)).to_vec();
            let grads = g.clone().map(|g| tensor(&g, dtype)).to_vec();
            let mut optimiser = chain(Sgd::new(1.0), transforms);
            let StepReport { norm: got, moved, .. } = optimiser.update(&mut model, &grads).unwrap();
            assert_eq!((moved, got.is_some()), (2, norm.is_some()), "row {row}");
            let off = (got.unwrap_or(0.0) - norm.unwrap_or(0.0)).abs();
            assert!(off <= tolerance * 20.0, "row {row}, {dtype}: norm {got:?}");
            for ((x, p), want) in model.iter().zip(&p).zip(&want) {
                for ((x, p), want) in values(x).iter().zip(p).zip(want) {
                    assert!((p - x - want).abs() <= tolerance * 15.0, "row {row}, {dtype}: {} {want}", p - x);
                }
            }
        }
    }
}

/// On every device, with one tensor that is empty and one of another dtype.
#[test]
fn norms_are_taken_on_every_device() {
    for subject in devices().unwrap() {
        let make =
            |values: &[f32]| Tensor::from_vec(values.to_vec(), [values.len()], &subject.device).unwrap();
        let half = |values: &[f32]| make(values).to_dtype(DType::F16);
        let Ok(small) = half(&[4.0]) else { continue };
        let mut model = vec![make(&[0.0, 0.0]), make(&[]), half(&[0.0]).unwrap()];
        let grads = vec![make(&[0.0, 3.0]), make(&[]), small];
        let mut optimiser = chain(Sgd::new(1.0), &[Transform::ClipGlobalNorm { max: 2.5, p: 2.0 }]);
        assert_eq!(
            optimiser.update(&mut model, &grads).unwrap().norm,
            Some(5.0),
            "{}",
            subject.device.name()
        );
        assert_eq!(values(&model[0]), [0.0, -1.5], "{}", subject.device.name());
        assert_eq!(values(&model[2]), [-2.0], "{}", subject.device.name());
    }
}

/// Squares overflow, and vanish, long before numbers do.
#[test]
fn norms_reach_as_far_as_numbers() {
    let rows = [
        (DType::F32, [3e30, 4e30], 5e30),
        (DType::F32, [3e-30, 4e-30], 5e-30),
        (DType::F64, [3e200, 4e200], 5e200),
        (DType::F16, [30_000.0, 40_000.0], 50_000.0),
        (DType::F32, [0.0, 0.0], 0.0),
    ];
    for (dtype, g, want) in rows {
        let mut optimiser = chain(Sgd::new(0.0), &[Transform::ClipGlobalNorm { max: 1.0, p: 2.0 }]);
        let report = optimiser.update(&mut tensor(&[0.0, 0.0], dtype), &tensor(&g, dtype)).unwrap();
        let norm = report.norm.unwrap();
        assert!((norm - want).abs() <= 1e-3 * want, "{dtype}: {norm} is not {want}");
    }
}

#[test]
fn gradients_that_are_not_finite() {
    let clip = Transform::ClipNorm { max: 1.0, p: 2.0 };
    let global = Transform::ClipGlobalNorm { max: 1.0, p: 2.0 };
    let momentum = || Sgd { momentum: 0.5, ..Sgd::new(1.0) };
    let rows: Vec<(&str, NonFinite, &[Transform], &str)> = vec![
        ("unchecked", NonFinite::Unchecked, &[], "moves"),
        ("values are clipped", NonFinite::Unchecked, &[Transform::ClipValue(1.0)], "moves"),
        ("refused", NonFinite::Refuse, &[], "refused"),
        ("skipped", NonFinite::Skip, &[], "skipped"),
        ("a norm of each", NonFinite::Unchecked, std::slice::from_ref(&clip), "refused"),
        ("a norm of all", NonFinite::Unchecked, std::slice::from_ref(&global), "refused"),
        ("a norm of all, refused", NonFinite::Refuse, std::slice::from_ref(&global), "refused"),
        ("a norm of all, skipped", NonFinite::Skip, std::slice::from_ref(&global), "skipped"),
    ];
    for (name, non_finite, transforms, want) in rows {
        for (bad, word) in [(f64::NAN, "NaN"), (INF, "infinite"), (-INF, "infinite")] {
            let mut optimiser = chain(momentum(), transforms).non_finite(non_finite);
            let mut model = vec![tensor(&[1.0], DType::F32), tensor(&[1.0, 2.0], DType::F32)];
            let good = vec![tensor(&[0.5], DType::F32), tensor(&[0.0, 0.5], DType::F32)];
            optimiser.update(&mut model, &good).unwrap();
            let before: Vec<_> = model.iter().map(values).collect();
            let grads = vec![tensor(&[0.5], DType::F32), tensor(&[0.0, bad], DType::F32)];
            let result = optimiser.update(&mut model, &grads);
            let got = match &result {
                Ok(StepReport { outcome: Outcome::Stepped, .. }) => "moves",
                Ok(StepReport { outcome: Outcome::NonFinite { path }, moved: 0, .. })
                    if path.as_str() == "1" =>
                {
                    "skipped"
                }
                Ok(_) => "something else",
                Err(_) => "refused",
            };
            assert_eq!(got, want, "{name}, {bad}: {result:?}");
            if want != "moves" {
                assert_eq!(model.iter().map(values).collect::<Vec<_>>(), before, "{name}, {bad}");
                assert_eq!(optimiser.steps(), 1, "{name}, {bad}");
                optimiser.update(&mut model, &good).unwrap();
            }
            if let Err(error) = result {
                assert!(
                    error.message().starts_with(&format!("the gradient of 1 is {word}")),
                    "{name}: {error}"
                );
            }
        }
    }
}

/// NaN passes where values are clipped; infinities do not.
#[test]
fn values_are_clipped_but_for_nan() {
    let mut x = tensor(&[0.0, 0.0], DType::F32);
    let mut optimiser = chain(Sgd::new(1.0), &[Transform::ClipValue(2.0)]);
    optimiser.update(&mut x, &tensor(&[f64::NAN, -INF], DType::F32)).unwrap();
    let x = values(&x);
    assert!(x[0].is_nan() && x[1] == 2.0, "{x:?}");
}

/// LAMB's ratio of norms is 1 where one is zero, and is taken of what the transforms left.
#[test]
fn lamb_measures_what_it_moves() {
    let lamb = Lamb { decay: 0.0, epsilon: 0.0, ..Lamb::new(0.5) };
    // The first direction is the sign of the gradient.
    let rows: [(&[f64], &[f64], &[f64]); 3] = [
        (&[3.0, 4.0], &[9.0, 0.1], &[3.0 - 2.5 / 2f64.sqrt(), 4.0 - 2.5 / 2f64.sqrt()]),
        (&[0.0, 0.0], &[9.0, 0.1], &[-0.5, -0.5]),
        (&[3.0, 4.0], &[1.0, 1.0], &[3.0 - 2.5 / 2f64.sqrt(), 4.0 - 2.5 / 2f64.sqrt()]),
    ];
    for (p, g, want) in rows {
        let mut x = tensor(p, DType::F64);
        Optimiser::new(lamb).unwrap().update(&mut x, &tensor(g, DType::F64)).unwrap();
        for (got, want) in values(&x).iter().zip(want) {
            assert!((got - want).abs() < 1e-12, "{p:?} {g:?}: {got} is not {want}");
        }
    }
    // L2 decay turns the sign of the first element.
    let mut x = tensor(&[3.0, 4.0], DType::F64);
    chain(lamb, &[Transform::L2Decay(1.0)]).update(&mut x, &tensor(&[-1.0, 0.0], DType::F64)).unwrap();
    assert!((values(&x)[0] - (3.0 - 2.5 / 2f64.sqrt())).abs() < 1e-12);
}

#[test]
fn impossible_transforms_are_refused() {
    use Transform::{ClipGlobalNorm, ClipNorm, ClipValue, L1Decay, L2Decay};
    let rows = [
        ("l2_decay -1", L2Decay(-1.0)),
        ("l1_decay NaN", L1Decay(f64::NAN)),
        ("clip_value inf", ClipValue(INF)),
        ("clip_norm -1", ClipNorm { max: -1.0, p: 2.0 }),
        ("clip_global_norm NaN", ClipGlobalNorm { max: f64::NAN, p: 2.0 }),
        ("the 0.5-norm", ClipNorm { max: 1.0, p: 0.5 }),
        ("the NaN-norm", ClipGlobalNorm { max: 1.0, p: f64::NAN }),
    ];
    for (words, transform) in rows {
        let error: Error = Optimiser::new(Adam::new(0.1)).unwrap().transform(transform).unwrap_err();
        assert!(error.kind() == ErrorKind::Value && error.message().starts_with(words), "{words}: {error}");
        assert!(error.location().file().ends_with("transforms.rs"), "{error}");
    }
    let mut used = Optimiser::new(Sgd::new(0.1)).unwrap();
    used.update(&mut tensor(&[1.0], DType::F32), &tensor(&[1.0], DType::F32)).unwrap();
    let error = used.transform(ClipValue(1.0)).unwrap_err();
    assert!(error.message().starts_with("it has made steps already"), "{error}");
}
