//! What each optimiser rule does to numbers, step by step, against PyTorch.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_tensor::{DType, ErrorKind, Result, Tensor};
use tensorkeep_train::{Adam, AdamW, Optimiser, Rule, Sgd};

const START: [f64; 3] = [1.0, -2.0, 0.5];

/// The gradient of step `t`, from 1; it depends on nothing, so that an error in one step cannot heal in the next.
fn gradient(t: u32) -> [f64; 3] {
    let t = f64::from(t);
    [0.5 * t - 1.0, 0.25, 0.25 * t * t - 1.5]
}

/// The parameter after each of four steps, with the learning rate of each step if they are given.
fn steps(rule: impl Rule + 'static, dtype: DType, rates: Option<[f64; 4]>) -> Result<[Vec<f64>; 4]> {
    let tensor = |values: [f64; 3]| Tensor::new(values, &tensorkeep_cpu::device())?.to_dtype(dtype);
    let mut p = tensor(START)?;
    let mut optimiser = Optimiser::new(rule)?;
    let mut trace = [const { Vec::new() }; 4];
    for (i, values) in trace.iter_mut().enumerate() {
        if let Some(rates) = rates {
            optimiser.set_rate(rates[i])?;
            assert_eq!(optimiser.rate(), rates[i]);
        }
        optimiser.update(&mut p, &tensor(gradient(i as u32 + 1))?)?;
        assert_eq!(optimiser.steps(), i as u64 + 1);
        *values = p.to_dtype(DType::F64)?.to_vec()?;
    }
    Ok(trace)
}

#[track_caller]
fn check(name: &str, rule: impl Rule + Copy + 'static, rates: Option<[f64; 4]>, want: [[f64; 3]; 4]) {
    // The halves round each stored number to 11 and 8 bits, eight times here.
    for (dtype, tolerance) in
        [(DType::F64, 1e-9), (DType::F32, 1e-6), (DType::F16, 4e-3), (DType::BF16, 3e-2)]
    {
        let got = steps(rule, dtype, rates).unwrap();
        for (t, (got, want)) in got.iter().zip(&want).enumerate() {
            for (got, want) in got.iter().zip(want) {
                assert!(
                    (got - want).abs() <= tolerance,
                    "{name}, {dtype}, step {}: {got} is not {want}",
                    t + 1
                );
            }
        }
    }
}

/// PyTorch 2.15.0, f64, rounded to ten digits:
///
/// ```python
/// p = torch.tensor([1, -2, .5], dtype=torch.float64, requires_grad=True); o = OPTIMISER
/// for t in range(1, 5):
///     p.grad = torch.tensor([.5*t - 1, .25, .25*t*t - 1.5], dtype=torch.float64); o.step(); print(p)
/// ```
#[test]
fn rules_agree_with_pytorch() {
    let sgd = Sgd::new(0.1);
    // torch.optim.SGD([p], lr=.1)
    check(
        "sgd",
        sgd,
        None,
        [[1.05, -2.025, 0.625], [1.05, -2.05, 0.675], [1.0, -2.075, 0.6], [0.9, -2.1, 0.35]],
    );
    // SGD([p], lr=.1, weight_decay=.2)
    check(
        "sgd, decay",
        Sgd { decay: 0.2, ..sgd },
        None,
        [
            [1.03, -1.985, 0.615],
            [1.0094, -1.9703, 0.6527],
            [0.939212, -1.955894, 0.564646],
            [0.82042776, -1.94177612, 0.30335308],
        ],
    );
    // SGD([p], lr=.1, momentum=.9)
    let momentum = Sgd { momentum: 0.9, ..sgd };
    check(
        "sgd, momentum",
        momentum,
        None,
        [
            [1.05, -2.025, 0.625],
            [1.095, -2.0725, 0.7875],
            [1.0855, -2.14025, 0.85875],
            [0.97695, -2.226225, 0.672875],
        ],
    );
    // SGD([p], lr=.1, momentum=.9, weight_decay=.2)
    check(
        "sgd, momentum, decay",
        Sgd { decay: 0.2, ..momentum },
        None,
        [
            [1.03, -1.985, 0.615],
            [1.0364, -1.9568, 0.7562],
            [0.971432, -1.917284, 0.793156],
            [0.79353216, -1.86837392, 0.56055328],
        ],
    );
    // SGD([p], lr=.1, momentum=.9, nesterov=True)
    let nesterov = Sgd { nesterov: true, ..momentum };
    check(
        "sgd, nesterov",
        nesterov,
        None,
        [
            [1.095, -2.0475, 0.7375],
            [1.1355, -2.11525, 0.93375],
            [1.07695, -2.201225, 0.922875],
            [0.879255, -2.3036025, 0.5055875],
        ],
    );
    // SGD([p], lr=.1, momentum=.9, nesterov=True, weight_decay=.2)
    check(
        "sgd, nesterov, decay",
        Sgd { decay: 0.2, ..nesterov },
        None,
        [
            [1.057, -1.9715, 0.7185],
            [1.041134, -1.931933, 0.879347],
            [0.911317508, -1.883396246, 0.816127114],
            [0.6335930119, -1.8279189041, 0.3365446323],
        ],
    );
    // Adam([p], lr=.1)
    check(
        "adam",
        Adam::new(0.1),
        None,
        [
            [1.099999998, -2.099999996, 0.5999999992],
            [1.1670058215, -2.199999992, 0.6898575187],
            [1.1584190503, -2.299999988, 0.7194128522],
            [1.106896071, -2.399999984, 0.6826204463],
        ],
    );
    // Adam([p], lr=.1, betas=(.5, .75), eps=.01)
    check(
        "adam, betas",
        Adam { beta1: 0.5, beta2: 0.75, epsilon: 0.01, rate: 0.1 },
        None,
        [
            [1.0980392157, -2.0961538462, 0.5992063492],
            [1.147447282, -2.1923076923, 0.68149843],
            [1.0965477564, -2.2884615385, 0.6688827103],
            [1.0057662923, -2.3846153846, 0.5857010845],
        ],
    );
    // Adam([p], lr=.1, betas=(0., 0.), eps=.01)
    check(
        "adam, no memory",
        Adam { beta1: 0.0, beta2: 0.0, epsilon: 0.01, rate: 0.1 },
        None,
        [
            [1.0980392157, -2.0961538462, 0.5992063492],
            [1.0980392157, -2.1923076923, 0.6972455649],
            [1.0, -2.2884615385, 0.5985613544],
            [0.900990099, -2.3846153846, 0.4989597607],
        ],
    );
    // AdamW([p], lr=.1)
    check(
        "adamw",
        AdamW::new(0.1),
        None,
        [
            [1.098999998, -2.097999996, 0.5994999992],
            [1.1649068215, -2.195901992, 0.6887580187],
            [1.1551551435, -2.293706086, 0.7176245942],
            [1.1024770091, -2.3914123759, 0.6801145637],
        ],
    );
    // AdamW([p], lr=.1, betas=(.8, .9), weight_decay=.5)
    let adam = Adam { beta1: 0.8, beta2: 0.9, ..Adam::new(0.1) };
    check(
        "adamw, decay",
        AdamW { adam, decay: 0.5 },
        None,
        [
            [1.049999998, -1.999999996, 0.5749999992],
            [1.0620762769, -1.9999999922, 0.6355050095],
            [0.9909191039, -1.9999999886, 0.6249182307],
            [0.8807916345, -1.9999999852, 0.5464301699],
        ],
    );
}

/// As above with `o.param_groups[0]['lr'] = [.1, .05, 0., .2][t - 1]` before each step.
#[test]
fn rates_change_between_steps_as_in_pytorch() {
    let rates = Some([0.1, 0.05, 0.0, 0.2]);
    check(
        "sgd, momentum",
        Sgd { momentum: 0.9, ..Sgd::new(0.1) },
        rates,
        [
            [1.05, -2.025, 0.625],
            [1.0725, -2.04875, 0.70625],
            [1.0725, -2.04875, 0.70625],
            [0.8554, -2.2207, 0.3345],
        ],
    );
    check(
        "adam",
        Adam::new(0.1),
        rates,
        [
            [1.099999998, -2.099999996, 0.5999999992],
            [1.1335029098, -2.149999994, 0.644928759],
            [1.1335029098, -2.149999994, 0.644928759],
            [1.0304569513, -2.349999986, 0.5713439472],
        ],
    );
    check(
        "adamw",
        AdamW::new(0.1),
        rates,
        [
            [1.098999998, -2.097999996, 0.5994999992],
            [1.1319534098, -2.146950994, 0.644129009],
            [1.1319534098, -2.146950994, 0.644129009],
            [1.0266435445, -2.342657084, 0.5692559392],
        ],
    );
}

/// Hyper-parameters that make no rule, each with a word of its message.
#[test]
fn bad_hyper_parameters_are_refused() {
    let (sgd, adam, adamw) = (Sgd::new(0.1), Adam::new(0.1), AdamW::new(0.1));
    let momentum = |momentum| Optimiser::new(Sgd { momentum, ..sgd }).err();
    let sgd_decay = |decay| Optimiser::new(Sgd { decay, ..sgd }).err();
    let adamw_decay = |decay| Optimiser::new(AdamW { decay, ..adamw }).err();
    let mut rows = vec![("nesterov", Optimiser::new(Sgd { nesterov: true, ..sgd }).err())];
    for bad in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        rows.extend([
            ("learning rate", Optimiser::new(Sgd::new(bad)).err()),
            ("learning rate", Optimiser::new(Adam::new(bad)).err()),
            ("learning rate", Optimiser::new(AdamW::new(bad)).err()),
            ("learning rate", Optimiser::new(sgd).unwrap().set_rate(bad).err()),
            ("momentum", momentum(bad)),
            ("weight decay", sgd_decay(bad)),
            ("weight decay", adamw_decay(bad)),
            ("beta1", Optimiser::new(Adam { beta1: bad, ..adam }).err()),
            ("beta2", Optimiser::new(Adam { beta2: bad, ..adam }).err()),
            ("epsilon", Optimiser::new(Adam { epsilon: bad, ..adam }).err()),
            ("beta1", Optimiser::new(AdamW { adam: Adam { beta1: bad, ..adam }, ..adamw }).err()),
        ]);
    }
    rows.extend([
        ("momentum", momentum(1.0)),
        ("beta1", Optimiser::new(Adam { beta1: 1.0, ..adam }).err()),
        ("beta2", Optimiser::new(Adam { beta2: 1.0, ..adam }).err()),
    ]);
    for (i, (word, error)) in rows.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("row {i}: {word} was accepted"));
        assert_eq!(error.kind(), ErrorKind::Value, "row {i}: {error}");
        assert!(error.message().starts_with(word) && error.message().contains(": "), "row {i}: {error}");
        assert!(error.location().file().ends_with("rules.rs"), "row {i}: {error}");
    }
}

/// A rate that was refused leaves the old one.
#[test]
fn a_refused_rate_changes_nothing() {
    let mut optimiser = Optimiser::new(Sgd::new(0.1)).unwrap();
    assert!(optimiser.set_rate(f64::NAN).is_err());
    assert_eq!(optimiser.rate(), 0.1);
}
