//! Views and folds.

use tensorkeep_tensor::op::{Axes, Op, Reduce, ReduceKind, Scan, ScanKind, View};
use tensorkeep_tensor::{Shape, Tensor};

use crate::{Table, floats, integers, truths};

#[test]
fn views() {
    let mut t = Table::of(file!());
    let x = floats(&[2, 3]);
    t.row(
        x.reshape([4]),
        "reshape: shapes differ in their number of elements: [2, 3] and [4]; keep the product of the sizes",
    );
    t.row(x.reshape([1; 9]), "shape: rank 9 is more than 8: merge axes with reshape first");
    t.row(x.flatten(2), "flatten: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(
        x.permute([0, 0]),
        "permute: [0, 0] does not name every axis of shape [2, 3] once: give each axis one place",
    );
    t.row(
        x.permute([0]),
        "permute: [0] does not name every axis of shape [2, 3] once: give each axis one place",
    );
    t.row(x.permute([0, 2]), "permute: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(x.transpose(0, 5), "transpose: axis 5 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(floats(&[2]).t(), "transpose: axis -2 is outside a tensor of rank 1, shape [2]: use -1 to 0");
    t.row(x.move_axis(0, 2), "move_axis: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(x.diagonal(0, 0), "diagonal: axis 0 is named twice: name two axes");
    t.row(x.diagonal(0, 1), "diagonal: axes 0 and 1 differ in size: [2, 3]; narrow one");
    t.row(x.broadcast_to([4, 3]), "broadcast: one does not stretch to the other: [2, 3] and [4, 3]; only axes of size 1 stretch, and new axes come first");
    t.row(x.broadcast_to([3]), "broadcast: one does not stretch to the other: [2, 3] and [3]; only axes of size 1 stretch, and new axes come first");
    t.row(x.narrow(0, 1..3), "slice: range 1..3 leaves axis 0 of shape [2, 3]: stay within 0..2");
    t.row(x.slice(1, .., 0), "slice: a step of 0 goes nowhere: use another step");
    t.row(x.at(0, 2), "slice: range 2..3 leaves axis 0 of shape [2, 3]: stay within 0..2");
    t.row(x.split(1, &[1, 1]), "split: 2 sizes add up to 2, not to axis 1 of shape [2, 3]: make them add up");
    t.row(x.chunk(1, 0), "chunk: 0 parts: ask for at least 1");
    t.row(x.chunks(1, 0), "chunks: parts of 0: ask for at least 1");
    t.row(x.chunks(2, 1), "chunks: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(
        floats(&[1 << 40]).unbind(0),
        "unbind: 1099511627776 parts of axis 0 of shape [1099511627776]: ask for at most 1048576",
    );
    t.row(
        floats(&[1 << 40]).chunk(0, usize::MAX),
        "chunk: 1099511627776 parts of axis 0 of shape [1099511627776]: ask for at most 1048576",
    );
    t.row(
        floats(&[2, 1 << 31]).argmax(1, false),
        "argmax: an axis is longer than an i32 index counts: [2, 2147483648]; fold it in pieces",
    );
    t.row(x.unsqueeze(3), "unsqueeze: no place 3 for an axis in shape [2, 3]: use -3..=2");
    t.row(floats(&[1; 8]).unsqueeze(0), "shape: rank 9 is more than 8: merge axes with reshape first");
    t.row(x.squeeze(0), "squeeze: axis 0 is not of size 1: [2, 3]; reshape merges others");
    t.row(
        Tensor::apply(&Op::View(View::Slice { axis: 2, start: 0, len: 1, step: 1 }), &[&x]),
        "slice: axis 2 is outside shape [2, 3]: use a smaller one",
    );
    t.row(
        Tensor::apply(&Op::View(View::Slice { axis: 0, start: 0, len: 3, step: 1 }), &[&x]),
        "slice: 3 elements from 0 in steps of 1 leave axis 0 of shape [2, 3]: use a smaller slice",
    );
    t.row(Tensor::apply(&Op::View(View::Slice { axis: 0, start: 0, len: usize::MAX, step: isize::MAX }), &[&x]), "slice: 18446744073709551615 elements from 0 in steps of 9223372036854775807 leave axis 0 of shape [2, 3]: use a smaller slice");
    t.finish();
}

#[test]
fn folds() {
    let mut t = Table::of(file!());
    let (x, n, c) = (floats(&[2, 3]), integers(&[2, 3]), truths(&[2, 3]));
    t.row(x.sum([0, -2], false), "sum: axis 0 is named twice: name each axis once");
    t.row(c.sum_all(), "sum: bool is not a number: cast with to_dtype first");
    t.row(c.cumsum(0), "cumsum: bool is not a number: cast with to_dtype first");
    t.row(floats(&[2, 0]).max([1], false), "max: nothing to choose from on an axis of size 0: [2, 0]; leave that axis out, or check for empty input");
    t.row(floats(&[2, 0]).argmin(1, false), "argmin: nothing to choose from on an axis of size 0: [2, 0]; leave that axis out, or check for empty input");
    t.row(n.mean_all(), "mean: i32 has no fractions: cast to a float dtype with to_dtype");
    t.row(n.variance([0], false), "variance: i32 has no fractions: cast to a float dtype with to_dtype");
    t.row(n.norm([0], false), "norm: i32 has no fractions: cast to a float dtype with to_dtype");
    t.row(n.logsumexp([0], false), "logsumexp: i32 has no fractions: cast to a float dtype with to_dtype");
    t.row(
        x.sum_to(&Shape::new(&[2]).unwrap()),
        "sum_to: shapes do not broadcast together: [2, 3] and [2]; make sizes equal or 1",
    );
    t.row(
        x.sum_to(&Shape::new(&[5, 2, 3]).unwrap()),
        "sum_to: one does not stretch to the other: [5, 2, 3] and [2, 3]; pass a shape that broadcasts to it",
    );
    t.row(
        x.linear_scan(&floats(&[2]), 0, false),
        "linear_scan: inputs differ in shape: [2, 3] and [2]; broadcast them first",
    );
    t.row(x.linear_scan(&n, 0, false), "linear_scan: operands of f32 and i32: cast one with to_dtype");
    let arg = Reduce { kind: ReduceKind::ArgMax, axes: Axes::all(2), keep: false };
    t.row(Tensor::apply(&Op::Reduce(arg), &[&x]), "argmax: an index needs exactly one axis: flatten first");
    t.row(
        Tensor::apply(&Op::Reduce(Reduce { kind: ReduceKind::Sum, axes: Axes::all(3), keep: false }), &[&x]),
        "sum: axis 2 is outside shape [2, 3]: use a smaller one",
    );
    t.row(Tensor::apply(&Op::Reduce(arg), &[&x, &x]), "argmax: 2 operands where 1 are needed: pass 1");
    t.row(
        Tensor::apply(&Op::Scan(Scan { kind: ScanKind::Sum, axis: 2, reverse: false }), &[&x]),
        "cumsum: axis 2 is outside shape [2, 3]: use a smaller one",
    );
    t.finish();
}
