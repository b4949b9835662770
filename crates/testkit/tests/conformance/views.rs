//! Views of views, against element-by-element copies.

use tensorkeep_tensor::op::{Op, View};
use tensorkeep_tensor::{DType, Result, Shape, Tensor};
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
    let table: [(&[usize], View); 25] = [
        (&[], View::Reshape(shape(&[1, 1]))),
        (&[6], View::Reshape(shape(&[2, 3]))),
        (&[2, 3], View::Reshape(shape(&[6]))),
        (&[2, 3, 4], View::Reshape(shape(&[4, 6]))),
        (&[2, 1, 3], View::Reshape(shape(&[3, 2]))),
        (&[0, 3], View::Reshape(shape(&[5, 0]))),
        (&[2, 3, 4], View::Permute([2, 0, 1].into_iter().collect())),
        (&[2, 3], View::Permute([0, 1].into_iter().collect())),
        (&[0, 3], View::Permute([1, 0].into_iter().collect())),
        (&[1, 1], View::Permute([1, 0].into_iter().collect())),
        (&[1], View::Reshape(shape(&[]))),
        (&[], View::Broadcast(shape(&[2, 2]))),
        (&[0, 1], View::Broadcast(shape(&[2, 0, 3]))),
        (&[3], View::Broadcast(shape(&[2, 3]))),
        (&[3, 1], View::Broadcast(shape(&[2, 3, 4]))),
        (&[1], View::Broadcast(shape(&[0]))),
        (&[1], slice(0, 0, 1, isize::MIN)),
        (&[0, 5], slice(1, 4, 2, -3)),
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

/// Only a reshape that strides cannot express copies.
#[test]
fn views_share_the_elements() {
    type Row = (&'static str, bool, fn(&Tensor) -> Result<Tensor>);
    let table: [Row; 17] = [
        ("reshape", true, |x| x.reshape([6, 4])),
        ("flatten", true, |x| x.flatten(1)),
        ("permute", true, |x| x.permute([2, 0, 1])),
        ("transpose", true, |x| x.transpose(0, -1)),
        ("move_axis", true, |x| x.move_axis(0, 2)),
        ("slice", true, |x| x.slice(2, 1.., 2)),
        ("slice backwards", true, |x| x.slice(2, .., -3)),
        ("flip", true, |x| x.flip(1)),
        ("narrow", true, |x| x.narrow(1, 1..2)),
        ("at", true, |x| x.at(1, 2)),
        ("split", true, |x| Ok(x.split(1, &[1, 2])?.remove(1))),
        ("chunk", true, |x| Ok(x.chunk(2, 2)?.remove(1))),
        ("unsqueeze", true, |x| x.unsqueeze(1)),
        ("squeeze", true, |x| x.narrow(0, ..1)?.squeeze(0)),
        ("broadcast", true, |x| x.broadcast_to([5, 2, 3, 4])),
        ("reshape of a part", true, |x| x.narrow(2, 1..3)?.reshape([6, 2])),
        ("reshape across a gap", false, |x| x.narrow(2, 1..3)?.reshape([12])),
    ];
    on_every_device(|subject, _| {
        let x = Tensor::from_host(ordinary([2, 3, 4], DType::F32, 1).unwrap(), &subject.device).unwrap();
        for (name, shares, view) in &table {
            let seen = view(&x).unwrap();
            assert_eq!(seen.buffer().id() == x.buffer().id(), *shares, "{name} on {}", subject.device);
        }
    });
}
