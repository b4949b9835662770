//! Losses: each number, their mean, their sum, and the gradients of the mean.

use serde_json::Value;
use tensorkeep_nn::losses::{
    BinaryCrossEntropy, BinaryCrossEntropyWithLogits, BinaryFocal, Contrastive, CosineEmbedding,
    CrossEntropy, Ctc, Dice, Focal, GaussianNll, Hinge, HingeEmbedding, Huber, KlDivergence, Mae,
    MarginRanking, Mse, Msle, MultiMargin, MultilabelMargin, MultilabelSoftMargin, PoissonNll, Reduction,
    Scores, SmoothL1, SoftMargin, SquaredHinge, TooLong, TripletMargin, Tversky, binary_label_smoothing,
    label_smoothing,
};
use tensorkeep_tensor::{Result, Tensor};

use crate::group::{Group, WIDE};
use crate::row::{Row, short};

pub(crate) const GROUP: Group = Group { json: include_str!("../golden/losses.json"), tolerances: WIDE, row };

#[test]
fn losses_are_pytorchs() {
    GROUP.check();
}

/// The options of a case, and the names of its tensors.
#[derive(Clone)]
struct Settings(Value);

impl Settings {
    fn number(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap_or_else(|| panic!("no number is called {name}"))
    }

    fn number_if_any(&self, name: &str) -> Option<f64> {
        self.0[name].as_f64()
    }

    fn flag(&self, name: &str) -> bool {
        self.0[name].as_bool().unwrap_or(false)
    }

    fn sizes(&self, name: &str) -> Vec<usize> {
        self.0[name].as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect()
    }

    fn place(&self, kind: &str, name: &str) -> Option<usize> {
        self.0[kind].as_array().into_iter().flatten().position(|each| each == name)
    }
}

/// The tensors of a case by name.
struct Given<'a> {
    settings: &'a Settings,
    inputs: &'a [Tensor],
    constants: &'a [Tensor],
}

impl Given<'_> {
    fn find(&self, name: &str) -> Option<&Tensor> {
        match self.settings.place("inputs", name) {
            Some(i) => self.inputs.get(i),
            None => self.constants.get(self.settings.place("constants", name)?),
        }
    }

    fn get(&self, name: &str) -> &Tensor {
        self.find(name).unwrap_or_else(|| panic!("no tensor is called {name}"))
    }

    fn weight(&self) -> Option<Tensor> {
        self.find("weight").cloned()
    }

    fn smoothing(&self) -> f64 {
        self.settings.number_if_any("label_smoothing").unwrap_or(0.0)
    }
}

/// A loss of pairs, each, in the mean and in the sum.
fn of<L: 'static>(
    settings: &Settings,
    make: impl Fn(Reduction, &Given<'_>) -> L + 'static,
    loss: impl Fn(&L, &Given<'_>) -> Result<Tensor> + 'static,
) -> Row {
    let settings = settings.clone();
    Row::function(short::<L>(), move |inputs, constants| {
        let given = Given { settings: &settings, inputs, constants };
        let reductions = [Reduction::None, Reduction::Mean, Reduction::Sum];
        reductions.into_iter().map(|reduction| loss(&make(reduction, &given), &given)).collect()
    })
}

/// A loss of predictions and targets that has options besides its reduction.
fn of_pairs<L: 'static>(
    settings: &Settings,
    targets: &'static str,
    make: impl Fn(Reduction, &Given<'_>) -> L + 'static,
    loss: fn(&L, &Tensor, &Tensor) -> Result<Tensor>,
) -> Row {
    of(settings, make, move |options, x| loss(options, x.get("y"), x.get(targets)))
}

/// What has no reductions.
fn whole(
    covers: impl Into<String>,
    settings: &Settings,
    f: impl Fn(&Given<'_>) -> Result<Tensor> + 'static,
) -> Row {
    let settings = settings.clone();
    Row::function(covers, move |inputs, constants| {
        Ok(vec![f(&Given { settings: &settings, inputs, constants })?])
    })
}

fn row(name: &str, settings: &Value) -> Result<Row> {
    let s = &Settings(settings.clone());
    Ok(match name {
        "label_smoothing" => whole(name, s, |x| label_smoothing(x.get("t"), x.settings.number("share"))),
        "binary_label_smoothing" => {
            whole(name, s, |x| binary_label_smoothing(x.get("t"), x.settings.number("share")))
        }
        "dice" => whole(short::<Dice>(), s, |x| Dice::default().loss(x.get("y"), x.get("t"))),
        "tversky" => {
            let [alpha, beta, smooth] = ["alpha", "beta", "smooth"].map(|name| s.number(name));
            whole(short::<Tversky>(), s, move |x| {
                Tversky { alpha, beta, smooth }.loss(x.get("y"), x.get("t"))
            })
        }
        "cross_entropy" | "nll" | "probabilities" | "kl_divergence" | "focal" | "ctc" => of_classes(name, s),
        "triplet_margin"
        | "cosine_embedding"
        | "margin_ranking"
        | "multi_margin"
        | "multilabel_margin"
        | "multilabel_soft_margin" => of_rows(name, s),
        _ => of_numbers(name, s),
    })
}

/// Losses of pairs of numbers.
fn of_numbers(name: &str, s: &Settings) -> Row {
    let [full, logits, log_input] = ["full", "logits", "log_input"].map(|name| s.flag(name));
    let number = |name: &str| s.number(name);
    match name {
        "mae" => of_pairs(s, "t", |reduction, _| Mae { reduction }, Mae::loss),
        "mse" => of_pairs(s, "t", |reduction, _| Mse { reduction }, Mse::loss),
        "huber" => {
            let delta = number("delta");
            of_pairs(s, "t", move |reduction, _| Huber { delta, reduction }, Huber::loss)
        }
        "smooth_l1" => {
            let beta = number("beta");
            of_pairs(s, "t", move |reduction, _| SmoothL1 { beta, reduction }, SmoothL1::loss)
        }
        "msle" => {
            let offset = number("offset");
            of_pairs(s, "t", move |reduction, _| Msle { offset, reduction }, Msle::loss)
        }
        "poisson_nll" => {
            let epsilon = number("epsilon");
            let make = move |reduction, _: &Given<'_>| PoissonNll { log_input, full, epsilon, reduction };
            of_pairs(s, "counts", make, PoissonNll::loss)
        }
        "gaussian_nll" => {
            let make = move |reduction, _: &Given<'_>| GaussianNll { full, reduction, ..Default::default() };
            of(s, make, |loss, x| loss.loss(x.get("y"), x.get("t"), x.get("variance")))
        }
        "hinge" => of_pairs(s, "sign", |reduction, _| Hinge { reduction }, Hinge::loss),
        "squared_hinge" => of_pairs(s, "sign", |reduction, _| SquaredHinge { reduction }, SquaredHinge::loss),
        "soft_margin" => of_pairs(s, "sign", |reduction, _| SoftMargin { reduction }, SoftMargin::loss),
        "hinge_embedding" => {
            let margin = number("margin");
            let make = move |reduction, _: &Given<'_>| HingeEmbedding { margin, reduction };
            of_pairs(s, "sign", make, HingeEmbedding::loss)
        }
        "contrastive" => {
            let margin = number("margin");
            of_pairs(s, "t", move |reduction, _| Contrastive { margin, reduction }, Contrastive::loss)
        }
        "binary_focal" => {
            let (gamma, alpha) = (number("gamma"), s.number_if_any("alpha"));
            let make = move |reduction, _: &Given<'_>| BinaryFocal { gamma, alpha, logits, reduction };
            of_pairs(s, "t", make, BinaryFocal::loss)
        }
        "binary_cross_entropy" => {
            let make = |reduction, x: &Given<'_>| BinaryCrossEntropy {
                weight: x.weight(),
                label_smoothing: x.smoothing(),
                reduction,
            };
            of_pairs(s, "t", make, BinaryCrossEntropy::loss)
        }
        "binary_cross_entropy_with_logits" => {
            let make = |reduction, x: &Given<'_>| BinaryCrossEntropyWithLogits {
                weight: x.weight(),
                pos_weight: x.find("pos_weight").cloned(),
                label_smoothing: x.smoothing(),
                reduction,
            };
            of_pairs(s, "t", make, BinaryCrossEntropyWithLogits::loss)
        }
        _ => panic!("no row for {name}"),
    }
}

/// Losses of scores of classes.
fn of_classes(name: &str, s: &Settings) -> Row {
    match name {
        "cross_entropy" | "nll" | "probabilities" => {
            let scores = match name {
                "cross_entropy" => Scores::Logits,
                "nll" => Scores::LogProbabilities,
                _ => Scores::Probabilities { epsilon: s.number("epsilon") },
            };
            let ignore_index = s.0["ignore_index"].as_i64();
            let axis = s.0["axis"].as_i64().unwrap_or(-1) as isize;
            let make = move |reduction, x: &Given<'_>| CrossEntropy {
                weight: x.weight(),
                ignore_index,
                label_smoothing: x.smoothing(),
                reduction,
                scores,
                axis,
            };
            of(s, make, |loss, x| loss.loss(x.get("y"), x.find("labels").unwrap_or_else(|| x.get("t"))))
        }
        "kl_divergence" => {
            let scores = if s.flag("log_input") { Scores::LogProbabilities } else { Scores::Logits };
            let log_target = s.flag("log_target");
            let make = move |reduction, _: &Given<'_>| KlDivergence {
                scores,
                log_target,
                reduction,
                ..Default::default()
            };
            of_pairs(s, "t", make, KlDivergence::loss)
        }
        "focal" => {
            let gamma = s.number("gamma");
            let make = move |reduction, _: &Given<'_>| Focal { gamma, reduction, ..Default::default() };
            of_pairs(s, "t", make, Focal::loss)
        }
        "ctc" => {
            let too_long = if s.flag("zero") { TooLong::Zero } else { TooLong::Infinity };
            let blank = s.0["blank"].as_u64().unwrap() as usize;
            let make =
                move |reduction, _: &Given<'_>| Ctc { blank, too_long, reduction, ..Default::default() };
            let (frames, labels) = (s.sizes("lengths"), s.sizes("label_lengths"));
            of(s, make, move |loss, x| loss.loss(x.get("y"), x.get("labels"), &frames, &labels))
        }
        _ => panic!("no row for {name}"),
    }
}

/// Losses of rows against rows, and of many labels.
fn of_rows(name: &str, s: &Settings) -> Row {
    match name {
        "triplet_margin" => {
            let (margin, norm, swap) = (s.number("margin"), s.number("norm"), s.flag("swap"));
            let make = move |reduction, _: &Given<'_>| TripletMargin {
                margin,
                norm,
                swap,
                reduction,
                ..Default::default()
            };
            of(s, make, |loss, x| loss.loss(x.get("a"), x.get("b"), x.get("c")))
        }
        "cosine_embedding" => {
            let margin = s.number("margin");
            let make = move |reduction, _: &Given<'_>| CosineEmbedding { margin, reduction };
            of(s, make, |loss, x| loss.loss(x.get("a"), x.get("b"), x.get("sign")))
        }
        "margin_ranking" => {
            let margin = s.number("margin");
            let make = move |reduction, _: &Given<'_>| MarginRanking { margin, reduction };
            of(s, make, |loss, x| loss.loss(x.get("a"), x.get("b"), x.get("sign")))
        }
        "multi_margin" => {
            let (power, margin) = (s.number("power"), s.number("margin"));
            let make =
                move |reduction, x: &Given<'_>| MultiMargin { power, margin, weight: x.weight(), reduction };
            of_pairs(s, "labels", make, MultiMargin::loss)
        }
        "multilabel_margin" => {
            let make = |reduction, _: &Given<'_>| MultilabelMargin { reduction };
            of_pairs(s, "labels", make, MultilabelMargin::loss)
        }
        "multilabel_soft_margin" => {
            let make = |reduction, x: &Given<'_>| MultilabelSoftMargin { weight: x.weight(), reduction };
            of_pairs(s, "t", make, MultilabelSoftMargin::loss)
        }
        _ => panic!("no row for {name}"),
    }
}
