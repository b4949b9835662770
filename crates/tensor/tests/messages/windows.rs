//! Convolution, pooling and rows.

use tensorkeep_tensor::Tensor;
use tensorkeep_tensor::op::{
    Conv, ConvInputGrad, ConvWeightGrad, NormGrad, Op, Pool, PoolGrad, PoolKind, Row, Window,
};

use crate::{Table, floats, integers};

#[test]
fn windows() {
    let mut t = Table::of(file!());
    let conv = Conv { window: Window::default(), groups: 1 };
    let (x, w) = (floats(&[1, 4, 8, 8]), floats(&[6, 4, 3, 3]));
    t.row(
        floats(&[4, 8]).conv(&w, conv),
        "conv: an input is [batch, channels, then 1 to 3 spatial axes]: [4, 8]; reshape it",
    );
    t.row(x.conv(&floats(&[6, 4, 3]), conv), "conv: input and weight differ in rank: [1, 4, 8, 8] and [6, 4, 3]; use as many kernel axes as spatial axes");
    t.row(x.conv(&w, Conv { groups: 3, ..conv }), "conv: in 3 groups a weight is [outputs (a multiple of the groups), channels / groups, kernel..]: [1, 4, 8, 8] and [6, 4, 3, 3]; change the groups or the weight");
    t.row(x.conv(&w, Conv { groups: 0, ..conv }), "conv: in 0 groups a weight is [outputs (a multiple of the groups), channels / groups, kernel..]: [1, 4, 8, 8] and [6, 4, 3, 3]; change the groups or the weight");
    t.row(x.conv(&floats(&[6, 4, 9, 3]), conv), "conv: a window of 9 with dilation 1 does not fit on spatial axis 0 of size 8 padded by 0 and 0: use a smaller kernel or more padding");
    let still = Window { stride: [1, 0, 1], ..Window::default() };
    t.row(
        x.conv(&w, Conv { window: still, ..conv }),
        "conv: kernel 3, stride 0, dilation 1 on spatial axis 1: all must be at least 1",
    );
    let vast = Window { padding: [(usize::MAX, usize::MAX); 3], ..Window::default() };
    t.row(x.conv(&w, Conv { window: vast, ..conv }), "conv: a window of 3 with dilation 1 does not fit on spatial axis 0 of size 8 padded by 18446744073709551615 and 18446744073709551615: use a smaller kernel or more padding");
    t.row(
        integers(&[1, 4, 8, 8]).conv(&integers(&[6, 4, 3, 3]), conv),
        "conv: i32 has no fractions: cast to a float dtype with to_dtype",
    );
    t.row(x.conv_input_grad(&w, ConvInputGrad { conv, input: [8, 8, 0] }), "conv_input_grad: the gradient is not shaped like the result: [1, 4, 8, 8] and [1, 6, 6, 6]; pass the gradient of that very convolution");
    t.row(x.conv_input_grad(&floats(&[6, 4, 3]), ConvInputGrad { conv, input: [8, 8, 0] }), "conv_input_grad: gradient and weight differ in rank: [1, 4, 8, 8] and [6, 4, 3]; use as many kernel axes as spatial axes");
    t.row(floats(&[1, 6, 5, 6]).conv_input_grad(&w, ConvInputGrad { conv, input: [8, 8, 0] }), "conv_input_grad: the gradient is not shaped like the result: [1, 6, 5, 6] and [1, 6, 6, 6]; pass the gradient of that very convolution");
    t.row(x.conv_weight_grad(&floats(&[1, 6, 6]), ConvWeightGrad { conv, kernel: [3, 3, 0] }), "conv_weight_grad: input and gradient differ in rank: [1, 4, 8, 8] and [1, 6, 6]; pass the gradient of that very convolution");
    t.row(x.conv_weight_grad(&floats(&[1, 6, 6, 5]), ConvWeightGrad { conv, kernel: [3, 3, 0] }), "conv_weight_grad: the gradient is not shaped like the result: [1, 6, 6, 5] and [1, 6, 6, 6]; pass the gradient of that very convolution");
    let none = ConvWeightGrad { conv: Conv { groups: 0, ..conv }, kernel: [3, 3, 0] };
    t.row(x.conv_weight_grad(&floats(&[1, 6, 6, 6]), none), "conv_weight_grad: 0 groups: use at least 1");
    let pool = Pool { kind: PoolKind::Max, kernel: [2; 3], window: Window::default() };
    t.row(x.pool(Pool { kernel: [9, 2, 2], ..pool }), "max_pool: a window of 9 with dilation 1 does not fit on spatial axis 0 of size 8 padded by 0 and 0: use a smaller kernel or more padding");
    t.row(
        x.pool(Pool { window: Window { padding: [(2, 0); 3], ..pool.window }, ..pool }),
        "max_pool: padding of 2 and 0 for a window of 2 on spatial axis 0: pad at most half a window",
    );
    t.row(floats(&[1, 1, 1 << 16, 1 << 16]).pool(pool), "max_pool: a spatial block has more elements than an i32 index counts: [1, 1, 65536, 65536]; pool it in pieces");
    t.row(
        integers(&[1, 4, 8, 8]).pool(pool),
        "max_pool: i32 has no fractions: cast to a float dtype with to_dtype",
    );
    let grad = PoolGrad { pool, input: [8, 8, 0] };
    t.row(floats(&[1, 4, 7, 7]).pool_grad(None, grad), "pool_grad: 1 operands where 2 are needed: pass 2");
    t.row(floats(&[1, 4, 7, 7]).pool_grad(Some(&integers(&[1, 4, 7, 6])), grad), "pool_grad: gradient and indices differ in shape: [1, 4, 7, 7] and [1, 4, 7, 6]; pass the indices that the pooling gave");
    t.row(
        floats(&[1, 4, 7, 7]).pool_grad(Some(&floats(&[1, 4, 7, 7])), grad),
        "pool_grad: indices of f32: indices are i32 or i64, cast with to_dtype",
    );
    t.row(x.pool_grad(Some(&integers(&[1, 4, 8, 8])), grad), "pool_grad: the gradient is not shaped like the result: [1, 4, 8, 8] and [1, 4, 7, 7]; pass the gradient of that very pooling");
    t.finish();
}

#[test]
fn batch_norm() {
    let mut t = Table::of(file!());
    let (x, channels) = (floats(&[2, 3, 4]), floats(&[3]));
    t.row(
        floats(&[3]).batch_norm(&channels, &channels, 0.1),
        "batch_norm: an input is [batch, channels, ..]: [3]; reshape the input",
    );
    t.row(
        x.batch_norm(&channels, &floats(&[4]), 0.1),
        "batch_norm: a factor and a term are needed for each channel of the input, which is axis 1: [2, 3, 4] and [3] and [4]; move the channels there, or pass as many",
    );
    t.row(
        floats(&[0, 3]).batch_norm(&channels, &channels, 0.1),
        "batch_norm: a channel without elements has no mean: [0, 3]; pass at least one",
    );
    t.row(
        x.batch_norm(&channels, &channels, f64::NAN),
        "batch_norm: epsilon NaN: use a finite number that is not negative",
    );
    t.row(
        x.batch_norm(&integers(&[3]), &channels, 0.1),
        "batch_norm: operands of f32 and i32: cast one with to_dtype",
    );
    t.finish();
}

#[test]
fn rows() {
    let mut t = Table::of(file!());
    let (x, labels) = (floats(&[2, 3]), integers(&[2]));
    t.row(
        floats(&[]).softmax(),
        "softmax: a row operation needs at least 1 axis: []; add one with unsqueeze",
    );
    t.row(labels.log_softmax(), "log_softmax: i32 has no fractions: cast to a float dtype with to_dtype");
    t.row(x.layer_norm(-1.0), "layer_norm: epsilon -1: use a finite number that is not negative");
    t.row(x.rms_norm(f64::INFINITY), "rms_norm: epsilon inf: use a finite number that is not negative");
    t.row(
        x.layer_norm_scaled(&floats(&[2]), None, 1e-5),
        "layer_norm: a weight or bias is not as long as a row: [2] and [2, 3]; pass a number for each element of the last axis",
    );
    t.row(
        x.rms_norm_scaled(&floats(&[3]), Some(&integers(&[3])), 1e-5),
        "rms_norm: operands of f32 and i32: cast one with to_dtype",
    );
    t.row(
        Tensor::apply(&Op::Row(Row::LayerNorm { epsilon: 1e-5 }), &[&x; 4]),
        "layer_norm: 4 operands: pass rows, and at most a weight and a bias",
    );
    let gradients = |w: &[usize], dy: &[usize]| {
        Tensor::apply(
            &Op::NormGrad(NormGrad { centred: true, epsilon: 1e-5 }),
            &[&x, &floats(w), &floats(dy)],
        )
    };
    t.row(
        gradients(&[3], &[3, 2]),
        "norm_grad: the gradient is not shaped like the input: [3, 2] and [2, 3]; pass the gradient of that very norm",
    );
    t.row(
        gradients(&[2], &[2, 3]),
        "norm_grad: the weight is not as long as a row: [2] and [2, 3]; pass that of the norm",
    );
    t.row(x.cross_entropy(&integers(&[3])), "cross_entropy: labels need the shape of the logits without its last axis: [3] and [2, 3]; reshape them");
    t.row(
        x.cross_entropy(&floats(&[2])),
        "cross_entropy: indices of f32: indices are i32 or i64, cast with to_dtype",
    );
    t.row(
        floats(&[2, 0]).cross_entropy(&labels),
        "cross_entropy: there are no classes: [2, 0]; pass logits of at least one class",
    );
    t.row(
        Tensor::apply(&Op::Row(Row::CrossEntropy), &[&x]),
        "cross_entropy: 1 operands where 2 are needed: pass 2",
    );
    t.finish();
}
