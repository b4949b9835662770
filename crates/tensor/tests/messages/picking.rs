//! Picking, putting and joining.

use tensorkeep_tensor::op::{Concat, Gather, GatherKind, Op, Pad, PadAxis, Scatter, ScatterMode, Sort};
use tensorkeep_tensor::{Scalar, Tensor};

use crate::{Table, floats, integers, truths};

#[test]
fn picking_and_joining() {
    let mut t = Table::of(file!());
    let (x, index) = (floats(&[2, 3]), integers(&[4]));
    t.row(x.take(2, &index), "take: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(x.take(0, &floats(&[4])), "take: indices of f32: indices are i32 or i64, cast with to_dtype");
    t.row(
        x.gather(1, &index),
        "gather: index and input may differ only along axis 1: [2, 3] and [4]; broadcast the indices first",
    );
    t.row(floats(&[1; 8]).take(0, &integers(&[1, 1])), "take: the result would have too many axes: [1, 1, 1, 1, 1, 1, 1, 1] and [1, 1]; flatten the indices first");
    t.row(
        floats(&[0, 3]).take(0, &index),
        "take: there is nothing to pick on an axis of size 0: [0, 3]; check for empty input",
    );
    t.row(
        Tensor::apply(&Op::Gather(Gather { kind: GatherKind::Select, axis: 2 }), &[&x, &index]),
        "take: axis 2 is outside shape [2, 3]: use a smaller one",
    );
    let gather = Gather { kind: GatherKind::Select, axis: 0 };
    t.row(x.scatter(gather, ScatterMode::Set, &index, &floats(&[3, 3])), "scatter: updates are not shaped as the indices pick them: [3, 3] and [4, 3]; reshape or broadcast them");
    t.row(
        x.scatter(gather, ScatterMode::Set, &index, &integers(&[4, 3])),
        "scatter: operands of f32 and i32: cast one with to_dtype",
    );
    t.row(
        truths(&[2, 3]).scatter(gather, ScatterMode::Add, &index, &truths(&[4, 3])),
        "scatter: bool is not a number: cast with to_dtype first",
    );
    t.row(
        Tensor::apply(&Op::Scatter(Scatter { gather, mode: ScatterMode::Add }), &[&x, &index]),
        "scatter: 2 operands where 3 are needed: pass 3",
    );
    t.row(Tensor::concat(&[], 0), "concat: no operands: pass at least one");
    t.row(
        Tensor::concat(&[&x, &floats(&[2, 4])], 0),
        "concat: operands may differ only along axis 0: [2, 3] and [2, 4]; reshape or pad them",
    );
    t.row(
        Tensor::concat(&[&x, &floats(&[2])], 0),
        "concat: operands may differ only along axis 0: [2, 3] and [2]; reshape or pad them",
    );
    t.row(
        Tensor::concat(&[&x, &integers(&[2, 3])], 0),
        "concat: operands of f32 and i32: cast one with to_dtype",
    );
    t.row(
        Tensor::concat(&[&x], 2),
        "concat: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1",
    );
    t.row(
        Tensor::apply(&Op::Concat(Concat { axis: 2 }), &[&x]),
        "concat: axis 2 is outside shape [2, 3]: use a smaller one",
    );
    t.row(
        Tensor::stack(&[&x, &floats(&[3])], 0),
        "concat: operands may differ only along axis 0: [1, 2, 3] and [1, 3]; reshape or pad them",
    );
    t.row(x.pad(&[(0, 0)], 0.0), "pad: 1 entries for a tensor of shape [2, 3]: give one an axis");
    t.row(integers(&[2]).pad(&[(1, 1)], 0.5), "pad: 0.5 does not fit into i32: use another value");
    t.row(x.pad(&[(usize::MAX, 0), (0, usize::MAX)], 0.0), "shape: [18446744073709551615, 18446744073709551615] has more elements than can be addressed: use smaller sizes");
    let spread = Pad {
        axes: [PadAxis { low: 0, high: 0, interior: usize::MAX }].into_iter().collect(),
        value: Scalar::Int(0),
    };
    t.row(
        Tensor::apply(&Op::Pad(spread), &[&floats(&[2])]),
        "shape: [18446744073709551615] has more elements than can be addressed: use smaller sizes",
    );
    t.row(x.sort(2, false), "sort: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(
        Tensor::apply(&Op::Sort(Sort { axis: 2, descending: false }), &[&x]),
        "sort: axis 2 is outside shape [2, 3]: use a smaller one",
    );
    t.row(
        floats(&[1 << 31]).argsort(0, false),
        "sort: an axis is longer than an i32 index counts: [2147483648]; sort it in pieces",
    );
    t.row(x.top_k(4, 1), "top_k: 4 elements of axis 1 of shape [2, 3]: ask for at most 3");
    t.row(
        x.searchsorted(&floats(&[3, 3]), false),
        "searchsorted: numbers and values differ in their outer axes: [2, 3] and [3, 3]; reshape one, or search in one row",
    );
    t.row(
        floats(&[]).searchsorted(&x, false),
        "searchsorted: there is no axis to search along: [] and [2, 3]; pass sorted numbers of rank 1 or more",
    );
    t.row(x.roll(2, 1), "roll: axis 2 is outside a tensor of rank 2, shape [2, 3]: use -2 to 1");
    t.row(x.tile([2]), "tile: 1 counts for a tensor of shape [2, 3]: give one an axis");
    t.row(
        x.tile([1 << 40, 1 << 40]),
        "shape: [2199023255552, 1099511627776, 3] has more elements than can be addressed: use smaller sizes",
    );
    t.row(
        x.repeat(0, usize::MAX),
        "shape: [2, 18446744073709551615, 3] has more elements than can be addressed: use smaller sizes",
    );
    t.row(floats(&[2]).tril(0), "tril: matrices have at least 2 axes: [2]; add one with unsqueeze");
    t.finish();
}
