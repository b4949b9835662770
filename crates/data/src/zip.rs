//! Two datasets side by side.

use std::fmt;

use tensorkeep_tensor::{Error, Result};

use crate::{Dataset, Pair};

/// Two datasets side by side; made by [`Dataset::zip`].
///
/// ```
/// use tensorkeep_data::{Dataset, digits};
///
/// // Images, and the images of the next examples as targets.
/// let (images, next) = (digits()?.range(..1796)?, digits()?.range(1..)?);
/// let pairs = images.zip(next, |(x, _), (next, _)| Ok((x, next)))?;
/// assert_eq!(pairs.batch(&[7])?.1, digits()?.batch(&[8])?.0);
/// assert!(digits()?.zip(digits()?.range(..9)?, |a, _| Ok(a)).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Zip<A, B, F> {
    a: A,
    b: B,
    f: F,
}

impl<A: Dataset, B: Dataset, F> Zip<A, B, F> {
    #[track_caller]
    pub(crate) fn new(a: A, b: B, f: F) -> Result<Self> {
        if a.len() != b.len() {
            let message = format!("{} examples beside {}: make the datasets equally long", a.len(), b.len());
            return Err(Error::value("zip", message));
        }
        Ok(Self { a, b, f })
    }
}

impl<A, B, F> Dataset for Zip<A, B, F>
where
    A: Dataset,
    B: Dataset,
    F: Fn(Pair, Pair) -> Result<Pair> + Send + Sync,
{
    fn len(&self) -> usize {
        self.a.len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        (self.f)(self.a.batch(indices)?, self.b.batch(indices)?)
    }
}

impl<A: fmt::Debug, B: fmt::Debug, F> fmt::Debug for Zip<A, B, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zip").field("a", &self.a).field("b", &self.b).finish_non_exhaustive()
    }
}
