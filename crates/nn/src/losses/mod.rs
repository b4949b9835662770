//! What training makes small.
//!
//! A loss is a value with options, every one with a default, and a function of its default options:
//!
//! ```
//! use tensorkeep_nn::losses::{CrossEntropy, Reduction, cross_entropy};
//! use tensorkeep_tensor::{DType, Tensor, meta};
//!
//! let logits = Tensor::zeros([32, 10], DType::F32, &meta::device())?;
//! let labels = Tensor::zeros([32], DType::INDEX, logits.device())?;
//! let mean = cross_entropy(&logits, &labels)?;
//! let smooth = CrossEntropy { label_smoothing: 0.1, ..Default::default() }.loss(&logits, &labels)?;
//! let each = CrossEntropy { reduction: Reduction::None, ..Default::default() }.loss(&logits, &labels)?;
//! assert_eq!((mean.rank(), smooth.rank(), each.rank()), (0, 0, 1));
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```
//!
//! Predictions come first, then targets. Shapes must be equal: a column `[n, 1]` against a vector `[n]` is an error, where
//! broadcasting would make a table of `n²` losses of it. Values are not checked, since that would wait for the device: a
//! NaN in a target is a NaN in the loss.

mod binary_cross_entropy;
mod binary_cross_entropy_with_logits;
mod cosine_embedding;
mod cross_entropy;
mod ctc;
mod elementwise;
mod focal;
mod gaussian_nll;
mod kl_divergence;
mod label_smoothing;
mod margin_ranking;
mod multi_margin;
mod multilabel_margin;
mod multilabel_soft_margin;
mod operands;
mod overlap;
mod reduction;
mod scores;
mod triplet_margin;

pub use binary_cross_entropy::{BinaryCrossEntropy, binary_cross_entropy};
pub use binary_cross_entropy_with_logits::{BinaryCrossEntropyWithLogits, binary_cross_entropy_with_logits};
pub use cosine_embedding::{CosineEmbedding, cosine_embedding};
pub use cross_entropy::{CrossEntropy, cross_entropy, nll};
pub use ctc::{Ctc, TooLong, ctc};
pub use elementwise::{
    BinaryFocal, Contrastive, Hinge, HingeEmbedding, Huber, Mae, Mse, Msle, PoissonNll, SmoothL1, SoftMargin,
    SquaredHinge, binary_focal, contrastive, hinge, hinge_embedding, huber, mae, mse, msle, poisson_nll,
    smooth_l1, soft_margin, squared_hinge,
};
pub use focal::{Focal, focal};
pub use gaussian_nll::{GaussianNll, gaussian_nll};
pub use kl_divergence::{KlDivergence, kl_divergence};
pub use label_smoothing::{binary_label_smoothing, label_smoothing};
pub use margin_ranking::{MarginRanking, margin_ranking};
pub use multi_margin::{MultiMargin, multi_margin};
pub use multilabel_margin::{MultilabelMargin, multilabel_margin};
pub use multilabel_soft_margin::{MultilabelSoftMargin, multilabel_soft_margin};
pub use overlap::{Dice, Tversky, dice, tversky};
pub use reduction::Reduction;
pub use scores::Scores;
pub use triplet_margin::{TripletMargin, triplet_margin};
