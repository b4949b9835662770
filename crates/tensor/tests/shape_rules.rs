//! The shape rule of every family, on the device that knows nothing else: what it accepts and what comes out,
//! and which kind of error it gives for what it refuses. The messages are held by another table.

#![allow(clippy::unwrap_used, reason = "a failing test may say so in the shortest way")]

use std::sync::LazyLock;

use tensorkeep_tensor::ErrorKind::{self, Axis, DType as Kind, Index, Limit, Shape as Sizes, Value};
use tensorkeep_tensor::op::{
    Attention, AttentionGrad, Conv, ConvInputGrad, ConvWeightGrad, Gather, GatherKind, Op, Pad, PadAxis,
    Pool, PoolGrad, PoolKind, ScatterMode, View, Window,
};
use tensorkeep_tensor::{DType, Device, Error, Result, Scalar, Tensor, meta};

fn device() -> Device {
    static DEVICE: LazyLock<Device> = LazyLock::new(meta::device);
    DEVICE.clone()
}

fn of(dtype: DType, shape: &[usize]) -> Tensor {
    Tensor::zeros(shape, dtype, &device()).unwrap()
}

fn f(shape: &[usize]) -> Tensor {
    of(DType::F32, shape)
}

fn i(shape: &[usize]) -> Tensor {
    of(DType::I32, shape)
}

/// Of bytes, of which there may be as many as a shape can have.
fn b(shape: &[usize]) -> Tensor {
    of(DType::U8, shape)
}

#[track_caller]
fn gives<const N: usize>(result: Result<Tensor>, shape: [usize; N]) {
    assert_eq!(*result.unwrap().shape(), shape);
}

#[track_caller]
fn refused<T>(result: Result<T>, kind: ErrorKind) {
    assert_eq!(result.err().as_ref().map(Error::kind), Some(kind));
}

fn first(op: Op, inputs: &[&Tensor]) -> Result<Tensor> {
    Ok(Tensor::apply(&op, inputs)?.into_iter().next().unwrap())
}

const HUGE: usize = 1 << 62;

#[test]
fn maps_broadcast() {
    gives(f(&[2, 1, 4]).add(&f(&[3, 1])), [2, 3, 4]);
    gives(f(&[]).add(&f(&[0, 5])), [0, 5]);
    gives(f(&[1, 0]).add(&f(&[7, 1])), [7, 0]);
    gives(b(&[HUGE]).add(1), [HUGE]);
    refused(f(&[0]).add(&f(&[2])), Sizes);
    refused(f(&[1 << 40, 1]).add(&f(&[1, 1 << 40])), Limit);
    refused(f(&[2]).add(&i(&[2])), Kind);
    assert_eq!(f(&[2]).gt(0.0).unwrap().dtype(), DType::Bool);
    assert_eq!(of(DType::F16, &[2]).add(1.5).unwrap().dtype(), DType::F16);
}

#[test]
fn folds_and_scans() {
    gives(f(&[2, 3, 4]).sum([0, -1], false), [3]);
    gives(f(&[2, 3, 4]).sum([0, -1], true), [1, 3, 1]);
    gives(f(&[2, 3]).sum([], false), [2, 3]);
    gives(f(&[]).sum_all(), []);
    gives(f(&[0, 3]).sum([0], false), [3]);
    gives(f(&[0, 3]).max([1], false), [0]);
    gives(f(&[5, 0]).cumsum(0), [5, 0]);
    gives(f(&[2, 3]).argmax(-1, true), [2, 1]);
    gives(f(&[2, 3]).norm([1], false), [2]);
    gives(f(&[2, 3]).logsumexp([0, 1], true), [1, 1]);
    gives(f(&[2, 3]).variance([0], false), [3]);
    assert_eq!(f(&[2]).argmin(0, false).unwrap().dtype(), DType::INDEX);
    refused(f(&[2, 0]).min([1], false), Sizes);
    refused(f(&[2, 0]).argmax(1, false), Sizes);
    refused(f(&[]).sum([0], false), Axis);
    refused(f(&[2]).sum([isize::MIN], false), Axis);
    refused(f(&[2]).sum([0, -1], false), Axis);
    refused(of(DType::Bool, &[2]).prod([0], false), Kind);
}

#[test]
fn products() {
    gives(f(&[2, 3]).matmul(&f(&[3, 4])), [2, 4]);
    gives(f(&[3]).matmul(&f(&[3])), []);
    gives(f(&[3]).matmul(&f(&[5, 3, 4])), [5, 4]);
    gives(f(&[5, 2, 3]).matmul(&f(&[3])), [5, 2]);
    gives(f(&[7, 1, 2, 3]).matmul(&f(&[5, 3, 4])), [7, 5, 2, 4]);
    gives(f(&[2, 0]).matmul(&f(&[0, 4])), [2, 4]);
    gives(f(&[0, 3]).matmul(&f(&[3, 4])), [0, 4]);
    gives(f(&[2, 3]).outer(&f(&[5])), [6, 5]);
    refused(f(&[]).matmul(&f(&[3])), Sizes);
    refused(f(&[4]).matmul(&f(&[3])), Sizes);
    refused(f(&[1 << 40, 1]).matmul(&f(&[1, 1 << 40])), Limit);
    let [y, mean, variance] = f(&[2, 3, 4]).batch_norm(&f(&[3]), &f(&[3]), 0.1).unwrap();
    assert_eq!(
        [y.shape().sizes(), mean.shape().sizes(), variance.shape().sizes()],
        [&[2, 3, 4][..], &[3], &[3]]
    );
    let attention = Attention { scale: 1.0, causal: true };
    gives(f(&[2, 4, 8]).attention(&f(&[2, 6, 8]), &f(&[2, 6, 5]), attention), [2, 4, 5]);
    gives(f(&[0, 8]).attention(&f(&[6, 8]), &f(&[6, 5]), attention), [0, 5]);
    refused(f(&[4, 8]).attention(&f(&[0, 8]), &f(&[0, 8]), Attention { causal: false, ..attention }), Sizes);
    refused(f(&[2, 4, 8]).attention(&f(&[1, 6, 8]), &f(&[1, 6, 5]), attention), Sizes);
    let gradients = Tensor::apply(
        &Op::AttentionGrad(AttentionGrad { attention }),
        &[&f(&[2, 4, 8]), &f(&[2, 6, 8]), &f(&[2, 6, 5]), &f(&[2, 4, 5])],
    );
    let shapes: Vec<_> = gradients.unwrap().iter().map(|x| x.shape().to_vec()).collect();
    assert_eq!(shapes, [[2, 4, 8], [2, 6, 8], [2, 6, 5]]);
}

#[test]
fn equations() {
    gives(Tensor::einsum("ij,jk", &[&f(&[2, 3]), &f(&[3, 4])]), [2, 4]);
    gives(Tensor::einsum(" i j , j k -> k i ", &[&f(&[2, 3]), &f(&[3, 4])]), [4, 2]);
    gives(Tensor::einsum("ba", &[&f(&[2, 3])]), [3, 2]);
    gives(Tensor::einsum("bA", &[&f(&[2, 3])]), [3, 2]);
    gives(Tensor::einsum("ii", &[&f(&[3, 3])]), []);
    gives(Tensor::einsum("iii->i", &[&f(&[3, 3, 3])]), [3]);
    gives(Tensor::einsum("...ii->...i", &[&f(&[2, 3, 3])]), [2, 3]);
    gives(Tensor::einsum("...j,...j", &[&f(&[5, 1, 3]), &f(&[4, 3])]), [5, 4]);
    gives(Tensor::einsum("i...->...", &[&f(&[2, 3, 4])]), [3, 4]);
    gives(Tensor::einsum("", &[&f(&[])]), []);
    gives(Tensor::einsum("->", &[&f(&[])]), []);
    gives(Tensor::einsum("ij,ij->ij", &[&f(&[2, 1]), &f(&[1, 3])]), [2, 3]);
    gives(Tensor::einsum("ij,jk->ik", &[&f(&[2, 0]), &f(&[0, 3])]), [2, 3]);
    gives(Tensor::einsum("ii->i", &[&f(&[0, 0])]), [0]);
    gives(Tensor::einsum("abcdefgh,abcdefgh->abcdefg", &[&f(&[2; 8]), &f(&[2; 8])]), [2; 7]);
    gives(Tensor::einsum("ij->ji", &[&of(DType::Bool, &[2, 3])]), [3, 2]);
    refused(Tensor::einsum("ij,jk", &[&f(&[2, 3]), &f(&[4, 4])]), Sizes);
    refused(Tensor::einsum("ii", &[&f(&[1, 3])]), Sizes);
    refused(Tensor::einsum("é", &[&f(&[1])]), Value);
    refused(Tensor::einsum("....", &[&f(&[1])]), Value);
    refused(Tensor::einsum("i,j->ij", &[&f(&[1 << 40]), &f(&[1 << 40])]), Limit);
}

#[test]
fn convolutions() {
    let conv = Conv { window: Window::default(), groups: 1 };
    let two = Conv { window: Window { stride: [2; 3], padding: [(1, 1); 3], ..conv.window }, groups: 2 };
    gives(f(&[5, 4, 9]).conv(&f(&[6, 4, 3]), conv), [5, 6, 7]);
    gives(f(&[5, 4, 9, 9]).conv(&f(&[6, 2, 3, 3]), two), [5, 6, 5, 5]);
    gives(f(&[5, 4, 3, 3, 3]).conv(&f(&[6, 4, 3, 3, 3]), conv), [5, 6, 1, 1, 1]);
    gives(f(&[0, 4, 9]).conv(&f(&[6, 4, 3]), conv), [0, 6, 7]);
    gives(f(&[5, 0, 9]).conv(&f(&[6, 0, 3]), conv), [5, 6, 7]);
    gives(f(&[1, 2, 0]).conv(&f(&[2, 1, 2]), two), [1, 2, 1]);
    refused(f(&[5, 4]).conv(&f(&[6, 4]), conv), Sizes);
    refused(f(&[5, 4, 1, 1, 1, 1]).conv(&f(&[6, 4, 1, 1, 1, 1]), conv), Sizes);
    refused(f(&[5, 4, 9]).conv(&f(&[6, 3, 3]), conv), Sizes);
    refused(f(&[5, 4, 9]).conv(&f(&[5, 2, 3]), two), Sizes);
    refused(f(&[5, 4, 9]).conv(&f(&[6, 4, 3]), Conv { groups: usize::MAX, ..conv }), Sizes);
    refused(f(&[5, 4, 9]).conv(&f(&[6, 4, 10]), conv), Value);
    refused(f(&[5, 4, 9]).conv(&f(&[6, 4, 0]), conv), Value);
    let vast = |window| Conv { window, ..conv };
    refused(
        f(&[5, 4, 9]).conv(&f(&[6, 4, 3]), vast(Window { dilation: [usize::MAX; 3], ..conv.window })),
        Value,
    );
    refused(
        f(&[5, 4, 9]).conv(&f(&[6, 4, 3]), vast(Window { padding: [(HUGE, HUGE); 3], ..conv.window })),
        Value,
    );
    let grad = ConvInputGrad { conv: two, input: [9, 9, 0] };
    gives(f(&[5, 6, 5, 5]).conv_input_grad(&f(&[6, 2, 3, 3]), grad), [5, 4, 9, 9]);
    refused(
        f(&[5, 6, 5, 5]).conv_input_grad(&f(&[6, 2, 3, 3]), ConvInputGrad { input: [8, 5, 0], ..grad }),
        Sizes,
    );
    let vast = ConvInputGrad { conv: Conv { groups: usize::MAX, ..two }, input: [HUGE; 3] };
    refused(f(&[5, 6, 5, 5]).conv_input_grad(&f(&[6, 2, 3, 3]), vast), Limit);
    let grad = ConvWeightGrad { conv: two, kernel: [3, 3, 0] };
    gives(f(&[5, 4, 9, 9]).conv_weight_grad(&f(&[5, 6, 5, 5]), grad), [6, 2, 3, 3]);
    refused(
        f(&[5, 4, 9, 9]).conv_weight_grad(&f(&[5, 6, 5, 5]), ConvWeightGrad { kernel: [0; 3], ..grad }),
        Value,
    );
}

#[test]
fn pools() {
    let pool =
        Pool { kind: PoolKind::Max, kernel: [2; 3], window: Window { stride: [2; 3], ..Window::default() } };
    gives(f(&[5, 4, 9]).pool(pool), [5, 4, 4]);
    gives(f(&[5, 0, 9, 9]).pool(pool), [5, 0, 4, 4]);
    refused(f(&[5, 4, 0]).pool(pool), Value);
    refused(f(&[5, 4, 9]).pool(Pool { kernel: [0; 3], ..pool }), Value);
    refused(f(&[5, 4, 9]).pool(Pool { kernel: [10; 3], ..pool }), Value);
    let grad = PoolGrad { pool, input: [9, 0, 0] };
    gives(f(&[5, 4, 4]).pool_grad(Some(&i(&[5, 4, 4])), grad), [5, 4, 9]);
    let mean = Pool { kind: PoolKind::Mean { count_padding: true }, ..pool };
    gives(f(&[5, 4, 4]).pool_grad(None, PoolGrad { pool: mean, ..grad }), [5, 4, 9]);
    refused(f(&[5, 4, 4]).pool_grad(Some(&i(&[5, 4, 4])), PoolGrad { input: [HUGE; 3], ..grad }), Limit);
}

#[test]
fn picking_and_joining() {
    gives(f(&[2, 3, 4]).take(1, &i(&[5, 6])), [2, 5, 6, 4]);
    gives(f(&[2, 3]).take(0, &i(&[])), [3]);
    gives(f(&[0, 3]).take(0, &i(&[0])), [0, 3]);
    gives(f(&[2, 3]).gather(1, &i(&[2, 7])), [2, 7]);
    gives(f(&[2, 3]).tile([0, 2]), [0, 6]);
    gives(f(&[2, 3]).repeat(-1, 4), [2, 12]);
    gives(f(&[1; 8]).tile([2; 8]), [2; 8]);
    gives(f(&[0, 3]).roll(0, 5), [0, 3]);
    gives(f(&[2, 3]).roll(1, isize::MIN), [2, 3]);
    gives(f(&[2, 4, 3]).tril(isize::MAX), [2, 4, 3]);
    gives(f(&[0, 3]).triu(isize::MIN), [0, 3]);
    refused(f(&[2, 3]).take(0, &of(DType::U8, &[1])), Kind);
    refused(f(&[0, 3]).take(0, &i(&[1])), Sizes);
    let select = Gather { kind: GatherKind::Select, axis: 0 };
    gives(f(&[2, 3]).scatter(select, ScatterMode::Add, &i(&[5]), &f(&[5, 3])), [2, 3]);
    gives(Tensor::concat(&[&f(&[2, 0]), &f(&[2, 3])], -1), [2, 3]);
    gives(Tensor::stack(&[&f(&[2]), &f(&[2])], -1), [2, 2]);
    refused(Tensor::concat(&[&b(&[HUGE]), &b(&[HUGE])], 0), Limit);
    refused(Tensor::stack(&[&f(&[1; 8])], 0), Limit);
    gives(f(&[2, 0]).pad(&[(1, 0), (2, 3)], 0.0), [3, 5]);
    refused(f(&[2]).pad(&[(usize::MAX, usize::MAX)], 0.0), Limit);
    let spread = |low, interior| {
        Op::Pad(Pad {
            axes: [PadAxis { low, high: 0, interior }].into_iter().collect(),
            value: Scalar::Int(0),
        })
    };
    gives(first(spread(1, 2), &[&f(&[3])]), [8]);
    gives(first(spread(1, 2), &[&f(&[0])]), [1]);
    refused(first(spread(0, usize::MAX), &[&f(&[3])]), Limit);
    gives(f(&[2, 3]).argsort(0, true), [2, 3]);
    gives(f(&[2, 3]).top_k(2, -1).map(|(values, _)| values), [2, 2]);
    refused(f(&[2, 3]).top_k(usize::MAX, 0), Index);
    gives(f(&[3]).searchsorted(&f(&[2, 4]), false), [2, 4]);
    gives(f(&[3]).searchsorted(&f(&[]), true), []);
    gives(f(&[2, 3]).searchsorted(&f(&[2, 5]), true), [2, 5]);
    gives(f(&[0]).searchsorted(&f(&[4]), true), [4]);
    refused(f(&[2, 3]).searchsorted(&f(&[3, 5]), false), Sizes);
    refused(f(&[]).searchsorted(&f(&[3]), false), Sizes);
    gives(f(&[2, 3]).standardise([0], 1e-5), [2, 3]);
    gives(f(&[2, 3]).min_max_scale([0, 1], 0.0), [2, 3]);
    refused(f(&[2, 3]).standardise([0], -1.0), Value);
    refused(f(&[2, 3]).min_max_scale([0], f64::NAN), Value);
    refused(f(&[0, 3]).min_max_scale([0], 0.1), Sizes);
}

#[test]
fn views() {
    let x = f(&[2, 3, 4]);
    gives(x.reshape([4, 1, 6]), [4, 1, 6]);
    gives(f(&[0, 7]).reshape([3, 0]), [3, 0]);
    gives(x.flatten(1), [2, 12]);
    gives(f(&[]).flatten(0), [1]);
    gives(x.permute([2, -3, 1]), [4, 2, 3]);
    gives(x.move_axis(0, -1), [3, 4, 2]);
    gives(f(&[5, 3, 3]).diagonal(-1, 1), [5, 3]);
    gives(f(&[0, 0]).diagonal(0, 1), [0]);
    gives(x.slice(2, 1.., -2), [2, 3, 2]);
    gives(x.slice(2, .., isize::MIN), [2, 3, 1]);
    gives(x.slice(0, 1..1, isize::MAX), [0, 3, 4]);
    gives(x.at(1, 2), [2, 4]);
    gives(f(&[1]).broadcast_to(0), [0]);
    gives(b(&[]).broadcast_to([HUGE, 1]), [HUGE, 1]);
    gives(f(&[1, 1]).squeeze(0), [1]);
    refused(x.reshape([HUGE, 8]), Limit);
    refused(x.reshape([0]), Sizes);
    refused(x.narrow(0, 0..=usize::MAX), Index);
    refused(x.at(0, usize::MAX), Index);
    refused(x.slice(0, .., 0), Value);
    refused(x.unsqueeze(isize::MIN), Axis);
    let slice =
        |start, len, step| first(Op::View(View::Slice { axis: 2, start, len, step }), &[&f(&[2, 3, 4])]);
    gives(slice(3, 4, -1), [2, 3, 4]);
    gives(slice(usize::MAX, 0, isize::MIN), [2, 3, 0]);
    refused(slice(0, 5, -1), Index);
    refused(slice(4, 1, 1), Index);
    refused(slice(3, 2, isize::MIN), Index);
    refused(slice(usize::MAX, usize::MAX, isize::MAX), Index);
}

/// A sequence is computed on the host, but not for a device that keeps no elements.
#[test]
fn sequences_of_no_elements() {
    gives(Tensor::arange(1 << 50, DType::F64, &device()), [1 << 50]);
    gives(Tensor::linspace(0.0, 1.0, HUGE, DType::U8, &device()), [HUGE]);
    refused(Tensor::arange(1 << 63, DType::I64, &device()), Limit);
}

/// Strides of these views leave the range of `isize` where they are no longer used.
#[test]
fn views_of_views_at_the_end_of_the_range() {
    let long = b(&[HUGE - 1, 2]).t().unwrap().slice(1, .., HUGE as isize - 2).unwrap();
    gives(long.reshape([4]), [4]);
    gives(long.reshape([2, 2, 1]), [2, 2, 1]);
    gives(b(&[HUGE + 1]).slice(0, .., HUGE as isize).unwrap().reshape([2, 1]), [2, 1]);
    gives(b(&[HUGE + 1]).flip(0).unwrap().slice(0, .., -(HUGE as isize)).unwrap().reshape([1, 2]), [1, 2]);
}

#[test]
fn parts_of_an_axis() {
    let sizes = |parts: Result<Vec<Tensor>>| parts.unwrap().iter().map(|x| x.shape()[1]).collect::<Vec<_>>();
    assert_eq!(sizes(f(&[2, 7]).chunk(1, 3)), [3, 3, 1]);
    assert_eq!(sizes(f(&[2, 7]).chunk(-1, 5)), [2, 2, 2, 1]);
    assert_eq!(sizes(f(&[2, 2]).chunk(1, usize::MAX)), [1, 1]);
    assert_eq!(sizes(f(&[2, 0]).chunk(1, 3)), [0]);
    assert_eq!(sizes(f(&[2, 9]).chunks(1, 4)), [4, 4, 1]);
    assert_eq!(sizes(f(&[2, 9]).chunks(-1, usize::MAX)), [9]);
    assert_eq!(sizes(f(&[2, 0]).chunks(1, 3)), [0]);
    assert_eq!(sizes(f(&[4, 3, 2]).unbind(0)), [2, 2, 2, 2]);
    assert_eq!(sizes(f(&[0, 3, 2]).unbind(0)), [0usize; 0]);
    assert_eq!(sizes(f(&[2, 7]).split(1, &[0, 4, 3])), [0, 4, 3]);
    assert_eq!(sizes(f(&[2, 0]).split(1, &[])), [0usize; 0]);
    refused(f(&[2, 7]).split(1, &[usize::MAX, 8]), Value);
}

#[test]
fn shapes_may_be_named_in_many_ways() {
    let zeros = |shape: &dyn Fn() -> Result<Tensor>| *shape().unwrap().shape();
    let device = device();
    assert_eq!(zeros(&|| Tensor::zeros((), DType::F32, &device)), []);
    assert_eq!(zeros(&|| Tensor::zeros([], DType::F32, &device)), []);
    assert_eq!(zeros(&|| Tensor::zeros(3, DType::F32, &device)), [3]);
    assert_eq!(zeros(&|| Tensor::zeros([2, 3], DType::F32, &device)), [2, 3]);
    assert_eq!(zeros(&|| Tensor::zeros(&[2, 3][..], DType::F32, &device)), [2, 3]);
    assert_eq!(zeros(&|| Tensor::zeros(vec![2, 3], DType::F32, &device)), [2, 3]);
    assert_eq!(zeros(&|| Tensor::zeros(f(&[2, 3]).shape(), DType::F32, &device)), [2, 3]);
}
