//! The first 128 bytes.

use super::digest::{Digest, HEADER};
use super::layout::PAGE;
use crate::limits::keep;
use crate::{Code, Error, LoadLimits, Result};

/// The first eight bytes. As in PNG, a byte above 127 shows a transfer that cleared the eighth bit, CR LF and LF show
/// one that converted ends of lines, and Ctrl-Z stops a listing.
pub const MAGIC: [u8; 8] = *b"\x89TKM\r\n\x1a\n";
/// The version of the container: a reader refuses any other.
pub const MAJOR: u16 = 1;
/// The minor version that is written: a reader accepts later ones, which add only what may be ignored or is named as
/// critical.
pub const MINOR: u16 = 0;

pub(super) const LENGTH: usize = 128;
/// The part that the header's own digest covers.
const COVERED: usize = 96;
/// The flag that there are signatures.
const SIGNED: u32 = 1;

/// What the header says, without what follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) minor: u16,
    pub(super) manifest: u64,
    /// Bytes of the block of signatures with its digest, or 0.
    pub(super) signatures: u64,
    pub(super) data: u64,
    pub(super) digest: Digest,
}

impl Header {
    /// Where the tensors start.
    pub(super) fn data_start(&self) -> Option<u64> {
        (LENGTH as u64)
            .checked_add(self.manifest)?
            .checked_add(self.signatures)?
            .checked_next_multiple_of(PAGE)
    }

    /// Where the file ends.
    pub(super) fn file_end(&self) -> Option<u64> {
        self.data_start()?.checked_add(self.data)
    }

    pub(super) fn encode(&self) -> Result<[u8; LENGTH]> {
        let (Some(start), Some(end)) = (self.data_start(), self.file_end()) else {
            return Err(Error::new(
                Code::Overflow,
                "the file would end beyond 2^64 bytes: use several files",
            ));
        };
        let flags = if self.signatures > 0 { SIGNED } else { 0 };
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.extend(MAGIC);
        bytes.extend(MAJOR.to_le_bytes());
        bytes.extend(self.minor.to_le_bytes());
        bytes.extend(flags.to_le_bytes());
        for number in [self.manifest, self.signatures, start, self.data, end, 0] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(self.digest.as_bytes());
        let digest = Digest::derived(HEADER, &bytes);
        bytes.extend(digest.as_bytes());
        bytes.try_into().map_err(|_| Error::new(Code::Len, "a header has 128 bytes: please report this"))
    }

    /// The header in these bytes, of which the magic was looked at.
    ///
    /// The version stands before the digest, since another version may have another header; and the digest before all
    /// else, so that damage shows as damage, and any other code as the writer's intent.
    pub(super) fn decode(bytes: &[u8; LENGTH], limits: &LoadLimits) -> Result<Self> {
        let mut fields = Fields(bytes);
        let _magic: [u8; 8] = fields.next();
        let major = u16::from_le_bytes(fields.next());
        if major != MAJOR {
            let message =
                format!("the file has version {major}, this reader knows {MAJOR}: use a program of its time");
            return Err(Error::new(Code::Version, message));
        }
        let minor = u16::from_le_bytes(fields.next());
        let flags = u32::from_le_bytes(fields.next());
        let [manifest, signatures, start, data, end, reserved] =
            [(); 6].map(|()| u64::from_le_bytes(fields.next()));
        let digest = Digest::new(fields.next());
        let (covered, own) = bytes.split_at(COVERED);
        Digest::new(Fields(own).next()).expect(&Digest::derived(HEADER, covered), "the header")?;

        let header = Self { minor, manifest, signatures, data, digest };
        if flags != u32::from(signatures > 0) * SIGNED {
            let message = format!(
                "the flags are {flags:#x} with {signatures} bytes of signatures: the writer is at fault"
            );
            return Err(Error::new(Code::Flags, message));
        }
        header.check_limits(end, limits)?;
        if header.data_start() != Some(start) || header.file_end() != Some(end) || manifest == 0 {
            let message = format!(
                "lengths {manifest}, {signatures} and {data} do not lead to tensors at {start} and an end at {end}: \
                 the writer is at fault"
            );
            return Err(Error::new(Code::Len, message));
        }
        if signatures > 0 && signatures <= Digest::LENGTH as u64 {
            let message =
                format!("a block of signatures of {signatures} bytes has no content: the writer is at fault");
            return Err(Error::new(Code::Len, message));
        }
        match reserved {
            0 => Ok(header),
            _ => Err(Error::new(
                Code::Pad,
                "reserved bytes of the header are not zero: the writer is at fault",
            )),
        }
    }

    fn check_limits(&self, end: u64, limits: &LoadLimits) -> Result<()> {
        let digest = Digest::LENGTH as u64;
        let table = [
            ("manifest", self.manifest, limits.manifest),
            ("signatures", self.signatures, limits.signatures.saturating_add(digest)),
            ("file", end, limits.file),
        ];
        table.into_iter().try_for_each(|(name, length, limit)| keep(name, length, limit))
    }
}

/// Takes fields of fixed length from the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn next<const N: usize>(&mut self) -> [u8; N] {
        // The header is as long as its fields together, so the zeros are never seen.
        let (field, rest) = self.0.split_first_chunk().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *field
    }
}
