//! Every operation on every device, in every dtype that the device claims, in awkward layouts, against the reference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod attention;
mod batch_norm;
mod casts;
mod claims;
mod conv;
mod determinism;
mod elementwise;
mod gather;
mod golden;
mod joins;
mod matmul;
mod pool;
mod programs;
mod random;
mod reduce;
mod row;
mod scan;
mod sort;
mod views;

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::op::{Map, Op};
use tensorkeep_tensor::{HostArray, Scalar};
use tensorkeep_testkit::{Findings, Subject, devices};

/// Runs a table on every device, then fails if it found anything.
fn on_every_device(table: impl Fn(&Subject, &mut Findings)) {
    let mut findings = Findings::default();
    for subject in devices().unwrap() {
        table(&subject, &mut findings);
    }
    findings.settle().unwrap();
}

/// [`on_every_device`] for operations that are meant to fail: on devices that nothing else runs on.
fn apart_on_every_device(table: impl Fn(&Subject, &mut Findings)) {
    on_every_device(|subject, findings| table(&subject.apart().unwrap(), findings));
}

/// The operation that computes these expressions.
fn map(results: &[Expr], params: &[Scalar]) -> Op {
    Op::Map(Map::new(Program::new("map", results).unwrap(), params))
}

/// The array with its axes replaced by these, of as many elements.
fn reshaped(x: HostArray, shape: &[usize]) -> HostArray {
    HostArray::new(x.into_parts().1, shape).unwrap()
}
