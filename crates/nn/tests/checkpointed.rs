//! Segments that are computed again: the same gradients, the same random numbers, less memory.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tensorkeep_autodiff::{grad, hvp, value_and_grad};
use tensorkeep_nn::layers::{BatchNorm, Dense, Dropout};
use tensorkeep_nn::{Checkpointed, Context, Layer, module};
use tensorkeep_tensor::{Device, Result, Rng, Tensor};

type Segment = (Dense, BatchNorm, Dropout, fn(&Tensor) -> Result<Tensor>);

fn segment(size: usize, seed: u64, device: &Device) -> Segment {
    let dense = Dense::new(size, size, &mut Rng::new(seed, device)).unwrap();
    (dense, BatchNorm::new(size, device).unwrap(), Dropout::new(0.5).unwrap(), Tensor::tanh)
}

fn numbers<M: module::Module>(model: &M) -> Vec<(String, Vec<f32>)> {
    let of = |leaf: &module::NamedLeaf| (leaf.path.to_string(), leaf.value.to_vec::<f32>().unwrap());
    module::leaves(model).iter().map(of).collect()
}

#[test]
fn a_segment_is_what_it_was() {
    let device = tensorkeep_cpu::device();
    let plain = vec![segment(3, 1, &device), segment(3, 2, &device)];
    let kept: Vec<_> = plain.iter().cloned().map(Checkpointed).collect();
    let x = Rng::new(3, &device).normal([6, 3], 0.0, 1.0).unwrap();
    let cx = Context::training(9);
    fn loss<L: Layer>(model: &L, x: &Tensor, cx: &Context) -> Result<Tensor> {
        let y = model.forward_with(x, cx)?;
        y.mul(&y)?.sum_all()
    }
    // Bit for bit, dropout's masks and the running statistics included; those of the whole, once each.
    let (a, da) = value_and_grad(|m: &Vec<Segment>| loss(m, &x, &cx), &plain).unwrap();
    let (b, db) = value_and_grad(|m: &Vec<Checkpointed<Segment>>| loss(m, &x, &cx), &kept).unwrap();
    assert_eq!(a.item().unwrap(), b.item().unwrap());
    assert_eq!(numbers(&da), numbers(&db));
    assert_eq!(numbers(&plain), numbers(&kept));
    // Another seed is another mask.
    let other = grad(|m: &Vec<Segment>| loss(m, &x, &Context::training(10)), &plain).unwrap();
    assert_ne!(numbers(&da), numbers(&other));
    // By its input, which is not among its leaves.
    let by_x = grad(|x: &Tensor| loss(&plain, x, &cx), &x).unwrap();
    let again = grad(|x: &Tensor| loss(&kept, x, &cx), &x).unwrap();
    assert_eq!(by_x.to_vec::<f32>().unwrap(), again.to_vec::<f32>().unwrap());
    // Of second order.
    let (plain, kept) = (plain[0].0.clone(), Checkpointed(plain[0].0.clone()));
    let a = hvp(|m: &Dense| loss(m, &x, &cx), &plain, &plain).unwrap();
    let b = hvp(|m: &Checkpointed<Dense>| loss(m, &x, &cx), &kept, &kept).unwrap();
    assert_eq!(numbers(&a), numbers(&b));
}

#[test]
fn observers_see_one_run() {
    let device = tensorkeep_cpu::device();
    let model = (Checkpointed((segment(3, 1, &device), Tensor::relu)),);
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let cx = Context::training(1).observed(move |_: &str, _: &dyn Layer, _: &Tensor| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    let x = Tensor::new([[1.0f32, 2.0, 3.0], [0.0, 1.0, 0.0]], &device).unwrap();
    model.forward_with(&x, &cx).unwrap();
    let once = seen.swap(0, Ordering::Relaxed);
    assert_eq!(once, 7, "the segment, its layers and theirs");
    grad(|x: &Tensor| model.forward_with(x, &cx)?.sum_all(), &x).unwrap();
    assert_eq!(seen.load(Ordering::Relaxed), once);
}

/// What is held when the gradient begins: of each segment its input, and not what it computed inside.
#[test]
fn less_is_remembered() {
    let held = |kept: bool| {
        let options = tensorkeep_cpu::Options { threads: Some(1), ..Default::default() };
        let device = tensorkeep_cpu::with_options(options).unwrap();
        let segments: Vec<Segment> = (0..4).map(|seed| segment(8, seed, &device)).collect();
        let x = Rng::new(3, &device).normal([512, 8], 0.0, 1.0).unwrap();
        let (cx, before, after) = (Context::training(1), device.memory().live, Cell::new(0));
        let loss = |y: Tensor| {
            after.set(device.memory().live);
            y.sum_all()
        };
        if kept {
            let model: Vec<_> = segments.into_iter().map(Checkpointed).collect();
            grad(|m: &Vec<Checkpointed<Segment>>| loss(m.forward_with(&x, &cx)?), &model).unwrap();
        } else {
            grad(|m: &Vec<Segment>| loss(m.forward_with(&x, &cx)?), &segments).unwrap();
        }
        after.get() - before
    };
    let (plain, kept) = (held(false), held(true));
    assert!(kept * 3 < plain, "{kept} bytes are held, {plain} without");
}
