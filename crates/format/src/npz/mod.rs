//! The NPZ format of NumPy, both ways: a ZIP archive whose members are NPY files.
//!
//! A general reader of ZIP believes the directory, or the heads of the members, or the last of several entries, and
//! so two readers of one file can see two things. This one reads only what NumPy writes, and what must then be true.
//!
//! | an archive | NumPy 2 | here |
//! |---|---|---|
//! | members stored or deflated, one behind the other from the first byte to the directory | reads | reads |
//! | two members of one name | the last wins | [`D_DUP`](Code::DataDup) |
//! | a member whose name is absolute, leads out of a directory, or is not plain | reads | [`D_PATH`](Code::DataPath), unless a [`Rename`] mends it |
//! | a link, a directory | reads | [`D_PATH`](Code::DataPath) |
//! | a pickle among the members, as in a `.pt` | gives its bytes | [`D_MAGIC`](Code::DataMagic) |
//! | another member that is not `.npy` | gives its bytes | [`D_SCHEMA`](Code::DataSchema) |
//! | members that overlap, bytes between, before or behind them, a comment | reads | [`D_SCHEMA`](Code::DataSchema) |
//! | a head that says other than the directory | some of it | [`D_SCHEMA`](Code::DataSchema) |
//! | encryption, sizes behind the data, unknown extra fields | partly | [`D_SCHEMA`](Code::DataSchema) |
//! | a size that is not the real one | cuts or fails | [`D_SCHEMA`](Code::DataSchema) |
//! | a wrong checksum | fails when read | [`D_DIGEST`](Code::DataDigest) |
//! | content above 100 times the archive (and 1 MiB) | unpacks it | [`D_RATIO`](Code::DataRatio) |
//! | 65,535 members, 4 GiB, or more than [`LoadLimits`] | reads | [`D_LIMIT`](Code::DataLimit) |
//!
//! The codes of [NPY](crate::npy) apply to each member.

mod directory;
mod fields;
mod unpack;
mod write;

use std::borrow::Cow;

use crate::array::{absent, check_file, check_size, place};
use crate::npy::read_npy;
use crate::{Array, Code, Error, LoadLimits, Rename, Result, escape};
use directory::{Member, read_directory};

pub use write::write_npz;

/// What the name of a member has behind the name of its array.
const SUFFIX: &str = ".npy";

/// The arrays of an NPZ file that is in memory. What is stored is borrowed, what is deflated is unpacked when it is
/// asked for.
///
/// ```
/// use tensorkeep_format::{Array, Code, DType, LoadLimits, Npz, Rename, Shape, write_npz};
///
/// let bias = Array::new(DType::U8, Shape::new(&[3])?, &[1, 2, 3][..])?;
/// let mut file = Vec::new();
/// write_npz(&mut file, &[("bias", &bias)])?;
///
/// let npz = Npz::read(&file, &LoadLimits::default(), &Rename::default())?;
/// assert_eq!(npz.names().collect::<Vec<_>>(), ["bias"]);
/// assert_eq!(npz.array("bias")?, bias);
///
/// let cut = Npz::read(&file[..file.len() - 1], &LoadLimits::default(), &Rename::default());
/// assert_eq!(cut.unwrap_err().code(), Code::DataSchema);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Debug)]
pub struct Npz<'a> {
    /// Sorted by name.
    members: Vec<(String, Member<'a>)>,
    limits: LoadLimits,
}

impl<'a> Npz<'a> {
    /// Reads the directory, and checks every rule that needs no content.
    ///
    /// # Errors
    ///
    /// [`Code::DataMagic`] for another format; the codes of the table of [this page](self); [`Code::Name`] for a rule
    /// of `rename` that fits nothing.
    pub fn read(bytes: &'a [u8], limits: &LoadLimits, rename: &Rename) -> Result<Self> {
        check_file(bytes.len() as u64, limits)?;
        let members = read_directory(bytes, limits)?;
        let mut names = Vec::new();
        for member in &members {
            check_size(member.size.into(), limits).map_err(|error| error.at(&place(member.name)))?;
            names.push(member.name.strip_suffix(SUFFIX).ok_or_else(|| no_array(member.name))?);
        }
        let names = rename.apply(names)?;
        let mut members: Vec<_> = names.into_iter().zip(members).collect();
        members.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { members, limits: limits.clone() })
    }

    /// The names of the arrays, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|(name, _)| name.as_str())
    }

    /// One array.
    ///
    /// # Errors
    ///
    /// [`Code::Name`] if there is none of this name; [`Code::DataDigest`] and [`Code::DataSchema`] if its content is
    /// not what the archive says; those of [`read_npy`].
    pub fn array(&self, name: &str) -> Result<Array<'a>> {
        let at = self.members.binary_search_by(|(other, _)| other.as_str().cmp(name));
        let member = at.ok().and_then(|at| self.members.get(at)).ok_or_else(|| absent(name))?;
        let array = match member.1.unpack()? {
            Cow::Borrowed(bytes) => read_npy(bytes, &self.limits),
            Cow::Owned(bytes) => read_npy(&bytes, &self.limits).map(Array::into_owned),
        };
        array.map_err(|error| error.at(&place(name)))
    }
}

/// A member that is not called as an array is.
#[cold]
fn no_array(name: &str) -> Error {
    if name.ends_with(".pkl") {
        let advice = "it can run code when it is loaded, so it is not read: save the tensors as safetensors \
            where you trust the file";
        return Error::new(
            Code::DataMagic,
            format!("this is a PyTorch archive, with a pickle in {}: {advice}", escape(name)),
        );
    }
    let message = format!(
        "the archive's member {} is no array: remove it, or save the arrays again with numpy.savez",
        escape(name)
    );
    // A path that leads elsewhere is worth its own code.
    Rename::default().apply([name]).err().unwrap_or_else(|| Error::new(Code::DataSchema, message))
}
