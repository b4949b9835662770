//! From the results of several branches to one.

use std::fmt;
use std::sync::Arc;

use tensorkeep_tensor::{Error, ErrorKind, Result, Tensor};

use crate::Settings;
use crate::settings::unfit;

/// How the results of several branches become one.
///
/// All but [`Concat`](Self::Concat) and [`Custom`](Self::Custom) want results of one shape: branches that
/// differ are more often a mistake than a wish to broadcast.
///
/// ```
/// use tensorkeep_nn::Merge;
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let x = Tensor::zeros([2, 3], DType::F32, &meta::device())?;
/// assert_eq!(*Merge::Add.apply(&[&x, &x])?.shape(), [2, 3]);
/// assert_eq!(*Merge::Concat(1).apply(&[&x, &x])?.shape(), [2, 6]);
/// assert!(Merge::Add.apply(&[&x, &x.narrow(1, ..1)?]).is_err());
///
/// let difference = Merge::custom(|x: &[&Tensor]| x[0].sub(x[1]));
/// assert_eq!(*difference.apply(&[&x, &x.narrow(1, ..1)?])?.shape(), [2, 3]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub enum Merge {
    /// The sum.
    Add,
    /// The product, element by element.
    Mul,
    /// The mean.
    Mean,
    /// The largest, element by element; equals share the gradient.
    Max,
    /// One after another along this axis.
    Concat(isize),
    /// Whatever this function makes of them; it is called once, with all of them in the order of the
    /// branches. Being code it cannot be saved: a container with it does not [describe](crate::Layer::describe) itself.
    Custom(Arc<MergeFunction>),
}

/// A function that makes one tensor of several.
pub type MergeFunction = dyn Fn(&[&Tensor]) -> Result<Tensor> + Send + Sync;

impl Merge {
    /// Whatever `merge` makes of all results.
    pub fn custom(merge: impl Fn(&[&Tensor]) -> Result<Tensor> + Send + Sync + 'static) -> Self {
        Self::Custom(Arc::new(merge))
    }

    /// One tensor of several.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no tensors,
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) for tensors that do not fit each other, and
    /// those of a function of one's own.
    #[track_caller]
    pub fn apply(&self, results: &[&Tensor]) -> Result<Tensor> {
        let Some((first, others)) = results.split_first() else {
            return Err(Error::value("merge", "there is nothing to merge: add a branch"));
        };
        if let Self::Concat(axis) = self {
            return Tensor::concat(results, *axis);
        }
        if let Self::Custom(merge) = self {
            return merge(results);
        }
        if let Some(other) = others.iter().find(|other| other.shape() != first.shape()) {
            let shapes = [*first.shape(), *other.shape()];
            return Err(Error::shape("merge", "branches give results of different shapes", &shapes)
                .advise("make them alike, or broadcast them in Merge::custom"));
        }
        let mut merged = (*first).clone();
        for other in others {
            merged = match self {
                Self::Mul => merged.mul(*other)?,
                Self::Max => merged.maximum(*other)?,
                _ => merged.add(*other)?,
            };
        }
        if matches!(self, Self::Mean) { merged.div(results.len() as f64) } else { Ok(merged) }
    }

    /// The same settings with what this is called in files.
    #[track_caller]
    pub(crate) fn write(&self, settings: Settings) -> Result<Settings> {
        let name = match self {
            Self::Add => "add",
            Self::Mul => "mul",
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Concat(axis) => return Ok(settings.with("merge", "concat").with("axis", *axis as i64)),
            Self::Custom(_) => {
                let message = "a merge of one's own is code, which files do not hold: use another merge, or make the \
                               container a layer that implements Rebuild";
                return Err(Error::new(ErrorKind::Unsupported, "describe", message));
            }
        };
        Ok(settings.with("merge", name))
    }

    /// What [`write`](Self::write) told of.
    #[track_caller]
    pub(crate) fn take(settings: &mut Settings) -> Result<Self> {
        let name = settings.take_text("merge")?;
        Ok(match name.as_str() {
            "add" => Self::Add,
            "mul" => Self::Mul,
            "mean" => Self::Mean,
            "max" => Self::Max,
            "concat" => Self::Concat(settings.take_axis("axis")?),
            _ => return Err(unfit("merge", &name.into(), "add, mul, mean, max or concat")),
        })
    }
}

impl fmt::Debug for Merge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Add => f.write_str("Add"),
            Self::Mul => f.write_str("Mul"),
            Self::Mean => f.write_str("Mean"),
            Self::Max => f.write_str("Max"),
            Self::Concat(axis) => write!(f, "Concat({axis})"),
            Self::Custom(_) => f.write_str("Custom"),
        }
    }
}
