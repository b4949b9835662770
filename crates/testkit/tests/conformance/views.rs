//! Views of views, against element-by-element copies.

use tensorkeep_tensor::Shape;
use tensorkeep_tensor::op::{Op, View};
use tensorkeep_testkit::values::ordinary;

use crate::on_every_device;

fn shape(sizes: &[usize]) -> Shape {
    Shape::new(sizes).unwrap()
}

fn slice(axis: usize, start: usize, len: usize, step: isize) -> View {
    View::Slice { axis, start, len, step }
}

#[test]
fn every_view_of_every_arrangement() {
    let table: [(&[usize], View); 19] = [
        (&[], View::Reshape(shape(&[1, 1]))),
        (&[6], View::Reshape(shape(&[2, 3]))),
        (&[2, 3], View::Reshape(shape(&[6]))),
        (&[2, 3, 4], View::Reshape(shape(&[4, 6]))),
        (&[2, 1, 3], View::Reshape(shape(&[3, 2]))),
        (&[0, 3], View::Reshape(shape(&[5, 0]))),
        (&[2, 3, 4], View::Permute([2, 0, 1].into_iter().collect())),
        (&[2, 3], View::Permute([0, 1].into_iter().collect())),
        (&[], View::Broadcast(shape(&[2, 2]))),
        (&[3], View::Broadcast(shape(&[2, 3]))),
        (&[3, 1], View::Broadcast(shape(&[2, 3, 4]))),
        (&[1], View::Broadcast(shape(&[0]))),
        (&[5], slice(0, 1, 3, 1)),
        (&[5], slice(0, 4, 5, -1)),
        (&[5], slice(0, 3, 2, -2)),
        (&[7, 4], slice(0, 1, 3, 2)),
        (&[7, 4], slice(1, 3, 2, -2)),
        (&[3, 4], slice(1, 2, 0, 1)),
        (&[2, 2, 2, 2, 2, 2, 2, 2], View::Permute([7, 0, 6, 1, 5, 2, 4, 3].into_iter().collect())),
    ];
    on_every_device(|subject, findings| {
        for dtype in subject.dtypes() {
            for (shape, view) in &table {
                findings.check(subject, &Op::View(view.clone()), &[ordinary(*shape, dtype, 1).unwrap()]);
            }
        }
    });
}
