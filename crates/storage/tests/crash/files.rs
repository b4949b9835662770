//! One file, replaced.

use std::ffi::OsStr;
use std::io::{self, Write};

use tensorkeep_storage::{Code, Directory, Draft, Written};

use super::disk::{Disk, Fault};
use super::random::Random;
use super::sloppy::{Omission, Sloppy};
use super::{Tally, content};

const NAME: &str = "model";
const SEEDS: u64 = 150;

/// Errors of the system, by their numbers on Linux: EIO, EACCES, EROFS, ENOSPC, EDQUOT, EINTR.
const ERRORS: [i32; 6] = [5, 13, 30, 28, 122, 4];

/// Writes in pieces, so that there are several calls to crash in.
fn write<D: Directory>(directory: D, bytes: &[u8]) -> io::Result<Written> {
    let mut draft = Draft::create_in(directory, OsStr::new(NAME))?;
    for piece in bytes.chunks(bytes.len() / 3 + 1) {
        draft.write_all(piece)?;
        draft.flush()?;
    }
    Ok(draft.commit()?)
}

/// A disk where the old content is acknowledged.
fn disk_with(old: Option<&[u8]>) -> Disk {
    let disk = Disk::new();
    if let Some(old) = old {
        write(disk.clone(), old).unwrap();
    }
    disk
}

/// Crashes at every call of a write, after a failure or not, and looks at many states that each may leave.
fn search(omission: Omission) -> Tally {
    let mut tally = Tally::default();
    for (old, length) in
        [(Some(content(1, 5000)), 9000), (Some(content(2, 9000)), 700), (None, 4096), (None, 0)]
    {
        let (old, new) = (old.as_deref(), content(3, length));
        let trial = disk_with(old);
        trial.arm(Fault::None);
        write(Sloppy::new(&trial, omission), &new).unwrap();
        let calls = trial.calls();

        let crashes = (0..calls).map(Fault::Crash);
        let failures = (0..calls).flat_map(|at| [Fault::Fail(at, 5), Fault::Short(at)]);
        for fault in crashes.chain(failures).chain([Fault::None]) {
            let disk = disk_with(old);
            disk.arm(fault);
            let acknowledged = write(Sloppy::new(&disk, omission), &new).is_ok();
            for seed in 0..SEEDS {
                let after = disk.crash(&mut Random(seed));
                tally.states += 1;
                let found = after.contents(NAME);
                let found = found.as_deref();
                tally.hold(found == Some(&new) || (!acknowledged && found == old), || {
                    format!(
                        "{fault:?}, seed {seed}: acknowledged {acknowledged}, found {:?}",
                        found.map(<[u8]>::len)
                    )
                });
                // The next writer finds its way, and what the dead one left is gone.
                write(after.clone(), b"next").unwrap();
                assert_eq!(after.names().unwrap(), [NAME], "{fault:?}, seed {seed}");
            }
        }
    }
    tally
}

#[test]
fn a_crash_leaves_the_old_file_or_the_new_one() {
    let tally = search(Omission::Nothing);
    println!("{} crash states of a file", tally.states);
    assert!(tally.broken.is_empty(), "{:#?}", tally.broken);
    assert!(tally.states >= 10_000);
}

#[test]
fn the_search_catches_a_protocol_without_a_step() {
    for omission in [Omission::FileFlush, Omission::DirectoryFlush, Omission::Order, Omission::FinalFailure] {
        let tally = search(omission);
        println!("{omission:?}: {} of {} states broken", tally.broken.len(), tally.states);
        assert!(!tally.broken.is_empty(), "{omission:?} goes unnoticed");
    }
}

#[test]
fn an_error_leaves_the_old_file_and_no_other() {
    let (old, new) = (content(1, 5000), content(2, 9000));
    let trial = disk_with(Some(&old));
    trial.arm(Fault::None);
    write(trial.clone(), &new).unwrap();
    for at in 0..trial.calls() {
        for code in ERRORS {
            let disk = disk_with(Some(&old));
            disk.arm(Fault::Fail(at, code));
            let result = write(disk.clone(), &new);
            disk.arm(Fault::None);
            let case = format!("call {at}, error {code}: {result:?}");
            assert_eq!(disk.names().unwrap(), [NAME], "{case}");
            let found = disk.contents(NAME).unwrap();
            // The flush of the directory is the last call: the new file is in place by then.
            let renamed = result.is_ok() || at + 1 == trial.calls();
            assert!(found == if renamed { new.clone() } else { old.clone() }, "{case}");
        }
    }
}

#[test]
fn a_short_write_goes_on() {
    let new = content(2, 9000);
    for at in 0..20 {
        let disk = disk_with(None);
        disk.arm(Fault::Short(at));
        write(disk.clone(), &new).unwrap();
        assert!(disk.contents(NAME).unwrap() == new, "call {at}");
    }
}

#[test]
fn a_disk_that_stores_something_else_is_found_out() {
    let (old, new) = (content(1, 5000), content(2, 9000));
    let mut found = 0;
    for at in 0..20 {
        let disk = disk_with(Some(&old));
        disk.arm(Fault::Corrupt(at));
        let mut draft = Draft::create_in(disk.clone(), OsStr::new(NAME)).unwrap();
        draft.write_all(&new).unwrap();
        match draft.commit() {
            Ok(_) => assert!(disk.contents(NAME).unwrap() == new, "call {at}"),
            Err(error) => {
                assert_eq!(error.code(), Code::Digest, "call {at}");
                assert!(disk.contents(NAME).unwrap() == old, "call {at}");
                found += 1;
            }
        }
    }
    assert_eq!(found, 1);
}

#[test]
fn a_failed_write_cannot_be_committed() {
    let disk = disk_with(Some(b"old"));
    disk.arm(Fault::None);
    let mut draft = Draft::create_in(disk.clone(), OsStr::new(NAME)).unwrap();
    disk.arm(Fault::Fail(0, 28));
    draft.write_all(b"new").unwrap();
    let full = draft.flush().unwrap_err();
    assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    // A caller that takes no notice.
    draft.write_all(b"more").unwrap();
    let error = draft.commit().unwrap_err();
    assert_eq!(error.to_string(), "E_IO: \"model\": an earlier write failed; write the whole file again");
    assert_eq!(disk.contents(NAME).unwrap(), b"old");
}
