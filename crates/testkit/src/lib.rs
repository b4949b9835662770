//! What the tests of Tensorkeep share.
//!
//! - [`mod@reference`]: every operation once more, naive and in `f64`, with how far a device may be from it;
//! - [`views`] and [`values`]: the same numbers in awkward layouts, and awkward numbers;
//! - [`devices()`]: every device that this machine has;
//! - [`gradient`]: derivatives against differences, of first and second order;
//! - [`golden`], [`flux`]: numbers that others computed, and [`assert_near`], which compares with such;
//! - [`Findings`]: runs an operation on a device in every layout and collects what differs from the reference.

mod arithmetic;
mod devices;
mod expected;
mod findings;
pub mod flux;
pub mod golden;
pub mod gradient;
mod near;
pub mod reference;
mod refusal;
pub mod values;
pub mod views;

pub use arithmetic::Arithmetic;
pub use devices::{Subject, devices};
pub use expected::{Bounded, Expected};
pub use findings::Findings;
pub use near::assert_near;
pub use refusal::refusal;
