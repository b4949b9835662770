//! What every layer, function and loss computes, and all gradients, against PyTorch's: in `f64` and `f32`, on
//! every device.
//!
//! A file of cases, `golden/NAME.json`, is written by a script beside it. A [`Group`] is such a file and the
//! [`Row`] of each of its cases; there is one way to run a row, so none is of one dtype or one device alone.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]

mod activations;
mod attention;
mod case;
mod containers;
mod coverage;
mod group;
mod layers;
mod losses;
mod recurrent;
mod row;
mod samples;
mod spatial;
mod transformer;

use tensorkeep_tensor::{Device, Rng};

use group::Group;
use row::Row;

/// Every file of cases.
const GROUPS: [&Group; 10] = [
    &activations::GROUP,
    &attention::GROUP,
    &containers::GROUP,
    &layers::GROUP,
    &losses::GROUP,
    &recurrent::GROUP,
    &samples::GROUP,
    &spatial::GROUP,
    &transformer::LAYERS,
    &transformer::STACKS,
];

fn cpu() -> Device {
    tensorkeep_cpu::device()
}

/// Numbers for parameters that a case replaces.
fn rng() -> Rng {
    Rng::new(3, &cpu())
}
