//! What a hostile file can make a reader allocate.

use std::process::Command;

use tensorkeep_format::{Rename, SafeTensors, read_npy};

use super::{MEMORY, Row, limits, npy, npz, safetensors};

/// Set for the child.
const CHILD: &str = "TENSORKEEP_TEST_MEMORY";

/// Whether a reader refuses a file.
type Refuses = fn(&[u8]) -> bool;

/// Memory is counted for the whole process, so this runs in one of its own: it does nothing without the variable.
#[test]
fn child() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let tables: [(Vec<Row>, Refuses); 3] = [
        (safetensors::rows(), |file| SafeTensors::read(file, &limits(), &Rename::default()).is_err()),
        (npy::rows(), |file| read_npy(file, &limits()).is_err()),
        (npz::rows(), |file| npz::read_all(file, &limits()).is_err()),
    ];
    let most = limits().manifest as usize + (16 << 20);
    let mut largest = (0, "");
    for (rows, refuses) in &tables {
        for row in rows {
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            assert!(refuses(&row.file), "{}", row.what);
            let taken = MEMORY.peak_usage() - before;
            assert!(taken <= most, "{} takes {taken} bytes", row.what);
            largest = largest.max((taken, &row.what));
        }
    }
    assert!(largest.0 > 1 << 20, "nothing is counted");
    println!("the most memory: {largest:?}");
}

#[test]
fn hostile_files_allocate_little() {
    let arguments = ["--exact", "memory::child", "--nocapture"];
    let child =
        Command::new(std::env::current_exe().unwrap()).args(arguments).env(CHILD, "1").output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
    println!("{out}");
    assert!(child.status.success() && out.contains("the most memory"), "{err}");
}
