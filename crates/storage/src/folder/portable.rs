//! Directories by their paths, where the standard library has nothing better.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{not_regular, regular};
use crate::directory::Directory;

/// A directory of the real file system, by its path.
///
/// Two promises are weaker than on Unix: permissions are those that the directory hands down, and
/// [`sync`](Directory::sync) does nothing, since a directory cannot be flushed there.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// The directory at `path`.
    ///
    /// # Errors
    ///
    /// Those of the system: nothing there, no directory, no permission.
    pub fn open(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize()?;
        if path.is_dir() { Ok(Self(path)) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }
}

impl Directory for Folder {
    type File = File;

    fn create(&self, name: &OsStr) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create_new(true).open(self.0.join(name))
    }

    fn open(&self, name: &OsStr) -> io::Result<File> {
        let path = self.0.join(name);
        if !path.symlink_metadata()?.is_file() {
            return Err(not_regular());
        }
        regular(File::open(path)?)
    }

    fn expect_regular(&self, name: &OsStr) -> io::Result<()> {
        match self.0.join(name).symlink_metadata() {
            Ok(metadata) if metadata.is_file() => Ok(()),
            Ok(_) => Err(not_regular()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Open files keep their names where identities cannot be asked for.
    fn is_at(&self, _: &OsStr, _: &File) -> io::Result<bool> {
        Ok(true)
    }

    fn remove(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.0)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::{Code, Draft};

    #[test]
    fn the_protocol_works_on_it() {
        let path = std::env::temp_dir().join(format!("tensorkeep-portable-{}", std::process::id()));
        fs::create_dir_all(path.join("taken")).unwrap();
        let write = |name: &str, text: &str| {
            let mut draft = Draft::create_in(Folder::open(&path).unwrap(), OsStr::new(name))?;
            draft.write_all(text.as_bytes()).unwrap();
            draft.commit()
        };
        for text in ["old", "new"] {
            write("a", text).unwrap();
            assert_eq!(fs::read_to_string(path.join("a")).unwrap(), text);
        }
        assert_eq!(write("taken", "no").unwrap_err().code(), Code::FileType);
        let mut names = Folder::open(&path).unwrap().names().unwrap();
        names.sort();
        assert_eq!(names, ["a", "taken"]);
        assert!(Folder::open(&path.join("a")).is_err());
        fs::remove_dir_all(&path).unwrap();
    }
}
