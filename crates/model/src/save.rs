//! Models to files.

use std::panic::Location;
use std::path::Path;

use tensorkeep_format::{Code, Kind, Manifest, Map, Provenance};
use tensorkeep_nn::Module;
use tensorkeep_tensor::Result;
use tensorkeep_trust::{PayloadDigest, SecretKey};

use crate::Blueprint;
use crate::contents::Contents;
use crate::leaves::entries;
use crate::refusal::Refusal;
use crate::ties::{self, Tie};

/// What a file says besides its tensors, and who signs it.
///
/// Time and number of the release are the caller's to give: nothing here reads a clock.
#[derive(Clone, Debug)]
pub struct SaveOptions<'a> {
    pub(crate) id: String,
    release: u64,
    created: u64,
    metadata: Map<String>,
    pub(crate) provenance: Provenance,
    blueprint: Option<Blueprint>,
    pub(crate) keys: Vec<&'a SecretKey>,
    nonfinite: bool,
}

impl<'a> SaveOptions<'a> {
    /// A file called `id`, such as `acme/digits`: the name that stays from release to release.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            release: 0,
            created: 0,
            metadata: Map::new(),
            provenance: Provenance::default(),
            blueprint: None,
            keys: Vec::new(),
            nonfinite: false,
        }
    }

    /// The number of the release, which only grows.
    #[must_use]
    pub fn release(self, release: u64) -> Self {
        Self { release, ..self }
    }

    /// When it was made, in seconds since 1970.
    #[must_use]
    pub fn created(self, seconds: u64) -> Self {
        Self { created: seconds, ..self }
    }

    /// A note for people.
    #[must_use]
    pub fn note(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        self.metadata.insert(key, text.into());
        self
    }

    /// The digests of what it was made from.
    #[must_use]
    pub fn provenance(self, provenance: Provenance) -> Self {
        Self { provenance, ..self }
    }

    /// The architecture, so that the model can be [loaded](crate::LoadedModel) by programs that do not build it.
    #[must_use]
    pub fn architecture(self, blueprint: Blueprint) -> Self {
        Self { blueprint: Some(blueprint), ..self }
    }

    /// Signed with this key; call it again for a further signer.
    #[must_use]
    pub fn sign(mut self, key: &'a SecretKey) -> Self {
        self.keys.push(key);
        self
    }

    /// Lets infinities and NaN be saved. Whoever loads the file has to allow them too.
    #[must_use]
    pub fn allow_nonfinite(self) -> Self {
        Self { nonfinite: true, ..self }
    }

    /// A file of this kind, without tensors yet.
    pub(crate) fn contents(&self, kind: Kind) -> Contents {
        let mut manifest = Manifest::new(kind, &self.id);
        manifest.release = self.release;
        manifest.created = self.created;
        manifest.metadata = self.metadata.clone();
        manifest.provenance = self.provenance.clone();
        Contents::new(manifest, self.nonfinite)
    }
}

/// What was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The digest of version and manifest, and through it of every byte:
    /// [`LoadOptions::digest`](crate::LoadOptions::digest) asks for just this content.
    pub digest: PayloadDigest,
    /// How many tensors were written, tied ones once.
    pub tensors: usize,
}

/// Saves models: any [`Module`].
///
/// The file holds data alone: the tensors by their paths, what is tied to what, and what [`SaveOptions`] say. It is written
/// beside the target, flushed, read back and renamed: after a crash the old file or the new one is there, whole.
pub trait Save: Module {
    /// Saves the tensors of the model under the file's own name, unsigned: `model.save("digits.tkm")?`.
    ///
    /// Keep the digest that it returns, or sign with [`save_with`](Self::save_with): [`LoadOptions::strict`](crate::LoadOptions::strict)
    /// loads nothing else.
    ///
    /// # Errors
    ///
    /// Those of [`save_with`](Self::save_with); `E_NAME` if the file's name without its ending is no name for a model.
    #[track_caller]
    fn save(&self, path: impl AsRef<Path>) -> Result<Saved> {
        let path = path.as_ref();
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        self.save_with(path, &SaveOptions::new(id))
    }

    /// Saves the model as the options say.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::File`](tensorkeep_tensor::ErrorKind::File), and what was there before stays: `E_VALUE` for infinities and
    /// NaN, unless they were asked for; `E_NAME`, `E_DUP` for names that cannot be in a file; `E_GRAPH` if the architecture is
    /// not that of the model; `E_IO`, `E_PERM`, `E_FILETYPE` if the file cannot be written. Those of the device.
    #[track_caller]
    fn save_with(&self, path: impl AsRef<Path>, options: &SaveOptions<'_>) -> Result<Saved> {
        let at = Location::caller();
        save(self, path.as_ref(), options).map_err(|refusal| refusal.into_error("save", at))
    }
}

impl<M: Module + ?Sized> Save for M {}

fn save<M: Module + ?Sized>(model: &M, path: &Path, options: &SaveOptions<'_>) -> Result<Saved, Refusal> {
    let mut contents = options.contents(Kind::Model);
    add_model(&mut contents, model, "", options.blueprint.as_ref())?;
    let (signatures, digest) = contents.sign(&options.keys)?;
    tensorkeep_storage::write_with(path, |draft| contents.write(draft, signatures.as_deref()))?;
    Ok(Saved { digest, tensors: contents.manifest.tensors.len() })
}

/// Adds the tensors of a model, their names behind `prefix`, and its ties and architecture.
pub(crate) fn add_model<M: Module + ?Sized>(
    contents: &mut Contents,
    model: &M,
    prefix: &str,
    blueprint: Option<&Blueprint>,
) -> Result<(), Refusal> {
    // Where in the file each leaf is.
    let mut places: Vec<usize> = Vec::new();
    let (mut names, mut ties) = (Vec::new(), Vec::new());
    for entry in entries(model) {
        let name = format!("{prefix}{}", entry.name);
        let place = match entry.tied.and_then(|first| places.get(first).copied()) {
            Some(tensor) => {
                ties.push(Tie { name, tensor, seat: None });
                tensor
            }
            None => {
                names.push(entry.name);
                contents.push(&name, &entry.value)?
            }
        };
        places.push(place);
    }
    if let Some(blueprint) = blueprint {
        contents.manifest.architecture = Some(blueprint.architecture(&names, &mut ties)?);
    }
    if contents.manifest.id.is_empty() {
        return Err(Refusal::new(
            Code::Name,
            "the model has no identifier: give it one, such as acme/digits",
        ));
    }
    let limits = contents.limits();
    ties::write(&ties, &mut contents.manifest, &limits)
}
