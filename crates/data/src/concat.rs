//! Datasets one behind the other.

use std::fmt;
use std::sync::Arc;

use tensorkeep_tensor::{Error, ErrorKind, HostArray, Result};

use crate::rows::{join, out_of_range, pick};
use crate::{Dataset, Pair};

/// The examples of several datasets, one dataset after the other. Made by [`Dataset::concat`], or of many by
/// [`new`](Concat::new).
///
/// Inputs, and targets, of a batch are joined, so they have to be alike in shape and dtype.
///
/// ```
/// use tensorkeep_data::{Dataset, digits, iris};
///
/// let twice = digits()?.concat(digits()?)?;
/// assert_eq!(twice.len(), 2 * 1797);
/// assert_eq!(twice.batch(&[1797, 3])?, digits()?.batch(&[0, 3])?);
/// assert!(digits()?.concat(iris()?)?.batch(&[0, 1800]).is_err()); // images and measures
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone)]
pub struct Concat {
    parts: Vec<Arc<dyn Dataset>>,
    /// The number of examples up to and with each part.
    ends: Vec<usize>,
}

impl Concat {
    /// The examples of all parts.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for no parts, [`ErrorKind::Limit`] if there are more examples than can be counted.
    #[track_caller]
    pub fn new(parts: Vec<Arc<dyn Dataset>>) -> Result<Self> {
        if parts.is_empty() {
            return Err(Error::value("concat", "no datasets: pass at least one"));
        }
        let (mut ends, mut end) = (Vec::with_capacity(parts.len()), 0usize);
        for part in &parts {
            end = end.checked_add(part.len()).ok_or_else(|| {
                let message = "more examples than can be counted: join fewer datasets";
                Error::new(ErrorKind::Limit, "concat", message)
            })?;
            ends.push(end);
        }
        Ok(Self { parts, ends })
    }

    /// The part that has an example, and its number there.
    fn locate(&self, i: usize) -> Result<(usize, usize)> {
        let part = self.ends.partition_point(|&end| end <= i);
        if part == self.parts.len() {
            return Err(out_of_range(i, self.len()));
        }
        let start = part.checked_sub(1).map_or(0, |before| self.ends[before]);
        Ok((part, i - start))
    }
}

impl Dataset for Concat {
    fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        // Each part gives its examples at once; `row` is where among all of them an index has its own.
        let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); self.parts.len()];
        let mut places = Vec::with_capacity(indices.len());
        for &i in indices {
            let (part, local) = self.locate(i)?;
            places.push((part, wanted[part].len()));
            wanted[part].push(local);
        }
        let (mut batches, mut starts, mut count) = (Vec::new(), vec![0; wanted.len()], 0);
        for (i, (part, wanted)) in self.parts.iter().zip(&wanted).enumerate() {
            starts[i] = count;
            count += wanted.len();
            // An empty batch still has the shape and the dtype of the first part's examples.
            if !wanted.is_empty() || (indices.is_empty() && i == 0) {
                batches.push(part.batch(wanted)?);
            }
        }
        let order: Vec<usize> = places.into_iter().map(|(part, row)| starts[part] + row).collect();
        let merged = |side: fn(&Pair) -> &HostArray| {
            pick(&join("concat", &batches.iter().map(side).collect::<Vec<_>>())?, &order)
        };
        Ok((merged(|(x, _)| x)?, merged(|(_, y)| y)?))
    }
}

impl fmt::Debug for Concat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Concat").field("ends", &self.ends).finish_non_exhaustive()
    }
}
