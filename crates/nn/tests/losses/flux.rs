//! The cases of Flux's own suite.
//!
//! Conventions: classes are on the last axis already. A target that is one number is broadcast here, since a shape that does not
//! fit is an error. `ε` is the unit of `f64`, unless the case names one.

use tensorkeep_nn::losses::{
    BinaryFocal, Contrastive, CrossEntropy, Dice, Focal, Huber, KlDivergence, Msle, PoissonNll, Scores,
    Tversky, binary_cross_entropy, binary_cross_entropy_with_logits, binary_label_smoothing, hinge,
    label_smoothing, mae, mse, squared_hinge,
};
use tensorkeep_tensor::{Result, Tensor};
use tensorkeep_testkit::flux::{Case, Outcome, every_case};
use tensorkeep_testkit::golden::doubles;

fn number(case: &Case, name: &str, default: f64) -> f64 {
    case.param(name).as_f64().unwrap_or(default)
}

/// What the start of the case's name says.
fn loss(case: &Case, y: &Tensor, t: &Tensor) -> Option<Result<Tensor>> {
    let id = case.id();
    let is = |prefix: &str| id == prefix || id.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('_'));
    let epsilon = case.param("eps").as_f64().unwrap_or(f64::EPSILON);
    let scores = Scores::Probabilities { epsilon };
    let axis = case.param("dim").as_i64().unwrap_or(-1) as isize;
    let gamma = number(case, "gamma", 2.0);
    Some(if is("mae") {
        mae(y, t)
    } else if is("mse") {
        mse(y, t)
    } else if is("msle") {
        // Flux's logarithms are of the numbers themselves, up to ε.
        Msle { offset: epsilon, ..Default::default() }.loss(y, t)
    } else if is("huber") {
        Huber { delta: number(case, "delta", 1.0), ..Default::default() }.loss(y, t)
    } else if is("crossentropy") {
        CrossEntropy { scores, axis, ..Default::default() }.loss(y, t)
    } else if is("logit_crossentropy") || is("logitcrossentropy") {
        CrossEntropy { axis, ..Default::default() }.loss(y, t)
    } else if is("binary_crossentropy") || is("binarycrossentropy") {
        binary_cross_entropy(y, t)
    } else if is("logit_binary_crossentropy") || is("logitbinarycrossentropy") {
        binary_cross_entropy_with_logits(y, t)
    } else if is("kl_divergence") {
        KlDivergence { scores, axis, ..Default::default() }.loss(y, t)
    } else if is("poisson") {
        // Flux's predictions are rates, and nothing is added to them.
        PoissonNll { log_input: false, epsilon: 0.0, ..Default::default() }.loss(y, t)
    } else if is("hinge") {
        hinge(y, t)
    } else if is("squared_hinge") {
        squared_hinge(y, t)
    } else if is("dice") {
        Dice { smooth: number(case, "smooth", 1.0) }.loss(y, t)
    } else if is("tversky") {
        // Flux's β weighs false positives.
        let beta = number(case, "beta", 0.7);
        Tversky { alpha: beta, beta: 1.0 - beta, smooth: 1.0 }.loss(y, t)
    } else if is("binary_focal") {
        BinaryFocal { gamma, logits: false, ..Default::default() }.loss(y, t)
    } else if is("focal") {
        Focal { gamma, scores, axis, ..Default::default() }.loss(y, t)
    } else if is("siamese") {
        Contrastive { margin: number(case, "margin", 1.0), ..Default::default() }.loss(y, t)
    } else {
        return None;
    })
}

/// Pairs of numbers through `x log y`; of `x log x`, pairs of equals.
fn entropies(case: &Case) -> Outcome {
    let x = doubles(case.input("xlogx"))?;
    case.same(&x.xlogy(&x)?, &case.expected()["xlogx"])?;
    let pairs = doubles(case.input("xlogy"))?;
    case.same(&pairs.at(1, 0)?.xlogy(&pairs.at(1, 1)?)?, &case.expected()["xlogy"])
}

#[test]
fn losses_are_fluxs() {
    every_case("loss", |case| {
        if case.id().starts_with("xlog") {
            return entropies(case);
        }
        let mut t = doubles(case.input("target"))?;
        if case.id().starts_with("label_smoothing") {
            let alpha = number(case, "alpha", 0.0);
            return case.expect(&match case.id().contains("binary") || *case.param("dims") == 0 {
                true => binary_label_smoothing(&t, alpha)?,
                false => label_smoothing(&t, alpha)?,
            });
        }
        let y = doubles(case.input("pred"))?;
        if t.rank() == 0 {
            t = t.broadcast_to(*y.shape())?;
        }
        if let Some(alpha) = case.param("label_smoothing").as_f64() {
            t = label_smoothing(&t, alpha)?;
        }
        match loss(case, &y, &t) {
            Some(loss) => case.expect(&loss?),
            None => case.unknown(),
        }
    });
}
