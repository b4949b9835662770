//! Lengths beyond a block, awkward scores, memory and threads.

use tensorkeep_tensor::op::{Attention, AttentionGrad, Op};
use tensorkeep_tensor::{Device, Tensor};

use crate::{Options, device, with_options};

fn irregular(len: usize, seed: f64) -> Vec<f64> {
    (0..len).map(|i| (i as f64 * 0.731 + seed).sin()).collect()
}

fn attend(op: Attention, q: &Tensor, k: &Tensor, v: &Tensor) -> Vec<f64> {
    Tensor::apply(&Op::Attention(op), &[q, k, v]).unwrap()[0].to_vec().unwrap()
}

fn gradients(attention: Attention, inputs: [&Tensor; 4]) -> Vec<Vec<f64>> {
    let gradients = Tensor::apply(&Op::AttentionGrad(AttentionGrad { attention }), &inputs).unwrap();
    gradients.iter().map(|x| x.to_vec().unwrap()).collect()
}

fn tensor(data: &[f64], shape: &[usize], device: &Device) -> Tensor {
    Tensor::from_vec(data.to_vec(), shape, device).unwrap()
}

/// The definition, for one head: `q` is `t × d`, `k` is `s × d`, `v` is `s × e`.
fn definition(op: Attention, [t, s, d, e]: [usize; 4], q: &[f64], k: &[f64], v: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; t * e];
    for i in 0..t {
        let visible = if op.causal { i + 1 + s - t } else { s };
        let score = |j: usize| op.scale * (0..d).map(|c| q[i * d + c] * k[j * d + c]).sum::<f64>();
        let scores: Vec<f64> = (0..visible).map(score).collect();
        let max = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|score| (score - max).exp()).sum();
        for (j, score) in scores.iter().enumerate() {
            for c in 0..e {
                out[i * e + c] += (score - max).exp() / total * v[j * e + c];
            }
        }
    }
    out
}

#[test]
fn agrees_with_the_definition() {
    for ([t, s, d, e], causal, scale) in [
        ([1, 700, 8, 4], true, 0.3),
        ([70, 70, 3, 5], true, 1.0),
        ([130, 600, 16, 8], true, 4.0),
        ([65, 257, 1, 1], false, -2.0),
        // Scores so far apart that most weights are zero.
        ([3, 513, 4, 2], false, 1e3),
    ] {
        let op = Attention { scale, causal };
        let (q, k, v) = (irregular(t * d, 1.0), irregular(s * d, 2.0), irregular(s * e, 3.0));
        let want = definition(op, [t, s, d, e], &q, &k, &v);
        let device = device();
        let [q, v] = [(&q, [t, d]), (&v, [s, e])].map(|(data, shape)| tensor(data, &shape, &device));
        // Keys whose numbers lie the other way round in memory.
        let turned = tensor(&k, &[s, d], &device).transpose(0, 1).unwrap().to_host().unwrap();
        let k = Tensor::from_host(turned, &device).unwrap().transpose(0, 1).unwrap();
        for (got, want) in attend(op, &q, &k, &v).iter().zip(&want) {
            assert!((got - want).abs() < 1e-12, "{t} {s} {d} {e}: {got} and not {want}");
        }
    }
}

/// The definition, at sizes around the blocks of queries, of operands that lie the other way round in memory.
#[test]
fn gradients_agree_with_the_definition() {
    let device = device();
    for ([t, s, d, e], causal) in [
        ([1, 700, 8, 4], true),
        ([63, 64, 3, 5], true),
        ([64, 64, 4, 1], false),
        ([65, 65, 1, 17], true),
        ([130, 300, 16, 8], true),
        ([257, 129, 5, 2], false),
    ] {
        let lying = |[rows, cols]: [usize; 2], seed| {
            let turned = tensor(&irregular(2 * rows * cols, seed), &[cols, rows, 2], &device);
            turned.permute([2, 1, 0]).unwrap()
        };
        let (q, k, v, dy) = (lying([t, d], 1.0), lying([s, d], 2.0), lying([s, e], 3.0), lying([t, e], 4.0));
        let attention = Attention { scale: 0.4, causal };
        let op = Op::AttentionGrad(AttentionGrad { attention });
        let want = op.composed(&[&q, &k, &v, &dy]).unwrap().unwrap();
        for (got, want) in gradients(attention, [&q, &k, &v, &dy]).iter().zip(want) {
            for (got, want) in got.iter().zip(want.to_vec::<f64>().unwrap()) {
                assert!((got - want).abs() < 1e-12, "{t} {s} {d} {e}: {got} and not {want}");
            }
        }
    }
}

#[test]
fn a_block_of_impossible_keys_weighs_nothing() {
    let device = device();
    let (t, s) = (2, 600);
    // All of the first block of keys scores −∞, later ones score 0.
    let k: Vec<f64> = (0..s).map(|j| if j < 300 { f64::NEG_INFINITY } else { 0.0 }).collect();
    let v: Vec<f64> = (0..s).map(|j| if j < 300 { 1.0 } else { 2.0 }).collect();
    let (q, k, v) =
        (tensor(&[1.0, 2.0], &[t, 1], &device), tensor(&k, &[s, 1], &device), tensor(&v, &[s, 1], &device));
    assert_eq!(attend(Attention { scale: 1.0, causal: false }, &q, &k, &v), [2.0, 2.0]);
}

#[test]
fn memory_is_linear_in_the_length() {
    let n = 1 << 13;
    let device = with_options(Options { threads: Some(1), memory_bytes: Some(8 << 20) }).unwrap();
    let x = tensor(&irregular(n, 0.0), &[n, 1], &device);
    // The scores of all queries would take 512 MiB.
    let op = Attention { scale: 1.0, causal: true };
    assert_eq!(attend(op, &x, &x, &x).len(), n);
    let device = with_options(Options { threads: Some(1), memory_bytes: Some(24 << 20) }).unwrap();
    let x = tensor(&irregular(n, 0.0), &[n, 1], &device);
    assert_eq!(gradients(op, [&x, &x, &x, &x])[0].len(), n);
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    for [heads, t, s, d] in [[1, 300, 500, 16], [12, 40, 90, 16]] {
        let results = |threads| {
            let device = with_options(Options { threads: Some(threads), memory_bytes: None }).unwrap();
            let [q, k, v] = [(t, 1.0), (s, 2.0), (s, 3.0)]
                .map(|(n, seed)| tensor(&irregular(heads * n * d, seed), &[heads, n, d], &device));
            let op = Attention { scale: 0.25, causal: true };
            (attend(op, &q, &k, &v), gradients(op, [&q, &k, &v, &q]))
        };
        assert!(results(1) == results(3), "{heads} heads");
    }
}
