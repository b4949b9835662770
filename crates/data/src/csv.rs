//! The reader of tables of numbers.

use std::io::{BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use tensorkeep_tensor::{Error, ErrorKind, HostArray, HostData, Result};

use crate::fields::{Field, Fields};
use crate::source::{Source, start, with_file};
use crate::{ReadLimits, TensorDataset};

pub(crate) const OP: &str = "csv";

/// How to read a table of comma-separated values (RFC 4180), plain or gzip: one example a row, all columns
/// numbers, one of them the label.
///
/// | | shape | dtype |
/// |---|---|---|
/// | inputs | `[rows, columns − 1]` | `f32` |
/// | targets | `[rows]` | `i32` for classes, `f32` for numbers |
///
/// ```
/// use tensorkeep_data::{Csv, Dataset, Label};
///
/// let table = "length,width,species\n5.1,3.5,0\n6.2,2.9,1\n";
/// let format = Csv { header: true, label: Label::Name("species".into()), ..Csv::default() };
/// assert_eq!(format.read(table.as_bytes())?.len(), 2);
///
/// let error = format.read("length,width,species\n5.1,,0\n".as_bytes()).unwrap_err();
/// assert!(error.message().starts_with("line 2, column 2: "));
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csv {
    /// Whether the first row holds names.
    pub header: bool,
    /// What separates fields.
    pub delimiter: u8,
    /// Which column is the label.
    pub label: Label,
    /// What the label is.
    pub target: Target,
    /// The most that is read.
    pub limits: ReadLimits,
}

/// Which column of a table is the label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Label {
    /// The last.
    Last,
    /// The one at this place, counted from 0.
    Column(usize),
    /// The one of this name in the header.
    Name(String),
}

/// What the label of a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A class: a whole number from 0 to 2²⁴.
    Class,
    /// A number to predict.
    Number,
}

impl Default for Csv {
    /// No header, commas, the last column a class.
    fn default() -> Self {
        Self {
            header: false,
            delimiter: b',',
            label: Label::Last,
            target: Target::Class,
            limits: ReadLimits::default(),
        }
    }
}

impl Csv {
    /// The examples of a table.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Format`] for rows of different lengths, fields that are not finite numbers, classes that
    /// are not whole numbers, or no rows, each with its line, and for a label that several columns are named; [`ErrorKind::Limit`] beyond the limits;
    /// [`ErrorKind::Value`] for a label column that does not exist; [`ErrorKind::Io`] if reading fails.
    pub fn read(&self, input: impl BufRead) -> Result<TensorDataset> {
        let source = BufReader::new(without_mark(Source::new(OP, input, self.limits.bytes)?)?);
        let mut fields = Fields::new(source, self.delimiter, self.limits.field_bytes);
        let mut table = Table { format: self, columns: 0, label: 0, inputs: Vec::new(), targets: Vec::new() };
        if self.header {
            table.read_header(&mut fields)?;
        }
        while table.read_row(&mut fields)? {}
        let (_, source) = fields.into_inner().into_inner().into_inner();
        source.finish()?;
        table.finish()
    }

    /// The examples of a file.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read), naming the file.
    pub fn read_file(&self, path: impl AsRef<Path>) -> Result<TensorDataset> {
        with_file(OP, path.as_ref(), |file| self.read(file))
    }
}

/// The source behind a byte-order mark, if there is one.
fn without_mark<R: BufRead>(mut source: Source<R>) -> Result<Chain<Cursor<Vec<u8>>, Source<R>>> {
    let mark = "\u{FEFF}".as_bytes();
    let mut bytes = start(OP, &mut source, 3)?;
    if bytes == mark {
        bytes = start(OP, &mut source, 3)?;
    }
    // The parser below takes away a mark as well, but only one whose bytes come together.
    if bytes == mark {
        let message = "two byte-order marks: the table was joined or converted twice, save it anew";
        return Err(Error::new(ErrorKind::Format, OP, message));
    }
    Ok(Cursor::new(bytes).chain(source))
}

/// A table that is being read.
struct Table<'a> {
    format: &'a Csv,
    /// Fields of a row; 0 until the first row was read.
    columns: usize,
    /// The place of the label.
    label: usize,
    inputs: Vec<f32>,
    targets: Vec<f32>,
}

impl Table<'_> {
    /// Reads the names of the columns.
    fn read_header<R: BufRead>(&mut self, fields: &mut Fields<R>) -> Result<()> {
        let mut names = Vec::new();
        while let Some(field) = fields.next()? {
            self.check_column(&field)?;
            names.push(field.text.to_owned());
            if field.ends_row {
                break;
            }
        }
        self.columns = names.len();
        let place = match &self.format.label {
            Label::Name(name) => {
                let mut places = names.iter().enumerate().filter(|(_, other)| *other == name);
                let place = places.next().map(|(place, _)| place);
                if places.next().is_some() {
                    let message =
                        format!("several columns are named {name:?}: rename them or use Label::Column");
                    return Err(Error::new(ErrorKind::Format, OP, message));
                }
                place
            }
            Label::Column(_) | Label::Last => None,
        };
        self.resolve_label(place)
    }

    /// Reads a row of numbers; `false` at the end of the file.
    fn read_row<R: BufRead>(&mut self, fields: &mut Fields<R>) -> Result<bool> {
        let start = self.inputs.len();
        let mut count = 0;
        loop {
            let Some(field) = fields.next()? else { return Ok(false) };
            self.check_column(&field)?;
            self.inputs.push(number(&field)?);
            count += 1;
            if !field.ends_row {
                continue;
            }
            let line = field.line;
            if self.columns == 0 {
                self.columns = count;
                self.resolve_label(None)?;
            }
            if count != self.columns {
                let message = format!(
                    "line {line}: {count} fields where the rows before have {}: make them equal",
                    self.columns
                );
                return Err(Error::new(ErrorKind::Format, OP, message));
            }
            if self.targets.len() >= self.format.limits.rows {
                let message =
                    format!("line {line}: more rows than {}: raise ReadLimits::rows", self.targets.len());
                return Err(Error::new(ErrorKind::Limit, OP, message));
            }
            let target = self.inputs.remove(start + self.label);
            self.targets.push(self.check_target(target, line)?);
            return Ok(true);
        }
    }

    fn check_column(&self, field: &Field<'_>) -> Result<()> {
        let limit = self.format.limits.columns;
        if field.column > limit {
            let message =
                format!("line {}: more columns than {limit}: raise ReadLimits::columns", field.line);
            return Err(Error::new(ErrorKind::Limit, OP, message));
        }
        Ok(())
    }

    /// Settles where the label is, now that the number of columns is known; `named` is where the header has
    /// its name.
    fn resolve_label(&mut self, named: Option<usize>) -> Result<()> {
        let columns = self.columns;
        let place = match &self.format.label {
            Label::Last => columns.checked_sub(1),
            Label::Column(place) => Some(*place).filter(|&place| place < columns),
            Label::Name(_) => named,
        };
        match place {
            Some(place) if columns > 1 => {
                self.label = place;
                Ok(())
            }
            Some(_) => {
                let message = "rows of one field: an example needs a label and at least one other number";
                Err(Error::new(ErrorKind::Format, OP, message))
            }
            None => {
                let message =
                    format!("no column {:?} among {columns}: name one that exists", self.format.label);
                Err(Error::value(OP, message))
            }
        }
    }

    fn check_target(&self, target: f32, line: u64) -> Result<f32> {
        let whole = target.fract() == 0.0 && (0.0..=16_777_216.0).contains(&target);
        match self.format.target {
            Target::Class if !whole => {
                let message =
                    format!("line {line}: label {target} is not a class: use whole numbers from 0 on");
                Err(Error::new(ErrorKind::Format, OP, message))
            }
            Target::Class | Target::Number => Ok(target),
        }
    }

    fn finish(self) -> Result<TensorDataset> {
        let rows = self.targets.len();
        if rows == 0 {
            return Err(Error::new(ErrorKind::Format, OP, "there are no rows: an example is one row"));
        }
        let targets = match self.format.target {
            Target::Class => HostData::I32(self.targets.into_iter().map(|class| class as i32).collect()),
            Target::Number => HostData::F32(self.targets),
        };
        let inputs = HostArray::new(HostData::F32(self.inputs), [rows, self.columns - 1])?;
        TensorDataset::new(inputs, HostArray::new(targets, [rows])?)
    }
}

/// The number that a field holds. Infinities and NaN, which Rust would parse, are no data.
fn number(field: &Field<'_>) -> Result<f32> {
    match field.text.trim().parse::<f32>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) | Err(_) => {
            let start: String = field.text.chars().take(32).collect();
            let message = format!(
                "line {}, column {}: {start:?} is not a finite number: mend it or drop the row",
                field.line, field.column
            );
            Err(Error::new(ErrorKind::Format, OP, message))
        }
    }
}
