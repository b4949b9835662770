//! What moves elements about: views, joins, padding, picking, putting, sorting.

use tensorkeep_tensor::op::{Concat, Gather, GatherKind, Op, Pad, PadAxis, Scatter, ScatterMode, Sort, View};
use tensorkeep_tensor::{Scalar, Shape, Tensor};
use tensorkeep_testkit::gradient;

use crate::{apply, check, indices, ordinary};

#[test]
fn views() {
    let shape = |sizes: &[usize]| Shape::new(sizes).unwrap();
    let table: [(&[usize], View); 9] = [
        (&[2, 3], View::Reshape(shape(&[3, 2]))),
        (&[4], View::Reshape(shape(&[2, 1, 2]))),
        (&[2, 3, 2], View::Permute([2, 0, 1].into_iter().collect())),
        (&[3, 1], View::Broadcast(shape(&[2, 3, 4]))),
        (&[], View::Broadcast(shape(&[2]))),
        (&[5], View::Slice { axis: 0, start: 1, len: 3, step: 1 }),
        (&[5], View::Slice { axis: 0, start: 4, len: 3, step: -2 }),
        (&[2, 7], View::Slice { axis: 1, start: 1, len: 2, step: 3 }),
        (&[2, 3], View::Slice { axis: 0, start: 0, len: 0, step: 1 }),
    ];
    for (sizes, view) in table {
        // Squared, so that there is a second order.
        let op = Op::View(view);
        gradient::check(|x| apply(&op, &[x[0].mul(&x[0])?]), &[ordinary(sizes, 1)]).unwrap();
    }
}

#[test]
fn joins() {
    let inputs = [ordinary([2, 1], 1), ordinary([2, 3], 2), ordinary([2, 0], 3)];
    check(&Op::Concat(Concat { axis: 1 }), &inputs);
    gradient::check(|x| Tensor::stack(&[&x[0], &x[0].sin()?], 1), &[ordinary([2, 3], 1)]).unwrap();
}

#[test]
fn padding() {
    let pads = [[(1, 2, 0), (0, 0, 1)], [(0, 0, 2), (3, 0, 0)], [(0, 0, 0), (0, 1, 3)]];
    for pad in pads {
        let axes = pad.iter().map(|&(low, high, interior)| PadAxis { low, high, interior }).collect();
        check(&Op::Pad(Pad { axes, value: Scalar::Float(0.5) }), &[ordinary([2, 3], 1)]);
    }
}

/// Kind, operand, axis, index.
type Row = (GatherKind, &'static [usize], usize, &'static [usize]);

const TABLE: [Row; 6] = [
    (GatherKind::Select, &[4], 0, &[6]),
    (GatherKind::Select, &[3, 2], 0, &[2, 2]),
    (GatherKind::Select, &[2, 3], 1, &[]),
    (GatherKind::Along, &[4], 0, &[6]),
    (GatherKind::Along, &[3, 2], 0, &[2, 2]),
    (GatherKind::Along, &[2, 3], 1, &[2, 5]),
];

/// Indices name some elements twice and some never.
#[test]
fn picking_and_putting() {
    for (kind, shape, axis, index) in TABLE {
        let gather = Gather { kind, axis };
        let (x, index) = (ordinary(shape, 1), indices(index, shape[axis], 2));
        check(&Op::Gather(gather), &[x.clone(), index.clone()]);
        let picked = apply(&Op::Gather(gather), &[x.clone(), index.clone()]).unwrap();
        let updates = ordinary(picked.shape(), 3);
        for mode in ScatterMode::ALL {
            check(&Op::Scatter(Scatter { gather, mode }), &[x.clone(), index.clone(), updates.clone()]);
        }
    }
}

#[test]
fn sorting() {
    for (shape, axis) in [(vec![5], 0), (vec![2, 4], 1), (vec![3, 2], 0)] {
        for descending in [false, true] {
            check(&Op::Sort(Sort { axis, descending }), &[ordinary(&*shape, 1)]);
        }
    }
    gradient::check(|x| Ok(x[0].top_k(2, -1)?.0), &[ordinary([2, 5], 1)]).unwrap();
}
