//! Recurrent layers: what a cell does in one step, done for every step of a sequence.
//!
//! | | is |
//! |---|---|
//! | [`Cell`] | one step: an input and a state to an output and a state |
//! | [`Recurrence`] | a cell over every step of a batch of sequences, which is a [layer](crate::Layer) |
//! | [`RecurrentStack`] | recurrences upon recurrences, in one direction or in both, with dropout between them |
//!
//! The cells here are [`RnnCell`], [`LstmCell`], [`GruCell`] and [`GruV3Cell`]; [`Rnn`], [`Lstm`], [`Gru`]
//! and [`GruV3`] are recurrences of them.

mod cell;
mod gru;
mod gru_v3;
mod lengths;
mod lstm;
mod recurrence;
mod rnn;
mod scan;
mod stack;
mod state;
mod weights;

pub use cell::{Cell, CellNames, Steps};
pub use gru::{Gru, GruCell};
pub use gru_v3::{GruV3, GruV3Cell};
pub use lstm::{Lstm, LstmCell, LstmState};
pub use recurrence::Recurrence;
pub use rnn::{Rnn, RnnCell};
pub use stack::RecurrentStack;
