//! A statement and the files that it is about.

use std::path::Path;

use super::resource::{self, Files, HashKind};
use super::statement::Statement;
use super::{GIT, tree};
use crate::error::shown;
use crate::{Code, Error, Result};

impl Statement {
    /// The statement about what lies in a folder now.
    pub(super) fn of_folder(folder: &Path, ignored: Vec<String>) -> Result<Self> {
        for path in &ignored {
            resource::file_path(path)?;
        }
        let folder = folder
            .canonicalize()
            .map_err(|error| Error::io(format!("looking at {}", folder.display()), error))?;
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("model").to_owned();
        let hash = HashKind::Sha256;
        let mut files = Files::new();
        tree::walk(&folder, &ignored, &mut |path, file| {
            let digests = tree::hash_pieces(hash, file, &[None])?;
            let pieces = digests.into_iter().map(|digest| resource::Piece { length: None, digest });
            files.insert(path.to_vec(), pieces.collect());
            Ok(())
        })?;
        if files.is_empty() {
            return Err(Error::new(Code::Value, "bundle: the folder holds no file to sign"));
        }
        Ok(Self { name, hash, ignored, files })
    }

    /// That the files at `path` are exactly the signed ones: each is there, none is changed, and none was added.
    ///
    /// `path` is the model's folder, or the file of a model that is a single one. `ignored` names what may lie in the folder
    /// without being signed, most of all the bundle itself. What the *signer* left out must be among that or a trace of git: a
    /// signature that leaves out the weights says nothing about them. Every file is opened once, below its open folder and
    /// without following links, and hashed from that descriptor.
    ///
    /// The files can change after this. Read them from where nobody else writes.
    ///
    /// # Errors
    ///
    /// [`Code::Digest`] for a file that is missing, changed or not covered; [`Code::Unsigned`] for a path that the signer left
    /// out and `ignored` does not name; [`Code::FileType`] for a symbolic link or a special file; [`Code::Name`] for a file name
    /// that is not portable; [`Code::Limit`]; [`Code::Io`].
    pub fn check(&self, path: &Path, ignored: &[&str]) -> Result<()> {
        let known = |path: &String| GIT.contains(&path.as_str()) || ignored.contains(&path.as_str());
        if let Some(path) = self.ignored.iter().find(|path| !known(path)) {
            let message = format!(
                "bundle: the signer left out {}; name it as ignored if the model does not need it",
                shown(path)
            );
            return Err(Error::new(Code::Unsigned, message));
        }
        let left_out: Vec<String> =
            self.ignored.iter().cloned().chain(ignored.iter().map(|path| (*path).to_owned())).collect();
        let mut missing = self.files.clone();
        let mut compare = |found: &[String], file: std::fs::File| {
            let pieces = missing
                .remove(found)
                .ok_or_else(|| changed(found, "was added after the model was signed"))?;
            let lengths: Vec<Option<u64>> = pieces.iter().map(|piece| piece.length).collect();
            let digests = tree::hash_pieces(self.hash, file, &lengths)?;
            if digests.len() == pieces.len()
                && digests.iter().zip(&pieces).all(|(digest, piece)| *digest == piece.digest)
            {
                return Ok(());
            }
            Err(changed(found, "is not what was signed"))
        };
        if path.is_dir() {
            tree::walk(path, &left_out, &mut compare)?;
        } else {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            // The official tool calls the only file `.`; the specification's text wants its name.
            let only = [vec![resource::ONLY_FILE.to_owned()], vec![name.to_owned()]];
            let found = only.iter().find(|name| self.files.contains_key(*name)).unwrap_or(&only[1]);
            compare(found, tree::open_file(path)?)?;
        }
        match missing.first_key_value() {
            None => Ok(()),
            Some((path, _)) => Err(changed(path, "is missing")),
        }
    }
}

fn changed(path: &[String], what: &str) -> Error {
    Error::new(Code::Digest, format!("bundle: {} {what}; do not use the model", shown(&path.join("/"))))
}
