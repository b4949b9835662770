//! The hostile corpus of the container: each row is a file that is wrong in one way, and the one code that refuses
//! it.
//!
//! Every row is read as a slice and as a stream, on a thread with a small stack, with its memory counted.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a failing test may say so in the shortest way"
)]

mod cbor;
mod craft;
mod graph;
mod header;
mod row;
mod sweep;
mod tensors;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use peak_alloc::PeakAlloc;
use tensorkeep_format::{Code, LoadLimits, SliceReader, StreamReader, fuzzing, recognise};

use row::Row;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory is counted for the whole process, so one test runs at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn rows() -> Vec<Row> {
    [header::rows(), cbor::rows(), tensors::rows(), graph::rows()].into_iter().flatten().collect()
}

/// A main thread's stack has 8 MiB, a small one this.
fn on_a_small_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(512 << 10).spawn_scoped(scope, run);
        thread.unwrap().join().unwrap()
    })
}

#[test]
fn every_row_is_refused_with_its_code() {
    let _alone = alone();
    let limits = LoadLimits::default();
    let mut counts = BTreeMap::new();
    let mut largest = (0, String::new());
    for row in rows() {
        let bytes = (row.make)();
        on_a_small_stack(|| {
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            let sliced = SliceReader::new(&bytes, &limits).and_then(|reader| reader.verify()).err();
            let streamed = StreamReader::new(&bytes[..], &limits).and_then(StreamReader::verify).err();
            let taken = MEMORY.peak_usage() - before;
            assert_eq!(sliced.as_ref().map(|error| error.code()), row.code, "{}: {sliced:?}", row.name);
            assert_eq!(streamed.is_some(), row.code.is_some(), "{}: {streamed:?}", row.name);
            assert!(taken <= limits.manifest as usize + (16 << 20), "{} takes {taken} bytes", row.name);
            largest = largest.clone().max((taken, row.name.clone()));
            sliced.iter().chain(&streamed).for_each(|error| assert_printable(&row.name, &error.to_string()));
            fuzzing::container(&bytes);
        });
        *counts.entry(row.code.map_or("accepted", Code::as_str)).or_insert(0) += 1;
    }
    println!("{} rows: {counts:?}; the most memory: {largest:?}", counts.values().sum::<i32>());
}

/// Whatever a file says, its text reaches a message escaped and cut.
fn assert_printable(name: &str, message: &str) {
    assert!(message.chars().all(|c| (' '..='~').contains(&c) || c == '…'), "{name}: {message:?}");
    assert!(message.len() < 600, "{name}: {} bytes", message.len());
}

/// The codes that only other crates raise: signatures, storage, budgets, models, data.
const ELSEWHERE: &[Code] = &[
    Code::Cost,
    Code::Unsigned,
    Code::Sig,
    Code::Key,
    Code::Alg,
    Code::Expired,
    Code::Revoked,
    Code::Rollback,
    Code::Chain,
    Code::Decrypt,
    Code::Sandbox,
    Code::Kind,
    Code::Mismatch,
];

/// The codes whose rows are files of the file system and sources that fail, in `tests/files.rs`.
const FILES: &[Code] = &[Code::Perm, Code::FileType, Code::Io];

#[test]
fn every_code_has_a_row() {
    let rows = rows();
    for code in Code::ALL.iter().filter(|code| code.as_str().starts_with("E_")) {
        let has_row = rows.iter().any(|row| row.code == Some(*code));
        assert!(has_row != (ELSEWHERE.contains(code) || FILES.contains(code)), "{code}");
    }
}

#[test]
fn messages_name_what_a_file_is() {
    for &(name, first, word) in header::FOREIGN {
        let error = StreamReader::new(first, &LoadLimits::default()).unwrap_err();
        assert!(error.message().contains(word), "{name}: {error}");
        assert_eq!(recognise(first).is_none(), name == "something else");
    }
}
