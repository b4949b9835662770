//! What operations cost, counted on the device that computes nothing.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use tensorkeep_tensor::op::{
    Attention, AttentionGrad, Conv, ConvInputGrad, ConvWeightGrad, Gather, GatherKind, NormGrad, Op, Pool,
    PoolGrad, PoolKind, ScatterMode, Window,
};
use tensorkeep_tensor::{DType, Device, Result, Rng, Tensor, meta};

/// What it is called, the operation, its arithmetic operations and the bytes of its results.
type Row = (&'static str, fn(&Device) -> Result<Tensor>, u64, u64);

fn zeros<const N: usize>(device: &Device, shape: [usize; N]) -> Result<Tensor> {
    Tensor::zeros(shape, DType::F32, device)
}

fn indices<const N: usize>(device: &Device, shape: [usize; N]) -> Result<Tensor> {
    Tensor::zeros(shape, DType::INDEX, device)
}

const CONV: Conv =
    Conv { window: Window { stride: [1; 3], dilation: [1; 3], padding: [(0, 0); 3] }, groups: 1 };

const HALVES: Pool =
    Pool { kind: PoolKind::Max, kernel: [2, 2, 1], window: Window { stride: [2, 2, 1], ..CONV.window } };

const MEANS: Pool = Pool { kind: PoolKind::Mean { count_padding: true }, ..HALVES };

const ROWS: Gather = Gather { kind: GatherKind::Select, axis: 0 };

const TABLE: [Row; 35] = [
    ("a broadcast sum", |d| zeros(d, [2, 3])?.add(&zeros(d, [3])?), 6, 24),
    ("a program of two steps", |d| zeros(d, [4])?.mul_add(&zeros(d, [4])?, &zeros(d, [4])?), 8, 16),
    ("a comparison and a choice", |d| zeros(d, [4])?.relu(), 4, 16),
    ("a cast", |d| zeros(d, [4])?.to_dtype(DType::F64), 0, 32),
    ("nothing", |d| zeros(d, [0, 4])?.exp(), 0, 0),
    ("a view", |d| zeros(d, [2, 3])?.t()?.unsqueeze(0)?.narrow(1, 1..), 0, 0),
    ("a fold", |d| zeros(d, [2, 3])?.sum_all(), 6, 4),
    ("a running sum", |d| zeros(d, [5])?.cumsum(0), 5, 20),
    ("a recurrence", |d| zeros(d, [5])?.linear_scan(&zeros(d, [5])?, 0, false), 10, 20),
    ("a batch of products", |d| zeros(d, [2, 5, 7])?.matmul(&zeros(d, [7, 3])?), 420, 120),
    ("a product and a term", |d| zeros(d, [5, 7])?.matmul_add(&zeros(d, [7, 3])?, &zeros(d, [3])?), 225, 60),
    // 96 results of 27 products each.
    ("a convolution", |d| zeros(d, [2, 3, 6, 5])?.conv(&zeros(d, [4, 3, 3, 3])?, CONV), 5184, 384),
    (
        "a convolution in groups",
        |d| zeros(d, [1, 4, 4, 4])?.conv(&zeros(d, [4, 1, 3, 3])?, Conv { groups: 4, ..CONV }),
        288,
        64,
    ),
    (
        "its gradient by the input",
        |d| {
            let op = ConvInputGrad { conv: CONV, input: [6, 5, 1] };
            zeros(d, [2, 4, 4, 3])?.conv_input_grad(&zeros(d, [4, 3, 3, 3])?, op)
        },
        5184,
        720,
    ),
    (
        "its gradient by the weight",
        |d| {
            let op = ConvWeightGrad { conv: CONV, kernel: [3, 3, 1] };
            zeros(d, [2, 3, 6, 5])?.conv_weight_grad(&zeros(d, [2, 4, 4, 3])?, op)
        },
        5184,
        432,
    ),
    ("the largest of windows, and where", |d| zeros(d, [1, 1, 4, 4])?.pool(HALVES), 16, 32),
    ("the mean of windows", |d| zeros(d, [1, 1, 4, 4])?.pool(MEANS), 16, 16),
    (
        "the gradient of a mean",
        |d| zeros(d, [1, 1, 2, 2])?.pool_grad(None, PoolGrad { pool: MEANS, input: [4, 4, 1] }),
        16,
        64,
    ),
    (
        "the gradient of a largest",
        |d| {
            let at = indices(d, [1, 1, 2, 2])?;
            zeros(d, [1, 1, 2, 2])?.pool_grad(Some(&at), PoolGrad { pool: HALVES, input: [4, 4, 1] })
        },
        4,
        64,
    ),
    ("picking", |d| zeros(d, [5, 2])?.take(0, &indices(d, [3])?), 0, 24),
    (
        "adding by index",
        |d| zeros(d, [5, 2])?.scatter(ROWS, ScatterMode::Add, &indices(d, [3])?, &zeros(d, [3, 2])?),
        6,
        40,
    ),
    (
        "putting by index",
        |d| zeros(d, [5, 2])?.scatter(ROWS, ScatterMode::Set, &indices(d, [3])?, &zeros(d, [3, 2])?),
        0,
        40,
    ),
    ("joining", |d| Tensor::concat(&[&zeros(d, [2])?, &zeros(d, [3])?], 0), 0, 20),
    ("padding", |d| zeros(d, [2])?.pad(&[(1, 2)], 0), 0, 20),
    ("random numbers", |d| Rng::new(0, d).normal([3], 0.0, 1.0), 0, 12),
    ("sorting, three rounds of comparisons", |d| Ok(zeros(d, [2, 8])?.sort(1, false)?.0), 48, 128),
    ("softmax", |d| zeros(d, [2, 5])?.softmax(), 50, 40),
    ("a norm", |d| zeros(d, [2, 5])?.layer_norm(1e-5), 50, 40),
    ("a norm that scales", |d| zeros(d, [2, 5])?.layer_norm_scaled(&zeros(d, [5])?, None, 1e-5), 60, 40),
    (
        "the gradients of a norm",
        |d| {
            let op = NormGrad { centred: true, epsilon: 1e-5 };
            let x = zeros(d, [2, 5])?;
            Ok(Tensor::apply(&Op::NormGrad(op), &[&x, &zeros(d, [5])?, &x])?.swap_remove(0))
        },
        160,
        80,
    ),
    ("a root mean square", |d| zeros(d, [2, 5])?.rms_norm(1e-5), 30, 40),
    ("cross-entropy", |d| zeros(d, [2, 5])?.cross_entropy(&indices(d, [2])?), 40, 8),
    // 30 scores: two products over 4 and 6 numbers, a factor and a softmax.
    (
        "attention",
        |d| {
            let (keys, values) = (zeros(d, [2, 5, 4])?, zeros(d, [2, 5, 6])?);
            zeros(d, [2, 3, 4])?.attention(&keys, &values, Attention { scale: 1.0, causal: false })
        },
        780,
        144,
    ),
    (
        "the gradients of attention",
        |d| {
            let (keys, values) = (zeros(d, [2, 5, 4])?, zeros(d, [2, 5, 6])?);
            let op = AttentionGrad { attention: Attention { scale: 1.0, causal: false } };
            let inputs = [&zeros(d, [2, 3, 4])?, &keys, &values, &zeros(d, [2, 3, 6])?];
            Ok(Tensor::apply(&Op::AttentionGrad(op), &inputs)?.swap_remove(0))
        },
        1800,
        496,
    ),
    (
        "a norm over the batch, and its statistics",
        |d| {
            let [y, ..] = zeros(d, [2, 3, 4])?.batch_norm(&zeros(d, [3])?, &zeros(d, [3])?, 1e-5)?;
            Ok(y)
        },
        144,
        120,
    ),
];

#[test]
fn operations_are_counted() {
    for (name, run, flops, bytes) in TABLE {
        let (device, work) = meta::counting();
        run(&device).unwrap();
        assert_eq!((work.flops(), work.bytes()), (flops, bytes), "{name}");
    }
}

/// A count that is too large for its type stays at the end of it.
#[test]
fn counts_do_not_wrap() {
    let (device, work) = meta::counting();
    let wide = Tensor::zeros([1 << 31, 1 << 31], DType::U8, &device).unwrap();
    wide.matmul(&wide).unwrap();
    wide.matmul(&wide).unwrap();
    assert_eq!((work.flops(), work.bytes()), (u64::MAX, 1 << 63));
    // Specs that no shape rule admits count for nothing.
    assert_eq!(Op::Row(NormGrad { centred: true, epsilon: 1e-5 }.norm()).flops(&[], &[]), 0);
}
