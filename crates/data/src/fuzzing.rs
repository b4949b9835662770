//! The bodies of the fuzz targets of this crate's readers.
//!
//! A body takes any bytes whatever, and panics only where a reader breaks a promise. Fuzzers mutate its input, and
//! plain tests replay the inputs that fuzzers found; `crates/fuzz` knows both.

use std::io::{BufReader, Read};

use tensorkeep_tensor::{HostArray, HostData, Result};

use crate::source::Source;
use crate::{Csv, Dataset, Label, ReadLimits, Target, TensorDataset, read_idx, read_netpbm};

/// Compressed files are the target `gzip`'s: under it, the other parsers would spend their time in decompression.
fn is_gzip(input: &[u8]) -> bool {
    input.starts_with(&[0x1F, 0x8B])
}

/// Small enough that no input costs more than milliseconds.
const LIMITS: ReadLimits = ReadLimits { bytes: 1 << 16, rows: 1 << 12, columns: 1 << 8, field_bytes: 1 << 8 };

/// [`Csv::read`]: the first byte chooses the format, the others are the table.
///
/// Promises: the result does not depend on how the bytes arrive; what is accepted is a table of finite numbers within the
/// limits; and written down again, it reads the same.
pub fn csv(input: &[u8]) {
    let Some((&style, table)) = input.split_first() else { return };
    if is_gzip(table) {
        return;
    }
    let format = Csv {
        header: style & 1 != 0,
        delimiter: if style & 2 != 0 { b';' } else { b',' },
        label: match style >> 2 & 3 {
            0 => Label::Column(0),
            1 => Label::Name("label".into()),
            _ => Label::Last,
        },
        target: if style & 16 != 0 { Target::Number } else { Target::Class },
        limits: LIMITS,
    };
    let whole = format.read(table);
    let trickle = format.read(BufReader::with_capacity(1 + usize::from(style >> 5), table));
    assert_eq!(outcome(&whole), outcome(&trickle), "the result depends on how the bytes arrive");
    if let Ok(set) = whole {
        let HostData::F32(numbers) = set.inputs().data() else { unreachable!("inputs are f32") };
        assert!(numbers.iter().all(|number| number.is_finite()), "an input is not finite");
        assert!(set.len() <= LIMITS.rows && numbers.len() < set.len() * LIMITS.columns);
        // The shortest digits of a number may be more than the file had.
        let limits = ReadLimits { bytes: 16 * LIMITS.bytes, ..LIMITS };
        let again = Csv { header: false, delimiter: b',', label: Label::Last, target: format.target, limits };
        assert_eq!(outcome(&again.read(written(&set).as_bytes())), Ok(&set), "a table reads otherwise again");
    }
}

/// [`read_netpbm`].
///
/// Promises: what is accepted is one image of one or three channels, of samples in 0 to 1, no more than there are bytes; and
/// written down plainly, it reads the same.
pub fn netpbm(input: &[u8]) {
    let Ok(image) = read_netpbm(input) else { return };
    let ([channels, height, width], HostData::F32(samples)) = (image.shape().sizes(), image.data()) else {
        unreachable!("an image is f32 of rank 3")
    };
    assert!((*channels == 1 || *channels == 3) && !samples.is_empty() && samples.len() <= input.len());
    assert!(samples.iter().all(|sample| (0.0..=1.0).contains(sample)), "a sample is not in 0 to 1");
    // Some white gives these samples exactly: that of the file does, and perhaps a smaller one.
    let Some(max) = (1..=255u16).find(|max| samples.iter().all(|x| is_sample(*x, *max))) else {
        unreachable!("no white gives these samples")
    };
    let form = if *channels == 1 { "P2" } else { "P3" };
    let mut text = format!("{form} {width} {height} {max}\n");
    for pixel in 0..height * width {
        for plane in samples.chunks_exact(height * width) {
            text.push_str(&format!("{} ", (plane[pixel] * f32::from(max)).round()));
        }
    }
    assert_eq!(read_netpbm(text.as_bytes()).ok().as_ref(), Some(&image), "an image reads otherwise again");
}

/// Whether `x` is a sample `i / max`.
fn is_sample(x: f32, max: u16) -> bool {
    let max = f32::from(max);
    (x * max).round() / max == x
}

/// [`read_idx`].
///
/// Promises: the result does not depend on how the bytes arrive; and a plain file that is accepted holds its elements and
/// nothing else, so writing them down again gives the same bytes.
pub fn idx(input: &[u8]) {
    if is_gzip(input) {
        return;
    }
    let whole = read_idx(input, &LIMITS);
    let trickle = read_idx(BufReader::with_capacity(3, input), &LIMITS);
    assert_eq!(bits(&whole), bits(&trickle), "the result depends on how the bytes arrive");
    if let (Ok(array), Some((header @ [0, 0, code, _], _))) = (whole, input.split_first_chunk()) {
        let sizes = array.shape().iter().flat_map(|&size| (size as u32).to_be_bytes());
        let again: Vec<u8> =
            header.iter().copied().chain(sizes).chain(elements(*code, array.data())).collect();
        assert_eq!(again, input, "an array is written otherwise than it was read");
    }
}

/// The bounded decompression below every reader.
///
/// Promises: never more bytes than the limit; a limit of just the bytes that there are is enough, and one less is not.
pub fn gzip(input: &[u8]) {
    let Ok(bytes) = decompressed(input, LIMITS.bytes) else { return };
    let length = bytes.len() as u64;
    assert!(length <= LIMITS.bytes, "more bytes than the limit");
    assert_eq!(outcome(&decompressed(input, length)), Ok(&bytes), "a limit of just the length is too low");
    if let Some(less) = length.checked_sub(1) {
        assert!(decompressed(input, less).is_err(), "a limit below the length is not kept");
    }
}

fn decompressed(input: &[u8], limit: u64) -> Result<Vec<u8>> {
    let mut source = Source::new("fuzz", input, limit)?;
    let mut bytes = Vec::new();
    source.read_to_end(&mut bytes).map_err(|error| crate::source::read_error("fuzz", error))?;
    source.finish()?;
    Ok(bytes)
}

/// What can be compared of a result: an error by its kind and its words.
fn outcome<T>(result: &Result<T>) -> std::result::Result<&T, String> {
    result.as_ref().map_err(|error| format!("{:?}: {}", error.kind(), error.message()))
}

/// An array by its bytes: NaN is unequal to itself.
fn bits(result: &Result<HostArray>) -> std::result::Result<(Vec<usize>, Vec<u8>), String> {
    let code = |data: &HostData| match data {
        HostData::F32(_) => 0x0D,
        HostData::F64(_) => 0x0E,
        HostData::U8(_) => 0x08,
        _ => 0x0C,
    };
    outcome(result).map(|array| (array.shape().to_vec(), elements(code(array.data()), array.data())))
}

/// Elements as an IDX file of this type holds them.
fn elements(code: u8, data: &HostData) -> Vec<u8> {
    match data {
        HostData::U8(data) => data.clone(),
        HostData::F32(data) => data.iter().flat_map(|x| x.to_be_bytes()).collect(),
        HostData::F64(data) => data.iter().flat_map(|x| x.to_be_bytes()).collect(),
        HostData::I32(data) => match code {
            0x09 => data.iter().map(|&x| x as u8).collect(),
            0x0B => data.iter().flat_map(|&x| (x as u16).to_be_bytes()).collect(),
            _ => data.iter().flat_map(|x| x.to_be_bytes()).collect(),
        },
        _ => Vec::new(),
    }
}

/// A table, the label last, each number by the shortest digits that give it back.
fn written(set: &TensorDataset) -> String {
    let HostData::F32(inputs) = set.inputs().data() else { return String::new() };
    let targets: Vec<f32> = match set.targets().data() {
        HostData::I32(classes) => classes.iter().map(|&class| class as f32).collect(),
        HostData::F32(numbers) => numbers.clone(),
        _ => Vec::new(),
    };
    let columns = inputs.len() / set.len();
    let mut text = String::new();
    for (row, target) in inputs.chunks(columns.max(1)).zip(targets) {
        row.iter().for_each(|number| text.push_str(&format!("{number:e},")));
        text.push_str(&format!("{target:e}\n"));
    }
    text
}
