//! Values into canonical CBOR.

use ciborium_ll::{Encoder, Header};

use super::canonical;

/// Where encoded bytes go.
pub(crate) trait Sink {
    fn push(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn push(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// A sink that compares what comes with what is expected, and keeps nothing.
pub(crate) struct Same<'a> {
    expected: &'a [u8],
    differs: bool,
}

impl<'a> Same<'a> {
    pub(crate) fn as_in(expected: &'a [u8]) -> Self {
        Self { expected, differs: false }
    }

    /// Whether all of the expected bytes came, and no others.
    pub(crate) fn holds(&self) -> bool {
        !self.differs && self.expected.is_empty()
    }
}

impl Sink for Same<'_> {
    fn push(&mut self, bytes: &[u8]) {
        match self.expected.strip_prefix(bytes) {
            Some(rest) => self.expected = rest,
            None => self.differs = true,
        }
    }
}

/// Encodes the types of a manifest.
pub(crate) struct Writer<'a> {
    sink: &'a mut dyn Sink,
}

/// Lets the encoder write to a sink; nothing here can fail.
struct Through<'a>(&'a mut dyn Sink);

impl ciborium_io::Write for Through<'_> {
    type Error = std::convert::Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.0.push(bytes);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl<'a> Writer<'a> {
    pub(crate) fn new(sink: &'a mut dyn Sink) -> Self {
        Self { sink }
    }

    pub(crate) fn list(&mut self, count: usize) {
        self.header(Header::Array(Some(count)));
    }

    pub(crate) fn map(&mut self, count: usize) {
        self.header(Header::Map(Some(count)));
    }

    pub(crate) fn uint(&mut self, value: u64) {
        self.header(Header::Positive(value));
    }

    pub(crate) fn int(&mut self, value: i64) {
        self.header(match u64::try_from(value) {
            Ok(value) => Header::Positive(value),
            Err(_) => Header::Negative((!value).unsigned_abs()),
        });
    }

    pub(crate) fn float(&mut self, value: f64) {
        self.header(Header::Float(value));
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.header(Header::Simple(if value { canonical::TRUE } else { canonical::FALSE }));
    }

    pub(crate) fn null(&mut self) {
        self.header(Header::Simple(canonical::NULL));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.header(Header::Text(Some(text.len())));
        self.raw(text.as_bytes());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.header(Header::Bytes(Some(bytes.len())));
        self.raw(bytes);
    }

    /// An item that is encoded already.
    pub(crate) fn raw(&mut self, item: &[u8]) {
        self.sink.push(item);
    }

    fn header(&mut self, header: Header) {
        let Ok(()) = Encoder::from(Through(self.sink)).push(header);
    }
}
