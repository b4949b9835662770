//! The states that frames may be in: the labels, and the blanks around them.

use tensorkeep_tensor::{DType, Device, Error, HostArray, HostData, Result, Scalar, Tensor, ToShape};

use super::super::operands::require_labels;
use super::{Ctc, NAME, TooLong, index_error};

/// Which states a batch of sequences goes through: blank, label, blank, label, .., blank, as many as the
/// longest has.
pub(super) struct Alignment {
    /// The class of each state, blanks beyond the labels of a sequence.
    classes: Vec<i64>,
    /// Whether each state may be entered from the label before its blank: if it is a label, and another one.
    skips: Vec<bool>,
    states: usize,
    lengths: Vec<usize>,
    label_lengths: Vec<usize>,
}

impl Alignment {
    /// Checks what a loss is given, and finds the states.
    #[track_caller]
    pub(super) fn new(
        ctc: &Ctc,
        scores: &Tensor,
        labels: &Tensor,
        lengths: &[usize],
        label_lengths: &[usize],
    ) -> Result<Self> {
        let (&[batch, frames, classes], &[_, most]) = (scores.shape().sizes(), labels.shape().sizes()) else {
            let rule = "scores are [batch, frames, classes] and labels [batch, labels]";
            return Err(Error::shape(NAME, rule, &[*scores.shape(), *labels.shape()]).advise("reshape them"));
        };
        require_labels(NAME, labels, scores, &[batch, most])?;
        require_lengths("scores", "frames", lengths, batch, frames)?;
        require_lengths("labels", "labels", label_lengths, batch, most)?;
        if ctc.blank >= classes {
            return Err(index_error(format!(
                "the blank is class {} of {classes}: use one below that",
                ctc.blank
            )));
        }
        let states = 2 * label_lengths.iter().max().unwrap_or(&0) + 1;
        let blank = ctc.blank as i64;
        let mut alignment = Self {
            classes: vec![blank; batch * states],
            skips: vec![false; batch * states],
            states,
            lengths: lengths.to_vec(),
            label_lengths: label_lengths.to_vec(),
        };
        // Where there are only shapes, no label is known.
        if labels.undecorated().device().is_hollow() || labels.shape().is_empty() {
            return Ok(alignment);
        }
        // On the host: a device need not have i64.
        let labels = labels.to_host()?;
        let labels: Vec<i64> = (0..labels.shape().elements())
            .map(|i| labels.data().get(i).map_or(blank, Scalar::as_i64))
            .collect();
        for (i, labels) in labels.chunks(most).enumerate() {
            alignment.place(ctc, i, &labels[..label_lengths[i]], classes)?;
        }
        Ok(alignment)
    }

    /// Puts the labels of sequence `i` into their states.
    #[track_caller]
    fn place(&mut self, ctc: &Ctc, i: usize, labels: &[i64], classes: usize) -> Result<()> {
        let mut needed = labels.len();
        for (j, &label) in labels.iter().enumerate() {
            let Some(class) = usize::try_from(label).ok().filter(|&class| class < classes) else {
                let message = format!(
                    "label {label} of sequence {i} is outside 0..{classes}: use labels below the class count"
                );
                return Err(index_error(message));
            };
            if class == ctc.blank {
                let message = format!(
                    "label {j} of sequence {i} is the blank, {class}: leave it out or choose another blank"
                );
                return Err(Error::value(NAME, message));
            }
            let repeats = j > 0 && labels[j - 1] == label;
            needed += usize::from(repeats);
            let state = i * self.states + 2 * j + 1;
            self.classes[state] = label;
            self.skips[state] = j > 0 && !repeats;
        }
        let frames = self.lengths[i];
        if needed > frames && ctc.too_long == TooLong::Refuse {
            let count = labels.len();
            let message = format!(
                "the {count} labels of sequence {i} need {needed} frames, of which there are {frames}: shorten them, or set too_long"
            );
            return Err(Error::value(NAME, message));
        }
        Ok(())
    }

    fn batch(&self) -> usize {
        self.lengths.len()
    }

    pub(super) fn states(&self) -> usize {
        self.states
    }

    /// The length of the longest sequence.
    pub(super) fn frames(&self) -> usize {
        self.lengths.iter().copied().max().unwrap_or(0)
    }

    /// The class of each state, once for each frame: `[batch, frames, states]`.
    pub(super) fn classes(&self, frames: usize, device: &Device) -> Result<Tensor> {
        let classes = self.classes.iter().map(|&class| Scalar::Int(class));
        let classes = upload(classes, [self.batch(), 1, self.states], DType::INDEX, device)?;
        classes.broadcast_to([self.batch(), frames, self.states])
    }

    /// Which states may be entered past a blank: `[batch, states]`.
    pub(super) fn skips(&self, device: &Device) -> Result<Tensor> {
        Tensor::from_vec(self.skips.clone(), [self.batch(), self.states], device)
    }

    /// Which sequences have not ended before each frame: `[frames, batch, 1]`.
    pub(super) fn runs(&self, device: &Device) -> Result<Tensor> {
        let frames = 0..self.frames();
        let runs = frames.flat_map(|frame| self.lengths.iter().map(move |&length| frame < length)).collect();
        Tensor::from_vec::<bool>(runs, [self.frames(), self.batch(), 1], device)
    }

    /// The logarithms of the states before the first frame: all are in the first blank.
    pub(super) fn start(&self, like: &Tensor) -> Result<Tensor> {
        let start = (0..self.states).map(|state| existing(state == 0));
        let start = upload(start, [1, self.states], like.dtype(), like.device())?;
        start.broadcast_to([self.batch(), self.states])
    }

    /// The blank after the last label of each sequence, and that label: `[batch, 2]`.
    pub(super) fn ends(&self, device: &Device) -> Result<Tensor> {
        let ends = self.label_lengths.iter().map(|&n| 2 * n as i64).flat_map(|end| [end, (end - 1).max(0)]);
        upload(ends.map(Scalar::Int), [self.batch(), 2], DType::INDEX, device)
    }

    /// 0 for the [`ends`](Self::ends) that exist, −∞ for the last label of no labels.
    pub(super) fn end_exists(&self, like: &Tensor) -> Result<Tensor> {
        let exists = self.label_lengths.iter().flat_map(|&n| [existing(true), existing(n > 0)]);
        upload(exists, [self.batch(), 2], like.dtype(), like.device())
    }

    /// The share of each sequence in its own loss: one over the number of its labels.
    pub(super) fn shares(&self, like: &Tensor) -> Result<Tensor> {
        let shares = self.label_lengths.iter().map(|&n| Scalar::Float(1.0 / n.max(1) as f64));
        upload(shares, [self.batch()], like.dtype(), like.device())
    }
}

/// The logarithm of 1 where something exists, and of 0 where it does not.
fn existing(exists: bool) -> Scalar {
    Scalar::Float(if exists { 0.0 } else { f64::NEG_INFINITY })
}

/// Numbers on a device, written in the dtype there: it need not have those of the host.
fn upload(
    numbers: impl Iterator<Item = Scalar>,
    shape: impl ToShape,
    dtype: DType,
    device: &Device,
) -> Result<Tensor> {
    Tensor::from_host(HostArray::new(HostData::cast(dtype, numbers), shape)?, device)
}

#[track_caller]
fn require_lengths(whose: &str, what: &str, lengths: &[usize], batch: usize, most: usize) -> Result<()> {
    if lengths.len() != batch {
        let message = format!("{} lengths of {whose} for {batch} sequences: pass one each", lengths.len());
        return Err(Error::value(NAME, message));
    }
    match lengths.iter().position(|&length| length > most) {
        Some(i) => {
            let message = format!(
                "sequence {i} has {} {what}, of which there are {most}: use at most that",
                lengths[i]
            );
            Err(Error::value(NAME, message))
        }
        None => Ok(()),
    }
}
