//! The bytes of a file, decompressed and bounded.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use tensorkeep_tensor::{Error, ErrorKind, Result};

/// The bytes of a file, decompressed if it is gzip (RFC 1952), and no more of them than allowed.
///
/// Decompression is streamed: a bomb is noticed when its output passes the limit, and costs no memory before.
pub(crate) struct Source<R> {
    op: &'static str,
    decoder: Decoder<Chain<Cursor<Vec<u8>>, R>>,
    /// How many more bytes may come.
    left: u64,
    limit: u64,
}

enum Decoder<R> {
    Plain(R),
    Gzip(Box<GzDecoder<R>>),
}

impl<R: BufRead> Source<R> {
    /// Reads from `input` on behalf of `op`.
    pub(crate) fn new(op: &'static str, mut input: R, limit: u64) -> Result<Self> {
        let start = start(op, &mut input, 2)?;
        let gzip = start == [0x1F, 0x8B];
        let input = Cursor::new(start).chain(input);
        let decoder =
            if gzip { Decoder::Gzip(Box::new(GzDecoder::new(input))) } else { Decoder::Plain(input) };
        Ok(Self { op, decoder, left: limit, limit })
    }

    /// Checks that nothing is left: no decompressed byte, and none behind the compressed stream.
    pub(crate) fn finish(mut self) -> Result<()> {
        let op = self.op;
        let more = self.decoder.read(&mut [0]).map_err(|error| read_error(op, error))?;
        let behind = match self.decoder {
            Decoder::Plain(_) => false,
            Decoder::Gzip(decoder) => {
                let mut input = decoder.into_inner();
                !input.fill_buf().map_err(|error| read_error(op, error))?.is_empty()
            }
        };
        if more > 0 || behind {
            let message = "bytes follow the end of the data: the file is damaged or of another format";
            return Err(Error::new(ErrorKind::Format, op, message));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !buffer.is_empty() {
            if self.decoder.read(&mut [0])? == 0 {
                return Ok(0);
            }
            let message = format!("more than {} bytes, the limit: raise ReadLimits::bytes", self.limit);
            return Err(io::Error::other(Error::new(ErrorKind::Limit, self.op, message)));
        }
        let allowed = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.decoder.read(&mut buffer[..allowed])?;
        self.left = self.left.saturating_sub(read as u64);
        Ok(read)
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(input) => input.read(buffer),
            Self::Gzip(decoder) => decoder.read(buffer),
        }
    }
}

/// What a failed read means: our own error, a broken format, or a broken disk.
pub(crate) fn read_error(op: &'static str, error: io::Error) -> Error {
    let error = match error.downcast::<Error>() {
        Ok(ours) => return ours,
        Err(error) => error,
    };
    let (kind, message) = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            (ErrorKind::Format, "the file ends too early: it is truncated, fetch it again".to_owned())
        }
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
            (ErrorKind::Format, format!("{error}: the file is damaged, fetch it again"))
        }
        _ => (ErrorKind::Io, format!("{error}: check the disk and the permissions")),
    };
    Error::new(kind, op, message)
}

/// The first `len` bytes, or all if there are fewer. A reader may give them one at a time.
pub(crate) fn start(op: &'static str, input: &mut impl Read, len: u64) -> Result<Vec<u8>> {
    let mut start = Vec::new();
    input.take(len).read_to_end(&mut start).map_err(|error| read_error(op, error))?;
    Ok(start)
}

/// A path as text that cannot play tricks on a terminal: a stranger may have named the file.
pub(crate) fn shown(path: &Path) -> String {
    let plain = |c: char| matches!(c, '\\' | '"' | '\'');
    let escaped = |c: char| if plain(c) { c.to_string() } else { c.escape_debug().to_string() };
    path.to_string_lossy().chars().map(escaped).collect()
}

/// Opens a file and reads it with `read`; errors name it.
pub(crate) fn with_file<T>(
    op: &'static str,
    path: &Path,
    read: impl FnOnce(BufReader<File>) -> Result<T>,
) -> Result<T> {
    let named = |error: Error| {
        let message = format!("{}: {}", shown(path), error.message());
        Error::new(error.kind(), op, message).located(error.location())
    };
    let file = File::open(path).map_err(|error| named(read_error(op, error)))?;
    read(BufReader::new(file)).map_err(named)
}
