//! Sequences of different lengths in one batch.

use tensorkeep_tensor::{DType, Device, Error, ErrorKind, Result, Tensor};

/// Where each sequence of a batch ends.
pub(super) struct Lengths {
    /// `[batch]`, indices.
    ends: Tensor,
    /// Up to here every sequence goes on.
    shortest: usize,
    /// Of the batch.
    length: usize,
}

impl Lengths {
    /// These lengths, if they are one for each of `batch` sequences and each in `1..=length`.
    #[track_caller]
    pub(super) fn new(
        layer: &'static str,
        lengths: &[usize],
        [batch, length]: [usize; 2],
        device: &Device,
    ) -> Result<Self> {
        if lengths.len() != batch {
            let message = format!("{} lengths for {batch} sequences: give one each", lengths.len());
            return Err(Error::value(layer, message));
        }
        if let Some((i, wrong)) = lengths.iter().enumerate().find(|(_, end)| !(1..=length).contains(*end)) {
            let message = format!(
                "sequence {i} has length {wrong}: use one in 1..={length}, and leave sequences without steps out"
            );
            return Err(Error::value(layer, message));
        }
        let too_long = |_| {
            let message = format!("a sequence of {length} steps has more than an index can count: cut it");
            Error::new(ErrorKind::Limit, layer, message)
        };
        let ends = lengths.iter().map(|&end| i32::try_from(end).map_err(too_long));
        Ok(Self {
            ends: Tensor::from_vec(ends.collect::<Result<Vec<i32>>>()?, [batch], device)?,
            shortest: lengths.iter().copied().min().unwrap_or(length),
            length,
        })
    }

    /// Which sequences have a step `t`, if not all have it: `[batch]`, truth values.
    pub(super) fn at(&self, t: usize) -> Result<Option<Tensor>> {
        if t < self.shortest {
            return Ok(None);
        }
        // As the length itself, a step fits an index.
        self.ends.gt(t as i64).map(Some)
    }

    /// `x`, `[batch, length, ..]`, and zero where a sequence has ended.
    pub(super) fn cut(&self, x: &Tensor) -> Result<Tensor> {
        if self.shortest == self.length {
            return Ok(x.clone());
        }
        let steps = Tensor::arange(self.length, DType::INDEX, self.ends.device())?;
        let kept = steps.lt(&self.ends.unsqueeze(-1)?)?.unsqueeze(-1)?;
        kept.select(x, &Tensor::zeros((), x.dtype(), x.device())?)
    }
}
