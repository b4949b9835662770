//! Labels without their places in time.

use std::sync::Arc;

use tensorkeep_tensor::expr::{Expr, Program};
use tensorkeep_tensor::{DType, Error, ErrorKind, Outputs, Result, Tensor};

use super::{Reduction, Scores};
use alignment::Alignment;

mod alignment;

const NAME: &str = "ctc";

/// Connectionist temporal classification: the negative logarithm of the probability that frames of scores, each taken for a class
/// or for the blank, read as a sequence of labels once repetitions are merged and blanks dropped.
///
/// | operand | shape | dtype |
/// |---|---|---|
/// | scores | `[batch, frames, classes]` | float |
/// | labels | `[batch, labels]` | `i32` or `i64` in `0..classes`, other than the blank |
/// | lengths of the scores, and of the labels | a number a sequence | |
/// | result | `[]`, or `[batch]` without reduction | that of the scores |
///
/// What lies beyond the lengths has no effect. The mean is that of the losses over the numbers of their labels, as PyTorch's. The
/// host reads the labels: on a GPU, that waits for them.
///
/// The sum over alignments runs forward in logarithms, frame by frame; its gradient is that of these steps.
///
/// Source: Graves, Fernández, Gomez and Schmidhuber, *Connectionist Temporal Classification*, 2006, equations 5 to 8.
///
/// # Errors
///
/// [`ErrorKind::Shape`] if the shapes do not fit or there are no sequences to take the mean of, [`ErrorKind::Index`] for a label out
/// of range, [`ErrorKind::DType`] for labels that are no indices, [`ErrorKind::Value`] for lengths that do not fit, a label that is
/// the blank, and, unless [`too_long`](Self::too_long) says otherwise, for more labels than the frames have room for.
///
/// # Example
///
/// ```
/// use tensorkeep_nn::losses::{Ctc, TooLong};
/// use tensorkeep_tensor::{DType, Tensor, meta};
///
/// let scores = Tensor::zeros([2, 50, 28], DType::F32, &meta::device())?;
/// let labels = Tensor::ones([2, 7], DType::INDEX, scores.device())?;
/// let ctc = Ctc { too_long: TooLong::Zero, ..Ctc::default() };
/// assert_eq!(ctc.loss(&scores, &labels, &[50, 41], &[7, 3])?.rank(), 0);
/// assert!(ctc.loss(&scores, &labels, &[51, 41], &[7, 3]).is_err()); // there are 50 frames
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Ctc {
    /// The class that stands for no label: 0 by default, as in PyTorch; Flux's is the last.
    pub blank: usize,
    /// What becomes of sequences whose labels no alignment of the frames can read.
    pub too_long: TooLong,
    /// What the scores are.
    pub scores: Scores,
    /// What becomes of the losses of the sequences.
    pub reduction: Reduction,
}

/// What becomes of labels that the frames have no room for: each takes a frame, and so does the blank between two that are equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TooLong {
    /// They are an error.
    #[default]
    Refuse,
    /// Their loss is infinite, and has no gradient.
    Infinity,
    /// Their loss is 0 and has no gradient; so is any that is infinite because all alignments have probability 0. PyTorch's
    /// `zero_infinity`.
    Zero,
}

impl Ctc {
    /// The loss of scores against labels, with the number of frames and of labels that each sequence has.
    ///
    /// # Errors
    ///
    /// Those of the type.
    #[track_caller]
    pub fn loss(
        &self,
        scores: &Tensor,
        labels: &Tensor,
        lengths: &[usize],
        label_lengths: &[usize],
    ) -> Result<Tensor> {
        let alignment = Alignment::new(self, scores, labels, lengths, label_lengths)?;
        let dtype = scores.dtype();
        if !dtype.is_float() {
            return Err(Error::dtype(NAME, format!("scores are of {dtype}: cast them to floats")));
        }
        let hollow = scores.device().is_hollow();
        if hollow || lengths.is_empty() {
            let each = Tensor::zeros([lengths.len()], dtype, scores.device())?;
            return self.reduction.apply(NAME, &each);
        }
        // Sums of many logarithms need more digits than halves have.
        let wide = if dtype == DType::F64 { dtype } else { DType::F32 };
        let each = self.each(&scores.to_dtype(wide)?, &alignment)?;
        let each = match self.reduction {
            Reduction::Mean => each.mul(&alignment.shares(&each)?)?,
            Reduction::Sum | Reduction::None => each,
        };
        self.reduction.apply(NAME, &each)?.to_dtype(dtype)
    }

    /// The losses of the sequences.
    fn each(&self, scores: &Tensor, alignment: &Alignment) -> Result<Tensor> {
        let device = scores.device();
        let frames = alignment.frames();
        let (skips, runs) = (alignment.skips(device)?, alignment.runs(device)?);
        // Zeros in place of what lies beyond the lengths, so that it has no gradient.
        let counted =
            runs.transpose(0, 1)?.zip(&scores.narrow(1, ..frames)?, |runs, x| runs.select(x, 0.0))?;
        // What each frame says of each state, [frames, batch, states].
        let emitted = self
            .scores
            .log(NAME, &counted)?
            .gather(-1, &alignment.classes(frames, device)?)?
            .transpose(0, 1)?;
        let (step, mut forward) = (step()?, alignment.start(scores)?);
        for frame in 0..frames {
            let padded = forward.pad(&[(0, 0), (2, 0)], f64::NEG_INFINITY)?;
            let states = alignment.states();
            let [before_last, last] = [0, 1].map(|at| padded.narrow(1, at..at + states));
            let (emitted, runs) = (emitted.at(0, frame)?, runs.at(0, frame)?);
            let inputs = [&forward, &last?, &before_last?, &skips, &emitted, &runs];
            forward = only(Tensor::map_all(&step, &inputs, &[])?)?;
        }
        // A sequence ends in its last label or in the blank after it.
        let ends = forward.gather(1, &alignment.ends(device)?)?.add(&alignment.end_exists(scores)?)?;
        let loss = ends.logsumexp([-1], false)?.neg()?;
        match self.too_long {
            TooLong::Zero => loss.map(|loss| loss.eq(f64::INFINITY).select(0.0, loss)),
            TooLong::Refuse | TooLong::Infinity => Ok(loss),
        }
    }
}

/// One frame: `log(e^stay + e^last + e^before_last) + emitted` in each state, the last term only where a state may be skipped, and
/// only while the sequence runs.
fn step() -> Result<Arc<Program>> {
    let [stay, last, before_last, skips, emitted, runs] = std::array::from_fn(Expr::input);
    let before_last = skips.select(before_last, f64::NEG_INFINITY);
    let most = stay.max(&last).max(&before_last);
    // A state that nothing reaches: infinities are not subtracted from each other, here and in the slopes.
    let unreached = most.eq(f64::NEG_INFINITY);
    let most = unreached.select(0.0, most);
    let sum = (&stay - &most).exp() + (last - &most).exp() + (before_last - &most).exp();
    let reached = unreached.select(1.0, sum).log() + most + emitted;
    Program::new(NAME, &[runs.select(unreached.select(f64::NEG_INFINITY, reached), stay)])
}

fn only(outputs: Outputs) -> Result<Tensor> {
    outputs.into_iter().next().ok_or_else(|| Error::internal(NAME, "a step of one result gave none"))
}

/// The mean of [`Ctc`] with its default options: the blank is class 0, and labels that are too long are an error.
///
/// # Errors
///
/// Those of [`Ctc`].
#[track_caller]
pub fn ctc(scores: &Tensor, labels: &Tensor, lengths: &[usize], label_lengths: &[usize]) -> Result<Tensor> {
    Ctc::default().loss(scores, labels, lengths, label_lengths)
}

#[track_caller]
fn index_error(message: String) -> Error {
    Error::new(ErrorKind::Index, NAME, message)
}
