//! Bodies of fuzz targets: functions that may be given any bytes, and panic if a promise is broken.

mod imports;

use crate::{Code, LoadLimits, SliceReader, StreamReader, reseal};

pub use imports::{npy, npz, safetensors};

/// The promises of the container: the reader of streams and the reader of slices agree, and what they accept is what
/// the writer writes.
///
/// They agree to the code, except that a slice's size is known from the start.
///
/// # Panics
///
/// If a promise is broken.
pub fn container(bytes: &[u8]) {
    let limits = LoadLimits { nonfinite: true, ..LoadLimits::default() };
    let streamed = StreamReader::new(bytes, &limits).and_then(StreamReader::verify);
    let sliced = SliceReader::new(bytes, &limits).and_then(|reader| reader.verify());
    match (&streamed, &sliced) {
        (Err(streamed), Err(sliced)) => {
            let sized = matches!(sliced.code(), Code::Len | Code::Trunc);
            assert!(sized || streamed.code() == sliced.code(), "two reasons: {streamed} and {sliced}");
        }
        _ => assert!(streamed.is_ok() == sliced.is_ok(), "one reader accepts: {streamed:?} and {sliced:?}"),
    }
    if let Ok(head) = streamed {
        let mut again = Vec::new();
        let copied = reseal(bytes, &mut again, head.signatures(), &limits);
        assert!(copied.is_ok() && again == bytes, "what was accepted is written otherwise: {copied:?}");
    }
}
