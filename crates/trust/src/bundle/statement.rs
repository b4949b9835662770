//! The inner layer: an in-toto statement that lists files.

use serde::{Deserialize, Serialize};
use sha2::Digest;

use super::json;
use super::resource::{self, Files, HashKind, MAX_RESOURCES, Shards, WholeFiles};
use crate::error::shown;
use crate::{Code, Error, Result, hex};

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://model_signing/signature/v1.0";

/// What a bundle says of a model: the digest of each of its files. Its signature has been verified.
#[derive(Debug, PartialEq)]
pub struct Statement {
    pub(super) name: String,
    pub(super) hash: HashKind,
    pub(super) ignored: Vec<String>,
    pub(super) files: Files,
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
