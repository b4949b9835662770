//! Groups of parameters, what is frozen, and what a step reports.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_nn::State;
use tensorkeep_tensor::{ErrorKind, Tensor};
use tensorkeep_train::{Adam, AdamW, Group, Optimiser, Outcome, Rule, Sgd, Skipped, Transform};

fn number(x: f64) -> Tensor {
    Tensor::new([x], &tensorkeep_cpu::device()).unwrap()
}

/// `0.0`, `0.1` and `1`.
type Model = ((Tensor, Tensor), Tensor);

fn model(x: f64) -> Model {
    ((number(x), number(x)), number(x))
}

fn values(model: &Model) -> [f64; 3] {
    [&model.0.0, &model.0.1, &model.1].map(|x| x.to_vec::<f64>().unwrap()[0])
}

fn of(rule: impl Rule + 'static, groups: Vec<Group>) -> Optimiser {
    let start = Optimiser::new(rule).unwrap();
    groups.into_iter().fold(start, |optimiser, group| optimiser.group(group).unwrap())
}

/// How far each parameter goes down from 2 with a gradient of 1.
#[test]
fn groups_have_rates_and_decays_of_their_own() {
    let (sgd, decay) = (Sgd::new(1.0), Sgd { decay: 0.5, ..Sgd::new(1.0) });
    let l2 = || Optimiser::new(sgd).unwrap().transform(Transform::L2Decay(0.5)).unwrap();
    let adam = || Optimiser::new(Adam::new(1.0)).unwrap().transform(Transform::L2Decay(0.5)).unwrap();
    // Adam's first step is the rate, whatever the gradient.
    let decoupled = Optimiser::new(Adam::new(1.0))
        .and_then(|adam| adam.decoupled_decay(0.25)?.group(Group::new("0.0").decay(0.0)))
        .and_then(|adam| adam.group(Group::new("0.1").rate(0.5)))
        .unwrap();
    let rows = vec![
        ("decoupled decay", decoupled, [1.0, 0.75, 1.5]),
        ("none", of(sgd, vec![]), [1.0, 1.0, 1.0]),
        ("scaled", of(sgd, vec![Group::new("0.**").rate_scale(0.5)]), [0.5, 0.5, 1.0]),
        ("own rate", of(sgd, vec![Group::new("0.1").rate(0.25)]), [1.0, 0.25, 1.0]),
        ("own rate, by name", of(sgd, vec![Group::new("0.1").set("rate", 0.25)]), [1.0, 0.25, 1.0]),
        ("no decay", of(decay, vec![Group::new("1").decay(0.0)]), [2.0, 2.0, 1.0]),
        ("own decay", of(decay, vec![Group::new("**.1").decay(1.0).rate_scale(0.5)]), [2.0, 1.5, 1.5]),
        ("an option", of(sgd, vec![Group::new("1").set("decay", 0.5)]), [1.0, 1.0, 2.0]),
        (
            "the last decides",
            of(
                sgd,
                vec![
                    Group::new("**").rate(0.1),
                    Group::new("0.**").rate_scale(0.5),
                    Group::new("0.0").rate(0.0),
                ],
            ),
            [0.0, 0.5, 0.1],
        ),
        ("the rule's own decay goes first", l2().group(Group::new("1").decay(1.0)).unwrap(), [2.0, 2.0, 4.0]),
        ("decay by a transform", adam().group(Group::new("1").rate(0.0)).unwrap(), [1.0, 1.0, 0.0]),
    ];
    for (name, mut optimiser, want) in rows {
        let mut p = model(2.0);
        optimiser.update(&mut p, &model(1.0)).unwrap();
        let got = values(&p).map(|x| 2.0 - x);
        assert!(
            got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-7),
            "{name}: {got:?} is not {want:?}"
        );
    }
}

/// A rule without decay takes a group's from the transform: seen by the sign of Adam's first step.
#[test]
fn a_group_changes_the_decay_of_a_transform() {
    let adam = Optimiser::new(Adam::new(1.0)).unwrap().transform(Transform::L2Decay(0.5)).unwrap();
    let mut optimiser = adam.group(Group::new("1").decay(0.0)).unwrap();
    let mut p = model(2.0);
    // −0.5 + 0.5 · 2 is positive, −0.5 is not.
    optimiser.update(&mut p, &model(-0.5)).unwrap();
    let got = values(&p);
    assert!((got[0] - 1.0).abs() < 1e-6 && (got[2] - 3.0).abs() < 1e-6, "{got:?}");
}

#[test]
fn rates_change_for_groups_too() {
    let mut optimiser =
        of(Sgd::new(1.0), vec![Group::new("0.0").rate_scale(0.5), Group::new("0.1").rate(0.1)]);
    let mut p = model(0.0);
    optimiser.set_rate(2.0).unwrap();
    optimiser.update(&mut p, &model(1.0)).unwrap();
    assert_eq!(values(&p), [-1.0, -0.1, -2.0]);
    optimiser.set_group_rate("0.1", 0.2).unwrap();
    optimiser.set_group_rate("0.0", 0.3).unwrap();
    optimiser.set("rate", 4.0).unwrap();
    optimiser.update(&mut p, &model(1.0)).unwrap();
    let want = [-1.3, -0.1 - 0.2, -6.0];
    assert!(values(&p).iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-12), "{:?}", values(&p));
    for (pattern, rate) in [("0.2", 0.1), ("0.1", f64::NAN), ("0.1", -1.0)] {
        assert_eq!(
            optimiser.set_group_rate(pattern, rate).unwrap_err().kind(),
            ErrorKind::Value,
            "{pattern} {rate}"
        );
    }
}

#[test]
fn frozen_parameters_stay_and_thaw() {
    let mut optimiser = Optimiser::new(Sgd { momentum: 0.5, ..Sgd::new(1.0) }).unwrap();
    let mut p = model(0.0);
    let mut step = |optimiser: &mut Optimiser| {
        let report = optimiser.update(&mut p, &model(1.0)).unwrap();
        let skipped: Vec<_> = report.skipped.iter().map(|(path, why)| (path.to_string(), *why)).collect();
        assert_eq!(report.moved + skipped.len(), 3);
        (values(&p), skipped)
    };
    let frozen = |path: &str| (path.to_owned(), Skipped::Frozen);
    assert_eq!(step(&mut optimiser), ([-1.0; 3], vec![]));
    optimiser.freeze("0.**").unwrap();
    assert_eq!(step(&mut optimiser), ([-1.0, -1.0, -2.5], vec![frozen("0.0"), frozen("0.1")]));
    optimiser.thaw("0.1").unwrap();
    assert_eq!(step(&mut optimiser), ([-1.0, -2.5, -4.25], vec![frozen("0.0")]));
    optimiser.freeze("**").unwrap();
    assert_eq!(step(&mut optimiser).0, [-1.0, -2.5, -4.25]);
    // Its velocity was kept: 0.5 · 1 + 1.
    optimiser.thaw("**").unwrap();
    assert_eq!(step(&mut optimiser).0[0], -2.5);
}

/// Each parameter counts its own steps, so that what thaws late is corrected for its start as if it were new.
#[test]
fn thawed_parameters_start_anew() {
    let mut optimiser = Optimiser::new(Adam::new(0.1)).unwrap();
    optimiser.freeze("1").unwrap();
    let mut p = model(0.0);
    for _ in 0..50 {
        optimiser.update(&mut p, &model(1.0)).unwrap();
    }
    optimiser.thaw("1").unwrap();
    optimiser.update(&mut p, &model(1.0)).unwrap();
    assert!((p.1.to_vec::<f64>().unwrap()[0] + 0.1).abs() < 1e-8, "{:?}", values(&p));
    assert_eq!(optimiser.standing().ages, [51, 51, 1]);
}

#[test]
fn reports_say_what_was_skipped() {
    type Mixed = (Vec<Tensor>, State);
    let index = Tensor::new([1i32], &tensorkeep_cpu::device()).unwrap();
    let empty = Tensor::from_vec(Vec::<f64>::new(), [0], &tensorkeep_cpu::device()).unwrap();
    let tied = number(1.0);
    let mut model: Mixed =
        (vec![tied.clone(), index.clone(), tied, number(1.0), number(1.0)], State::new(number(1.0)));
    let grads: Mixed = (vec![number(1.0), index, number(1.0), empty, number(1.0)], State::new(number(1.0)));
    let mut optimiser = Optimiser::new(Sgd::new(1.0)).unwrap();
    optimiser.freeze("*.4").unwrap();
    let report = optimiser.update(&mut model, &grads).unwrap();
    let skipped: Vec<_> = report.skipped.iter().map(|(path, why)| (path.as_str(), *why)).collect();
    let want = [("0.1", Skipped::NotFloat), ("0.3", Skipped::NoGradient), ("0.4", Skipped::Frozen)];
    assert_eq!((report.moved, report.outcome, skipped), (1, Outcome::Stepped, want.to_vec()));
    assert_eq!(model.0[2].to_vec::<f64>().unwrap(), [0.0], "the tied one went along");
}

/// A pattern with a slip of the pen is an error, whatever it was for, and nothing moves.
#[test]
fn patterns_that_cover_nothing_are_refused() {
    let group = || of(Sgd::new(1.0), vec![Group::new("encodr.**").rate(0.1)]);
    let told = |tell: fn(&mut Optimiser)| {
        let mut optimiser = Optimiser::new(Sgd::new(1.0)).unwrap();
        tell(&mut optimiser);
        optimiser
    };
    let rows = [
        ("encodr.**", group()),
        ("0", told(|optimiser| optimiser.freeze("0").unwrap())),
        ("", told(|optimiser| optimiser.freeze("").unwrap())),
        ("2.**", told(|optimiser| optimiser.thaw("2.**").unwrap())),
    ];
    for (pattern, mut optimiser) in rows {
        let mut p = model(1.0);
        let error = optimiser.update(&mut p, &model(1.0)).unwrap_err();
        let want = format!("the pattern {pattern} covers no parameter: the parameters are 0.0, 0.1, 1");
        assert_eq!((error.kind(), error.message()), (ErrorKind::Value, &*want));
        assert!(error.location().file().ends_with("groups.rs"), "{error}");
        assert_eq!((values(&p), optimiser.steps()), ([1.0; 3], 0));
    }
    // In the middle of a run at once, and then it is as if it had not been said.
    let mut optimiser = Optimiser::new(Sgd::new(1.0)).unwrap();
    let mut p = model(1.0);
    optimiser.update(&mut p, &model(1.0)).unwrap();
    for error in [optimiser.freeze("1.*").unwrap_err(), optimiser.thaw("2").unwrap_err()] {
        assert!(error.message().contains("covers no parameter"), "{error}");
        assert!(error.location().file().ends_with("groups.rs"), "{error}");
    }
    optimiser.update(&mut p, &model(1.0)).unwrap();
    assert_eq!((values(&p), optimiser.steps()), ([-1.0; 3], 2));
}

/// What is frozen and thawed in turn leaves one trace.
#[test]
fn freezing_in_turn_does_not_add_up() {
    let mut optimiser = Optimiser::new(Sgd::new(1.0)).unwrap();
    let mut p = model(0.0);
    for _ in 0..10 {
        optimiser.freeze("0.**").unwrap();
        optimiser.update(&mut p, &model(1.0)).unwrap();
        optimiser.thaw("0.**").unwrap();
    }
    assert_eq!(values(&p), [0.0, 0.0, -10.0]);
    assert_eq!(optimiser.constants().iter().filter(|(name, _)| name.contains("freeze")).count(), 1);
}

#[test]
fn impossible_groups_are_refused() {
    let momentum = Sgd { momentum: 0.5, ..Sgd::new(1.0) };
    let rows = [
        ("there is no option beta1", Optimiser::new(momentum), Group::new("**").set("beta1", 0.5)),
        ("there is no option decay", Optimiser::new(Adam::new(0.1)), Group::new("**").decay(0.5)),
        ("weight decay -1", Optimiser::new(AdamW::new(0.1)), Group::new("**").decay(-1.0)),
        (
            "weight decay NaN",
            Optimiser::new(Adam::new(0.1)).unwrap().decoupled_decay(0.1),
            Group::new("**").decay(f64::NAN),
        ),
        ("learning rate NaN", Optimiser::new(momentum), Group::new("**").rate(f64::NAN)),
        ("rate_scale -1", Optimiser::new(momentum), Group::new("**").rate_scale(-1.0)),
        ("the group **", Optimiser::new(momentum), Group::new("**").set("momentum", 0.0)),
        ("momentum 1", Optimiser::new(momentum), Group::new("**").set("momentum", 1.0)),
    ];
    for (words, optimiser, group) in rows {
        let error = optimiser.unwrap().group(group).unwrap_err();
        assert!(error.kind() == ErrorKind::Value && error.message().starts_with(words), "{words}: {error}");
    }
}
