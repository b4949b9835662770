//! Long recordings: no recursion, no growth.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

use tensorkeep_autodiff::{grad, value_and_grad};
use tensorkeep_cpu::{Options, with_options};
use tensorkeep_tensor::Tensor;

/// A million operations: forward, backward and drop on a stack of 2 MiB.
#[test]
fn a_million_operations_fit_a_small_stack() {
    let run = || {
        let x = Tensor::new(1.0f32, &tensorkeep_cpu::device()).unwrap();
        let f = |x: &Tensor| {
            let mut y = x.clone();
            for _ in 0..500_000 {
                y = y.mul(1.0)?.add(x)?;
            }
            Ok(y)
        };
        grad(f, &x).unwrap().item().unwrap().as_f64()
    };
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap();
    assert_eq!(thread.join().unwrap(), 500_001.0);
}

/// A thousand steps leave live memory as it was after the first, to the byte.
#[test]
fn a_thousand_steps_keep_live_bytes() {
    let device = with_options(Options { threads: Some(1), ..Options::default() }).unwrap();
    let mut w = Tensor::full([8, 8], 0.1, tensorkeep_tensor::DType::F32, &device).unwrap();
    let x = Tensor::full([4, 8], 0.5, tensorkeep_tensor::DType::F32, &device).unwrap();
    let mut live = None;
    for step in 0..1000 {
        let loss = |w: &Tensor| x.matmul(w)?.tanh()?.matmul(w)?.softmax()?.max([-1], false)?.mean_all();
        let (_, dw) = value_and_grad(loss, &w).unwrap();
        w = w.sub(&dw.mul(0.1).unwrap()).unwrap();
        drop(dw);
        let now = device.memory().live;
        assert_eq!(*live.get_or_insert(now), now, "step {step}");
    }
}
