//! The state of a model as named tensors, as one vector, and back; and models made over.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use std::collections::BTreeMap;

use tensorkeep_nn::layers::{BatchNorm, Dense};
use tensorkeep_nn::module::{self, Matching};
use tensorkeep_nn::{Module, State};
use tensorkeep_tensor::{DType, Device, Rng, Tensor, meta};

type StateDict = BTreeMap<String, Tensor>;

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

fn tensor(values: &[f32]) -> Tensor {
    Tensor::from_vec(values.to_vec(), [values.len()], &cpu()).unwrap()
}

fn numbers(x: &Tensor) -> Vec<f32> {
    x.to_vec().unwrap()
}

/// A layer with two ties: a weight, and a state.
#[derive(Clone, Debug, Module)]
struct Net {
    first: Dense,
    norm: BatchNorm,
    second: Dense,
    seen: Vec<State>,
}

fn net(seed: u64, bias: bool) -> Net {
    let mut rng = Rng::new(seed, &cpu());
    let first = Dense::new(2, 2, &mut rng).unwrap();
    let bias = bias.then(|| rng.normal([2], 0.0, 1.0).unwrap());
    let second = Dense { weight: first.weight.clone(), bias };
    let state = State::new(rng.normal([1], 0.0, 1.0).unwrap());
    Net { first, norm: BatchNorm::new(2, &cpu()).unwrap(), second, seen: vec![state.shared(), state] }
}

fn all(model: &Net) -> Vec<(String, Vec<f32>)> {
    module::state(model).into_iter().map(|(name, x)| (name, numbers(&x))).collect()
}

#[test]
fn a_state_goes_into_another_model() {
    let (source, mut target) = (net(1, true), net(2, true));
    let state = module::state(&source);
    let report = module::load(&mut target, &state, Matching::Exact).unwrap();
    assert_eq!(all(&target), all(&source));
    let names: Vec<String> = module::leaves(&source).iter().map(|leaf| leaf.path.to_string()).collect();
    assert_eq!((report.loaded, report.missing.len(), report.unexpected.len()), (names, 0, 0));
    // Ties hold, and the target stands alone.
    assert!(target.first.weight.is_same(&target.second.weight));
    target.seen[0].set(&tensor(&[7.0]));
    assert_eq!(numbers(&target.seen[1].get()), [7.0]);
    assert_ne!(numbers(&source.seen[0].get()), [7.0]);
    // The state is as it was taken.
    assert_eq!(numbers(&state["seen.0"]), numbers(&source.seen[0].get()));
}

/// What is changed in the state of `net(1, true)`, how names have to match, and what is said: the lists, or
/// words of the error.
type Row = (
    &'static str,
    fn(&mut StateDict),
    Matching,
    Result<(usize, &'static [&'static str], &'static [&'static str]), &'static str>,
);

#[test]
fn what_does_not_match_is_named() {
    use Matching::{Exact, Partial};
    let rows: [Row; 13] = [
        ("all", |_| {}, Exact, Ok((10, &[], &[]))),
        (
            "no bias",
            |s| drop(s.remove("second.bias")),
            Exact,
            Err("the state lacks 1 tensor (second.bias): build"),
        ),
        ("no bias", |s| drop(s.remove("second.bias")), Partial, Ok((9, &["second.bias"], &[]))),
        (
            "more",
            |s| drop(s.insert("third".into(), tensor(&[0.0]))),
            Exact,
            Err("the model has no leaf for 1 tensor (third)"),
        ),
        ("more", |s| drop(s.insert("third".into(), tensor(&[0.0]))), Partial, Ok((10, &[], &["third"]))),
        (
            "renamed",
            |s| {
                let x = s.remove("first.bias").unwrap();
                s.insert("bias".into(), x);
            },
            Exact,
            Err("the state lacks 1 tensor (first.bias), and the model has no leaf for 1 tensor (bias)"),
        ),
        // A tied weight under one of its names is enough, whichever it is.
        ("the first of a tie", |s| drop(s.remove("second.weight")), Exact, Ok((10, &[], &[]))),
        ("the second of a tie", |s| drop(s.remove("first.weight")), Exact, Ok((10, &[], &[]))),
        (
            "two numbers for a tie",
            |s| drop(s.insert("second.weight".into(), Tensor::zeros([2, 2], DType::F32, &cpu()).unwrap())),
            Partial,
            Err("second.weight is tied to an earlier leaf"),
        ),
        (
            "a shape",
            |s| drop(s.insert("first.bias".into(), tensor(&[1.0]))),
            Partial,
            Err("1 tensor does not fit: first.bias is f32[2] in the model and f32[1] in the state: build"),
        ),
        (
            "a dtype",
            |s| drop(s.insert("first.bias".into(), tensor(&[1.0, 2.0]).to_dtype(DType::F16).unwrap())),
            Exact,
            Err(
                "first.bias is f32[2] in the model and f16[2] in the state: cast the model with module::to_dtype",
            ),
        ),
        ("nothing", StateDict::clear, Exact, Err("the state lacks 10 tensors (first.weight, first.bias, ")),
        ("a state", |s| drop(s.remove("norm.running_mean")), Partial, Ok((9, &["norm.running_mean"], &[]))),
    ];
    for (name, change, matching, want) in rows {
        let mut state = module::state(&net(1, true));
        change(&mut state);
        let mut model = net(2, true);
        let before = all(&model);
        match (module::load(&mut model, &state, matching), want) {
            (Ok(report), Ok((loaded, missing, unexpected))) => {
                assert_eq!(report.loaded.len(), loaded, "{name}");
                assert_eq!(
                    (&*report.missing, &*report.unexpected),
                    (&*owned(missing), &*owned(unexpected)),
                    "{name}"
                );
                assert!(model.first.weight.is_same(&model.second.weight), "{name}");
            }
            (Err(error), Err(words)) => {
                assert!(error.message().contains(words), "{name}: {error}");
                assert!(error.location().file().ends_with("state.rs"), "{name}: {error}");
                assert_eq!(all(&model), before, "{name}: nothing is loaded by halves");
            }
            (got, want) => panic!("{name}: {got:?} is not {want:?}"),
        }
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

/// Flux drops it without a word (FluxML/Flux.jl, src/loading.jl).
#[test]
fn a_bias_for_a_layer_without_is_unexpected() {
    let state = module::state(&net(1, true));
    let error = module::load(&mut net(2, false), &state, Matching::Exact).unwrap_err();
    assert!(error.message().contains("no leaf for 1 tensor (second.bias)"), "{error}");
    let report = module::load(&mut net(2, false), &state, Matching::Partial).unwrap();
    assert_eq!(report.unexpected, ["second.bias"]);
    // And none for a layer with one is missing: it does not become zero.
    let mut model = net(2, true);
    let bias = numbers(model.second.bias.as_ref().unwrap());
    let report = module::load(&mut model, &module::state(&net(1, false)), Matching::Partial).unwrap();
    assert_eq!(
        (report.missing, numbers(model.second.bias.as_ref().unwrap())),
        (owned(&["second.bias"]), bias)
    );
}

/// One tensor under two names of a state does not tie what the model has apart.
#[test]
fn loading_ties_nothing() {
    let x = tensor(&[1.0]);
    let state = StateDict::from([("0".into(), x.clone()), ("1".into(), x)]);
    let mut model = (tensor(&[0.0]), tensor(&[5.0]));
    module::load(&mut model, &state, Matching::Exact).unwrap();
    assert!(!model.0.is_same(&model.1));
    assert_eq!((numbers(&model.0), numbers(&model.1)), (vec![1.0], vec![1.0]));
    // Nor what stays with what is loaded.
    let state = StateDict::from([("0".into(), model.1.clone())]);
    module::load(&mut model, &state, Matching::Partial).unwrap();
    assert!(!model.0.is_same(&model.1));
    // Where there are no numbers, all are the same.
    let hollow = meta::device();
    let of = || Tensor::zeros([1], DType::F32, &hollow).unwrap();
    let (mut apart, tied) = ((of(), of()), of());
    let state = StateDict::from([("0".into(), tied.clone()), ("1".into(), tied.clone())]);
    module::load(&mut apart, &state, Matching::Exact).unwrap();
    assert!(!apart.0.is_same(&apart.1));
    let mut both = (tied.clone(), tied);
    module::load(&mut both, &module::state(&apart), Matching::Exact).unwrap();
    assert!(both.0.is_same(&both.1));
}

#[test]
fn leaves_are_found_by_path() {
    let model = net(1, true);
    assert!(module::get(&model, "second.weight").unwrap().is_same(&model.first.weight));
    assert_eq!(module::get(&model, "norm.running_variance").unwrap().elements(), 2);
    let error = module::get(&model, "third").unwrap_err();
    assert!(error.message().contains("no leaf `third`, the first of 10 is first.weight"), "{error}");
}

#[test]
fn a_vector_of_parameters_and_back() {
    let index = Tensor::new([3i32], &cpu()).unwrap();
    let half = |x: &[f32], dtype| tensor(x).to_dtype(dtype).unwrap();
    let shared = half(&[1.0, 2.0], DType::F16);
    let state = State::new(tensor(&[9.0]));
    let model = (shared.clone(), index, half(&[4.0], DType::BF16), (shared, state));
    let flat = module::flatten(&model).unwrap();
    assert_eq!((flat.dtype(), numbers(&flat)), (DType::F32, vec![1.0, 2.0, 4.0]));
    let again = module::unflatten(&model, &flat.mul(2.0).unwrap()).unwrap();
    assert_eq!((again.0.dtype(), again.2.dtype()), (DType::F16, DType::BF16));
    assert!(again.0.is_same(&again.3.0) && again.1.is_same(&model.1));
    let doubled = again.0.to_dtype(DType::F32).unwrap();
    assert_eq!((numbers(&doubled), numbers(&again.3.1.get())), (vec![2.0, 4.0], vec![9.0]));

    let refused = [
        module::flatten(&model.1).err(),
        module::unflatten(&model, &flat.narrow(0, ..2).unwrap()).err(),
        module::unflatten(&model, &flat.reshape([3, 1]).unwrap()).err(),
        module::unflatten(&model, &flat.to_dtype(DType::I32).unwrap()).err(),
    ];
    let kinds: Vec<&str> = refused.into_iter().map(|error| error.unwrap().kind().code()).collect();
    assert_eq!(kinds, ["value", "shape", "shape", "dtype"]);
}

#[test]
fn models_made_over_keep_their_ties() {
    let model = net(1, true);
    let mut rows = vec![
        ("to a device", module::to_device(&model, &meta::device()).unwrap()),
        ("to a dtype", module::to_dtype(&model, DType::BF16).unwrap()),
        ("by a function", module::map(&model, |leaf| leaf.value.mul(2.0)).unwrap()),
        ("hollow", tensorkeep_nn::hollow(&model, &meta::device()).unwrap()),
    ];
    for (name, made) in &mut rows {
        assert!(made.first.weight.is_same(&made.second.weight), "{name}");
        assert_eq!(made.seen[0].identity(), made.seen[1].identity(), "{name}");
        assert_ne!(made.seen[0].identity(), model.seen[0].identity(), "{name}: a copy");
        assert_eq!(module::count(made), module::count(&model), "{name}");
    }
    let dtypes = |model: &Net| {
        let of = |leaf: &module::NamedLeaf| (leaf.is_state, leaf.value.dtype());
        module::leaves(model).iter().map(of).collect::<Vec<_>>()
    };
    // Statistics are f32 beside halves, and go along otherwise.
    for (dtype, states) in [
        (DType::F16, DType::F32),
        (DType::BF16, DType::F32),
        (DType::F32, DType::F32),
        (DType::F64, DType::F64),
    ] {
        let made = module::to_dtype(&model, dtype).unwrap();
        let fits = |(is_state, found): &(bool, DType)| *found == if *is_state { states } else { dtype };
        assert!(dtypes(&made).iter().all(fits), "{dtype}");
        // Seen in another dtype for one pass, the states are the model's own.
        let seen = module::autocast(&model, dtype).unwrap();
        assert_eq!(
            seen.norm.running_mean.as_ref().unwrap().identity(),
            model.norm.running_mean.as_ref().unwrap().identity()
        );
        assert!(seen.first.weight.is_same(&seen.second.weight) && seen.first.weight.dtype() == dtype);
        assert_eq!(seen.norm.running_mean.as_ref().unwrap().get().dtype(), DType::F32);
    }
    assert!(module::to_dtype(&model, DType::I64).is_err() && module::autocast(&model, DType::Bool).is_err());
}
