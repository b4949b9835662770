//! Files that are read, and places where files are written.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use tensorkeep_format::{Code, Error};
use tensorkeep_storage::{Directory, Folder};

use crate::failure::Failure;

/// Opens a regular file. No link at the end of the path is followed, and no pipe is waited for.
pub(crate) fn open(path: &Path) -> Result<File, Failure> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| io::Error::from(ErrorKind::NotFound));
    let file = name.and_then(|name| Folder::open(parent)?.open(name));
    file.map_err(|error| refusal(&error).within(&path.to_string_lossy()).into())
}

fn refusal(error: &io::Error) -> Error {
    match error.kind() {
        // As the folder answers where something else than a regular file is.
        ErrorKind::InvalidInput => {
            Error::new(Code::FileType, "this is not a regular file: give the path of the file itself")
        }
        ErrorKind::PermissionDenied => Error::new(Code::Perm, format!("opening the file: {error}")),
        _ => Error::io("opening the file", error),
    }
}

/// Refuses to write where something is, unless the user said that it may go.
pub(crate) fn expect_free(path: &Path, force: bool) -> Result<(), Failure> {
    if force || path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return Ok(());
    }
    let error = Error::new(Code::Name, "there is something already: choose another name, or say --force");
    Err(error.within(&path.to_string_lossy()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_opened() {
        let rows =
            [("/", "E_IO"), ("..", "E_IO"), ("src", "E_FILETYPE"), ("src/missing", "E_IO"), ("", "E_IO")];
        for (path, code) in rows {
            let Err(Failure::Work(error)) = open(Path::new(path)) else { panic!("{path} is opened") };
            assert!(error.to_string().starts_with(code), "{path}: {error}");
        }
        assert!(open(Path::new("Cargo.toml")).is_ok() && open(Path::new("src/open.rs")).is_ok());
    }
}
