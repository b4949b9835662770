//! What each optimiser rule does to numbers, step by step: against PyTorch, and against NumPy where PyTorch
//! has no such rule (`golden/rules.py`).

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Tensor};
use tensorkeep_testkit::devices;
use tensorkeep_testkit::golden::doubles;
use tensorkeep_train::{
    AdaBelief, AdaDelta, AdaGrad, AdaMax, Adam, AdamW, AmsGrad, Lamb, Lion, NAdam, OAdam, Optimiser, RAdam,
    RmsProp, Rprop, Rule, Sgd, Transform,
};

const START: [f64; 3] = [1.0, -2.0, 0.5];

/// The gradient of step `t`, from 1; it depends on nothing, so that an error in one step cannot heal in the
/// next.
fn gradient(t: u32) -> [f64; 3] {
    let t = f64::from(t);
    [0.5 * t - 1.0, 0.25, 0.25 * t * t - 1.5 - 0.02 * t * t * t]
}

fn tensor(values: [f64; 3], dtype: DType, device: &Device) -> Result<Tensor> {
    Tensor::new(values, &tensorkeep_cpu::device())?.to_dtype(dtype)?.to_device(device)
}

/// The parameter after each of ten steps, with a cycle of learning rates if they are given.
fn steps(
    mut optimiser: Optimiser,
    dtype: DType,
    device: &Device,
    rates: Option<[f64; 4]>,
) -> Result<Vec<Vec<f64>>> {
    let mut p = tensor(START, dtype, device)?;
    let mut trace = Vec::new();
    for t in 1..=10 {
        if let Some(rates) = rates {
            let rate = rates[(t as usize - 1) % 4];
            optimiser.set_rate(rate)?;
            assert_eq!(optimiser.rate(), rate);
        }
        optimiser.update(&mut p, &tensor(gradient(t), dtype, device)?)?;
        assert_eq!(optimiser.steps(), u64::from(t));
        trace.push(p.to_device(&tensorkeep_cpu::device())?.to_dtype(DType::F64)?.to_vec()?);
    }
    Ok(trace)
}

fn cases() -> Map<String, Value> {
    serde_json::from_str(include_str!("golden/rules.json")).unwrap()
}

fn of(rule: impl Rule + 'static) -> Optimiser {
    Optimiser::new(rule).unwrap()
}

/// PyTorch's `weight_decay=0.2`.
fn with_l2(rule: impl Rule + 'static) -> Optimiser {
    of(rule).transform(Transform::L2Decay(0.2)).unwrap()
}

/// PyTorch's `maximize=True`.
fn climbing(rule: impl Rule + 'static) -> Optimiser {
    of(rule).transform(Transform::Negate).unwrap()
}

/// The optimiser of each case, and its rates.
#[expect(clippy::panic, reason = "a case without a row is a failing test")]
fn optimiser(name: &str) -> (Optimiser, Option<[f64; 4]>) {
    let (sgd, adam) = (Sgd::new(0.1), Adam::new(0.1));
    let momentum = Sgd { momentum: 0.9, ..sgd };
    let rates = Some([0.1, 0.05, 0.0, 0.2]);
    let optimiser = match name {
        "sgd" => of(sgd),
        "sgd_decay" => of(Sgd { decay: 0.2, ..sgd }),
        "sgd_momentum" => of(momentum),
        "sgd_dampening" => of(Sgd { dampening: 0.5, decay: 0.2, ..momentum }),
        "sgd_nesterov" => of(Sgd { nesterov: true, decay: 0.2, ..momentum }),
        "rate_in_velocity" => return (of(Sgd { rate_in_velocity: true, ..momentum }), rates),
        "sgd_rates" => return (of(momentum), rates),
        "adam_rates" => return (of(adam), rates),
        "adamw_rates" => return (of(AdamW::new(0.1)), rates),
        "rmsprop" => of(RmsProp::new(0.1)),
        "rmsprop_all" => of(RmsProp { alpha: 0.9, centered: true, momentum: 0.8, ..RmsProp::new(0.1) }),
        "rprop" => of(Rprop::new(0.1)),
        "rprop_sizes" => {
            of(Rprop { shrink: 0.6, grow: 1.5, min_step: 0.05, max_step: 0.2, ..Rprop::new(0.1) })
        }
        "adam" => of(adam),
        "adam_betas" => of(Adam { beta1: 0.5, beta2: 0.75, epsilon: 0.01, ..adam }),
        "adam_decay" => with_l2(adam),
        "adam_amsgrad" => of(Adam { beta2: 0.5, amsgrad: true, ..adam }),
        "adamw" => of(AdamW::new(0.1)),
        "adamw_amsgrad" => {
            let adam = Adam { beta1: 0.8, beta2: 0.5, amsgrad: true, ..adam };
            of(AdamW { adam, decay: 0.5, ..AdamW::new(0.1) })
        }
        "sgd_maximize" => climbing(Sgd { decay: 0.2, ..momentum }),
        "adam_maximize" => climbing(adam),
        "adamw_decoupled" => of(adam).decoupled_decay(0.2).unwrap(),
        "adamw_decoupled_rates" => return (climbing(adam).decoupled_decay(0.3).unwrap(), rates),
        "rmsprop_centered" => with_l2(RmsProp { centered: true, ..RmsProp::new(0.1) }),
        "rmsprop_momentum" => of(RmsProp { momentum: 0.9, epsilon: 0.01, ..RmsProp::new(0.02) }),
        "radam_l2" => with_l2(RAdam::new(0.1)),
        "radam_decoupled" => of(RAdam { beta2: 0.5, ..RAdam::new(0.1) }).decoupled_decay(0.2).unwrap(),
        "nadam_l2" => with_l2(NAdam::new(0.1)),
        "nadam_decoupled" => of(NAdam::new(0.1)).decoupled_decay(0.2).unwrap(),
        "nadam_decoupled_rates" => return (of(NAdam::new(0.1)).decoupled_decay(0.2).unwrap(), rates),
        "adamax_l2" => with_l2(AdaMax { beta1: 0.8, beta2: 0.9, epsilon: 0.01, ..AdaMax::new(0.1) }),
        "adagrad_l2" => with_l2(AdaGrad { rate_decay: 0.2, ..AdaGrad::new(0.1) }),
        "adadelta_l2" => {
            climbing(AdaDelta { rho: 0.8, ..AdaDelta::new() }).transform(Transform::L2Decay(0.2)).unwrap()
        }
        "radam" => of(RAdam::new(0.1)),
        "radam_short" => of(RAdam { beta2: 0.5, ..RAdam::new(0.1) }),
        "nadam" => of(NAdam::new(0.1)),
        "nadam_decay" => of(NAdam { beta1: 0.8, beta2: 0.9, momentum_decay: 0.5, ..NAdam::new(0.1) }),
        "adamax" => of(AdaMax::new(0.1)),
        "adagrad" => of(AdaGrad::new(0.1)),
        "adagrad_start" => of(AdaGrad { rate_decay: 0.1, start: 0.5, epsilon: 0.01, ..AdaGrad::new(0.1) }),
        "adadelta" => of(AdaDelta::new()),
        "adadelta_rate" => of(AdaDelta { rate: 0.5, rho: 0.7, epsilon: 1e-3 }),
        "lamb" => of(Lamb { decay: 0.0, ..Lamb::new(0.1) }),
        "lamb_decay" => of(Lamb { decay: 0.3, ..Lamb::new(0.1) }),
        "lion" => of(Lion::new(0.1)),
        "lion_decay" => of(Lion { decay: 0.2, ..Lion::new(0.1) }),
        "adabelief" => of(AdaBelief::new(0.1)),
        "oadam" => of(OAdam::new(0.1)),
        "amsgrad" => of(AmsGrad::new(0.1)),
        "lookahead_adam" => of(adam).lookahead(3, 0.5).unwrap(),
        "adamw_uncoupled" => of(AdamW { decay: 0.05, coupled: false, ..AdamW::new(0.1) }),
        "l1_decay" => of(sgd).transform(Transform::L1Decay(0.2)).unwrap(),
        "clip_value" => of(sgd).transform(Transform::ClipValue(0.4)).unwrap(),
        "clip_norm" => of(sgd).transform(Transform::ClipNorm { max: 0.7, p: 2.0 }).unwrap(),
        "clip_global_norm" => of(sgd).transform(Transform::ClipGlobalNorm { max: 0.7, p: 2.0 }).unwrap(),
        other => panic!("no optimiser for the case {other}: write one"),
    };
    (optimiser, None)
}

/// Ten steps of every rule on every device, in f64 against f64 and in f32 against f32: a rule that divides by
/// what was rounded before goes its own way in each, and a step at f32 is known to some ulps of the rate.
/// Divisions and roots of a shader are within some ulps more.
#[test]
fn rules_agree_with_pytorch_and_numpy() {
    for subject in devices().unwrap() {
        let narrow = if subject.arithmetic.shader { 1e-5 } else { 2e-6 };
        for (dtype, key, tolerance) in [(DType::F64, "f64", 1e-11), (DType::F32, "f32", narrow)] {
            if !subject.has(dtype) {
                continue;
            }
            for (name, case) in &cases() {
                let (optimiser, rates) = optimiser(name);
                let got = steps(optimiser, dtype, &subject.device, rates).unwrap();
                let want = doubles(&case[key]).unwrap();
                assert_eq!(*want.shape(), [10, 3], "{name}");
                for (i, (got, want)) in got.iter().flatten().zip(want.to_vec::<f64>().unwrap()).enumerate() {
                    let near = (got - want).abs() <= tolerance * want.abs().max(1.0);
                    let at = format!("{name}, {dtype} on {}, step {}", subject.device.name(), i / 3 + 1);
                    assert!(near, "{at}, element {}: {got} is not {want}", i % 3);
                }
            }
        }
    }
}

/// The source is the list, so that a new rule without a case fails here.
#[test]
fn every_rule_has_a_case() {
    let source = include_str!("../src/rules/mod.rs");
    let exported = source.split("\npub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let names = exported.flat_map(|names| names.split(|c: char| !c.is_alphanumeric()));
    let names = names.filter(|name| name.starts_with(char::is_uppercase)).map(str::to_lowercase);
    let names: BTreeSet<String> = names.collect();
    let covered: BTreeSet<String> = cases().keys().map(|name| optimiser(name).0.rule().to_owned()).collect();
    assert_eq!(names, covered, "rules, and rules with cases: write one in golden/rules.py");
}

/// The halves round each stored number to 11 and 8 bits. A gradient that stays zero moves nothing, though ε
/// is zero there.
#[test]
fn rules_work_in_halves() {
    let cpu = tensorkeep_cpu::device();
    for name in cases().keys() {
        for (dtype, tolerance) in [(DType::F16, 0.02), (DType::BF16, 0.15)] {
            let (optimised, rates) = optimiser(name);
            let got = steps(optimised, dtype, &cpu, rates).unwrap();
            let (optimised, rates) = optimiser(name);
            let want = steps(optimised, DType::F64, &cpu, rates).unwrap();
            for (t, (got, want)) in got.iter().flatten().zip(want.iter().flatten()).enumerate() {
                assert!(
                    (got - want).abs() <= tolerance,
                    "{name}, {dtype}, step {}: {got}, {want}",
                    t / 3 + 1
                );
            }
            let (mut optimised, _) = optimiser(name);
            let (mut p, zero) =
                (tensor([0.0; 3], dtype, &cpu).unwrap(), tensor([0.0; 3], dtype, &cpu).unwrap());
            for _ in 0..3 {
                optimised.update(&mut p, &zero).unwrap();
            }
            // The moments of this rule do not start at zero.
            let reach = if name == "amsgrad" { 1e-3 } else { 0.0 };
            let p = p.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
            assert!(p.iter().all(|p| p.abs() <= reach), "{name}, {dtype}: {p:?}");
        }
    }
}

/// Hyper-parameters that make no rule: each option of each rule in turn is set to what it cannot be.
#[test]
fn bad_hyper_parameters_are_refused() {
    let rules: [Box<dyn Fn() -> Optimiser>; 15] = [
        Box::new(|| of(Sgd { momentum: 0.5, ..Sgd::new(0.1) })),
        Box::new(|| of(RmsProp::new(0.1))),
        Box::new(|| of(Rprop::new(0.1))),
        Box::new(|| of(Adam::new(0.1))),
        Box::new(|| of(AdamW::new(0.1))),
        Box::new(|| of(RAdam::new(0.1))),
        Box::new(|| of(NAdam::new(0.1))),
        Box::new(|| of(AdaMax::new(0.1))),
        Box::new(|| of(AdaGrad::new(0.1))),
        Box::new(|| of(AdaDelta::new())),
        Box::new(|| of(AmsGrad::new(0.1))),
        Box::new(|| of(AdaBelief::new(0.1))),
        Box::new(|| of(OAdam::new(0.1))),
        Box::new(|| of(Lion::new(0.1))),
        Box::new(|| of(Lamb::new(0.1))),
    ];
    for rule in &rules {
        let mut optimiser = rule();
        let before = optimiser.constants();
        let flags = ["nesterov", "rate_in_velocity", "centered", "amsgrad", "coupled", "flux"];
        let names: Vec<String> = before.iter().map(|(name, _)| name.clone()).collect();
        for name in names.iter().map(String::as_str).chain(["rate"]) {
            for bad in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let error = optimiser.set(name, bad).unwrap_err();
                let label = format!("{} {name} {bad}: {error}", optimiser.rule());
                assert_eq!(error.kind(), ErrorKind::Value, "{label}");
                assert!(error.message().contains(": use "), "{label}");
                assert!(error.location().file().ends_with("rules.rs"), "{label}");
                let fixed = error.message().starts_with("there is no option");
                assert_eq!(fixed, flags.contains(&name), "{label}");
            }
            if name.starts_with("beta") || ["momentum", "alpha", "rho", "shrink"].contains(&name) {
                assert!(optimiser.set(name, 1.0).is_err(), "{} {name}", optimiser.rule());
            }
        }
        assert_eq!(optimiser.constants(), before, "what was refused has changed nothing");
        assert!(optimiser.set_rate(f64::NAN).is_err() && optimiser.rate() > 0.0);
    }
    let constructed = [
        ("learning rate", Optimiser::new(Sgd::new(-0.1)).err()),
        (
            "beta1",
            Optimiser::new(AdamW { adam: Adam { beta1: 1.0, ..Adam::new(0.1) }, ..AdamW::new(0.1) }).err(),
        ),
        ("weight decay", Optimiser::new(Lamb { decay: f64::NAN, ..Lamb::new(0.1) }).err()),
        ("nesterov", Optimiser::new(Sgd { nesterov: true, ..Sgd::new(0.1) }).err()),
        (
            "nesterov",
            Optimiser::new(Sgd { nesterov: true, momentum: 0.5, dampening: 0.5, ..Sgd::new(0.1) }).err(),
        ),
        ("min_step", Optimiser::new(Rprop { min_step: 60.0, ..Rprop::new(0.1) }).err()),
        ("threshold", Optimiser::new(RAdam { threshold: 3.0, ..RAdam::new(0.1) }).err()),
    ];
    for (word, error) in constructed {
        let error = error.unwrap();
        assert!(error.message().starts_with(word), "{word}: {error}");
        assert!(error.location().file().ends_with("rules.rs"), "{error}");
    }
}

/// A value that is set takes effect at the next step, and state that the rule lacks cannot come later.
#[test]
fn options_change_between_steps() {
    let cpu = tensorkeep_cpu::device();
    let ones = tensor([1.0; 3], DType::F64, &cpu).unwrap();
    let mut p = tensor([0.0; 3], DType::F64, &cpu).unwrap();
    let mut optimiser = of(Sgd { momentum: 0.5, ..Sgd::new(1.0) });
    optimiser.update(&mut p, &ones).unwrap();
    optimiser.set("momentum", 0.25).unwrap();
    optimiser.set("rate", 2.0).unwrap();
    optimiser.update(&mut p, &ones).unwrap();
    // −1, then −2 (1 + 0.25).
    assert_eq!(p.to_vec::<f64>().unwrap(), [-3.5; 3]);
    let error = optimiser.set("momentum", 0.0).unwrap_err();
    assert!(error.message().contains("set it before the first step"), "{error}");
    optimiser.update(&mut p, &ones).unwrap();
    assert_eq!(p.to_vec::<f64>().unwrap(), [-3.5 - 2.0 * (1.0 + 0.25 * 1.25); 3]);
}

/// AdamW's own decay and that around Adam are one, bit for bit, among all else that goes around a rule.
#[test]
fn decoupled_decay_is_that_of_adamw() {
    let (adam, coupled) = (Adam::new(0.1), AdamW { decay: 0.3, ..AdamW::new(0.1) });
    let cpu = tensorkeep_cpu::device();
    let around = |optimiser: Optimiser| {
        let clipped = optimiser.transform(Transform::ClipGlobalNorm { max: 1.0, p: 2.0 });
        clipped.and_then(|it| it.lookahead(2, 0.5)?.average(0.9)?.accumulate(2)?.master_weights()).unwrap()
    };
    for dtype in [DType::F64, DType::F32, DType::F16] {
        let trace = |mut optimiser: Optimiser| -> Vec<Vec<f64>> {
            let mut p = tensor(START, dtype, &cpu).unwrap();
            let step = |t| {
                optimiser.set_rate(0.1 / f64::from(t)).unwrap();
                optimiser.update(&mut p, &tensor(gradient(t), dtype, &cpu).unwrap()).unwrap();
                p.to_dtype(DType::F64).unwrap().to_vec().unwrap()
            };
            (1..=10).map(step).collect()
        };
        let want = trace(around(of(coupled)));
        assert_eq!(trace(around(of(adam).decoupled_decay(0.3).unwrap())), want, "{dtype}");
        assert_ne!(trace(around(of(adam))), want, "{dtype}");
    }
    // What a rule measures is what has shrunk.
    let lamb = of(Lamb { decay: 0.0, ..Lamb::new(0.5) }).decoupled_decay(0.5);
    let mut lamb = lamb.unwrap().transform(Transform::ClipNorm { max: 1.0, p: 2.0 }).unwrap();
    let mut p = tensor([4.0, 0.0, 0.0], DType::F64, &cpu).unwrap();
    lamb.update(&mut p, &tensor([2.0, 0.0, 0.0], DType::F64, &cpu).unwrap()).unwrap();
    // 4 shrinks to 3, and goes half of its own length.
    assert!((p.to_vec::<f64>().unwrap()[0] - 1.5).abs() < 1e-5, "{p}");
}

/// After thousands of steps the momentum of NAdam, a product of as many factors, is still right and cheap.
#[test]
fn nadam_makes_many_steps() {
    let rule = NAdam { beta2: 0.5, ..NAdam::new(0.1) };
    let late: Vec<f64> = rule.params(u64::MAX).iter().map(|x| x.as_f64()).collect();
    let later: Vec<f64> = rule.params(1_000_000).iter().map(|x| x.as_f64()).collect();
    for (a, b) in late.iter().zip(&later) {
        assert!((a - b).abs() < 1e-15, "{late:?} {later:?}");
    }
    // (1 − β₁) η and β₁ η: no bias is left.
    assert!((late[0] - 0.01).abs() < 1e-15 && (late[1] - 0.09).abs() < 1e-15, "{late:?}");
}
