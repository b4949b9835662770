//! Recurrent layers against Flux's rules, and what their states and lengths are for.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::layers::{
    Cell, Dropout, Gru, GruCell, GruV3, GruV3Cell, Lstm, LstmCell, LstmState, Recurrence, RecurrentStack,
    Rnn, RnnCell,
};
use tensorkeep_nn::{Boxed, Context, Layer};
use tensorkeep_tensor::{DType, Device, ErrorKind, Rng, Tensor};
use tensorkeep_testkit::flux::every_case;
use tensorkeep_testkit::golden::doubles;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// Flux has one sequence as `[time, features]`, and one bias.
#[test]
fn cells_follow_fluxs_rules() {
    every_case("recurrent", |case| {
        let input = |name: &str| doubles(case.input(name));
        let bias = (!case.input("b").is_null()).then(|| input("b")).transpose()?;
        let x = input("x")?.unsqueeze(0)?;
        let y = match case.id().split('_').next() {
            Some("rnn") => {
                let relu = case.id().contains("relu");
                let activation = if relu { Boxed::new(Tensor::relu) } else { Boxed::new(Tensor::tanh) };
                let cell = RnnCell { input: input("w_ih")?, hidden: input("w_hh")?, bias, activation };
                Recurrence { cell }.forward(&x)?
            }
            Some("lstm") => {
                let cell = LstmCell { input: input("w_ih")?, hidden: input("w_hh")?, bias };
                Recurrence { cell }.forward(&x)?
            }
            // The one bias stands outside the reset: it is PyTorch's of the input.
            Some("gru") => {
                let (hidden, input) = (input("w_hh")?, input("w_ih")?);
                let cell = GruCell { input, hidden, input_bias: bias, hidden_bias: None };
                Recurrence { cell }.forward(&x)?
            }
            Some("gruv3") => {
                let (hidden, candidate) = (input("w_hh_rz")?, input("w_hh_candidate")?);
                let cell = GruV3Cell { input: input("w_ih")?, hidden, candidate, bias };
                Recurrence { cell }.forward(&x)?
            }
            _ => return case.unknown(),
        };
        case.expect(&y.squeeze(0)?)
    });
}

/// The largest difference. Not zero: how a product is summed depends on its size.
fn distance(a: &Tensor, b: &Tensor) -> f64 {
    a.sub(b).unwrap().abs().unwrap().max_all().unwrap().item().unwrap().as_f64()
}

/// Runs the two parts of a sequence, and cell steps, and compares with the whole.
fn check_parts<C: Cell>(cell: C) {
    let layer = Recurrence { cell };
    let x = Rng::new(5, &cpu()).normal([2, 7, 3], 0.0, 1.0).unwrap();
    let whole = layer.forward(&x).unwrap();
    for cut in [0, 1, 6, 7] {
        let parts = [x.narrow(1, ..cut).unwrap(), x.narrow(1, cut..).unwrap()];
        let (first, state) = layer.run(&parts[0], None).unwrap();
        let (second, _) = layer.run(&parts[1], Some(&state)).unwrap();
        let joined = Tensor::concat(&[&first, &second], 1).unwrap();
        assert!(distance(&joined, &whole) < 1e-6, "{} {cut}", layer.kind());
    }
    let mut state = layer.cell.zero_state(2, &x).unwrap();
    for t in 0..7 {
        let (y, next) = layer.cell.step(&x.at(1, t).unwrap(), &state).unwrap();
        assert!(distance(&y, &whole.at(1, t).unwrap()) < 1e-6, "{} {t}", layer.kind());
        state = next;
    }
}

#[test]
fn a_sequence_may_come_in_parts() {
    let rng = &mut Rng::new(3, &cpu());
    check_parts(RnnCell::new(3, 4, rng).unwrap());
    check_parts(LstmCell::new(3, 4, rng).unwrap());
    check_parts(GruCell::new(3, 4, rng).unwrap());
    check_parts(GruV3Cell::new(3, 4, rng).unwrap());
}

/// A sequence in a batch of longer ones gives what it gives alone, whatever stands after its end; its
/// gradient too.
#[test]
fn a_packed_sequence_is_as_if_alone() {
    let rng = &mut Rng::new(3, &cpu());
    let stack = RecurrentStack::bidirectional(3, 2, |inputs| GruV3Cell::new(inputs, 4, rng)).unwrap();
    let alone = rng.normal([1, 3, 3], 0.0, 1.0).unwrap();
    let noise = Tensor::full([1, 2, 3], f64::NAN, DType::F32, &cpu()).unwrap();
    let padded = Tensor::concat(&[&alone, &noise], 1).unwrap();
    let x = Tensor::concat(&[&padded, &rng.normal([1, 5, 3], 0.0, 1.0).unwrap()], 0).unwrap();
    let cx = Context::evaluation();
    let (want, want_last) = stack.run(&alone, None, &cx).unwrap();
    let (got, last) = stack.run_packed(&x, &[3, 5], None, &cx).unwrap();
    let first = got.narrow(0, ..1).unwrap();
    assert!(distance(&first.narrow(1, ..3).unwrap(), &want) < 1e-6);
    assert_eq!(first.narrow(1, 3..).unwrap().to_vec::<f32>().unwrap(), [0.0; 16]);
    for (got, want) in last.iter().zip(&want_last) {
        assert!(distance(&got.narrow(0, ..1).unwrap(), want) < 1e-6);
    }
    let loss = |x: &Tensor, lengths: &[usize], stack: &RecurrentStack<GruV3Cell>| {
        stack.run_packed(x, lengths, None, &cx)?.0.narrow(0, ..1)?.sum_all()
    };
    let (_, by_alone) =
        value_and_grad(|stack: &RecurrentStack<_>| loss(&alone, &[3], stack), &stack).unwrap();
    let (_, by_packed) =
        value_and_grad(|stack: &RecurrentStack<_>| loss(&x, &[3, 5], stack), &stack).unwrap();
    for (got, want) in by_packed.backward.iter().zip(&by_alone.backward) {
        assert!(distance(&got.candidate, &want.candidate) < 1e-5);
    }
}

/// Dropout lies between layers, not before the first nor after the last, and has another mask between each
/// two.
#[test]
fn dropout_lies_between_layers() {
    let rng = &mut Rng::new(3, &cpu());
    let x = rng.normal([2, 5, 3], 0.0, 1.0).unwrap();
    let mut stack = |layers| {
        let stack = RecurrentStack::new(3, layers, |inputs| RnnCell::new(inputs, 4, rng)).unwrap();
        RecurrentStack { dropout: Dropout::new(0.5).unwrap(), ..stack }
    };
    let (one, three) = (stack(1), stack(3));
    let cx = Context::training(1);
    assert_eq!(distance(&one.forward_with(&x, &cx).unwrap(), &one.forward(&x).unwrap()), 0.0);
    assert!(distance(&three.forward_with(&x, &cx).unwrap(), &three.forward(&x).unwrap()) > 1e-3);
    // With every output dropped, each later layer sees zeros.
    let silent = RecurrentStack { dropout: Dropout::new(1.0).unwrap(), ..stack(2) };
    let alone = Recurrence { cell: silent.forward[1].clone() };
    let zeros = Tensor::zeros([2, 5, 4], DType::F32, &cpu()).unwrap();
    let got = silent.forward_with(&x, &cx).unwrap();
    assert!(distance(&got, &alone.forward(&zeros).unwrap()) < 1e-6);
}

fn zeros(shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, DType::F32, &cpu()).unwrap()
}

#[test]
fn what_does_not_fit_is_refused() {
    let rng = &mut Rng::new(3, &cpu());
    let lstm = Lstm::new(3, 4, rng).unwrap();
    let gru_v3 = GruV3::new(3, 4, rng).unwrap();
    let stack = RecurrentStack::bidirectional(3, 2, |inputs| GruCell::new(inputs, 4, rng)).unwrap();
    let lame = RecurrentStack { backward: stack.backward[..1].to_vec(), ..stack.clone() };
    let state = |h: &[usize], c: &[usize]| LstmState { hidden: zeros(h), cell: zeros(c) };
    let cell = |cell: LstmCell| Recurrence { cell };
    let x = zeros(&[2, 5, 3]);
    let cx = Context::evaluation();
    let (shape, value) = (ErrorKind::Shape, ErrorKind::Value);
    let table = [
        ("no batch", lstm.forward(&zeros(&[5, 3])).err(), shape, "the input is not [batch, length, 3]"),
        (
            "other inputs",
            lstm.forward(&zeros(&[2, 5, 4])).err(),
            shape,
            "the input is not [batch, length, 3]",
        ),
        (
            "another batch",
            lstm.run(&x, Some(&state(&[1, 4], &[2, 4]))).err(),
            shape,
            "the state does not fit the input",
        ),
        (
            "other features",
            lstm.run(&x, Some(&state(&[2, 4], &[2, 1]))).err(),
            shape,
            "the state does not fit the input",
        ),
        (
            "weights of three gates",
            cell(LstmCell { hidden: zeros(&[12, 4]), ..lstm.cell.clone() }).forward(&x).err(),
            shape,
            "the weights are not of 4 gates of as many features",
        ),
        (
            "a short bias",
            cell(LstmCell { bias: Some(zeros(&[4])), ..lstm.cell.clone() }).forward(&x).err(),
            shape,
            "",
        ),
        (
            "a narrow candidate",
            Recurrence { cell: GruV3Cell { candidate: zeros(&[4, 3]), ..gru_v3.cell } }.forward(&x).err(),
            shape,
            "the weights are not of 3, 2 and 1 times as many features",
        ),
        (
            "a step of a sequence",
            lstm.cell.step(&x, &state(&[2, 4], &[2, 4])).err(),
            shape,
            "the input of a step is not [batch, 3]",
        ),
        (
            "a step from another state",
            lstm.cell.step(&zeros(&[2, 3]), &state(&[3, 4], &[2, 4])).err(),
            shape,
            "the state does not fit the input",
        ),
        (
            "a length too few",
            lstm.run_packed(&x, &[5], None).err(),
            value,
            "1 lengths for 2 sequences: give one each",
        ),
        (
            "a length of 0",
            lstm.run_packed(&x, &[5, 0], None).err(),
            value,
            "sequence 1 has length 0: use one in 1..=5",
        ),
        (
            "a length too long",
            lstm.run_packed(&x, &[6, 1], None).err(),
            value,
            "sequence 0 has length 6: use one in 1..=5",
        ),
        (
            "a state too few",
            stack.run(&x, Some(&[zeros(&[2, 4])]), &cx).err(),
            value,
            "1 states for 2 layers in 2 directions",
        ),
        (
            "a state of the second layer",
            stack.run(&x, Some(&[[2, 4], [2, 4], [2, 3], [2, 4]].map(|shape| zeros(&shape))), &cx).err(),
            shape,
            "the state does not fit the input",
        ),
        ("one way back", lame.forward(&x).err(), value, "2 layers forward and 1 backward"),
        (
            "no layers",
            RecurrentStack::new(3, 0, |inputs| RnnCell::new(inputs, 4, rng)).err(),
            value,
            "there are 0 layers: use at least 1",
        ),
    ];
    for (name, error, kind, message) in table {
        let error = error.unwrap_or_else(|| panic!("{name} is accepted"));
        assert_eq!(error.kind(), kind, "{name}: {error}");
        assert!(error.message().starts_with(message), "{name}: {error}");
        assert!(error.location().file().ends_with("recurrent.rs"), "{name}: {error}");
    }
    let states = [[2, 4], [2, 4], [2, 4], [2, 3]].map(|shape| zeros(&shape));
    assert_eq!(stack.run(&x, Some(&states), &cx).unwrap_err().layer(), "backward.1");
}

#[test]
fn sizes_at_the_edge() {
    let rng = &mut Rng::new(3, &cpu());
    for (inputs, features) in [(0, 4), (3, 0)] {
        assert_eq!(Rnn::new(inputs, features, rng).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(Lstm::new(inputs, features, rng).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(Gru::new(inputs, features, rng).unwrap_err().kind(), ErrorKind::Value);
        assert_eq!(GruV3::new(inputs, features, rng).unwrap_err().kind(), ErrorKind::Value);
    }
    assert_eq!(Lstm::new(3, usize::MAX / 2, rng).unwrap_err().kind(), ErrorKind::Limit);
    // Where there are only shapes, no step is taken for its own sake.
    let meta = &mut Rng::new(3, &tensorkeep_tensor::meta::device());
    let endless = Tensor::zeros([1, 1 << 40, 3], DType::F32, meta.device()).unwrap();
    let stack = RecurrentStack::bidirectional(3, 2, |inputs| RnnCell::new(inputs, 2, meta)).unwrap();
    let layers: [&dyn Layer; 5] = [
        &Rnn::new(3, 4, meta).unwrap(),
        &Lstm::new(3, 4, meta).unwrap(),
        &Gru::new(3, 4, meta).unwrap(),
        &GruV3::new(3, 4, meta).unwrap(),
        &stack,
    ];
    for layer in layers {
        assert_eq!(layer.forward(&endless).unwrap().shape().sizes(), [1, 1 << 40, 4]);
    }
    // No batch and no steps are no error.
    let lstm = Lstm::new(3, 4, rng).unwrap();
    for shape in [[0, 5, 3], [2, 0, 3]] {
        assert_eq!(lstm.forward(&zeros(&shape)).unwrap().shape().sizes(), [shape[0], shape[1], 4]);
    }
    assert_eq!(lstm.run_packed(&zeros(&[0, 5, 3]), &[], None).unwrap().0.shape().sizes(), [0, 5, 4]);
}
