//! The content of a member.

use std::borrow::Cow;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::directory::Member;
use super::fields::fault;
use crate::fill::grow;
use crate::{Code, Error, Result, escape};

impl<'a> Member<'a> {
    /// Its bytes, as many as the archive says, of the checksum that it says.
    pub(super) fn unpack(&self) -> Result<Cow<'a, [u8]>> {
        let bytes = if self.compressed { self.inflate()?.into() } else { Cow::Borrowed(self.packed) };
        let mut crc = Crc::new();
        crc.update(&bytes);
        if crc.sum() != self.crc {
            let message = format!(
                "the archive's member {} does not have its checksum: fetch the whole file again",
                escape(self.name)
            );
            return Err(Error::new(Code::DataDigest, message));
        }
        Ok(bytes)
    }

    /// Room is made as bytes arrive, and never for more than the archive says.
    fn inflate(&self) -> Result<Vec<u8>> {
        let lies =
            || fault("member", &format!("{} does not unpack to the size that it says", escape(self.name)));
        let size = usize::try_from(self.size).unwrap_or(usize::MAX);
        let mut inflater = Decompress::new(false);
        let mut bytes = Vec::new();
        // The end of the stream may come after the last byte, and a decompressor without room may not look for it.
        let mut spare = [0];
        loop {
            let (read, filled) = (inflater.total_in(), inflater.total_out());
            let (from, to) =
                (usize::try_from(read).unwrap_or(usize::MAX), usize::try_from(filled).unwrap_or(usize::MAX));
            if to == bytes.len() {
                grow(&mut bytes, size)?;
            }
            let packed = self.packed.get(from..).unwrap_or_default();
            let room = if to < size { bytes.get_mut(to..).unwrap_or_default() } else { &mut spare[..] };
            let status = inflater.decompress(packed, room, FlushDecompress::None).map_err(|_| lies())?;

            let whole = inflater.total_in() == self.packed.len() as u64
                && inflater.total_out() == u64::from(self.size);
            let stuck = (inflater.total_in(), inflater.total_out()) == (read, filled);
            match status {
                Status::StreamEnd if whole => return Ok(bytes),
                Status::StreamEnd => return Err(lies()),
                _ if stuck || inflater.total_out() > u64::from(self.size) => return Err(lies()),
                _ => {}
            }
        }
    }
}
