//! What training makes small.
//!
//! Each loss is the mean over the elements of a batch; [`each`] has the elements, for `sum_all`, weights and
//! masks. Shapes must be equal: a column `[n, 1]` against a vector `[n]` is an error, where broadcasting
//! would make a table of `n²` losses of it. Values are not checked, since that would wait for the device: a
//! NaN in a target is a NaN in the loss.

mod binary_cross_entropy;
mod binary_cross_entropy_with_logits;
mod cross_entropy;
mod mse;
mod operands;

pub use binary_cross_entropy::binary_cross_entropy;
pub use binary_cross_entropy_with_logits::binary_cross_entropy_with_logits;
pub use cross_entropy::cross_entropy;
pub use mse::mse;

/// The losses element by element.
pub mod each {
    pub use super::binary_cross_entropy::each as binary_cross_entropy;
    pub use super::binary_cross_entropy_with_logits::each as binary_cross_entropy_with_logits;
    pub use super::cross_entropy::each as cross_entropy;
    pub use super::mse::each as squared_error;
}
