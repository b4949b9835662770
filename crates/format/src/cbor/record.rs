//! What can stand in a manifest.

use super::{Reader, Writer};
use crate::{Code, Result};

/// A type with one encoding: writing what was read gives the bytes that it was read from.
pub(crate) trait Record: Sized {
    fn read(reader: &mut Reader<'_>) -> Result<Self>;

    fn write(&self, writer: &mut Writer<'_>);

    /// The value that a missing key stands for; without one, the key is required.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether this is that value, so that its key is left out.
    fn is_absent(&self) -> bool {
        false
    }

    /// Enters a list of `count` of these into the reader's accounts, before room is made for it.
    fn admit(reader: &mut Reader<'_>, count: usize) -> Result<()> {
        reader.spend_items(count)
    }
}

/// Makes a structure a map whose keys are the names of its fields. They are listed in canonical order: shorter names
/// first, then by the alphabet.
macro_rules! record {
    ($type:ident { $($field:ident),+ $(,)? } $($more:item)*) => {
        impl $crate::cbor::Record for $type {
            fn read(reader: &mut $crate::cbor::Reader<'_>) -> $crate::Result<Self> {
                let mut fields = $crate::cbor::Fields::open(reader)?;
                $(let $field = fields.field(reader, stringify!($field))?;)+
                fields.close(reader)?;
                Ok(Self { $($field),+ })
            }

            fn write(&self, writer: &mut $crate::cbor::Writer<'_>) {
                let present = [$(!$crate::cbor::Record::is_absent(&self.$field)),+];
                writer.map(present.into_iter().filter(|present| *present).count());
                $($crate::cbor::Fields::write(writer, stringify!($field), &self.$field);)+
            }

            $($more)*
        }
    };
}
pub(crate) use record;

impl Record for u64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.uint()
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.uint(*self);
    }
}

/// Numbers of values: the inputs of operations.
impl Record for u32 {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let value = reader.uint()?;
        Self::try_from(value).map_err(|_| reader.fault(Code::Cbor, "this number must fit in 32 bits"))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.uint(u64::from(*self));
    }

    fn admit(reader: &mut Reader<'_>, count: usize) -> Result<()> {
        reader.spend_edges(count)
    }
}

/// A mark: absent is `false`.
impl Record for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.bool()
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.bool(*self);
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn is_absent(&self) -> bool {
        !self
    }
}

impl Record for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        reader.text().map(Self::from)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self);
    }
}

/// A closed interval: two floats.
impl Record for [f64; 2] {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        match reader.list()? {
            2 => Ok([reader.float()?, reader.float()?]),
            _ => Err(reader.fault(Code::Cbor, "a range is two floats")),
        }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(self.len());
        self.iter().for_each(|bound| writer.float(*bound));
    }
}

/// Inside a list, absent is null.
impl<T: Record> Record for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        if reader.skip_null() { Ok(None) } else { T::read(reader).map(Some) }
    }

    fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Some(value) => value.write(writer),
            None => writer.null(),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// Absent is empty.
impl<T: Record> Record for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let count = reader.list()?;
        elements(reader, count)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.list(self.len());
        self.iter().for_each(|item| item.write(writer));
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// What follows the head of a list.
pub(crate) fn elements<T: Record>(reader: &mut Reader<'_>, count: usize) -> Result<Vec<T>> {
    T::admit(reader, count)?;
    let mut list = Vec::with_capacity(count);
    for i in 0..count {
        list.push(T::read(reader).map_err(|error| error.at(&i.to_string()))?);
    }
    Ok(list)
}
