//! Opening files that may be traps.

use std::fs::{File, Metadata, OpenOptions};
use std::path::Path;

use crate::{Code, Error, Result};

/// What a file has to be besides a regular file, on systems that know owners. Only the caller sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileRules {
    /// Refuse a file that has a second name, through which another may write to it.
    pub single_link: bool,
    /// Refuse a file that others may write to: the owner must be this user or root, and neither its group nor
    /// everyone may write.
    pub private: bool,
}

impl FileRules {
    /// All of the rules.
    pub fn strict() -> Self {
        Self { single_link: true, private: true }
    }

    /// Opens a regular file for reading, for what reads by itself. A symbolic link at the end of the path is not
    /// followed, a pipe is not waited for, and the descriptor is not handed to other programs.
    ///
    /// # Errors
    ///
    /// [`Code::FileType`] if it is not a regular file; [`Code::Perm`] if it breaks the rules; [`Code::Io`] if it cannot
    /// be opened.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<File> {
        let path = path.as_ref();
        open(path, self).map_err(|error| error.within(&path.to_string_lossy()))
    }
}

/// [`FileRules::open`], for what names the path by itself.
pub(crate) fn open(path: &Path, rules: &FileRules) -> Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    refuse_links(&mut options);
    let file = options.open(path).map_err(|error| refusal(path, &error))?;
    check_regular(&file)?;
    let facts = file.metadata().map_err(|error| Error::io("asking for the file's owner", &error))?;
    check_rules(&facts, rules)?;
    Ok(file)
}

/// Checks that this is a regular file, and returns its size.
pub(crate) fn check_regular(file: &File) -> Result<u64> {
    let facts = file.metadata().map_err(|error| Error::io("asking for the file's type", &error))?;
    if facts.is_file() && !facts.is_symlink() {
        return Ok(facts.len());
    }
    Err(Error::new(
        Code::FileType,
        "this is not a regular file: give the path of the file itself, or read a pipe as a stream",
    ))
}

/// Why a file could not be opened.
#[cold]
fn refusal(path: &Path, error: &std::io::Error) -> Error {
    let is_special = std::fs::symlink_metadata(path).is_ok_and(|facts| !facts.is_file() && !facts.is_dir());
    match is_special {
        true => Error::new(
            Code::FileType,
            format!("this is a link, a pipe or a device: give the path of the file itself ({error})"),
        ),
        false => Error::io("opening the file", error),
    }
}

#[cfg(unix)]
fn refuse_links(options: &mut OpenOptions) {
    use rustix::fs::OFlags;
    use std::os::unix::fs::OpenOptionsExt;

    // The standard library adds O_CLOEXEC.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(windows)]
fn refuse_links(options: &mut OpenOptions) {
    use std::os::windows::fs::OpenOptionsExt;

    // FILE_FLAG_OPEN_REPARSE_POINT: a link is opened as what it is, and then it is not a regular file.
    options.custom_flags(0x0020_0000);
}

#[cfg(unix)]
fn check_rules(facts: &Metadata, rules: &FileRules) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    if rules.single_link && facts.nlink() != 1 {
        let message = format!(
            "the file has {} names, through any of which it can be changed: make a copy",
            facts.nlink()
        );
        return Err(Error::new(Code::FileType, message));
    }
    let owner = facts.uid();
    if rules.private && owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(Error::new(
            Code::Perm,
            format!("the file belongs to user {owner}: make a copy of your own"),
        ));
    }
    if rules.private && facts.mode() & 0o022 != 0 {
        let message = format!(
            "the file's mode is {:o}, so others may write to it: take that right away",
            facts.mode() & 0o7777
        );
        return Err(Error::new(Code::Perm, message));
    }
    Ok(())
}

#[cfg(windows)]
fn check_rules(_: &Metadata, rules: &FileRules) -> Result<()> {
    match *rules == FileRules::default() {
        true => Ok(()),
        false => Err(Error::new(
            Code::Perm,
            "owners and links cannot be checked on this system: use FileRules::default()",
        )),
    }
}
