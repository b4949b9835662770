//! Which leaves an optimiser moves, which it leaves alone, and what it refuses.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{Options, grad};
use tensorkeep_nn::State;
use tensorkeep_tensor::{DType, ErrorKind, Tensor, ToHostArray};
use tensorkeep_train::{Adam, Optimiser, Sgd};

fn tensor(values: &[f32]) -> Tensor {
    Tensor::from_host(values.to_vec().to_host_array().unwrap(), &tensorkeep_cpu::device()).unwrap()
}

fn values(x: &Tensor) -> Vec<f32> {
    x.to_vec().unwrap()
}

/// Each step subtracts the gradient.
fn descent() -> Optimiser {
    Optimiser::new(Sgd::new(1.0)).unwrap()
}

type Two = (Tensor, Tensor);

#[test]
fn frozen_leaves_stay() {
    let mut model = (tensor(&[1.0, 2.0]), tensor(&[3.0]));
    let product = |m: &Two| m.0.mul(&m.1)?.sum_all();
    let (_, grads) = Options::new().freeze("0").value_and_grad(product, &model).unwrap();
    for mut optimiser in [descent(), Optimiser::new(Adam::new(1.0)).unwrap()] {
        optimiser.update(&mut model, &grads).unwrap();
        assert_eq!(values(&model.0), [1.0, 2.0]);
    }
    assert!(values(&model.1)[0] < 0.0);
    // Thawed, it moves.
    let grads = grad(product, &model).unwrap();
    descent().update(&mut model, &grads).unwrap();
    assert_ne!(values(&model.0), [1.0, 2.0]);
}

/// A tied weight moves once, in both places, and stays tied.
#[test]
fn tied_leaves_move_once() {
    let x = tensor(&[1.0, 2.0]);
    let mut model = vec![x.clone(), tensor(&[5.0, 5.0]), x];
    let mut optimiser = Optimiser::new(Sgd { momentum: 0.5, ..Sgd::new(1.0) }).unwrap();
    // The gradients are 4 and 1: (x₀ + x₂) · 2 and x₁.
    let f = |m: &Vec<Tensor>| m[0].add(&m[2])?.mul(2.0)?.add(&m[1])?.sum_all();
    for want in [[-3.0, -2.0], [-9.0, -8.0]] {
        let grads = grad(f, &model).unwrap();
        optimiser.update(&mut model, &grads).unwrap();
        assert_eq!([values(&model[0]), values(&model[2])], [want, want]);
        assert!(model[0].is_same(&model[2]));
    }
    assert_eq!(values(&model[1]), [2.5, 2.5]);
}

#[test]
fn what_is_no_float_parameter_stays() {
    let index = Tensor::new([1i32, 0], &tensorkeep_cpu::device()).unwrap();
    let mut model = ((tensor(&[1.0, 2.0]), index), State::new(tensor(&[7.0])));
    type Model = (Two, State);
    let f = |m: &Model| m.0.0.take(0, &m.0.1)?.mul(&m.1.get())?.sum_all();
    let grads = grad(f, &model).unwrap();
    descent().update(&mut model, &grads).unwrap();
    assert_eq!(values(&model.0.0), [-6.0, -5.0]);
    assert_eq!(model.0.1.to_vec::<i32>().unwrap(), [1, 0]);
    assert_eq!(values(&model.1.get()), [7.0]);
}

#[test]
fn leaves_without_elements_and_strided_ones_are_updated() {
    let table = tensor(&[1.0, 2.0, 3.0, 4.0]).reshape([2, 2]).unwrap();
    let mut model = (table.t().unwrap(), tensor(&[]));
    let grads = (tensor(&[1.0, 0.0, 0.0, 2.0]).reshape([2, 2]).unwrap(), tensor(&[]));
    descent().update(&mut model, &grads).unwrap();
    assert_eq!(values(&model.0), [0.0, 3.0, 2.0, 2.0]);
    assert_eq!(model.1.elements(), 0);
    assert_eq!(values(&table), [1.0, 2.0, 3.0, 4.0], "the tensor that the leaf was a view of stays");
}

/// Gradients that are not of the model. Whatever is wrong, nothing moves, and the optimiser works on afterwards.
#[test]
fn wrong_gradients_move_nothing() {
    let model = || vec![tensor(&[1.0, 2.0]), tensor(&[3.0])];
    let rows = [
        ("too few", vec![tensor(&[1.0, 1.0])], ErrorKind::Value, "1 gradients for 2 parameters", ""),
        ("too many", vec![tensor(&[1.0]); 3], ErrorKind::Value, "3 gradients for 2 parameters", ""),
        (
            "another shape",
            vec![tensor(&[1.0, 1.0]), tensor(&[1.0, 1.0])],
            ErrorKind::Shape,
            "a gradient is not shaped like its parameter: [2] and [1]",
            "1",
        ),
        (
            "a number for a row",
            vec![tensor(&[1.0]), tensor(&[1.0])],
            ErrorKind::Shape,
            "a gradient is not shaped like its parameter: [1] and [2]",
            "0",
        ),
        (
            "another dtype",
            vec![tensor(&[1.0, 1.0]), tensor(&[1.0]).to_dtype(DType::F64).unwrap()],
            ErrorKind::DType,
            "",
            "1",
        ),
    ];
    for (name, grads, kind, words, layer) in rows {
        let mut optimiser = Optimiser::new(Sgd { momentum: 0.5, ..Sgd::new(1.0) }).unwrap();
        let mut same = model();
        for steps in 0..2 {
            let before: Vec<_> = same.iter().map(values).collect();
            let error = optimiser.update(&mut same, &grads).unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
            assert!(error.message().starts_with(words) && error.layer() == layer, "{name}: {error}");
            assert_eq!(same.iter().map(values).collect::<Vec<_>>(), before, "{name}");
            assert_eq!(optimiser.steps(), steps, "{name}");
            optimiser.update(&mut same, &vec![tensor(&[1.0, 1.0]), tensor(&[1.0])]).unwrap();
        }
        // 1 + 1.5 of two steps with momentum: the refused ones left no trace in the state.
        assert_eq!(values(&same[1]), [0.5], "{name}");
    }
}

/// A tree whose leaves have other places.
#[test]
fn gradients_of_other_places_are_refused() {
    type Model = Vec<Option<Tensor>>;
    let mut model: Model = vec![Some(tensor(&[1.0])), None];
    let grads: Model = vec![None, Some(tensor(&[1.0]))];
    let error = descent().update(&mut model, &grads).unwrap_err();
    assert!(error.message().starts_with("a gradient of 1 for 0: "), "{error}");
}

#[test]
fn another_model_needs_another_optimiser() {
    let momentum = || Optimiser::new(Sgd { momentum: 0.5, ..Sgd::new(1.0) }).unwrap();
    let mut optimiser = momentum();
    optimiser.update(&mut vec![tensor(&[1.0, 2.0])], &vec![tensor(&[1.0, 1.0])]).unwrap();
    let two = || vec![tensor(&[1.0]), tensor(&[2.0])];
    let error = optimiser.update(&mut two(), &two()).unwrap_err();
    assert!(error.message().starts_with("the model has other parameters"), "{error}");
    // The same places, another shape: the old state would be broadcast.
    let mut short = vec![tensor(&[1.0])];
    let error = optimiser.update(&mut short, &vec![tensor(&[1.0])]).unwrap_err();
    assert_eq!((error.kind(), error.layer().as_str()), (ErrorKind::Shape, "0"), "{error}");
    assert_eq!(values(&short[0]), [1.0]);

    // A first step that failed does not bind the optimiser to its model.
    let mut optimiser = momentum();
    optimiser.update(&mut vec![tensor(&[1.0])], &vec![tensor(&[1.0, 1.0])]).unwrap_err();
    optimiser.update(&mut two(), &two()).unwrap();
    // A model without parameters is no error.
    momentum().update(&mut Vec::<Tensor>::new(), &Vec::new()).unwrap();
}

/// A copy that a user kept is not changed by a step.
#[test]
fn updates_leave_copies_alone() {
    let mut model = tensor(&[1.0]);
    let copy = model.clone();
    descent().update(&mut model, &tensor(&[1.0])).unwrap();
    assert_eq!((values(&model), values(&copy)), (vec![0.0], vec![1.0]));
}

/// What nobody shares is written over: a step takes no memory. What somebody shares takes some, and where there is none, nothing
/// moves, also not what would have needed none.
#[test]
fn steps_in_place_take_no_memory() {
    let options = tensorkeep_cpu::Options { memory_bytes: Some(7 * 64), ..Default::default() };
    let device = tensorkeep_cpu::with_options(options).unwrap();
    let one = || Tensor::new([1.0f32], &device).unwrap();
    // Two parameters, two gradients and two states of a cache line each leave room for one more.
    let (mut model, grads) = (vec![one(), one()], vec![one(), one()]);
    let mut optimiser = Optimiser::new(Sgd { momentum: 0.5, ..Sgd::new(1.0) }).unwrap();
    // The state starts as zeros that share one element each, and lies for itself from the first step on.
    optimiser
        .update(&mut model, &vec![grads[0].clone(), Tensor::zeros([0], DType::F32, &device).unwrap()])
        .unwrap();
    let (live, at) = (device.memory().live, model[0].buffer().id());
    optimiser
        .update(&mut model, &vec![grads[0].clone(), Tensor::zeros([0], DType::F32, &device).unwrap()])
        .unwrap();
    assert_eq!((device.memory().live, model[0].buffer().id()), (live, at));
    assert_eq!(model.iter().map(values).collect::<Vec<_>>(), [[-1.5], [1.0]]);

    let shared = model[1].clone();
    let error = optimiser.update(&mut model, &grads).unwrap_err();
    assert_eq!((error.kind(), error.layer().as_str()), (ErrorKind::OutOfMemory, "1"), "{error}");
    assert_eq!(model.iter().map(values).collect::<Vec<_>>(), [[-1.5], [1.0]]);
    drop(shared);
    optimiser.update(&mut model, &grads).unwrap();
    assert_eq!(values(&model[0]), [-3.25]);
}
