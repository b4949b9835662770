//! Examples in memory.

use tensorkeep_tensor::{Error, HostArray, Result};

use crate::dataset::labels_of;
use crate::rows::pick;
use crate::{Dataset, Pair};

/// Examples held in host memory: inputs and targets, one example an entry of axis 0.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorDataset {
    x: HostArray,
    y: HostArray,
}

impl TensorDataset {
    /// A set of these inputs and targets.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if they have no axis 0 or differ in its size, or if there are
    /// examples of which neither inputs nor targets hold a number.
    #[track_caller]
    pub fn new(x: HostArray, y: HostArray) -> Result<Self> {
        match (x.shape().first(), y.shape().first()) {
            // A header alone could promise any number of these.
            (Some(1..), Some(1..)) if x.data().is_empty() && y.data().is_empty() => {
                let rule = "the examples hold no numbers";
                Err(Error::shape("dataset", rule, &[*x.shape(), *y.shape()])
                    .advise("pass inputs or targets that do"))
            }
            (Some(inputs), Some(targets)) if inputs == targets => Ok(Self { x, y }),
            _ => {
                let rule = "inputs and targets differ in axis 0, the examples";
                Err(Error::shape("dataset", rule, &[*x.shape(), *y.shape()])
                    .advise("pass one target an example"))
            }
        }
    }

    /// The inputs of all examples.
    pub fn inputs(&self) -> &HostArray {
        &self.x
    }

    /// The targets of all examples.
    pub fn targets(&self) -> &HostArray {
        &self.y
    }
}

impl Dataset for TensorDataset {
    fn len(&self) -> usize {
        self.x.shape().first().copied().unwrap_or(0)
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        Ok((pick(&self.x, indices)?, pick(&self.y, indices)?))
    }

    fn labels(&self) -> Result<Vec<i64>> {
        labels_of(&self.y)
    }
}
