//! Layers, losses and initialisers of Tensorkeep.
//!
//! Three ideas carry the crate:
//!
//! - a model is a plain value: a struct with `#[derive(Module)]`, a tuple, a vector, an option, a box of layers;
//! - a [`Layer`] is whatever maps a tensor to a tensor, so any function of a tensor is one, activations included;
//! - a forward pass is a pure function of (model, input, [`Context`]): the context carries the seed.
//!
//! ```
//! use tensorkeep_nn::layers::Dense;
//! use tensorkeep_nn::{Layer, module};
//! use tensorkeep_tensor::{DType, Rng, Tensor, meta};
//!
//! let device = meta::device(); // knows only shapes; a real device computes
//! let mut rng = Rng::new(42, &device);
//! let model = (Dense::new(784, 128, &mut rng)?, Tensor::relu, Dense::new(128, 10, &mut rng)?);
//! let y = model.forward(&Tensor::zeros([32, 784], DType::F32, &device)?)?;
//! assert_eq!(*y.shape(), [32, 10]);
//! assert_eq!(module::count(&model), 101_770);
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```

// The derive macro writes paths that start at `::tensorkeep_nn`; here that is this crate.
extern crate self as tensorkeep_nn;

mod boxed;
mod checkpointed;
mod children;
mod containers;
mod context;
mod description;
mod functions;
pub mod init;
mod layer;
pub mod layers;
pub mod losses;
mod merge;
mod output_shape;
mod pairwise_fusion;
mod parallel;
mod part;
mod sequential;
mod settings;
pub mod signal;
mod skip_connection;
mod step;
mod summary;
mod warning;

pub use boxed::Boxed;
pub use checkpointed::Checkpointed;
pub use context::{Context, Observer};
pub use description::{Description, Rebuild};
pub use functions::functions;
pub use layer::Layer;
pub use merge::{Merge, MergeFunction};
pub use output_shape::output_shape;
pub use pairwise_fusion::PairwiseFusion;
pub use parallel::Parallel;
pub use part::Part;
pub use sequential::Sequential;
pub use settings::{Setting, Settings};
pub use skip_connection::SkipConnection;
pub use step::Step;
pub use summary::{Summary, SummaryRow, hollow, summary};
pub use tensorkeep_derive::Module;
pub use tensorkeep_tensor::module::{self, Leaf, LeafMut, Module, Path, State};
pub use warning::{Fault, Warning, warnings};
