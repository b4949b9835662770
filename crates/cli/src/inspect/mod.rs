//! `tensorkeep inspect`.

mod container;
mod imported;
mod page;
mod statistics;

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use tensorkeep_format::{DType, LoadLimits, Shape};
use tensorkeep_trust::TrustStore;

use crate::arguments::Inspect;
use crate::failure::{Failure, conclude};
use crate::form::{Form, first_bytes, foreign};
use crate::open::open;
use statistics::{Statistics, Summary};

/// What is in a file: what `--json` gives, and what the page for people is made of.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    pub(crate) file: String,
    pub(crate) bytes: u64,
    /// `tkm`, `safetensors`, `npz` or `npy`; nothing for what is not read.
    pub(crate) format: Option<&'static str>,
    pub(crate) container: Option<container::Container>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) tensors: Vec<Line>,
    /// Why the file is refused. What else is told was then read before, and is not to be relied on.
    pub(crate) problem: Option<Problem>,
}

/// A tensor.
#[derive(Debug, Serialize)]
pub(crate) struct Line {
    pub(crate) name: String,
    pub(crate) dtype: &'static str,
    pub(crate) shape: Vec<u64>,
    pub(crate) bytes: u64,
    /// BLAKE3 of the bytes. Another format's tensors have it once they were read.
    pub(crate) digest: Option<String>,
    /// Nothing where the bytes were not found to be the tensor's.
    pub(crate) statistics: Option<Summary>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Line {
    fn new(name: &str, dtype: DType, shape: &Shape) -> Self {
        Self {
            name: name.into(),
            dtype: dtype.name(),
            shape: shape.dims().into(),
            bytes: shape.elements().saturating_mul(dtype.size()),
            digest: None,
            statistics: None,
        }
    }
}

pub(crate) fn run(arguments: &Inspect, out: &mut impl Write) -> Result<(), Failure> {
    let store = arguments.store.as_deref().map(TrustStore::open).transpose()?;
    let mut file = open(&arguments.file)?;
    let place = arguments.file.to_string_lossy();
    let first = first_bytes(&mut file).map_err(|error| error.within(&place))?;
    let form = Form::of_content(&first);
    let mut report = Report {
        file: place.clone().into_owned(),
        bytes: file.metadata()?.len(),
        format: form.map(Form::name),
        ..Report::default()
    };
    // A look at a file that was trained to infinity is just what is wanted.
    let most = LoadLimits { nonfinite: true, ..LoadLimits::default() };
    let limits = LoadLimits {
        file: arguments.limit.unwrap_or(most.file),
        tensor: arguments.limit.unwrap_or(most.tensor),
        ..most
    };
    let result = match form {
        Some(Form::Container) => container::read(&mut report, &file, &first, &limits, store.as_ref()),
        Some(form) => imported::read(&mut report, form, file, &arguments.file, &limits),
        None => Err(foreign(&first)),
    };
    report.problem = result
        .as_ref()
        .err()
        .map(|error| Problem { code: error.code().to_string(), message: error.message().to_owned() });
    let said = if arguments.json { json(&report)? } else { page::page(&report) };
    conclude(out, &said, result.map_err(|error| error.within(&place).into()))
}

/// One line of ASCII: beyond it, what looks like one thing may be another, and some of it moves a terminal's cursor.
fn json(report: &Report) -> Result<String, Failure> {
    let text = serde_json::to_string(report).map_err(std::io::Error::other)?;
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            // Outside of strings there is nothing else, so what is escaped here is inside.
            ' '..='~' => line.push(c),
            _ => {
                let units = c
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .map(|unit| format!("\\u{unit:04x}"))
                    .collect::<String>();
                line.push_str(&units);
            }
        }
    }
    line.push('\n');
    Ok(line)
}

/// The statistics of tensors that come one after the other, in pieces.
struct Gathering {
    all: Vec<Statistics>,
    /// The place of the last tensor of which a piece came.
    last: Option<usize>,
}

impl Gathering {
    fn new(dtypes: impl Iterator<Item = DType>) -> Self {
        Self { all: dtypes.map(Statistics::new).collect(), last: None }
    }

    fn add(&mut self, place: usize, piece: &[u8]) {
        self.last = Some(place);
        if let Some(statistics) = self.all.get_mut(place) {
            statistics.update(piece);
        }
    }

    /// Hands out what counts: all if nothing was refused, and otherwise what came before the last tensor.
    fn settle(&self, accepted: bool, lines: &mut [Line]) {
        let settled = if accepted { lines.len() } else { self.last.unwrap_or(0) };
        for (line, statistics) in lines.iter_mut().zip(&self.all).take(settled) {
            line.statistics = Some(statistics.summary());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_ascii() {
        let metadata = BTreeMap::from([("\u{1b}[2J\u{7f}".to_owned(), "\u{202e}é𝄞\n\"".to_owned())]);
        let text = json(&Report { metadata, ..Report::default() }).unwrap();
        assert!(
            text.ends_with("}\n") && text.trim_end().bytes().all(|byte| (b' '..=b'~').contains(&byte)),
            "{text}"
        );
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back["metadata"]["\u{1b}[2J\u{7f}"], "\u{202e}é𝄞\n\"");
    }
}
