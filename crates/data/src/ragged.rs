//! Sequences of different lengths as a dataset.

use tensorkeep_tensor::{Error, HostArray, Result, Scalar};

use crate::rows::{out_of_range, pick};
use crate::{Dataset, Padded, Pair, pad_sequences};

/// Sequences of different lengths, each with a target; a batch is padded to the longest in it.
///
/// ```
/// use tensorkeep_data::{Dataset, RaggedDataset};
/// use tensorkeep_tensor::ToHostArray;
///
/// let words = vec![[3, 1, 4, 1].to_host_array()?, [5].to_host_array()?, [9, 2].to_host_array()?];
/// let set = RaggedDataset::new(words, [0, 1, 0].to_host_array()?, 0)?;
/// assert_eq!(set.batch(&[1, 2])?.0, [[5, 0], [9, 2]].to_host_array()?);
/// assert_eq!(set.padded(&[1, 2])?.lengths, [1, 2]);
/// assert!(set.batch(&[3]).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
///
/// With [`ByLength`](crate::ByLength) the sequences of a batch are about equally long. A padding that is no value of the data,
/// such as a token of its own, lets the model find it again; [`padded`](Self::padded) gives lengths and a mask.
#[derive(Clone, Debug, PartialEq)]
pub struct RaggedDataset {
    sequences: Vec<HostArray>,
    targets: HostArray,
    padding: Scalar,
}

impl RaggedDataset {
    /// Sequences `[length, ..]`, alike behind axis 0, their targets, and what is put behind the shorter ones of a batch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if there is not one target a sequence; those of
    /// [`pad_sequences`].
    #[track_caller]
    pub fn new(sequences: Vec<HostArray>, targets: HostArray, padding: impl Into<Scalar>) -> Result<Self> {
        let padding = padding.into();
        if targets.shape().first() != Some(&sequences.len()) {
            let rule = format!("there are {} sequences, and not a target for each", sequences.len());
            return Err(
                Error::shape("dataset", rule, &[*targets.shape()]).advise("pass one target a sequence")
            );
        }
        // None of their rows are padded, so nothing large is joined.
        let none: Vec<HostArray> = sequences.iter().map(empty).collect::<Result<_>>()?;
        if !none.is_empty() {
            pad_sequences(&none, padding)?;
        }
        Ok(Self { sequences, targets, padding })
    }

    /// How long each sequence is.
    pub fn lengths(&self) -> Vec<usize> {
        self.sequences.iter().filter_map(|x| x.shape().first().copied()).collect()
    }

    /// The sequences of these numbers, padded to the longest of them, with their lengths.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Index`](tensorkeep_tensor::ErrorKind::Index) for a number outside the dataset,
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no numbers.
    pub fn padded(&self, indices: &[usize]) -> Result<Padded> {
        let sequence =
            |&i: &usize| self.sequences.get(i).cloned().ok_or_else(|| out_of_range(i, self.sequences.len()));
        pad_sequences(&indices.iter().map(sequence).collect::<Result<Vec<_>>>()?, self.padding)
    }
}

/// None of the rows of a sequence.
#[track_caller]
fn empty(sequence: &HostArray) -> Result<HostArray> {
    match sequence.shape().rank() {
        0 => Err(Error::shape("dataset", "a single number is no sequence", &[*sequence.shape()])
            .advise("pass sequences of rank 1 or more")),
        _ => pick(sequence, &[]),
    }
}

impl Dataset for RaggedDataset {
    fn len(&self) -> usize {
        self.sequences.len()
    }

    fn batch(&self, indices: &[usize]) -> Result<Pair> {
        Ok((self.padded(indices)?.values, pick(&self.targets, indices)?))
    }
}
