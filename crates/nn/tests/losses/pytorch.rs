//! Every loss against PyTorch: `golden/losses.json`, written by `golden/losses.py`.

use serde_json::Value;
use tensorkeep_autodiff::Options;
use tensorkeep_nn::losses::{
    BinaryCrossEntropy, BinaryCrossEntropyWithLogits, BinaryFocal, Contrastive, CosineEmbedding,
    CrossEntropy, Ctc, Dice, Focal, GaussianNll, Hinge, HingeEmbedding, Huber, KlDivergence, Mae,
    MarginRanking, Mse, Msle, MultiMargin, MultilabelMargin, MultilabelSoftMargin, PoissonNll, Reduction,
    Scores, SmoothL1, SoftMargin, SquaredHinge, TooLong, TripletMargin, Tversky,
};
use tensorkeep_tensor::{DType, Result, Tensor};
use tensorkeep_testkit::golden::array;

use crate::cpu;

/// One case, with its inputs in one float dtype.
struct Case<'a> {
    value: &'a Value,
    dtype: DType,
}

impl Case<'_> {
    fn name(&self) -> &str {
        self.value["name"].as_str().unwrap()
    }

    fn option(&self, name: &str) -> &Value {
        &self.value["options"][name]
    }

    fn number(&self, name: &str) -> f64 {
        self.option(name).as_f64().unwrap()
    }

    fn flag(&self, name: &str) -> bool {
        self.option(name).as_bool().unwrap_or(false)
    }

    fn sizes(&self, name: &str) -> Vec<usize> {
        self.option(name).as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect()
    }

    fn input(&self, name: &str) -> Option<Tensor> {
        let value = self.value["inputs"].get(name)?;
        let dtype = if name == "labels" { DType::I64 } else { self.dtype };
        Some(array(value, dtype, &cpu()).unwrap())
    }

    /// The names of the inputs that have gradients.
    fn variables(&self) -> Vec<&str> {
        self.value["gradients"].as_object().unwrap().keys().map(String::as_str).collect()
    }

    /// The loss, some inputs being as given and not as the case has them.
    fn loss(&self, reduction: Reduction, given: &[(&str, &Tensor)]) -> Result<Tensor> {
        let input = |name: &str| match given.iter().find(|(each, _)| *each == name) {
            Some((_, x)) => (*x).clone(),
            None => self.input(name).unwrap(),
        };
        let optional = |name| self.input(name);
        let (y, t, sign) = (|| input("y"), || input("t"), || input("sign"));
        let smoothing = self.option("label_smoothing").as_f64().unwrap_or(0.0);
        match self.name() {
            "mae" => Mae { reduction }.loss(&y(), &t()),
            "mse" => Mse { reduction }.loss(&y(), &t()),
            "huber" => Huber { delta: self.number("delta"), reduction }.loss(&y(), &t()),
            "smooth_l1" => SmoothL1 { beta: self.number("beta"), reduction }.loss(&y(), &t()),
            "msle" => Msle { offset: self.number("offset"), reduction }.loss(&y(), &t()),
            "poisson_nll" => {
                let (log_input, full) = (self.flag("log_input"), self.flag("full"));
                let loss = PoissonNll { log_input, full, epsilon: self.number("epsilon"), reduction };
                loss.loss(&y(), &input("counts"))
            }
            "gaussian_nll" => GaussianNll { full: self.flag("full"), reduction, ..Default::default() }.loss(
                &y(),
                &t(),
                &input("variance"),
            ),
            "hinge" => Hinge { reduction }.loss(&y(), &sign()),
            "squared_hinge" => SquaredHinge { reduction }.loss(&y(), &sign()),
            "soft_margin" => SoftMargin { reduction }.loss(&y(), &sign()),
            "hinge_embedding" => {
                HingeEmbedding { margin: self.number("margin"), reduction }.loss(&y(), &sign())
            }
            "contrastive" => Contrastive { margin: self.number("margin"), reduction }.loss(&y(), &t()),
            "binary_focal" => {
                let (gamma, alpha) = (self.number("gamma"), self.option("alpha").as_f64());
                BinaryFocal { gamma, alpha, logits: self.flag("logits"), reduction }.loss(&y(), &t())
            }
            "binary_cross_entropy" => {
                BinaryCrossEntropy { weight: optional("weight"), label_smoothing: smoothing, reduction }
                    .loss(&y(), &t())
            }
            "binary_cross_entropy_with_logits" => {
                let (weight, pos_weight) = (optional("weight"), optional("pos_weight"));
                let label_smoothing = smoothing;
                BinaryCrossEntropyWithLogits { weight, pos_weight, label_smoothing, reduction }
                    .loss(&y(), &t())
            }
            "cross_entropy" | "nll" | "probabilities" => {
                let scores = match self.name() {
                    "cross_entropy" => Scores::Logits,
                    "nll" => Scores::LogProbabilities,
                    _ => Scores::Probabilities { epsilon: self.number("epsilon") },
                };
                let loss = CrossEntropy {
                    weight: optional("weight"),
                    ignore_index: self.option("ignore_index").as_i64(),
                    label_smoothing: smoothing,
                    reduction,
                    scores,
                    axis: self.option("axis").as_i64().unwrap_or(-1) as isize,
                };
                match self.input("labels") {
                    Some(labels) => loss.loss(&y(), &labels),
                    None => loss.loss(&y(), &t()),
                }
            }
            "kl_divergence" => {
                let scores = if self.flag("log_input") { Scores::LogProbabilities } else { Scores::Logits };
                KlDivergence { scores, log_target: self.flag("log_target"), reduction, ..Default::default() }
                    .loss(&y(), &t())
            }
            "focal" => {
                Focal { gamma: self.number("gamma"), reduction, ..Default::default() }.loss(&y(), &t())
            }
            "dice" => Dice::default().loss(&y(), &t()),
            "tversky" => {
                let [alpha, beta, smooth] = ["alpha", "beta", "smooth"].map(|name| self.number(name));
                Tversky { alpha, beta, smooth }.loss(&y(), &t())
            }
            "triplet_margin" => {
                let (margin, norm) = (self.number("margin"), self.number("norm"));
                TripletMargin { margin, norm, swap: self.flag("swap"), reduction, ..Default::default() }.loss(
                    &input("a"),
                    &input("b"),
                    &input("c"),
                )
            }
            "cosine_embedding" => CosineEmbedding { margin: self.number("margin"), reduction }.loss(
                &input("a"),
                &input("b"),
                &sign(),
            ),
            "margin_ranking" => MarginRanking { margin: self.number("margin"), reduction }.loss(
                &input("a"),
                &input("b"),
                &sign(),
            ),
            "multi_margin" => {
                let (power, margin) = (self.number("power"), self.number("margin"));
                MultiMargin { power, margin, weight: optional("weight"), reduction }
                    .loss(&y(), &input("labels"))
            }
            "multilabel_margin" => MultilabelMargin { reduction }.loss(&y(), &input("labels")),
            "multilabel_soft_margin" => {
                MultilabelSoftMargin { weight: optional("weight"), reduction }.loss(&y(), &t())
            }
            "ctc" => {
                let too_long = if self.flag("zero") { TooLong::Zero } else { TooLong::Infinity };
                let blank = self.option("blank").as_u64().unwrap() as usize;
                let loss = Ctc { blank, too_long, reduction, ..Default::default() };
                loss.loss(&y(), &input("labels"), &self.sizes("lengths"), &self.sizes("label_lengths"))
            }
            other => panic!("no loss is called {other}"),
        }
    }

    /// The gradients of the mean, in the order of the [variables](Self::variables).
    fn gradients(&self) -> Result<Vec<Tensor>> {
        let names = self.variables();
        let inputs: Vec<Tensor> = names.iter().map(|name| self.input(name).unwrap()).collect();
        let loss = |inputs: &Vec<Tensor>| {
            let given: Vec<_> = names.iter().copied().zip(inputs).collect();
            self.loss(Reduction::Mean, &given)
        };
        Ok(Options::new().value_and_grad(loss, &inputs)?.1)
    }

    fn assert_close(&self, what: &str, got: &Tensor, want: &Value) {
        let name = format!("{} {}, {what} in {}", self.name(), self.value["options"], self.dtype);
        let tolerance = if self.dtype == DType::F64 { 1e-12 } else { 2e-5 };
        assert_eq!(got.dtype(), self.dtype, "{name}");
        let want = array(want, DType::F64, &cpu()).unwrap();
        assert_eq!(got.shape(), want.shape(), "{name}");
        let got = got.to_dtype(DType::F64).unwrap().to_vec::<f64>().unwrap();
        for (i, (got, want)) in got.into_iter().zip(want.to_vec::<f64>().unwrap()).enumerate() {
            let close = (got - want).abs() <= tolerance * want.abs().max(1.0) || got == want;
            assert!(close, "{name}, element {i}: {got} is not {want}");
        }
    }
}

#[test]
fn losses_and_gradients_are_pytorchs() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../golden/losses.json")).unwrap();
    assert!(cases.len() > 50, "cases are lost");
    for value in &cases {
        for dtype in [DType::F64, DType::F32] {
            let case = Case { value, dtype };
            let each = case.loss(Reduction::None, &[]).unwrap();
            case.assert_close("each", &each, &value["each"]);
            case.assert_close("mean", &case.loss(Reduction::Mean, &[]).unwrap(), &value["mean"]);
            let sum = case.loss(Reduction::Sum, &[]).unwrap();
            if case.name() != "dice" && case.name() != "tversky" {
                let want = each.to_dtype(DType::F64).unwrap().sum_all().unwrap();
                case.assert_close("sum", &sum, &want.item().unwrap().as_f64().into());
            }
            let gradients = case.gradients().unwrap_or_else(|error| panic!("{}: {error}", case.name()));
            for (name, gradient) in case.variables().into_iter().zip(&gradients) {
                case.assert_close(name, gradient, &value["gradients"][name]);
            }
        }
    }
}
