//! Files of other programs: what is read, what is refused with which code, and that nothing else happens.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test may say so in the shortest way")]
#![allow(clippy::print_stdout, reason = "tests print what they skip, and how much they did")]

mod damage;
mod files;
mod foreign;
mod memory;
mod npy;
mod npz;
mod python;
mod round_trips;
mod safetensors;
mod zip;

use peak_alloc::PeakAlloc;
use tensorkeep_format::{Array, Code, DType, LoadLimits, Shape};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Tensors by name, as writers take them.
pub(crate) type Named<'t> = &'t [(&'t str, &'t Array<'t>)];

/// What a file is refused with: a row of a table.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) file: Vec<u8>,
    pub(crate) code: Code,
}

pub(crate) fn row(what: impl Into<String>, code: Code, file: Vec<u8>) -> Row {
    Row { what: what.into(), file, code }
}

/// Runs every row on a small stack, and prints how many there are.
pub(crate) fn refuse<T>(rows: &[Row], read: impl Fn(&[u8]) -> tensorkeep_format::Result<T> + Sync) {
    let run = || {
        for Row { what, file, code } in rows {
            let error = read(file).err().unwrap_or_else(|| panic!("{what}: is accepted"));
            let shown = error.to_string();
            assert_eq!(error.code(), *code, "{what}: {shown}");
            assert!(shown.len() < 700, "{what}: {shown}");
            assert!(shown.chars().all(|c| (' '..='~').contains(&c) || c == '…'), "{what}: {shown:?}");
        }
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(512 << 10).spawn_scoped(scope, run);
        thread.unwrap().join().unwrap();
    });
    println!("{} files are refused, each with its code", rows.len());
}

pub(crate) fn limits() -> LoadLimits {
    LoadLimits::default()
}

/// An array whose bytes count up from 0, or are 0 and 1 in turn.
pub(crate) fn counting(dtype: DType, dims: &[u64]) -> Array<'static> {
    let shape = Shape::new(dims).unwrap();
    let length = (shape.elements() * dtype.size()) as usize;
    let most = if dtype == DType::Bool { 2 } else { 120 };
    let bytes: Vec<u8> = (0..length).map(|i| (i % most) as u8).collect();
    Array::new(dtype, shape, bytes).unwrap()
}
