//! The hyper-parameters of a rule by name.

use std::ops::Range;

use smallvec::SmallVec;
use tensorkeep_tensor::{Error, Result};

/// The hyper-parameters of a [`Rule`](crate::Rule): the learning rate and the others, each with the range that it has to be in.
///
/// ```
/// use tensorkeep_train::{Optimiser, Sgd};
///
/// let mut optimiser = Optimiser::new(Sgd { momentum: 0.9, ..Sgd::new(0.1) })?;
/// optimiser.set("momentum", 0.8)?;
/// let error = optimiser.set("momemtum", 0.7).unwrap_err();
/// assert!(error.to_string().contains("no option momemtum: use one of rate, momentum"));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Options<'a> {
    rate: &'a mut f64,
    others: SmallVec<[Entry<'a>; 6]>,
}

#[derive(Debug)]
enum Entry<'a> {
    Number { name: &'static str, value: &'a mut f64, range: Range<f64> },
    Flag { name: &'static str, value: bool },
}

impl<'a> Options<'a> {
    /// The learning rate alone.
    pub fn new(rate: &'a mut f64) -> Self {
        Self { rate, others: SmallVec::new() }
    }

    /// A number that has to lie in `range`.
    #[must_use]
    pub fn number(mut self, name: &'static str, value: &'a mut f64, range: Range<f64>) -> Self {
        self.others.push(Entry::Number { name, value, range });
        self
    }

    /// A choice. It decides which program and which state there is, so it cannot be set later.
    #[must_use]
    pub fn flag(mut self, name: &'static str, value: bool) -> Self {
        self.others.push(Entry::Flag { name, value });
        self
    }

    /// Refuses numbers out of range, NaN included.
    #[track_caller]
    pub(crate) fn check(&self, rule: &'static str) -> Result<()> {
        check(rule, "rate", *self.rate, 0.0, f64::INFINITY)?;
        for entry in &self.others {
            if let Entry::Number { name, value, range } = entry {
                check(rule, name, **value, range.start, range.end)?;
            }
        }
        Ok(())
    }

    /// All but the learning rate; a choice that was made is 1.
    pub(crate) fn constants(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.others.iter().map(|entry| match entry {
            Entry::Number { name, value, .. } => (*name, **value),
            Entry::Flag { name, value } => (*name, f64::from(u8::from(*value))),
        })
    }

    /// The number of this name.
    pub(crate) fn get(self, name: &str) -> Option<&'a mut f64> {
        if name == "rate" {
            return Some(self.rate);
        }
        self.others.into_iter().find_map(|entry| match entry {
            Entry::Number { name: own, value, .. } if own == name => Some(value),
            _ => None,
        })
    }

    /// The names that [`get`](Self::get) knows, in a row.
    pub(crate) fn names(&self) -> String {
        self.others.iter().fold("rate".to_owned(), |names, entry| match entry {
            Entry::Number { name, .. } => names + ", " + name,
            Entry::Flag { .. } => names,
        })
    }
}

/// Refuses a number outside `low..high`, and NaN.
#[track_caller]
pub(crate) fn check(op: &'static str, name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if value >= low && value < high {
        return Ok(());
    }
    let name = match name {
        "rate" => "learning rate",
        "decay" => "weight decay",
        other => other,
    };
    Err(Error::value(op, format!("{name} {value} is outside {low}..{high}: use a value in it")))
}
