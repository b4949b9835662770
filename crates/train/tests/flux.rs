//! What the suites of Optimisers.jl, ParameterSchedulers.jl and Flux say of optimisers, schedules and training.
//!
//! Where Flux's defaults or rules are not the field's, the row asks for Flux's. Schedules count from 1 there and from 0 here.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::Layer;
use tensorkeep_nn::layers::Dense;
use tensorkeep_tensor::{DType, Result, Rng, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::{array, doubles};
use tensorkeep_train::schedules::{
    Constant, CosineAnnealing, Cyclic, Envelope, Exponential, Inverse, MultiStep, OneCycle, PerEpoch,
    Polynomial, Reverse, Schedule, Sequence, Shift, Step, Symmetric, Truncate, Wave,
};
use tensorkeep_train::{
    AdaBelief, AdaDelta, AdaGrad, AdaMax, Adam, AdamW, AmsGrad, Lion, NAdam, OAdam, Optimiser, RAdam,
    RmsProp, Rprop, Sgd, Transform,
};

/// The first of these options that the case has, or Flux's default.
fn option(case: &Case, names: &[&str], default: f64) -> f64 {
    names.iter().find_map(|name| case.param(name).as_f64()).unwrap_or(default)
}

fn rate(case: &Case, default: f64) -> f64 {
    option(case, &["lr", "eta"], default)
}

/// The rule of this name with the case's hyper-parameters.
fn rule(name: &str, case: &Case) -> Option<Result<Optimiser>> {
    let beta = |i: usize, default: f64| case.param("beta")[i].as_f64().unwrap_or(default);
    let (beta1, beta2) = (beta(0, 0.9), beta(1, 0.999));
    let (epsilon, rho) = (option(case, &["eps", "epsilon"], 1e-8), option(case, &["rho"], 0.9));
    let rate = |default: f64| rate(case, default);
    let adam = Adam { rate: rate(0.001), beta1, beta2, epsilon, amsgrad: false };
    // What follows the rule's name says how: `rmsprop_centered`, `adamw_uncoupled`.
    let (name, how) = name.split_once('_').unwrap_or((name, ""));
    Some(match name {
        "descent" => Optimiser::new(Sgd::new(rate(0.1))),
        "momentum" | "nesterov" => {
            let default = if name == "nesterov" { 0.001 } else { 0.01 };
            Optimiser::new(Sgd {
                momentum: rho,
                nesterov: name == "nesterov",
                rate_in_velocity: true,
                ..Sgd::new(rate(default))
            })
        }
        "rmsprop" => {
            let centered = case.param("centered").as_bool().unwrap_or(how.starts_with("cent"));
            let rate = rate(0.001);
            Optimiser::new(RmsProp { alpha: rho, epsilon, centered, ..RmsProp::new(rate) })
        }
        "rprop" => Optimiser::new(Rprop::new(rate(0.001))),
        "adam" => Optimiser::new(adam),
        "adamw" => {
            let apart = ["uncoupled", "decoupled"].contains(&how) || how.ends_with("false");
            let coupled = case.param("couple").as_bool().unwrap_or(!apart);
            let decay = option(case, &["weight_decay", "lambda", "decay"], 0.0);
            Optimiser::new(AdamW { adam, decay, coupled })
        }
        "radam" => Optimiser::new(RAdam { beta1, beta2, epsilon, threshold: 4.0, ..RAdam::new(rate(0.001)) }),
        "nadam" => Optimiser::new(NAdam { beta1, beta2, epsilon, flux: true, ..NAdam::new(rate(0.001)) }),
        "adamax" => Optimiser::new(AdaMax { beta1, beta2, epsilon, flux: true, ..AdaMax::new(rate(0.001)) }),
        "oadam" => Optimiser::new(OAdam {
            beta1: beta(0, 0.5),
            beta2: beta(1, 0.9),
            epsilon,
            ..OAdam::new(rate(0.001))
        }),
        "adagrad" => Optimiser::new(AdaGrad { start: epsilon, epsilon, ..AdaGrad::new(rate(0.1)) }),
        "adadelta" => Optimiser::new(AdaDelta { rate: 1.0, rho, epsilon }),
        "amsgrad" => Optimiser::new(AmsGrad { beta1, beta2, epsilon, ..AmsGrad::new(rate(0.001)) }),
        "adabelief" => {
            let epsilon = option(case, &["eps", "epsilon"], 1e-16);
            Optimiser::new(AdaBelief { beta1, beta2, epsilon, ..AdaBelief::new(rate(0.001)) })
        }
        "lion" => Optimiser::new(Lion { beta1, beta2, flux: true, ..Lion::new(rate(0.001)) }),
        _ => return None,
    })
}

/// A chain as the words of its name have it: `chain_clip1_descent`, `chain_decay_then_clip`. Without a rule at its end it subtracts.
fn chain(words: &str, case: &Case) -> Option<Result<Optimiser>> {
    let (mut transforms, mut end) = (Vec::new(), 1.0);
    for word in words.split('_') {
        let (name, number) = word.split_at(word.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        let number = number.parse().ok();
        match name {
            "optim" | "chain" | "then" | "grad" | "weight" | "nested" | "identity" | "id" | "empty" => {}
            "descent" => end = rate(case, 0.1),
            "clip" if !case.param("omega").is_null() => {
                let inf = case.param("p") == "inf" || words.ends_with("inf");
                let p = option(case, &["p"], if inf { f64::INFINITY } else { 2.0 });
                transforms.push(Transform::ClipNorm { max: option(case, &["omega"], 10.0), p });
            }
            "clip" => {
                transforms.push(Transform::ClipValue(number.unwrap_or(option(case, &["clip", "delta"], 2.0))))
            }
            "decay" | "wd" => transforms.push(Transform::L2Decay(option(case, &["decay", "lambda"], 0.1))),
            "sign" | "l1" => transforms.push(Transform::L1Decay(option(case, &["decay", "lambda"], 1e-3))),
            // Told by `omega` and `p`, and by what is expected.
            "norm" | "nan" | "inf" | "" => {}
            _ => return None,
        }
    }
    // A decay that is no product of the rate: `sign_decay` is one word there.
    let sign = transforms.iter().any(|transform| matches!(transform, Transform::L1Decay(_)));
    transforms.retain(|transform| !sign || !matches!(transform, Transform::L2Decay(_)));
    let start = Optimiser::new(Sgd::new(end));
    Some(transforms.into_iter().fold(start, |optimiser, transform| optimiser?.transform(transform)))
}

/// The parameter after a step for each gradient of the case. Without a parameter of its own, how far zero has gone down.
fn trajectory(case: &Case, optimiser: Result<Optimiser>) -> Result<Vec<Tensor>> {
    let dtype = match case.param("dtype").as_str() {
        Some("f16") => DType::F16,
        Some("f32") => DType::F32,
        _ => DType::F64,
    };
    let device = tensorkeep_cpu::device();
    let mut grads = Vec::new();
    for grad in case.input("grads").as_array().unwrap() {
        grads.push(array(grad, dtype, &device)?);
    }
    let own = !case.input("x").is_null();
    let mut x = if own { array(case.input("x"), dtype, &device)? } else { grads[0].zeros_like()? };
    let (mut optimiser, mut steps) = (optimiser?, Vec::new());
    for grad in &grads {
        optimiser.update(&mut x, grad)?;
        steps.push(if own { x.clone() } else { x.neg()? });
    }
    Ok(steps)
}

fn follow(case: &Case, optimiser: Result<Optimiser>) -> Outcome {
    if case.expected() == "error" {
        return match trajectory(case, optimiser) {
            Ok(steps) => Err(format!("gave {steps:?}, where an error is due").into()),
            Err(_) => Ok(()),
        };
    }
    let steps = trajectory(case, optimiser)?;
    let each = case.expected()[0].is_array();
    for (i, step) in steps.iter().enumerate() {
        if each {
            case.same(step, &case.expected()[i])?;
        } else if i + 1 == steps.len() {
            case.same(step, case.expected())?;
        }
    }
    Ok(())
}

/// The state after one step from the case's parameter, or from zeros.
fn state(case: &Case, mut optimiser: Optimiser, want: &Value) -> Outcome {
    let grad = doubles(&case.input("grads")[0])?;
    let mut x = grad.zeros_like()?;
    optimiser.update(&mut x, &grad)?;
    let (_, slots) = optimiser.state().next().unwrap();
    // The velocity of Flux has the sign of the step.
    case.same(&slots[0], want)
}

/// The first parameter gets the gradient 33 and then none to speak of, the second 0 and then 444.
fn accumulation(case: &Case) -> Outcome {
    let device = tensorkeep_cpu::device();
    let given = |name: &str| array(case.input(name), DType::F32, &device);
    let number = |x: f32| Tensor::new([x], &device);
    let mut model = (given("x")?, given("y")?);
    let mut optimiser = Optimiser::new(Sgd::new(0.1))?.accumulate(2)?.transform(Transform::L2Decay(0.01))?;
    optimiser.update(&mut model, &(number(33.0)?, number(0.0)?))?;
    let after = &case.expected()["after_1"];
    case.same(&model.0, &after["x"])?;
    case.same(&model.1, &after["y"])?;
    optimiser.update(&mut model, &(number(0.0)?, number(444.0)?))?;
    let after = &case.expected()["after_2"];
    case.same(&model.0, &after["x"])?;
    case.same(&model.1, &after["y"])
}

/// One tensor in two places, whose gradients autodiff has summed.
fn tied(case: &Case) -> Outcome {
    let x = doubles(case.input("x"))?;
    let weights = (doubles(&case.input("grads")[0])?, doubles(&case.input("grads")[1])?);
    let mut model = (x.clone(), x);
    let loss = |m: &(Tensor, Tensor)| m.0.mul(&weights.0)?.add(&m.1.mul(&weights.1)?)?.sum_all();
    let (_, grads) = value_and_grad(loss, &model)?;
    Optimiser::new(Sgd { momentum: 0.9, rate_in_velocity: true, ..Sgd::new(rate(case, 0.1)) })?
        .update(&mut model, &grads)?;
    case.expect(&model.0)?;
    case.expect(&model.1)
}

#[test]
fn optimisers() {
    every_case("optim", |case| {
        let id = case.id();
        if let Some(optimiser) = id.strip_prefix("optim_rule_").and_then(|name| rule(name, case)) {
            return follow(case, optimiser);
        }
        match id {
            "accum_grad" => accumulation(case),
            "tied_parameters" => tied(case),
            "adam_first_moment_in_chain" => {
                let clip = Transform::ClipValue(option(case, &["clip"], 2.0));
                state(case, rule("adam", case).unwrap()?.transform(clip)?, case.expected())
            }
            "momentum_state" => state(case, rule("momentum", case).unwrap()?, &case.expected()["velocity"]),
            // `momentum_f16`, `adamw_one_step`.
            _ => match rule(id, case).or_else(|| chain(id, case)) {
                Some(optimiser) => follow(case, optimiser),
                None => case.unknown(),
            },
        }
    });
}

/// The numbers at the case's `t`, which count from 1.
fn values(case: &Case, schedule: &dyn Schedule) -> Outcome {
    let mut got = Vec::new();
    for t in case.input("t").as_array().unwrap() {
        got.push(schedule.at(t.as_u64().unwrap() - 1)?);
    }
    let count = got.len();
    case.expect(&Tensor::from_vec(got, [count], &tensorkeep_cpu::device())?)
}

fn whole(case: &Case, names: &[&str]) -> u64 {
    names.iter().find_map(|name| case.param(name).as_u64()).unwrap()
}

/// Flux takes the ends of a cycle in any order.
fn ends(case: &Case) -> (f64, f64) {
    let (a, b) = (option(case, &["l0"], f64::NAN), option(case, &["l1"], f64::NAN));
    (a.min(b), a.max(b))
}

fn cyclic(case: &Case, wave: Wave, envelope: Envelope) -> Outcome {
    let (low, high) = ends(case);
    values(case, &Cyclic { wave, envelope, ..Cyclic::new(low, high, whole(case, &["period"])) })
}

fn cosine(case: &Case, restart: bool) -> Outcome {
    let (low, high) = ends(case);
    let restart = case.param("restart").as_bool().unwrap_or(restart);
    values(case, &CosineAnnealing { high, low, period: whole(case, &["period"]), restart })
}

/// Flux lists the steps between milestones.
fn step_list(case: &Case, start: f64, decay: f64) -> Outcome {
    let names = ["step_sizes", "steps", "step"];
    let sizes = names.iter().find_map(|name| case.param(name).as_array()).unwrap();
    let sum = |sum: &mut u64, size: &Value| {
        *sum += size.as_u64().unwrap();
        Some(*sum)
    };
    values(case, &MultiStep { start, decay, milestones: sizes.iter().scan(0, sum).collect() })
}

fn one_cycle(case: &Case) -> Outcome {
    let peak = option(case, &["max", "maxval", "max_val", "max_value"], f64::NAN);
    let schedule = OneCycle {
        start: option(case, &["startval", "start"], peak / 25.0),
        end: option(case, &["endval", "end"], peak / 1e5),
        warm_up: option(case, &["percent_start"], 0.25),
        flux: true,
        ..OneCycle::new(peak, whole(case, &["nsteps", "n", "steps"]))
    };
    values(case, &schedule)
}

#[test]
fn schedules() {
    every_case("schedule", |case| {
        let start = option(case, &["start", "value", "v"], f64::NAN);
        let decay = option(case, &["decay"], f64::NAN);
        let shrinking = Envelope::Exponential(decay);
        match case.id() {
            "sched_step" => values(case, &Step { start, decay, every: whole(case, &["step", "step_size"]) }),
            id if id.starts_with("sched_step_") => step_list(case, start, decay),
            "sched_exp" => values(case, &Exponential { start, decay }),
            "sched_poly" => {
                let (degree, steps) = (option(case, &["degree"], f64::NAN), whole(case, &["max_iter"]));
                values(case, &Polynomial { start, degree, steps })
            }
            "sched_inv" => {
                let degree = option(case, &["degree"], f64::NAN);
                values(case, &Inverse { start, decay, degree })
            }
            "sched_constant" => values(case, &Constant(start)),
            "sched_triangle" => cyclic(case, Wave::Triangle, Envelope::Flat),
            "sched_triangle_decay2" => cyclic(case, Wave::Triangle, Envelope::Halving),
            "sched_triangle_exp" => cyclic(case, Wave::Triangle, shrinking),
            "sched_sin" => cyclic(case, Wave::Sine, Envelope::Flat),
            "sched_sin_decay2" => cyclic(case, Wave::Sine, Envelope::Halving),
            "sched_sin_exp" => cyclic(case, Wave::Sine, shrinking),
            "sched_cos_anneal" | "sched_cos_anneal_restart" => cosine(case, case.id().ends_with("restart")),
            id if id.starts_with("sched_one") => one_cycle(case),
            // 1, 2 and 3 for 10, 10 and 30 epochs.
            "sched_interpolator" => {
                let schedule =
                    Sequence::new().then(10, Constant(1.0)).then(10, Constant(2.0)).then(30, Constant(3.0));
                values(case, &PerEpoch { schedule, steps_per_epoch: whole(case, &["rate"]) })
            }
            // 1 for one step, then halves of 0.1 every 10.
            "sched_sequence" => {
                let step = Step { start: 0.1, decay: 0.5, every: 10 };
                values(case, &Sequence::new().then(1, Constant(1.0)).then(50, step))
            }
            _ => case.unknown(),
        }
    });
}

/// Flux's formulae for what its suite has no numbers of, `t` from 1.
#[test]
fn compositions_are_those_of_flux() {
    let f = Exponential { start: 1.0, decay: 0.5 };
    let flux = |t: u64| f.at(t - 1).unwrap();
    for t in 1..9 {
        // `Shifted(f, offset)(t) = f(t − 1 + offset)`.
        assert_eq!(Shift { schedule: f, by: 3 - 1 }.at(t - 1).unwrap(), flux(t - 1 + 3));
        // `reverse(f, period)(t) = f(period − t)`, and `symmetric` is that after the middle.
        assert_eq!(Reverse { schedule: f, period: 10 - 1 }.at(t - 1).unwrap(), flux(10 - t));
        let want = if t < 10 / 2 { flux(t) } else { flux(10 - t) };
        assert_eq!(Symmetric { schedule: f, period: 10 - 1 }.at(t - 1).unwrap(), want);
        // `Shortened(f, n)` ends after n.
        assert_eq!(Truncate { schedule: f, steps: 5 }.at(t - 1).ok(), (t <= 5).then(|| flux(t)));
    }
}

/// `train!` is a loop over batches here; its momentum has the rate in it.
#[test]
fn training() {
    every_case("training", |case| match case.id() {
        "train_momentum_leakyrelu" => {
            let device = tensorkeep_cpu::device();
            let mut model = Dense::new(2, 1, &mut Rng::new(0, &device))?;
            model.weight = Tensor::ones([1, 2], DType::F32, &device)?;
            let x = array(case.input("x"), DType::F32, &device)?.reshape([1, 2])?;
            let y = case.input("y").as_f64().unwrap();
            let rule = Sgd {
                momentum: option(case, &["rho"], 0.9),
                rate_in_velocity: true,
                ..Sgd::new(rate(case, 0.01))
            };
            let mut optimiser = Optimiser::new(rule)?;
            for _ in 0..2 {
                let loss = |model: &Dense| {
                    let out = model.forward(&x)?.map(|x| x.ge(0.0).select(x, 0.01 * x))?;
                    out.sub(y)?.abs()?.mul(100.0)?.sum_all()
                };
                let (_, grads) = value_and_grad(loss, &model)?;
                optimiser.update(&mut model, &grads)?;
            }
            let want = case.expected();
            case.same(&model.bias.as_ref().unwrap().reshape([])?, &want["bias"])?;
            for (path, slots) in optimiser.state() {
                match path.as_str() {
                    "bias" => case.same(&slots[0].reshape([])?, &want["velocity_bias"])?,
                    _ => case.same(&slots[0].reshape([2])?, &want["velocity_weight"])?,
                }
            }
            Ok(())
        }
        _ => case.unknown(),
    });
}
