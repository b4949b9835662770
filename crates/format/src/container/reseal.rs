//! Exchanging signatures.

use std::io::{Read, Write};

use super::{StreamReader, Writer};
use crate::{LoadLimits, Result};

/// Copies a container with other signatures, or with none. Everything is checked on the way; manifest and tensors
/// stay the same to the byte, so signatures that were made for the one file hold for the other.
///
/// # Errors
///
/// Those of [`StreamReader`] and [`Writer`].
///
/// ```
/// use tensorkeep_format::{Kind, LoadLimits, Manifest, reseal, write};
///
/// let limits = LoadLimits::default();
/// let (mut plain, mut signed, mut again) = (Vec::new(), Vec::new(), Vec::new());
/// write(&mut plain, &Manifest::new(Kind::Model, "example/empty"), None, [])?;
/// reseal(&plain[..], &mut signed, Some(b"a block of signatures"), &limits)?;
/// reseal(&signed[..], &mut again, None, &limits)?;
/// assert!(signed != plain && again == plain);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub fn reseal(
    source: impl Read,
    out: impl Write,
    signatures: Option<&[u8]>,
    limits: &LoadLimits,
) -> Result<()> {
    let reader = StreamReader::new(source, limits)?;
    let head = reader.head();
    let mut writer = Writer::with_minor(out, head.manifest(), signatures, limits, head.version().1)?;
    reader.verify_with(|_, piece| writer.update(piece))?;
    writer.finish().map(drop)
}
