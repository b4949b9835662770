//! A whole file in memory, for the formats of others.

use std::path::Path;

use crate::array::check_file;
use crate::fill::read_exactly;
use crate::open::{check_regular, open};
use crate::{Code, Error, FileRules, LoadLimits, Result};

/// Reads a whole file, for the readers that borrow from it: [`SafeTensors`](crate::SafeTensors),
/// [`read_npy`](crate::read_npy), [`Npz`](crate::Npz).
///
/// # Errors
///
/// [`Code::FileType`] for a link, a pipe, a device or a directory; [`Code::Perm`] where `rules` refuse the file's
/// owner or mode; [`Code::DataLimit`] above [`LoadLimits::file`]; [`Code::DataTrunc`] if the file becomes shorter
/// meanwhile, [`Code::DataSchema`] if it becomes longer; [`Code::Io`].
///
/// ```
/// use tensorkeep_format::{Code, FileRules, LoadLimits, read_file};
///
/// # let folder = std::env::temp_dir().join(format!("tensorkeep-read-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("a");
/// std::fs::write(&path, b"bytes").unwrap();
/// let limits = LoadLimits::default();
/// assert_eq!(read_file(&path, &limits, &FileRules::default())?, b"bytes");
///
/// let small = LoadLimits { file: 4, ..limits };
/// assert_eq!(read_file(&path, &small, &FileRules::default()).unwrap_err().code(), Code::DataLimit);
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
pub fn read_file(path: impl AsRef<Path>, limits: &LoadLimits, rules: &FileRules) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let read = || {
        let mut file = open(path, rules)?;
        let length = check_regular(&file)?;
        check_file(length, limits)?;
        let bytes = read_exactly(&mut file, length)?;
        match std::io::Read::read(&mut file, &mut [0]) {
            Ok(0) => Ok(bytes),
            Ok(_) => {
                Err(Error::new(Code::DataSchema, "the file grows while it is read: wait for its writer"))
            }
            Err(error) => Err(Error::io("reading the file", &error)),
        }
    };
    read().map_err(|error| error.within(&path.to_string_lossy()))
}
