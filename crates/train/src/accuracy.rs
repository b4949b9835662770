//! The share of right guesses.

use tensorkeep_tensor::{Error, ErrorKind, Result, Scalar, Tensor};

/// The share of rows whose largest logit is at their label, in `0..=1`; the first of equal logits counts.
///
/// | operand | shape |
/// |---|---|
/// | `logits` | `[.., n]` |
/// | `labels` | `[..]`, integers in `0..n` |
///
/// # Errors
///
/// [`ErrorKind::Shape`] if the shapes do not fit or there are no rows; [`ErrorKind::DType`] for labels that are not
/// integers; [`ErrorKind::Index`] for one outside `0..n`; [`ErrorKind::Value`] for a NaN among the logits, which makes
/// none of its row the largest.
///
/// ```
/// use tensorkeep_tensor::Tensor;
/// use tensorkeep_train::accuracy;
///
/// let device = tensorkeep_cpu::device();
/// let logits = Tensor::new([[1.0f32, 2.0], [3.0, 0.0]], &device)?;
/// assert_eq!(accuracy(&logits, &Tensor::new([1, 1], &device)?)?, 0.5);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn accuracy(logits: &Tensor, labels: &Tensor) -> Result<f64> {
    let (labels, guesses) = classify("accuracy", logits, labels)?;
    if labels.is_empty() {
        return Err(
            Error::shape("accuracy", "there are no rows", &[*logits.shape()]).advise("pass at least one")
        );
    }
    let right = labels.iter().zip(&guesses).filter(|(label, guess)| label == guess).count();
    Ok(right as f64 / labels.len() as f64)
}

/// The label and the guess of each row of logits, on the host.
#[track_caller]
pub(crate) fn classify(
    op: &'static str,
    logits: &Tensor,
    labels: &Tensor,
) -> Result<(Vec<usize>, Vec<usize>)> {
    let Some((&classes, rows)) = logits.shape().split_last() else {
        return Err(Error::shape(op, "logits need an axis of classes", &[*logits.shape()]));
    };
    if labels.shape().sizes() != rows {
        let rule = "labels need the shape of the logits without its last axis";
        return Err(Error::shape(op, rule, &[*labels.shape(), *logits.shape()]));
    }
    if !labels.dtype().is_integer() {
        return Err(Error::dtype(
            op,
            format!("labels are {}: use integers, the numbers of the classes", labels.dtype()),
        ));
    }
    let guesses = logits.argmax(-1, false)?.to_host()?;
    let largest = logits.max([-1], false)?.to_host()?;
    if let Some(row) = largest.data().iter().position(|logit| logit.as_f64().is_nan()) {
        let message = format!("row {row} of the logits holds a NaN: lower the learning rate, check the data");
        return Err(Error::value(op, message));
    }
    let class = |(row, label): (usize, Scalar)| {
        let class = usize::try_from(label.as_i64()).ok().filter(|&class| class < classes);
        class.ok_or_else(|| {
            let message = format!("label {label} of row {row} is not in 0..{classes}: mend the labels");
            Error::new(ErrorKind::Index, op, message)
        })
    };
    let labels = labels.to_host()?.data().iter().enumerate().map(class).collect::<Result<_>>()?;
    // Indices on a device are never negative.
    Ok((labels, guesses.data().iter().map(|guess| guess.as_i64().max(0) as usize).collect()))
}
