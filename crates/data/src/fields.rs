//! The fields of a table, one at a time.

use std::io::BufRead;

use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use tensorkeep_tensor::{Error, ErrorKind, Result};

use crate::csv::OP;
use crate::source::read_error;

/// One field and where it stands.
pub(crate) struct Field<'a> {
    pub(crate) text: &'a str,
    /// Counted from 1.
    pub(crate) line: u64,
    /// Counted from 1.
    pub(crate) column: usize,
    pub(crate) ends_row: bool,
}

/// Cuts a stream into fields. Holds one field at a time, and no more of it than allowed.
pub(crate) struct Fields<R> {
    input: R,
    parser: Reader,
    buffer: Vec<u8>,
    limit: usize,
    column: usize,
}

impl<R: BufRead> Fields<R> {
    pub(crate) fn new(input: R, delimiter: u8, limit: usize) -> Self {
        let parser = ReaderBuilder::new().delimiter(delimiter).build();
        Self { input, parser, buffer: vec![0; 64], limit, column: 0 }
    }

    pub(crate) fn into_inner(self) -> R {
        self.input
    }

    /// The next field; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Field<'_>>> {
        let mut length = 0;
        loop {
            let input = self.input.fill_buf().map_err(|error| read_error(OP, error))?;
            let (state, read, written) = self.parser.read_field(input, &mut self.buffer[length..]);
            let last = input[..read].last().copied();
            self.input.consume(read);
            length += written;
            match state {
                ReadFieldResult::InputEmpty => {}
                ReadFieldResult::End => return Ok(None),
                ReadFieldResult::OutputFull => self.grow(length)?,
                ReadFieldResult::Field { record_end } => {
                    return self.field(length, record_end, last).map(Some);
                }
            }
        }
    }

    fn field(&mut self, length: usize, ends_row: bool, last: Option<u8>) -> Result<Field<'_>> {
        // The parser has counted the line break that ended the row.
        let line = self.parser.line() - u64::from(ends_row && last == Some(b'\n'));
        let column = self.column + 1;
        self.column = if ends_row { 0 } else { column };
        if length > self.limit {
            return Err(self.too_long());
        }
        match std::str::from_utf8(&self.buffer[..length]) {
            Ok(text) => Ok(Field { text, line, column, ends_row }),
            Err(_) => {
                let message = format!("line {line}, column {column}: not UTF-8: save the table as UTF-8");
                Err(Error::new(ErrorKind::Format, OP, message))
            }
        }
    }

    /// Makes room for a field that fills the buffer.
    fn grow(&mut self, length: usize) -> Result<()> {
        if length > self.limit {
            return Err(self.too_long());
        }
        // One byte beyond the limit tells a field that fills it from one that exceeds it.
        let size = self.buffer.len().saturating_mul(2).min(self.limit.saturating_add(1)).max(length + 1);
        self.buffer.resize(size, 0);
        Ok(())
    }

    fn too_long(&self) -> Error {
        let message = format!(
            "line {}: a field longer than {} bytes: raise ReadLimits::field_bytes",
            self.parser.line(),
            self.limit
        );
        Error::new(ErrorKind::Limit, OP, message)
    }
}
