//! Values without a schema.

use ciborium_ll::Header;

use super::map::{Map, pairs};
use super::record::elements;
use super::{Reader, Record, Writer, canonical};
use crate::{Code, LoadLimits, Result};

/// A parameter of an operation: plain data, which the layer of that name gives a meaning.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// An integer of 64 bits with its sign.
    Int(i64),
    /// A finite float other than −0.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
    Map(Map<Value>),
}

impl Record for Value {
    // This recurses, as deep as the check of canonical form lets it.
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let large = "an integer must fit in 64 bits with its sign";
        Ok(match reader.header()? {
            Header::Simple(canonical::NULL) => Self::Null,
            Header::Simple(canonical::FALSE) => Self::Bool(false),
            Header::Simple(canonical::TRUE) => Self::Bool(true),
            Header::Positive(value) => {
                Self::Int(i64::try_from(value).map_err(|_| reader.fault(Code::Cbor, large))?)
            }
            // RFC 8949, section 3.1: the value is −1 minus the argument, which is its complement.
            Header::Negative(value) => {
                Self::Int(!i64::try_from(value).map_err(|_| reader.fault(Code::Cbor, large))?)
            }
            Header::Float(value) => Self::Float(value),
            Header::Text(Some(length)) => Self::Text(reader.text_of(length)?.into()),
            Header::Bytes(Some(length)) => Self::Bytes(reader.bytes_of(length)?.into()),
            Header::Array(Some(count)) => Self::List(elements(reader, count)?),
            Header::Map(Some(count)) => Self::Map(pairs(reader, count)?),
            _ => return Err(reader.fault(Code::Cbor, "this must be a value")),
        })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Null => writer.null(),
            Self::Bool(value) => writer.bool(*value),
            Self::Int(value) => writer.int(*value),
            Self::Float(value) => writer.float(*value),
            Self::Text(value) => writer.text(value),
            Self::Bytes(value) => writer.bytes(value),
            Self::List(values) => values.write(writer),
            Self::Map(values) => values.write(writer),
        }
    }
}

/// Canonical CBOR that stays as it is: an extension, which another program gives a meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(Vec<u8>);

impl Raw {
    /// One item of canonical CBOR.
    ///
    /// # Errors
    ///
    /// Those of the check for canonical form: [`Code::Cbor`], [`Code::NonCanon`], [`Code::Depth`], [`Code::Dup`],
    /// [`Code::Limit`], [`Code::Name`].
    ///
    /// ```
    /// use tensorkeep_format::{Code, LoadLimits, Raw};
    ///
    /// let limits = LoadLimits::default();
    /// assert_eq!(Raw::new([0x01], &limits)?.as_bytes(), [0x01]);
    /// // The same number in a longer form.
    /// assert_eq!(Raw::new([0x18, 0x01], &limits).unwrap_err().code(), Code::NonCanon);
    /// # Ok::<(), tensorkeep_format::Error>(())
    /// ```
    pub fn new(bytes: impl Into<Vec<u8>>, limits: &LoadLimits) -> Result<Self> {
        let bytes = bytes.into();
        canonical::check(&bytes, limits)?;
        Ok(Self(bytes))
    }

    /// A value as an item.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new): what cannot be read is not written, such as a float that is not finite.
    ///
    /// ```
    /// use tensorkeep_format::{Code, LoadLimits, Raw, Value};
    ///
    /// let limits = LoadLimits::default();
    /// let value = Value::List(vec![Value::Int(-7), Value::Text("adam".into())]);
    /// assert_eq!(Raw::of(&value, &limits)?.value(&limits)?, value);
    /// assert_eq!(Raw::of(&Value::Float(f64::NAN), &limits).unwrap_err().code(), Code::NonCanon);
    /// # Ok::<(), tensorkeep_format::Error>(())
    /// ```
    pub fn of(value: &Value, limits: &LoadLimits) -> Result<Self> {
        let mut bytes = Vec::new();
        value.write(&mut Writer::new(&mut bytes));
        Self::new(bytes, limits)
    }

    /// The item as a value.
    ///
    /// # Errors
    ///
    /// [`Code::Limit`] if it is more than the limits allow; [`Code::Cbor`] for an integer that does not fit.
    pub fn value(&self, limits: &LoadLimits) -> Result<Value> {
        Value::read(&mut Reader::new(&self.0, limits)?)
    }

    /// The item.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Record for Raw {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.item().map(|bytes| Self(bytes.into()))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.raw(&self.0);
    }
}
