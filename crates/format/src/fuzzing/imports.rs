//! The readers of the formats of others.

use std::io::Cursor;

use crate::{
    Array, LoadLimits, Npz, Rename, Result, SafeTensors, SafeTensorsFile, read_npy, write_npy, write_npz,
    write_safetensors,
};

/// Everything that a reader may accept; what may be refused has its own tests.
fn limits() -> LoadLimits {
    LoadLimits { nonfinite: true, ..LoadLimits::default() }
}

/// The promises of safetensors: the reader of slices and the reader of files agree to the code, and what they accept
/// is written and read again as it is, in the one canonical form.
///
/// # Panics
///
/// If a promise is broken.
pub fn safetensors(bytes: &[u8]) {
    let sliced = SafeTensors::read(bytes, &limits(), &Rename::default());
    let filed = read_one_by_one(bytes);
    let codes = (sliced.as_ref().err().map(|error| error.code()), filed.err().map(|error| error.code()));
    assert!(codes.0 == codes.1, "two answers: {codes:?}");
    let Ok(sliced) = sliced else { return };

    let arrays: Vec<_> = sliced.iter().filter_map(|(name, array)| Some((name, array.ok()?))).collect();
    let metadata: Vec<_> =
        sliced.metadata().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let once = written(|out| write_safetensors(out, &borrowed(&arrays), &metadata));
    let again = SafeTensors::read(&once, &limits(), &Rename::default());
    assert!(again.is_ok(), "what was written is refused: {again:?}");
    if let Ok(again) = again {
        assert!(
            again.metadata() == sliced.metadata() && again.iter().count() == arrays.len(),
            "something is lost"
        );
        arrays
            .iter()
            .for_each(|(name, array)| assert!(again.tensor(name).as_ref() == Ok(array), "{name} changes"));
        let twice = written(|out| write_safetensors(out, &borrowed(&arrays), &metadata));
        assert!(once == twice, "there are two canonical forms");
    }
}

fn read_one_by_one(bytes: &[u8]) -> Result<()> {
    let mut file = SafeTensorsFile::new(Cursor::new(bytes), &limits(), &Rename::default())?;
    let names: Vec<String> = file.iter().map(|(name, ..)| name.to_owned()).collect();
    names.iter().try_for_each(|name| file.tensor(name).map(drop))
}

/// The promise of NPY: what is accepted is written and read again as it is.
///
/// # Panics
///
/// If a promise is broken.
pub fn npy(bytes: &[u8]) {
    if let Ok(array) = read_npy(bytes, &limits()) {
        let again = written(|out| write_npy(out, &array));
        assert!(read_npy(&again, &limits()).as_ref() == Ok(&array), "an array changes");
    }
}

/// The promise of NPZ: what is accepted is written and read again as it is.
///
/// # Panics
///
/// If a promise is broken.
pub fn npz(bytes: &[u8]) {
    let read = |bytes: &[u8]| -> Result<Vec<(String, Array<'static>)>> {
        let npz = Npz::read(bytes, &limits(), &Rename::default())?;
        npz.names().map(|name| Ok((name.to_owned(), npz.array(name)?.into_owned()))).collect()
    };
    if let Ok(arrays) = read(bytes) {
        let named: Vec<_> = arrays.iter().map(|(name, array)| (name.as_str(), array)).collect();
        let again = written(|out| write_npz(out, &named));
        assert!(read(&again).as_ref() == Ok(&arrays), "an archive changes");
    }
}

fn borrowed<'t>(arrays: &'t [(&'t str, Array<'t>)]) -> Vec<(&'t str, &'t Array<'t>)> {
    arrays.iter().map(|(name, array)| (*name, array)).collect()
}

fn written(write: impl FnOnce(&mut dyn std::io::Write) -> Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    let result = write(&mut out);
    assert!(result.is_ok(), "what was read cannot be written: {result:?}");
    out
}
