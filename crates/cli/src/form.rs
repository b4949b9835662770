//! The formats that are read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use tensorkeep_format::{Code, Error, MAGIC, recognise};

/// A format of files of tensors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A container of Tensorkeep.
    Container,
    SafeTensors,
    Npz,
    Npy,
}

impl Form {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Container, "tkm"),
        (Self::SafeTensors, "safetensors"),
        (Self::Npz, "npz"),
        (Self::Npy, "npy"),
    ];

    /// Its name, which is its extension too.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(form, _)| *form == self).map_or("", |(_, name)| name)
    }

    /// The format that the extension of a path promises.
    pub(crate) fn of_extension(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Self::ALL.into_iter().find(|(_, name)| *name == extension).map(|(form, _)| form)
    }

    /// The format that a file begins like. Its reader then decides.
    pub(crate) fn of_content(first: &[u8]) -> Option<Self> {
        // Behind the length of a safetensors header comes JSON. Four bytes of a length that can be are zero.
        let is_safetensors = matches!(first, [_, _, _, _, 0, 0, 0, 0, b'{', ..]);
        match first {
            _ if first.starts_with(&MAGIC) => Some(Self::Container),
            _ if first.starts_with(b"\x93NUMPY") => Some(Self::Npy),
            _ if first.starts_with(b"PK\x03\x04") => Some(Self::Npz),
            _ if is_safetensors => Some(Self::SafeTensors),
            _ => None,
        }
    }
}

/// What a file begins with: as much as every format needs to be recognised. The file is then at its start again.
pub(crate) fn first_bytes(file: &mut File) -> Result<Vec<u8>, Error> {
    let mut first = Vec::with_capacity(128);
    file.take(128).read_to_end(&mut first).map_err(|error| Error::io("reading the file", &error))?;
    file.seek(SeekFrom::Start(0)).map_err(|error| Error::io("going back to the start", &error))?;
    Ok(first)
}

/// What a file is that is not read here, and why.
pub(crate) fn foreign(first: &[u8]) -> Error {
    let message = match recognise(first) {
        Some(foreign) => format!("this is {}: {}", foreign.name, foreign.advice),
        None if first.is_empty() => "the file is empty: fetch it again".into(),
        None => "this begins like no format that is known: check what it is".into(),
    };
    Error::new(Code::Magic, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_apart() {
        let rows: [(&[u8], Option<Form>); 9] = [
            (b"\x89TKM\r\n\x1a\n\x01\0", Some(Form::Container)),
            (b"\x89TKM\n\x1a\n\x01\0", None),
            (b"\x93NUMPY\x01\0", Some(Form::Npy)),
            (b"PK\x03\x04", Some(Form::Npz)),
            (b"\x08\0\0\0\0\0\0\0{}", Some(Form::SafeTensors)),
            (b"\x08\0\0\0\0\0\0\x01{}", None),
            (b"\x80\x02}q\0", None),
            (b"GGUF", None),
            (b"", None),
        ];
        for (first, want) in rows {
            assert_eq!(Form::of_content(first), want, "{first:?}");
        }
        let rows = [
            ("a.tkm", Some(Form::Container)),
            ("a.b/c.npz", Some(Form::Npz)),
            ("npy", None),
            ("a.NPY", None),
        ];
        for (path, want) in rows {
            assert_eq!(Form::of_extension(Path::new(path)), want, "{path}");
        }
    }
}
