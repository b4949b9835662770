//! What is done over several steps: gathering gradients, looking ahead, averaging parameters; and going on from what was saved.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_tensor::module::parameters;
use tensorkeep_tensor::{DType, Error, ErrorKind, Result, Tensor};
use tensorkeep_testkit::devices;
use tensorkeep_train::{Adam, Group, Lamb, Optimiser, Outcome, Rule, Sgd, Standing, Transform};

fn number(x: f64) -> Tensor {
    Tensor::new([x], &tensorkeep_cpu::device()).unwrap()
}

fn value(x: &Tensor) -> f64 {
    x.to_vec::<f64>().unwrap()[0]
}

fn of(rule: impl Rule + 'static) -> Optimiser {
    Optimiser::new(rule).unwrap()
}

/// The mean of three gradients makes the step that they make together.
#[test]
fn gradients_are_gathered() {
    let rules = [
        || of(Adam::new(0.1)),
        || of(Sgd { momentum: 0.9, ..Sgd::new(0.1) }),
        || of(Lamb::new(0.1)),
        || of(Sgd::new(0.1)).transform(Transform::L2Decay(0.5)).unwrap(),
        || of(Sgd::new(0.1)).transform(Transform::ClipGlobalNorm { max: 0.5, p: 2.0 }).unwrap(),
    ];
    for rule in rules {
        let (mut whole, mut parts) = (rule(), rule().accumulate(3).unwrap());
        let (mut x, mut y) = (number(2.0), number(2.0));
        for step in 0..4 {
            let gradients = [0.5, -1.0, 3.5].map(|g| g * f64::from(step + 1));
            whole.update(&mut x, &number(gradients.iter().sum::<f64>() / 3.0)).unwrap();
            for (i, g) in gradients.into_iter().enumerate() {
                let before = value(&y);
                let report = parts.update(&mut y, &number(g)).unwrap();
                match report.outcome {
                    Outcome::Accumulated { held, of } => {
                        assert_eq!((held, of, report.moved), (i as u64 + 1, 3, 0));
                        assert_eq!(value(&y), before, "nothing moves before the third");
                    }
                    _ => assert_eq!(i, 2),
                }
            }
            assert!((value(&x) - value(&y)).abs() < 1e-12, "{}, step {step}", whole.rule());
            assert_eq!(whole.steps(), parts.steps());
        }
    }
}

/// A gradient that is refused, or of another model, leaves what was gathered.
#[test]
fn what_was_gathered_survives_an_error() {
    let mut optimiser = of(Sgd::new(1.0)).accumulate(2).unwrap();
    let mut x = number(0.0);
    optimiser.update(&mut x, &number(1.0)).unwrap();
    let wide = Tensor::new([1.0, 2.0], &tensorkeep_cpu::device()).unwrap();
    assert!(optimiser.update(&mut x, &wide).is_err());
    assert!(optimiser.update(&mut wide.clone(), &wide).is_err(), "another model has another sum");
    optimiser.update(&mut x, &number(3.0)).unwrap();
    assert_eq!(value(&x), -2.0);
}

/// A gradient that is not finite is not gathered where a norm is taken of the mean: no later step could be made.
#[test]
fn what_is_not_finite_is_not_gathered() {
    let clip = Transform::ClipGlobalNorm { max: 10.0, p: 2.0 };
    let mut optimiser = of(Sgd::new(1.0)).accumulate(2).unwrap().transform(clip).unwrap();
    let mut x = number(0.0);
    assert!(optimiser.update(&mut x, &number(f64::NAN)).is_err());
    optimiser.update(&mut x, &number(1.0)).unwrap();
    assert_eq!(optimiser.held(), 1);
    assert!(optimiser.update(&mut x, &number(f64::INFINITY)).is_err());
    optimiser.update(&mut x, &number(3.0)).unwrap();
    assert_eq!((value(&x), optimiser.held()), (-2.0, 0));
}

#[test]
fn averages_follow_the_parameters() {
    let mut optimiser = of(Sgd::new(1.0)).average(0.75).unwrap();
    let x = number(8.0);
    let mut model = vec![x.clone(), x, number(1.0)];
    let averaged = |optimiser: &Optimiser, model: &Vec<Tensor>| {
        optimiser.averaged(model).unwrap().iter().map(value).collect::<Vec<_>>()
    };
    assert_eq!(averaged(&optimiser, &model), [8.0, 8.0, 1.0]);
    optimiser.freeze("2").unwrap();
    let grads = vec![number(4.0), number(4.0), number(4.0)];
    // 4, 0, −4 after the steps: 8 · ¾ + 4 · ¼, and so on.
    for want in [7.0, 5.25, 2.9375] {
        optimiser.update(&mut model, &grads).unwrap();
        assert_eq!(averaged(&optimiser, &model), [want, want, 1.0]);
    }
    assert_eq!(value(&model[0]), -4.0, "the model is where the steps led");
    let copy = optimiser.averaged(&model).unwrap();
    assert!(copy[0].is_same(&copy[1]), "tied ones stay tied");
    assert!(optimiser.averaged(&vec![number(1.0)]).is_err());
    assert!(of(Sgd::new(1.0)).averaged(&model).is_err());
}

#[test]
fn lookahead_falls_back() {
    let mut optimiser = of(Sgd::new(1.0)).lookahead(2, 0.25).unwrap().average(0.0).unwrap();
    let mut x = number(0.0);
    // −1, then −2 falls back to −0.5; −1.5, then −2.5 falls back to −0.5 − 0.5.
    for want in [-1.0, -0.5, -1.5, -1.0] {
        optimiser.update(&mut x, &number(1.0)).unwrap();
        assert_eq!(value(&x), want);
        assert_eq!(value(&optimiser.averaged(&x).unwrap()), want, "an average that forgets at once");
    }
}

/// All at once on every device: what steps in place, and what is saved after each step and gone on from, is the same.
#[test]
fn all_is_saved_and_restored() {
    let build = || -> Result<Optimiser> {
        let mut optimiser = Optimiser::new(Adam { amsgrad: true, ..Adam::new(0.1) })?
            .accumulate(2)?
            .transform(Transform::L2Decay(0.01))?
            .transform(Transform::ClipGlobalNorm { max: 1.0, p: 2.0 })?
            .lookahead(2, 0.5)?
            .average(0.9)?
            .group(Group::new("1").rate(0.3))?;
        optimiser.freeze("0").unwrap();
        Ok(optimiser)
    };
    for subject in devices().unwrap() {
        let tensor = |values: [f32; 3]| Tensor::new(values, &subject.device).unwrap();
        let start = || vec![tensor([1.0, 2.0, 3.0]), tensor([-1.0, 0.5, 0.25])];
        let (mut model, mut optimiser) = (start(), build().unwrap());
        for step in 0..9 {
            if step == 5 {
                optimiser.thaw("0").unwrap();
            }
            let grads = vec![tensor([1.0, -2.0, step as f32]), tensor([0.5, step as f32 - 3.0, 0.0])];
            let mut again = build().unwrap();
            if step >= 5 {
                again.thaw("0").unwrap();
            }
            let state = optimiser.state().map(|(_, tensors)| tensors.to_vec()).collect();
            assert_eq!(again.constants(), optimiser.constants());
            again.restore(&model, &optimiser.standing(), state).unwrap();
            let mut copy = model.clone();
            again.update(&mut copy, &grads).unwrap();
            optimiser.update(&mut model, &grads).unwrap();
            let all = |model: &Vec<Tensor>, optimiser: &Optimiser| -> Vec<Vec<f32>> {
                let state = optimiser.state().flat_map(|(_, tensors)| tensors).cloned();
                model.iter().cloned().chain(state).map(|x| x.to_vec().unwrap()).collect()
            };
            assert_eq!(
                all(&copy, &again),
                all(&model, &optimiser),
                "step {step} on {}",
                subject.device.name()
            );
            assert_eq!(again.standing(), optimiser.standing());
        }
        assert_eq!(optimiser.standing().steps, 4);
        assert_ne!(model[0].to_vec::<f32>().unwrap(), [1.0, 2.0, 3.0]);
    }
}

/// Steps too small for half precision are not lost, whatever is done around the rule: the parameters are those of a model in single
/// precision, rounded.
#[test]
fn master_weights_keep_small_steps() {
    let device = tensorkeep_cpu::device();
    let build = || {
        let optimiser =
            of(Adam::new(1e-4)).accumulate(2).unwrap().lookahead(2, 0.5).unwrap().average(0.9).unwrap();
        optimiser.transform(Transform::ClipGlobalNorm { max: 0.5, p: 2.0 }).unwrap()
    };
    for dtype in [DType::F16, DType::BF16] {
        let mut wide =
            vec![Tensor::new([1.0f32, -2.0], &device).unwrap(), Tensor::new([0.5f32], &device).unwrap()];
        let mut half = vec![wide[0].to_dtype(dtype).unwrap(), wide[1].clone()];
        let mut lossy = half.clone();
        let mut optimisers = [build(), build().master_weights().unwrap(), build()];
        for step in 0..40 {
            let g = Tensor::new([1.0f32, step as f32 / 8.0], &device).unwrap();
            let (small, one) = (g.to_dtype(dtype).unwrap(), Tensor::new([1.0f32], &device).unwrap());
            optimisers[0].update(&mut wide, &vec![g, one.clone()]).unwrap();
            optimisers[1].update(&mut half, &vec![small.clone(), one.clone()]).unwrap();
            optimisers[2].update(&mut lossy, &vec![small, one]).unwrap();
        }
        let values = |x: &Tensor| x.to_dtype(DType::F32).unwrap().to_vec::<f32>().unwrap();
        assert_eq!(half[0].dtype(), dtype);
        assert_eq!(values(&half[0]), values(&wide[0].to_dtype(dtype).unwrap()), "{dtype}");
        assert_eq!(values(&half[1]), values(&wide[1]), "{dtype}");
        assert_eq!(values(&lossy[0])[1], -2.0, "{dtype}: without them nothing moved");
        let averaged = optimisers[1].averaged(&half).unwrap();
        assert_eq!((averaged[0].dtype(), optimisers[1].slots(dtype)), (dtype, (6, DType::F32)));
        assert_eq!(optimisers[1].slots(DType::F32), (5, DType::F32), "what is wide needs no copy");

        let mut again = build().master_weights().unwrap();
        let state = optimisers[1].state().map(|(_, tensors)| tensors.to_vec()).collect();
        again.restore(&half, &optimisers[1].standing(), state).unwrap();
        let grads = vec![half[0].clone(), half[1].clone()];
        let mut copy = half.clone();
        for _ in 0..2 {
            optimisers[1].update(&mut half, &grads).unwrap();
            again.update(&mut copy, &grads).unwrap();
        }
        assert_eq!(values(&copy[0]), values(&half[0]), "{dtype}");
    }
}

#[test]
fn standings_that_lie_are_refused() {
    let model = vec![number(1.0), number(2.0)];
    let build = || of(Sgd { momentum: 0.5, ..Sgd::new(1.0) }).accumulate(3).unwrap();
    let state = || vec![vec![number(0.0), number(0.0)]; 2];
    let good = Standing { steps: 2, held: 1, rate: 0.5, group_rates: vec![], ages: vec![] };
    let wide = || vec![vec![Tensor::zeros([2], DType::F64, &tensorkeep_cpu::device()).unwrap(); 2]; 2];
    let rows = [
        ("good", good.clone(), state(), None),
        ("own ages", Standing { ages: vec![2, 1], ..good.clone() }, state(), None),
        // What a file may say, and no run can have done.
        ("all steps there are", Standing { steps: u64::MAX, held: 2, ..good.clone() }, state(), None),
        ("no state", good.clone(), vec![], Some(ErrorKind::Value)),
        ("one slot", good.clone(), vec![vec![number(0.0)]; 2], Some(ErrorKind::Value)),
        ("another shape", good.clone(), wide(), Some(ErrorKind::Shape)),
        ("state before the first", Standing::default(), state(), Some(ErrorKind::Value)),
        ("too many held", Standing { held: 3, ..good.clone() }, state(), Some(ErrorKind::Value)),
        (
            "a rate too many",
            Standing { group_rates: vec![0.1], ..good.clone() },
            state(),
            Some(ErrorKind::Value),
        ),
        ("an age too few", Standing { ages: vec![1], ..good.clone() }, state(), Some(ErrorKind::Value)),
        ("older than all", Standing { ages: vec![1, 3], ..good.clone() }, state(), Some(ErrorKind::Value)),
        ("a rate of NaN", Standing { rate: f64::NAN, ..good.clone() }, state(), Some(ErrorKind::Value)),
        ("a negative rate", Standing { rate: -1.0, ..good }, state(), Some(ErrorKind::Value)),
    ];
    for (name, standing, state, want) in rows {
        let mut optimiser = build();
        let error = optimiser.restore(&model, &standing, state).err();
        assert_eq!(error.as_ref().map(Error::kind), want, "{name}: {error:?}");
        if want.is_some() {
            assert_eq!((optimiser.steps(), optimiser.rate()), (0, 1.0), "{name}");
        } else {
            assert_eq!(optimiser.standing(), standing, "{name}");
            optimiser.set("momentum", 0.25).unwrap();
            optimiser.freeze("1").unwrap();
            for _ in 0..3 {
                optimiser.update(&mut model.clone(), &model).unwrap();
            }
            assert_eq!(optimiser.steps(), standing.steps.saturating_add(1), "{name}");
        }
    }
}

#[test]
fn impossible_wishes_are_refused() {
    let new = || of(Sgd::new(1.0));
    let rows = [
        ("a step of the mean of 0 gradients", new().accumulate(0)),
        ("a look ahead of 0 steps", new().lookahead(0, 0.5)),
        ("alpha 1.5", new().lookahead(5, 1.5)),
        ("alpha NaN", new().lookahead(5, f64::NAN)),
        ("the decay of the average 1", new().average(1.0)),
        ("the decay of the average -0.1", new().average(-0.1)),
    ];
    for (words, result) in rows {
        let error = result.unwrap_err();
        assert!(error.kind() == ErrorKind::Value && error.message().starts_with(words), "{words}: {error}");
    }
    assert!(new().lookahead(1, 1.0).is_ok() && new().accumulate(1).is_ok());
}

/// With state of its own around the rule, a step still writes over what nobody shares.
#[test]
fn steps_with_all_around_them_take_no_memory() {
    let device = tensorkeep_cpu::device();
    let mut optimiser =
        of(Adam::new(0.1)).accumulate(2).unwrap().lookahead(2, 0.5).unwrap().average(0.9).unwrap();
    let mut model =
        vec![Tensor::new([1.0f32; 4], &device).unwrap(), Tensor::new([1.0f32; 4], &device).unwrap()];
    let grads = model.clone();
    for _ in 0..4 {
        optimiser.update(&mut model, &grads).unwrap();
    }
    let at = || {
        let state = optimiser.state().flat_map(|(_, tensors)| tensors).map(|x| x.buffer().id());
        parameters(&model).iter().map(|leaf| leaf.value.buffer().id()).chain(state).collect::<Vec<_>>()
    };
    let before = at();
    assert_eq!(before.len(), 2 * 6);
    for _ in 0..4 {
        optimiser.update(&mut model, &grads).unwrap();
    }
    let state = optimiser.state().flat_map(|(_, tensors)| tensors).map(|x| x.buffer().id());
    let after: Vec<_> = parameters(&model).iter().map(|leaf| leaf.value.buffer().id()).chain(state).collect();
    assert_eq!(after, before);
}
