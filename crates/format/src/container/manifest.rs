//! What a file says about itself.

use super::{Architecture, Digest, Tensor, layout};
use crate::cbor::{Map, Raw, Reader, Record, Same, Writer, record};
use crate::{Code, Error, LoadLimits, Result};

/// What a file says about itself: everything but the bytes of the tensors.
///
/// It is plain data. [`decode`](Self::decode) and [`encode`](Self::encode) check it whole, so what was read or will
/// be written keeps all rules of `docs/FORMAT.md`.
///
/// ```
/// use tensorkeep_format::{DType, Kind, LoadLimits, Manifest, Shape, Tensor};
///
/// let mut manifest = Manifest::new(Kind::Model, "example/scale");
/// manifest.push(Tensor::new("scale", DType::F32, Shape::new(&[])?, &1.5_f32.to_le_bytes())?)?;
/// let bytes = manifest.encode(&LoadLimits::default())?;
/// assert_eq!(Manifest::decode(&bytes, &LoadLimits::default())?, manifest);
/// # Ok::<(), tensorkeep_format::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// What is in the file, under a name that stays the same from release to release.
    pub id: String,
    /// What the file is for.
    pub kind: Kind,
    /// When it was made, in seconds since 1970; 0 says that this is not told.
    pub created: u64,
    /// The number of the release, which only grows.
    pub release: u64,
    /// The tensors, in the order in which they lie.
    pub tensors: Vec<Tensor>,
    /// Features that a reader has to know, or else refuse the file. Version 1.0 knows none.
    pub critical: Vec<String>,
    /// Notes for people.
    pub metadata: Map<String>,
    /// Data of other programs, which a reader may ignore.
    pub extensions: Map<Raw>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// How to rebuild the model.
    pub architecture: Option<Architecture>,
}

record!(Manifest {
    id,
    kind,
    created,
    release,
    tensors,
    critical,
    metadata,
    extensions,
    provenance,
    architecture,
});

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A model to use: with an architecture, each tensor belongs to one of its operations.
    Model,
    /// A state to train on from.
    Checkpoint,
    /// Examples.
    Dataset,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Model, Self::Checkpoint, Self::Dataset];

    /// Its name in a file: `model`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
            Self::Dataset => "dataset",
        }
    }
}

impl Record for Kind {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let name = reader.text()?;
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        kind.ok_or_else(|| reader.fault(Code::Cbor, "a file is a model, a checkpoint or a dataset"))
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.text(self.name());
    }
}

/// The digests of what a file was made from, which chain it to its past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Of the training data's manifest.
    pub data: Option<Digest>,
    /// Of the plan of the run.
    pub plan: Option<Digest>,
    /// How many steps of training were done.
    pub step: Option<u64>,
    /// Of the checkpoint before this one.
    pub previous: Option<Digest>,
}

record!(Provenance { data, plan, step, previous }
    fn absent() -> Option<Self> {
        Some(Self::default())
    }
    fn is_absent(&self) -> bool {
        *self == Self::default()
    }
);

impl Manifest {
    /// A manifest without tensors.
    pub fn new(kind: Kind, id: &str) -> Self {
        Self {
            id: id.into(),
            kind,
            created: 0,
            release: 0,
            tensors: Vec::new(),
            critical: Vec::new(),
            metadata: Map::new(),
            extensions: Map::new(),
            provenance: Provenance::default(),
            architecture: None,
        }
    }

    /// Puts a tensor behind the others, and returns its place in the list.
    ///
    /// # Errors
    ///
    /// [`Code::Overflow`] if the tensors together end beyond 2⁶⁴ bytes.
    pub fn push(&mut self, mut tensor: Tensor) -> Result<usize> {
        let end = self.tensors.last().map_or(Some(0), |last| last.offset.checked_add(last.length));
        let full = || Error::new(Code::Overflow, "the tensors end beyond 2^64 bytes: use several files");
        tensor.offset = end.and_then(layout::next_start).ok_or_else(full)?;
        self.tensors.push(tensor);
        Ok(self.tensors.len().saturating_sub(1))
    }

    /// The manifest that these bytes are the canonical encoding of.
    ///
    /// # Errors
    ///
    /// The code of the first rule that is broken; `docs/FORMAT.md` lists them.
    pub fn decode(bytes: &[u8], limits: &LoadLimits) -> Result<Self> {
        let mut reader = Reader::new(bytes, limits)?;
        let manifest = Self::read(&mut reader)?;
        let mut same = Same::as_in(bytes);
        manifest.write(&mut Writer::new(&mut same));
        if !same.holds() {
            let message = "the manifest is not what its own content is written as: the file was made by a faulty writer";
            return Err(Error::new(Code::NonCanon, message));
        }
        manifest.check(limits)?;
        Ok(manifest)
    }

    /// The canonical encoding, which [`decode`](Self::decode) was tried on.
    ///
    /// # Errors
    ///
    /// As for [`decode`](Self::decode): what cannot be read is not written.
    pub fn encode(&self, limits: &LoadLimits) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.write(&mut Writer::new(&mut bytes));
        Self::decode(&bytes, limits)?;
        Ok(bytes)
    }

    /// The place of the tensor of this name, which is looked for from the first on.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.tensors.iter().position(|tensor| tensor.name == name)
    }

    /// The digest that names this manifest, and through it every byte of the tensors: the identity of a model.
    pub(super) fn digest_of(encoded: &[u8]) -> Digest {
        Digest::derived(super::digest::MANIFEST, encoded)
    }
}
