//! Maps from text, and the order of their keys.

use std::cmp::Ordering;

use super::{Reader, Record, Writer};
use crate::{Code, Result, escape};

/// The order of encoded keys: bytewise (RFC 8949, section 4.2.1). As a key's length stands before its text, and in
/// its shortest form, shorter keys come first.
pub(crate) fn canonical_order(a: &[u8], b: &[u8]) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Values by name, in the order of the file.
///
/// A sorted list, since most maps here have a handful of pairs: a tree would take many times the room of what was
/// read.
///
/// ```
/// use tensorkeep_format::Map;
///
/// let mut notes = Map::new();
/// notes.insert("task", "digits");
/// notes.insert("by", "me");
/// assert_eq!(notes.get("task"), Some(&"digits"));
/// assert_eq!(notes.iter().map(|(key, _)| key).collect::<Vec<_>>(), ["by", "task"]); // shorter keys first
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<V>(Vec<(String, V)>);

impl<V> Map<V> {
    /// No pairs.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of the key.
    pub fn get(&self, key: &str) -> Option<&V> {
        self.find(key).ok().and_then(|place| self.0.get(place)).map(|(_, value)| value)
    }

    /// Sets the value of the key, and gives back the one that it had.
    pub fn insert(&mut self, key: impl Into<String>, value: V) -> Option<V> {
        let key = key.into();
        match self.find(&key) {
            Ok(place) => self.0.get_mut(place).map(|pair| std::mem::replace(&mut pair.1, value)),
            Err(place) => {
                self.0.insert(place, (key, value));
                None
            }
        }
    }

    /// The pairs, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(each, _)| canonical_order(each.as_bytes(), key.as_bytes()))
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Into<String>, V> FromIterator<(K, V)> for Map<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = Self::new();
        for (key, value) in pairs {
            map.insert(key, value);
        }
        map
    }
}

impl<V: Record> Record for Map<V> {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let count = reader.map()?;
        pairs(reader, count)
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.map(self.len());
        for (key, value) in self.iter() {
            writer.text(key);
            value.write(writer);
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// What follows the head of a map. That its keys ascend was checked before.
pub(crate) fn pairs<V: Record>(reader: &mut Reader<'_>, count: usize) -> Result<Map<V>> {
    reader.spend_items(count)?;
    let mut pairs = Vec::with_capacity(count);
    for _ in 0..count {
        let key = String::read(reader)?;
        let value = V::read(reader).map_err(|error| error.at(&escape(&key)))?;
        pairs.push((key, value));
    }
    Ok(Map(pairs))
}

/// A map whose keys are the fields of a structure, in canonical order.
pub(crate) struct Fields {
    left: usize,
}

impl Fields {
    pub(crate) fn open(reader: &mut Reader<'_>) -> Result<Self> {
        Ok(Self { left: reader.map()? })
    }

    /// The value of the key, or what it means that the key is not there.
    pub(crate) fn field<T: Record>(&mut self, reader: &mut Reader<'_>, key: &'static str) -> Result<T> {
        if self.left > 0 && reader.skip_key(key) {
            self.left = self.left.saturating_sub(1);
            return T::read(reader).map_err(|error| error.at(key));
        }
        let lacking = || reader.fault(Code::Cbor, &format!("the key {key} is missing or out of place"));
        T::absent().ok_or_else(lacking)
    }

    /// Writes the pair, unless its absence says the same.
    pub(crate) fn write<T: Record>(writer: &mut Writer<'_>, key: &'static str, value: &T) {
        if !value.is_absent() {
            writer.text(key);
            value.write(writer);
        }
    }

    /// Nothing may be left: an unknown key could mean something to someone.
    pub(crate) fn close(self, reader: &mut Reader<'_>) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        let key = String::read(reader)?;
        Err(reader.fault(Code::Cbor, &format!("no such key is known: {}", escape(&key))))
    }
}
