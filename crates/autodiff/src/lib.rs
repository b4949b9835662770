//! Exact gradients of any order.
//!
//! [`value_and_grad`] puts a recorder in front of the device, re-seats the leaves of a model on it, runs a function of the model, and
//! sweeps back over what was recorded. The gradient has the model's shape: another tree of the same type, so pairing is by
//! position and nothing can be missed; a trainable leaf that the result does not depend on is an error that names its path.
//!
//! A recorder is a device like any other, so recorders nest: the gradient of a gradient needs no further code. Each
//! operation family has one derivative rule, written in the same public operations it differentiates.
//!
//! ```
//! use tensorkeep_autodiff::{grad, value_and_grad};
//! use tensorkeep_tensor::Tensor;
//!
//! let x = Tensor::new([1.0f64, 2.0, 3.0], &tensorkeep_cpu::device())?;
//! let (value, dx) = value_and_grad(|x: &Tensor| x.mul(x)?.mul(x)?.sum_all(), &x)?;
//! assert_eq!(value.item()?.as_f64(), 36.0);
//! assert_eq!(dx.to_vec::<f64>()?, [3.0, 12.0, 27.0]);
//!
//! // Nested: the derivative of the sum of the derivatives.
//! let ddx = grad(|x: &Tensor| grad(|x: &Tensor| x.mul(x)?.mul(x)?.sum_all(), x)?.sum_all(), &x)?;
//! assert_eq!(ddx.to_vec::<f64>()?, [6.0, 12.0, 18.0]);
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```
//!
//! | to get | use |
//! |---|---|
//! | the gradient of a number by a model | [`grad`], [`value_and_grad`], [`Options`] to freeze leaves |
//! | `Jᵀ u`, `J v` | [`vjp`], [`jvp`] |
//! | the whole Jacobian | [`jacobian`], or [`jacfwd`] and [`jacrev`] to choose the direction |
//! | second derivatives | [`hvp`], [`hessian_diagonal`], [`hessian`] |
//! | a gradient for each example of a batch | [`per_example_grads`] |
//! | a derivative of one's own | [`custom_vjp`], [`custom_jvp`], [`stop_gradient`], and [`gradcheck`] to check it |
//! | to see or change a gradient on its way | [`hook`] |
//! | less memory for more time | [`checkpoint`] |

mod checkpoint;
mod cotangent;
mod custom;
mod custom_jvp;
mod gradcheck;
mod gradient;
mod hessian;
mod hook;
mod jacobian;
mod like;
mod per_example;
mod product;
mod recorder;
mod rule;
mod seat;
mod tape;

pub use checkpoint::checkpoint;
pub use custom::{custom_vjp, stop_gradient};
pub use custom_jvp::custom_jvp;
pub use gradcheck::{Discrepancy, Gradcheck, GradcheckReport, gradcheck};
pub use gradient::{Options, grad, value_and_grad};
pub use hessian::{hessian, hessian_diagonal, hvp};
pub use hook::hook;
pub use jacobian::{jacfwd, jacobian, jacrev, value_and_jacobian};
pub use per_example::per_example_grads;
pub use product::{Pullback, jvp, vjp};
