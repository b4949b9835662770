//! What an equation says about the axes of its operands.

use std::fmt;

use smallvec::SmallVec;

use crate::{Error, ErrorKind, MAX_RANK, Result, Tensor};

/// The longest equation that is read. More than ten operands of the largest rank, with spaces.
const MAX_LENGTH: usize = 512;

/// The name of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    /// An axis under `...`, counted from the last.
    Ellipsis(usize),
    /// A named one.
    Letter(char),
}

/// The labels of a tensor's axes, in order.
pub(super) type Labels = SmallVec<[Label; MAX_RANK]>;

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ellipsis(from_last) => write!(f, "axis -{} under the ellipsis", from_last + 1),
            Self::Letter(letter) => write!(f, "label {letter}"),
        }
    }
}

/// An equation, read for the operands at hand.
pub(super) struct Equation {
    /// One list an operand, as long as its rank.
    pub(super) inputs: Vec<Labels>,
    /// Without repetition; each label occurs in an operand.
    pub(super) output: Labels,
    /// The size under every label.
    pub(super) sizes: Vec<(Label, usize)>,
}

impl Equation {
    /// Reads an equation and checks it against the operands.
    #[track_caller]
    pub(super) fn new(text: &str, operands: &[&Tensor]) -> Result<Self> {
        if text.len() > MAX_LENGTH {
            let message = format!(
                "an equation of {} characters, {MAX_LENGTH} are allowed: contract in several steps",
                text.len()
            );
            return Err(Error::new(ErrorKind::Limit, "einsum", message));
        }
        let (inputs, output) = match text.split_once("->") {
            Some((inputs, output)) => (inputs, Some(output)),
            None => (text, None),
        };
        let terms = inputs.split(',').count();
        if terms != operands.len() {
            let message =
                format!("\"{inputs}\" is for {terms} operands, not {}: give one term each", operands.len());
            return Err(Error::value("einsum", message));
        }
        require_one_dtype(operands)?;
        let mut labels = Vec::with_capacity(terms);
        for (i, (term, operand)) in inputs.split(',').zip(operands).enumerate() {
            labels.push(Term::read(term)?.labels_of(term, i, operand)?);
        }
        let sizes = sizes(&labels, operands)?;
        let output = match output {
            Some(output) => output_labels(output, &sizes)?,
            None => implied_output(&labels, &sizes),
        };
        Ok(Self { inputs: labels, output, sizes })
    }
}

#[track_caller]
fn require_one_dtype(operands: &[&Tensor]) -> Result<()> {
    let Some(first) = operands.first() else { return Ok(()) };
    for (i, operand) in operands.iter().enumerate() {
        if operand.dtype() != first.dtype() {
            let (a, b) = (first.dtype(), operand.dtype());
            let message = format!("operand 0 is {a} and operand {i} is {b}: cast one with to_dtype");
            return Err(Error::dtype("einsum", message));
        }
    }
    Ok(())
}

/// The letters of one term, and where among them `...` stands.
struct Term {
    letters: SmallVec<[char; MAX_RANK]>,
    ellipsis: Option<usize>,
}

impl Term {
    #[track_caller]
    fn read(text: &str) -> Result<Self> {
        let mut term = Self { letters: SmallVec::new(), ellipsis: None };
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("...").filter(|_| term.ellipsis.is_none()) {
                term.ellipsis = Some(term.letters.len());
                rest = after;
                continue;
            }
            if c.is_ascii_alphabetic() {
                term.letters.push(c);
            } else if !c.is_whitespace() {
                let message = format!(
                    "{c:?} in term \"{text}\": use letters and at most one ellipsis a term, as in \"...ij,jk->...ik\""
                );
                return Err(Error::value("einsum", message));
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        Ok(term)
    }

    /// One label for each axis of operand `i`.
    #[track_caller]
    fn labels_of(&self, text: &str, i: usize, operand: &Tensor) -> Result<Labels> {
        let (named, rank) = (self.letters.len(), operand.rank());
        if named > rank || (named < rank && self.ellipsis.is_none()) {
            let message = format!(
                "term \"{text}\" names {named} axes of operand {i}, which has shape {}: give one letter an axis, or ... \
                 for the rest",
                operand.shape()
            );
            return Err(Error::value("einsum", message));
        }
        let labels = self.labels(rank - named);
        for (axis, label) in labels.iter().enumerate() {
            let first = labels.iter().position(|other| other == label).unwrap_or(axis);
            let (n, m) = (operand.shape()[first], operand.shape()[axis]);
            if n != m {
                let rule = format!("{label} is {n} and {m} in operand {i}, a diagonal needs equal sizes");
                return Err(Error::shape("einsum", rule, &[*operand.shape()]).advise("narrow one axis"));
            }
        }
        Ok(labels)
    }

    /// The labels, with so many axes under the ellipsis.
    fn labels(&self, under_ellipsis: usize) -> Labels {
        let (before, after) = self.letters.split_at(self.ellipsis.unwrap_or(self.letters.len()));
        let hidden = (0..under_ellipsis).rev().map(Label::Ellipsis);
        let before = before.iter().copied().map(Label::Letter);
        before.chain(hidden).chain(after.iter().copied().map(Label::Letter)).collect()
    }
}

/// The size under every label; a size of 1 gives way.
#[track_caller]
fn sizes(labels: &[Labels], operands: &[&Tensor]) -> Result<Vec<(Label, usize)>> {
    let mut known: Vec<(Label, usize, usize)> = Vec::new();
    for (i, (labels, operand)) in labels.iter().zip(operands).enumerate() {
        for (&label, &n) in labels.iter().zip(operand.shape().iter()) {
            match known.iter_mut().find(|(other, ..)| *other == label) {
                None => known.push((label, n, i)),
                Some((_, size, by)) if *size == 1 => (*size, *by) = (n, i),
                Some((_, size, by)) if n != 1 && n != *size => {
                    let rule = format!("{label} is {size} in operand {by} and {n} in operand {i}");
                    let shapes = [*operands[*by].shape(), *operand.shape()];
                    return Err(Error::shape("einsum", rule, &shapes).advise("make them equal or 1"));
                }
                Some(_) => {}
            }
        }
    }
    Ok(known.into_iter().map(|(label, size, _)| (label, size)).collect())
}

/// The labels of a result that was written down.
#[track_caller]
fn output_labels(text: &str, sizes: &[(Label, usize)]) -> Result<Labels> {
    let term = Term::read(text)?;
    let hidden = sizes.iter().filter(|(label, _)| matches!(label, Label::Ellipsis(_))).count();
    if hidden > 0 && term.ellipsis.is_none() {
        let message = format!(
            "operands have axes under an ellipsis and the result \"{text}\" has no place for them: add one ellipsis to it"
        );
        return Err(Error::value("einsum", message));
    }
    let labels = term.labels(hidden);
    for (i, label) in labels.iter().enumerate() {
        if labels.iter().take(i).any(|other| other == label) {
            let message = format!("{label} is twice in the result \"{text}\": name it once");
            return Err(Error::value("einsum", message));
        }
        if !sizes.iter().any(|(known, _)| known == label) {
            let message =
                format!("{label} of the result \"{text}\" is in no operand: use labels of the operands");
            return Err(Error::value("einsum", message));
        }
    }
    Ok(labels)
}

/// The labels of a result that was not written down: the ellipsis, then the letters that occur once, in
/// order.
fn implied_output(labels: &[Labels], sizes: &[(Label, usize)]) -> Labels {
    let occurrences = |label: Label| labels.iter().flatten().filter(|&&other| other == label).count();
    let hidden = sizes.iter().filter(|(label, _)| matches!(label, Label::Ellipsis(_))).count();
    let mut letters: SmallVec<[char; MAX_RANK]> = SmallVec::new();
    for &(label, _) in sizes {
        match label {
            Label::Letter(letter) if occurrences(label) == 1 => letters.push(letter),
            Label::Letter(_) | Label::Ellipsis(_) => {}
        }
    }
    letters.sort_unstable();
    Term { letters, ellipsis: Some(0) }.labels(hidden)
}
