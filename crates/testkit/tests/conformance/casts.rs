//! Every dtype to every other.

use tensorkeep_tensor::expr::Expr;
use tensorkeep_testkit::values::{awkward, listed, ordinary};

use crate::{map, on_every_device};

#[test]
fn every_dtype_to_every_other() {
    on_every_device(|subject, findings| {
        for from in subject.dtypes() {
            for to in subject.dtypes() {
                let op = map(&[Expr::input(0).cast(to)], &[]);
                findings.check(subject, &op, &[listed(&awkward(from), from).unwrap()]);
                findings.check(subject, &op, &[ordinary([3, 5], from, 1).unwrap()]);
            }
        }
    });
}
