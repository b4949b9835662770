//! The inner layer: an in-toto statement that lists files.

#[cfg(unix)]
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::Digest;

use super::GIT;
use super::json;
use super::resource::{self, Files, HashKind, MAX_RESOURCES, Shards, WholeFiles};
#[cfg(unix)]
use super::tree;
use crate::error::shown;
use crate::{Code, Error, Result, hex};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";

/// What a bundle says of a model: the digest of each of its files. Its signature has been verified.
#[derive(Debug, PartialEq)]
pub struct Statement {
    name: String,
    hash: HashKind,
    ignored: Vec<String>,
    files: Files,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StatementText {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: RootDigest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RootDigest {
    sha256: String,
}

/// The specification lets later versions add fields here, which readers of version 1.0 pass over.
#[derive(Serialize, Deserialize)]
struct Predicate {
    serialization: Serialization,
    resources: Vec<Resource>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Serialization {
    method: String,
    hash_type: String,
    allow_symlinks: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shard_size: Option<serde_json::Number>,
    #[serde(default)]
    ignore_paths: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    name: String,
    algorithm: String,
    digest: String,
}

impl Statement {
    pub(crate) fn read(payload: &[u8]) -> Result<Self> {
        let text: StatementText = json::read(payload, "the statement")?;
        for (what, found, wanted) in
            [("statement", &text.kind, STATEMENT_TYPE), ("predicate", &text.predicate_type, PREDICATE_TYPE)]
        {
            if found != wanted {
                let message = format!("bundle: {what} type is {}, not {wanted}", shown(found));
                return Err(Error::new(Code::Value, message));
            }
        }
        let [subject] = text.subject.as_slice() else {
            let message = format!("bundle: {} subjects; exactly one must be there", text.subject.len());
            return Err(Error::new(Code::Value, message));
        };
        let Predicate { serialization, resources } = text.predicate;
        if serialization.allow_symlinks {
            return Err(Error::new(
                Code::FileType,
                "bundle: follows symbolic links, which can lead anywhere; sign a model without them",
            ));
        }
        for path in &serialization.ignore_paths {
            resource::file_path(path)?;
        }
        let hash = HashKind::of(&serialization.hash_type)?;
        let files = files(&serialization, hash, &resources)?;
        check_root(&files, &subject.digest.sha256)?;
        Ok(Self { name: subject.name.clone(), hash, ignored: serialization.ignore_paths, files })
    }

    /// The name of the model's folder when it was signed. It is information and no more: a model may be renamed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many files are covered.
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The paths that the signer left out, relative to the folder.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    /// Whether the files are hashed as wholes and not in shards, which is what can be written.
    pub(crate) fn is_of_whole_files(&self) -> bool {
        self.files.values().flatten().all(|piece| piece.length.is_none())
    }

    pub(crate) fn to_json(&self) -> Result<Vec<u8>> {
        let resources: Vec<Resource> = self
            .files
            .iter()
            .flat_map(|(path, pieces)| pieces.iter().map(move |piece| (path.join("/"), piece)))
            .map(|(name, piece)| Resource {
                name,
                algorithm: self.hash.name().into(),
                digest: hex::encode(&piece.digest),
            })
            .collect();
        let text = StatementText {
            kind: STATEMENT_TYPE.into(),
            subject: vec![Subject {
                name: self.name.clone(),
                digest: RootDigest { sha256: hex::encode(&root_digest(&self.files)) },
            }],
            predicate_type: PREDICATE_TYPE.into(),
            predicate: Predicate {
                serialization: Serialization {
                    method: "files".into(),
                    hash_type: self.hash.name().into(),
                    allow_symlinks: false,
                    shard_size: None,
                    ignore_paths: self.ignored.clone(),
                },
                resources,
            },
        };
        serde_json::to_vec(&text).map_err(|error| Error::io("writing a statement", error))
    }
}

#[cfg(unix)]
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

#[cfg(unix)]
fn changed(path: &[String], what: &str) -> Error {
    Error::new(Code::Digest, format!("bundle: {} {what}; do not use the model", shown(&path.join("/"))))
}

fn files(serialization: &Serialization, hash: HashKind, resources: &[Resource]) -> Result<Files> {
    if resources.is_empty() || resources.len() > MAX_RESOURCES {
        let message = format!("bundle: {} resources; 1 to {MAX_RESOURCES} are allowed", resources.len());
        return Err(Error::new(Code::Limit, message));
    }
    let check_algorithm = |resource: &Resource, wanted: &str| {
        if resource.algorithm == wanted {
            return Ok(());
        }
        let message = format!(
            "bundle: {} is hashed with {}, not with {wanted}",
            shown(&resource.name),
            shown(&resource.algorithm)
        );
        Err(Error::new(Code::Algorithm, message))
    };
    match (serialization.method.as_str(), &serialization.shard_size) {
        ("files", None) => {
            let mut files = WholeFiles::default();
            for resource in resources {
                check_algorithm(resource, hash.name())?;
                files.push(&resource.name, resource::digest(&resource.digest)?)?;
            }
            Ok(files.finish())
        }
        ("shards", Some(size)) => {
            let size = whole(size)?;
            let mut shards = Shards::of_size(size)?;
            let algorithm = format!("{}-sharded-{size}", hash.name());
            for resource in resources {
                check_algorithm(resource, &algorithm)?;
                shards.push(&resource.name, resource::digest(&resource.digest)?)?;
            }
            Ok(shards.finish())
        }
        (method, _) => {
            let message =
                format!("bundle: method {} with or without a shard size is not known", shown(method));
            Err(Error::new(Code::Value, message))
        }
    }
}

/// The official tool writes whole numbers with a decimal point.
fn whole(number: &serde_json::Number) -> Result<u64> {
    let text = number.to_string();
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    digits.parse().map_err(|_| Error::new(Code::Layout, format!("bundle: {} is no shard size", shown(&text))))
}

/// The digest of all digests: SHA-256 over them, one after the other.
fn root_digest(files: &Files) -> [u8; 32] {
    let mut hasher = sha2::Sha256::new();
    for piece in files.values().flatten() {
        hasher.update(piece.digest);
    }
    hasher.finalize().into()
}

fn check_root(files: &Files, stated: &str) -> Result<()> {
    if root_digest(files) == resource::digest(stated)? {
        return Ok(());
    }
    Err(Error::new(Code::Digest, "bundle: the digest of all files is not that of the listed ones"))
}
