//! A training part and what is held out from it.

use std::sync::Arc;

use tensorkeep_tensor::Result;

use crate::{Dataset, Subset};

/// The numbers of the examples to train on, and of those held out to judge by. No example is in both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// To train on.
    pub train: Vec<usize>,
    /// To judge by: the validation or test part.
    pub held_out: Vec<usize>,
}

impl Fold {
    /// The two parts of a dataset.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use tensorkeep_data::{Dataset, KFold, iris};
    ///
    /// let set = Arc::new(iris()?);
    /// for fold in KFold::new(5).shuffle(1).stratified(&set.labels()?)? {
    ///     let (train, held_out) = fold.of(&set)?;
    ///     assert_eq!((train.len(), held_out.len()), (120, 30));
    /// }
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) if the fold is of a larger dataset.
    #[track_caller]
    pub fn of<D: Dataset>(self, dataset: &Arc<D>) -> Result<(Subset<D>, Subset<D>)> {
        let part = |indices| Subset::new(Arc::clone(dataset), indices);
        Ok((part(self.train)?, part(self.held_out)?))
    }
}
