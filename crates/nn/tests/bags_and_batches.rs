//! Bags with an index of padding, and running statistics that are plain means, against PyTorch's, by
//! `golden/bags_and_batches.py`: results, gradients and states, on every device.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use serde_json::Value;
use tensorkeep_autodiff::value_and_grad;
use tensorkeep_nn::layers::{BagMode, BatchNorm, EmbeddingBag};
use tensorkeep_nn::{Context, Layer, State, module};
use tensorkeep_tensor::{DType, Device, ErrorKind, Result, Rng, Tensor, meta};
use tensorkeep_testkit::devices;
use tensorkeep_testkit::golden::doubles;

/// How far off a dtype may be.
const TOLERANCES: [(DType, f64); 2] = [(DType::F64, 1e-12), (DType::F32, 2e-5)];

fn golden(name: &str) -> Value {
    let all: Value = serde_json::from_str(include_str!("golden/bags_and_batches.json")).unwrap();
    assert!(all[name].is_object(), "there is no case {name}");
    all[name].clone()
}

#[track_caller]
fn assert_close(name: &str, x: &Tensor, want: &Value, tolerance: f64) {
    let (x, want) = (x.to_host().unwrap(), doubles(want).unwrap().to_host().unwrap());
    assert_eq!(x.shape(), want.shape(), "{name}");
    for (x, want) in x.data().iter().zip(want.data().iter()) {
        let (x, want) = (x.as_f64(), want.as_f64());
        assert!((x - want).abs() <= tolerance * want.abs().max(1.0), "{name}: {x} is not {want}");
    }
}

/// Each dtype that each device has.
fn everywhere(run: impl Fn(&Device, DType, f64)) {
    for subject in devices().unwrap() {
        for (dtype, tolerance) in TOLERANCES.into_iter().filter(|(dtype, _)| subject.has(*dtype)) {
            run(&subject.device, dtype, tolerance);
        }
    }
}

fn number(value: &Value, dtype: DType, device: &Device) -> Tensor {
    doubles(value).unwrap().to_dtype(dtype).unwrap().to_device(device).unwrap()
}

/// Vectors, and the factors that they are summed with.
type Leaves = (Tensor, Option<Tensor>);

fn agree(name: &str, mode: BagMode, run: impl Fn(&EmbeddingBag, &Tensor, Option<&Tensor>) -> Result<Tensor>) {
    let case = golden(name);
    everywhere(|device, dtype, tolerance| {
        let name = format!("{name} in {dtype} on {}", device.name());
        let x = number(&case["x"], DType::INDEX, device);
        let weights = number(&case["weights"], dtype, device);
        let factors = case.get("factors").map(|factors| number(factors, dtype, device));
        let result = |(weight, factors): &Leaves| {
            let bag = EmbeddingBag { weight: weight.clone(), mode, padding_index: Some(1) };
            run(&bag, &x, factors.as_ref())
        };
        let leaves = (number(&case["weight"], dtype, device), factors);
        assert_close(&name, &result(&leaves).unwrap(), &case["y"], tolerance);
        let loss = |leaves: &Leaves| result(leaves)?.mul(&weights)?.sum_all();
        let (_, gradient) = value_and_grad(loss, &leaves).unwrap();
        assert_close(&format!("{name}, weight"), &gradient.0, &case["gradient"], tolerance);
        if let Some(factors) = gradient.1 {
            assert_close(&format!("{name}, factors"), &factors, &case["dfactors"], tolerance);
        }
    });
}

#[test]
fn bags_leave_padding_out_as_pytorchs_do() {
    const OFFSETS: [usize; 5] = [0, 3, 3, 4, 6];
    for (name, mode) in [("sum", BagMode::Sum), ("mean", BagMode::Mean), ("max", BagMode::Max)] {
        agree(name, mode, |bag, x, _| bag.forward(x));
        agree(&format!("{name}_offsets"), mode, |bag, x, _| bag.bags(x, &OFFSETS, None));
    }
    agree("factors", BagMode::Sum, |bag, x, factors| bag.bags(x, &OFFSETS, factors));
}

/// Bags of no indices, of shapes alone, and an index of padding that no vector has.
#[test]
fn padding_of_odd_bags() {
    let cpu = tensorkeep_cpu::device();
    for mode in [BagMode::Sum, BagMode::Mean, BagMode::Max] {
        let bag = EmbeddingBag::new(3, 2, mode, &mut Rng::new(1, &cpu)).unwrap().with_padding(2).unwrap();
        assert_eq!(bag.weight.to_vec::<f32>().unwrap()[4..], [0.0; 2]);
        let empty = Tensor::zeros([2, 0], DType::INDEX, &cpu).unwrap();
        assert_eq!(bag.forward(&empty).unwrap().to_vec::<f32>().unwrap(), [0.0; 4], "{mode:?}");
        let none = empty.flatten(0).unwrap();
        assert_eq!(bag.bags(&none, &[0, 0], None).unwrap().to_vec::<f32>().unwrap(), [0.0; 4], "{mode:?}");
        let hollow = module::to_device(&bag, &meta::device()).unwrap();
        let words = Tensor::zeros([4, 3], DType::INDEX, hollow.weight.device()).unwrap();
        assert_eq!(*hollow.forward(&words).unwrap().shape(), [4, 2]);
        let flat = words.flatten(0).unwrap();
        assert_eq!(*hollow.bags(&flat, &[0, 5], None).unwrap().shape(), [2, 2]);

        let words = Tensor::zeros([1, 2], DType::INDEX, &cpu).unwrap();
        let beyond = EmbeddingBag { padding_index: Some(3), ..bag.clone() };
        assert_eq!(beyond.forward(&words).unwrap_err().kind(), ErrorKind::Value);
        assert!(bag.with_padding(3).unwrap_err().message().ends_with("use one of the indices"));
    }
}

#[test]
fn running_statistics_can_be_plain_means() {
    let case = golden("batches");
    everywhere(|device, dtype, tolerance| {
        let norm = BatchNorm::new(3, device).unwrap().cumulative().unwrap();
        let norm = module::to_dtype(&norm, dtype).unwrap();
        let read = |state: &Option<State>| state.as_ref().unwrap().get();
        for (i, batch) in case["batches"].as_array().unwrap().iter().enumerate() {
            let name = format!("batch {i} in {dtype} on {}", device.name());
            norm.forward_with(&number(&batch["x"], dtype, device), &Context::training(0)).unwrap();
            assert_close(&name, &read(&norm.running_mean), &batch["mean"], tolerance);
            assert_close(&name, &read(&norm.running_variance), &batch["variance"], tolerance);
            assert_eq!(
                read(&norm.batches).item().unwrap().as_f64(),
                batch["count"].as_f64().unwrap(),
                "{name}"
            );
        }
        let y = norm.forward(&number(&case["x"], dtype, device)).unwrap();
        assert_close("evaluation", &y, &case["y"], tolerance);
        assert_eq!(read(&norm.batches).item().unwrap().as_f64(), 4.0); // evaluation counts nothing
    });
}

/// Where nothing is kept nothing is counted, and a count that no training left does no harm.
#[test]
fn counts_of_batches_that_are_odd() {
    let cpu = tensorkeep_cpu::device();
    let none = BatchNorm { running_mean: None, running_variance: None, ..BatchNorm::new(2, &cpu).unwrap() };
    assert!(none.cumulative().unwrap().batches.is_none());
    let x = Rng::new(1, &cpu).normal([4, 2], 0.0, 1.0).unwrap();
    for count in [-1, -7, i32::MAX] {
        let norm = BatchNorm::new(2, &cpu).unwrap().cumulative().unwrap();
        norm.batches.as_ref().unwrap().set(&Tensor::full((), count, DType::INDEX, &cpu).unwrap());
        norm.forward_with(&x, &Context::training(0)).unwrap();
        let mean = norm.running_mean.unwrap().get().to_vec::<f32>().unwrap();
        assert!(mean.iter().all(|mean| mean.is_finite()), "{count}: {mean:?}");
    }
}
