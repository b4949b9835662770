//! Schedules step by step: against PyTorch (`golden/schedules.py`), at their ends, and what they refuse.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::any::type_name;
use std::collections::BTreeSet;

use serde_json::Value;
use tensorkeep_tensor::{Error, ErrorKind, Result};
use tensorkeep_train::Goal;
use tensorkeep_train::schedules::{
    Constant, CosineAnnealing, CosineWarmRestarts, Curve, Cyclic, Envelope, Exponential, Inverse, Linear,
    Loop, MultiStep, OneCycle, PerEpoch, Polynomial, ReduceOnPlateau, Reverse, Schedule, Sequence, Shift,
    Step, Symmetric, Threshold, Truncate, WarmUp, Wave,
};

const CYCLE: Cyclic = Cyclic::new(0.1, 1.0, 8);
const COSINE: CosineAnnealing = CosineAnnealing { high: 1.0, low: 0.1, period: 8, restart: false };
const HALVES: Exponential = Exponential { start: 1.0, decay: 0.5 };

fn golden() -> Value {
    serde_json::from_str(include_str!("golden/schedules.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// A case, the type of a schedule, and the schedule.
type Case = (&'static str, &'static str, Box<dyn Schedule>);

fn case<S: Schedule + 'static>(name: &'static str, schedule: S) -> Case {
    let path = type_name::<S>().split('<').next().unwrap_or_default();
    (name, path.rsplit("::").next().unwrap_or_default(), Box::new(schedule))
}

fn cases() -> Vec<Case> {
    let half = OneCycle { start: 0.05, end: 0.0005, warm_up: 0.5, ..OneCycle::new(0.5, 10) };
    let warm = CosineAnnealing { low: 0.0, ..COSINE };
    let lopsided = Cyclic { rise: 3.0 / 8.0, ..CYCLE };
    let cycle = OneCycle::new(1.0, 20);
    vec![
        case("step", Step { start: 1.0, decay: 0.5, every: 3 }),
        case("multi_step", MultiStep { start: 1.0, decay: 0.1, milestones: vec![2, 5, 9] }),
        case("exponential", Exponential { start: 1.0, decay: 0.9 }),
        case("polynomial", Polynomial { start: 1.0, degree: 2.0, steps: 8 }),
        case("inverse", Inverse { start: 0.8, decay: 0.3, degree: 0.5 }),
        case("constant", Constant(0.3)),
        case("linear", Linear { start: 0.25, end: 1.0, steps: 6 }),
        case("cosine", COSINE),
        case("cosine_restarts", CosineWarmRestarts { high: 1.0, low: 0.1, period: 3, growth: 2 }),
        case("triangular", CYCLE),
        case("triangular2", Cyclic { envelope: Envelope::Halving, ..CYCLE }),
        case("exp_range", Cyclic { envelope: Envelope::Exponential(0.9), ..CYCLE }),
        case("sine", Cyclic { wave: Wave::Sine, ..CYCLE }),
        case("lopsided", lopsided),
        case("lopsided2", Cyclic { envelope: Envelope::Halving, ..lopsided }),
        case("lopsided_exp", Cyclic { envelope: Envelope::Exponential(0.9), ..lopsided }),
        case("late_peak", Cyclic { rise: 6.0 / 7.0, ..Cyclic::new(0.1, 1.0, 7) }),
        case("one_cycle", cycle),
        case("one_cycle_linear", OneCycle { curve: Curve::Line, ..cycle }),
        case("one_cycle_three", OneCycle { three_phase: true, ..cycle }),
        case(
            "one_cycle_three_linear",
            OneCycle { curve: Curve::Line, three_phase: true, warm_up: 0.4, ..OneCycle::new(1.0, 30) },
        ),
        case("one_cycle_short", half),
        case("warm_up_cosine", WarmUp { start: 0.1, steps: 4, then: warm }),
        case("sequence", Sequence::new().then(3, HALVES).then(1, Exponential { decay: 0.9, ..HALVES })),
        case("loop", Loop { schedule: CosineAnnealing { period: 4, ..COSINE }, period: 4 }),
        case("shift", Shift { schedule: HALVES, by: 2 }),
        case("truncate", Truncate { schedule: HALVES, steps: 4 }),
        case("per_epoch", PerEpoch { schedule: HALVES, steps_per_epoch: 3 }),
        case("reverse", Reverse { schedule: HALVES, period: 6 }),
        case("symmetric", Symmetric { schedule: HALVES, period: 6 }),
        case("symmetric_odd", Symmetric { schedule: HALVES, period: 5 }),
    ]
}

/// A rate is an f64, whatever the dtype of the parameters.
#[test]
fn schedules_agree_with_pytorch() {
    let golden = golden();
    let plateaus = 5;
    assert_eq!(cases().len() + plateaus, golden.as_object().unwrap().len());
    for (name, _, schedule) in cases() {
        for (step, want) in numbers(&golden[name]).into_iter().enumerate() {
            let got = (*schedule).at(step as u64).unwrap();
            assert!((got - want).abs() < 1e-12, "{name}, step {step}: {got} is not {want}");
        }
    }
}

/// The source is the list, so that a new schedule without a case fails here.
#[test]
fn every_schedule_has_a_case() {
    let source = include_str!("../src/schedules/mod.rs");
    let exported = source.split("pub use ").skip(1).filter_map(|rest| rest.split(';').next());
    let names = exported.flat_map(|names| names.split(|c: char| !c.is_alphanumeric()));
    let mut names: BTreeSet<&str> = names.filter(|name| name.starts_with(char::is_uppercase)).collect();
    // Options and states of schedules, and what follows a loss: `plateaus_agree_with_pytorch`.
    for other in ["Curve", "Envelope", "Wave", "Threshold", "PlateauState", "ReduceOnPlateau"] {
        assert!(names.remove(other), "{other} is gone: take it from the list");
    }
    let covered: BTreeSet<&str> = cases().iter().map(|(_, schedule, _)| *schedule).collect();
    assert_eq!(names, covered, "schedules, and schedules with cases: write one in golden/schedules.py");
}

#[test]
fn plateaus_agree_with_pytorch() {
    let golden = golden();
    let losses = numbers(&golden["losses"]);
    let new = ReduceOnPlateau::new(1.0);
    let absolute = Threshold::Absolute(0.2);
    let rows = [
        ("plateau", ReduceOnPlateau { factor: 0.5, patience: 2, ..new }),
        ("plateau_cooldown", ReduceOnPlateau { patience: 1, cooldown: 3, low: 0.005, ..new }),
        ("plateau_absolute", ReduceOnPlateau { factor: 0.5, patience: 1, threshold: absolute, ..new }),
        (
            "plateau_max",
            ReduceOnPlateau { factor: 0.5, patience: 2, threshold: absolute, goal: Goal::Largest, ..new },
        ),
    ];
    for (name, mut plateau) in rows {
        let start = plateau;
        for (i, (loss, want)) in losses.iter().zip(numbers(&golden[name])).enumerate() {
            let loss = if plateau.goal == Goal::Largest { -loss } else { *loss };
            let got = plateau.observe(loss).unwrap();
            assert!((got - want).abs() < 1e-15, "{name}, loss {i}: {got} is not {want}");
            // One that goes on from what was saved is the same.
            let mut again = start;
            again.restore(&plateau.words()).unwrap();
            assert_eq!(again, plateau, "{name}, loss {i}");
        }
    }
}

#[test]
fn a_plateau_of_nan_is_a_failure() {
    let mut plateau = ReduceOnPlateau { patience: 1, ..ReduceOnPlateau::new(1.0) };
    let rates: Vec<f64> =
        [f64::NAN, f64::NAN, 1.0, f64::NAN, f64::NAN].map(|loss| plateau.observe(loss).unwrap()).to_vec();
    assert_eq!(rates, [1.0, 0.1, 0.1, 0.1, 0.1 * 0.1]);
    let wrong: [&[u64]; 4] = [&[], &[0; 5], &[f64::NAN.to_bits(), 0, 0, 0], &[0, 0, 9, 0]];
    for words in wrong {
        let before = plateau;
        assert_eq!(plateau.restore(words).unwrap_err().kind(), ErrorKind::Value, "{words:?}");
        assert_eq!(plateau, before);
    }
}

/// A name, a schedule, and what it is at some steps.
type Row = (&'static str, Box<dyn Schedule>, Vec<(u64, f64)>);

/// What each schedule is at some steps, first and last ones above all.
#[test]
fn compositions_and_ends() {
    let sequence = Sequence::new().then(2, HALVES).then(3, Constant(7.0)).then(1, HALVES);
    let rows: Vec<Row> = vec![
        ("sequence", Box::new(sequence), vec![(1, 0.5), (2, 7.0), (4, 7.0), (5, 1.0), (6, 0.5), (7, 0.25)]),
        ("loop", Box::new(Loop { schedule: HALVES, period: 3 }), vec![(2, 0.25), (3, 1.0), (u64::MAX, 1.0)]),
        ("shift", Box::new(Shift { schedule: HALVES, by: 2 }), vec![(0, 0.25), (1, 0.125)]),
        ("truncate", Box::new(Truncate { schedule: HALVES, steps: 2 }), vec![(1, 0.5)]),
        ("epochs", Box::new(PerEpoch { schedule: HALVES, steps_per_epoch: 5 }), vec![(4, 1.0), (5, 0.5)]),
        ("reverse", Box::new(Reverse { schedule: HALVES, period: 3 }), vec![(0, 0.25), (2, 1.0)]),
        (
            "symmetric",
            Box::new(Symmetric { schedule: HALVES, period: 4 }),
            vec![(0, 1.0), (1, 0.5), (2, 0.5), (3, 1.0)],
        ),
        (
            "composed",
            Box::new(|step: u64| Linear { start: HALVES.at(step)?, end: 0.0, steps: 4 }.at(step)),
            vec![(0, 1.0), (2, 0.25 * 0.5)],
        ),
        ("no warm-up", Box::new(WarmUp { start: 0.0, steps: 0, then: HALVES }), vec![(0, 1.0), (1, 0.5)]),
        ("inverse", Box::new(Inverse { start: 8.0, decay: 1.0, degree: 3.0 }), vec![(0, 8.0), (1, 1.0)]),
        ("polynomial", Box::new(Polynomial { start: 1.0, degree: 0.0, steps: 4 }), vec![(3, 1.0), (4, 0.0)]),
        ("exponential", Box::new(HALVES), vec![(u64::MAX, 0.0)]),
        ("cosine", Box::new(COSINE), vec![(u64::MAX - 15, 1.0)]),
        (
            "restarts of one length",
            Box::new(CosineWarmRestarts { high: 1.0, low: 0.0, period: 4, growth: 1 }),
            vec![(2, 0.5), (4, 1.0), (u64::MAX - 3, 1.0)],
        ),
        (
            "restarts for ever",
            Box::new(CosineWarmRestarts { high: 1.0, low: 0.0, period: 1, growth: 9 }),
            vec![(1, 1.0), (10, 1.0)],
        ),
        ("one cycle of two", Box::new(OneCycle { warm_up: 0.5, ..OneCycle::new(1.0, 2) }), vec![(0, 1.0)]),
        ("one cycle of one", Box::new(OneCycle::new(1.0, 1)), vec![(0, 4e-6)]),
        (
            "flux",
            Box::new(OneCycle { flux: true, warm_up: 0.25, ..OneCycle::new(1.0, 10) }),
            vec![(0, 0.04), (3, 1.0)],
        ),
        (
            "three phases of two steps",
            Box::new(OneCycle { three_phase: true, warm_up: 0.5, ..OneCycle::new(1.0, 2) }),
            vec![(0, 1.0), (1, 4e-6)],
        ),
        (
            "three phases without a third",
            Box::new(OneCycle { three_phase: true, warm_up: 0.5, ..OneCycle::new(1.0, 8) }),
            vec![(0, 0.04), (3, 1.0), (6, 0.04), (7, 4e-6)],
        ),
        (
            "a saw",
            Box::new(Cyclic { rise: 1.0, ..Cyclic::new(0.0, 1.0, 4) }),
            vec![(0, 0.0), (3, 0.75), (4, 0.0)],
        ),
        (
            "a late arc",
            Box::new(Cyclic { rise: 0.75, wave: Wave::Sine, ..Cyclic::new(0.0, 1.0, 8) }),
            vec![(3, 0.5f64.sqrt()), (6, 1.0), (7, 0.5f64.sqrt())],
        ),
        ("empty range", Box::new(Cyclic { low: 1.0, wave: Wave::Sine, ..CYCLE }), vec![(4, 1.0)]),
    ];
    for (name, schedule, values) in rows {
        for (step, want) in values {
            let got = (*schedule).at(step).unwrap();
            assert!((got - want).abs() < 1e-12, "{name}, step {step}: {got} is not {want}");
        }
    }
}

#[test]
fn impossible_schedules_are_refused() {
    let cycle = OneCycle::new(1.0, 10);
    let restarts = CosineWarmRestarts { high: 1.0, low: 0.1, period: 3, growth: 2 };
    let plateau = |change: fn(&mut ReduceOnPlateau)| {
        let mut plateau = ReduceOnPlateau::new(0.1);
        change(&mut plateau);
        plateau.observe(1.0)
    };
    let failing = |_: u64| -> Result<f64> { Err(Error::value("mine", "no")) };
    let rows: Vec<(&str, Result<f64>)> = vec![
        ("constant NaN", Constant(f64::NAN).at(0)),
        ("constant -1", Constant(-1.0).at(0)),
        ("a step size of 0", Step { start: 1.0, decay: 0.5, every: 0 }.at(0)),
        ("start", Step { start: f64::INFINITY, decay: 0.5, every: 1 }.at(0)),
        ("decay factor", Exponential { decay: -0.5, ..HALVES }.at(0)),
        ("the milestones [2, 1]", MultiStep { start: 1.0, decay: 0.5, milestones: vec![2, 1] }.at(0)),
        ("a decay of 0", Polynomial { start: 1.0, degree: 1.0, steps: 0 }.at(0)),
        ("degree", Polynomial { start: 1.0, degree: f64::NAN, steps: 1 }.at(0)),
        ("decay rate", Inverse { start: 1.0, decay: -1.0, degree: 1.0 }.at(0)),
        ("a line of 0", Linear { start: 1.0, end: 1.0, steps: 0 }.at(0)),
        ("a period of 0", Cyclic { period: 0, ..CYCLE }.at(0)),
        ("low 2 is above high 1", Cyclic { low: 2.0, ..CYCLE }.at(0)),
        ("a share of 0 goes up", Cyclic { rise: 0.0, ..CYCLE }.at(0)),
        ("a share of 1.5 goes up", Cyclic { rise: 1.5, ..CYCLE }.at(0)),
        ("a share of NaN goes up", Cyclic { rise: f64::NAN, ..CYCLE }.at(0)),
        ("envelope", Cyclic { envelope: Envelope::Exponential(f64::NAN), ..CYCLE }.at(0)),
        ("a period of 0", CosineAnnealing { period: 0, ..COSINE }.at(0)),
        ("high", CosineAnnealing { high: f64::NAN, ..COSINE }.at(0)),
        ("a period of 0", CosineWarmRestarts { period: 0, ..restarts }.at(0)),
        ("periods that grow by 0", CosineWarmRestarts { growth: 0, ..restarts }.at(0)),
        ("a cycle of 0", OneCycle { steps: 0, ..cycle }.at(0)),
        ("step 10 of a schedule of 10", cycle.at(10)),
        ("a share of 1", OneCycle { warm_up: 1.0, ..cycle }.at(0)),
        ("a share of NaN", OneCycle { warm_up: f64::NAN, ..cycle }.at(0)),
        ("a share of 0.6 goes up and", OneCycle { warm_up: 0.6, three_phase: true, ..cycle }.at(0)),
        ("start 2", OneCycle { start: 2.0, ..cycle }.at(0)),
        ("a sequence of no schedules", Sequence::new().at(0)),
        ("a part of 0", Sequence::new().then(0, HALVES).at(0)),
        ("a period of 0", Loop { schedule: HALVES, period: 0 }.at(0)),
        ("step 18446744073709551615 and 1 overflow", Shift { schedule: HALVES, by: 1 }.at(u64::MAX)),
        ("step 2 of a schedule of 2", Truncate { schedule: HALVES, steps: 2 }.at(2)),
        ("an epoch of 0", PerEpoch { schedule: HALVES, steps_per_epoch: 0 }.at(0)),
        ("step 0 of a schedule of 0", Reverse { schedule: HALVES, period: 0 }.at(0)),
        ("step 3 of a schedule of 3", Symmetric { schedule: HALVES, period: 3 }.at(3)),
        ("start", WarmUp { start: -1.0, steps: 2, then: HALVES }.at(0)),
        ("no", WarmUp { start: 1.0, steps: 2, then: failing }.at(0)),
        ("factor", plateau(|plateau| plateau.factor = 1.0)),
        ("factor", plateau(|plateau| plateau.factor = f64::NAN)),
        ("low", plateau(|plateau| plateau.low = -1.0)),
        ("threshold", plateau(|plateau| plateau.threshold = Threshold::Absolute(f64::NAN))),
        ("learning rate", ReduceOnPlateau::new(-1.0).observe(1.0)),
    ];
    for (i, (words, result)) in rows.into_iter().enumerate() {
        let error = result.err().unwrap_or_else(|| panic!("row {i} ({words}) was accepted"));
        assert_eq!(error.kind(), ErrorKind::Value, "row {i}: {error}");
        assert!(error.message().starts_with(words), "row {i}: {words}: {error}");
    }
}
