//! Whether a file is taken, and what is known of it.

use tensorkeep_format::{Code, Kind, Map, Provenance, escape};
use tensorkeep_trust::{Artifact, PayloadDigest, Role, TrustStore, Verdict};

use crate::refusal::Refusal;
use crate::source::Source;
use crate::{Cost, LoadOptions};

/// What is known of a file that was loaded.
#[derive(Clone, Debug)]
pub struct Report {
    /// What is in it, under a name that stays.
    pub id: String,
    /// The number of the release.
    pub release: u64,
    /// When it was made, in seconds since 1970; 0 if it does not tell.
    pub created: u64,
    /// The digest of version and manifest, and through it of every byte.
    pub digest: PayloadDigest,
    /// Who vouches for it.
    pub verdict: Verdict,
    /// Notes for people. Their text is the writer's: [escape](tensorkeep_format::escape) it before it is shown.
    pub metadata: Map<String>,
    /// What it was made from.
    pub provenance: Provenance,
    /// The tensors that were loaded, by name, tied ones included.
    pub loaded: Vec<String>,
    /// Tensors of the model that the file does not have; empty unless [`LoadOptions::partial`] allows it.
    pub missing: Vec<String>,
    /// Tensors of the file that the model does not have; empty unless [`LoadOptions::partial`] allows it.
    pub unexpected: Vec<String>,
    /// What the model costs, if it was rebuilt from the file.
    pub cost: Option<Cost>,
    /// What confined the child that read the file, if one did.
    pub sandbox: Option<tensorkeep_sandbox::Report>,
}

/// Decides on a file by its head, before a byte of a tensor is read.
pub(crate) fn admit(source: &Source, kind: Kind, options: &LoadOptions<'_>) -> Result<Report, Refusal> {
    let head = source.head();
    let manifest = head.manifest();
    if manifest.kind != kind {
        let message = format!(
            "this is a {} and a {} was asked for: load it as what it is",
            manifest.kind.name(),
            kind.name()
        );
        return Err(Refusal::new(Code::Kind, message));
    }
    if let Some(id) = options.id.as_ref().filter(|id| **id != manifest.id) {
        let message =
            format!("this is {} and {} was asked for: get the right file", escape(&manifest.id), escape(id));
        return Err(Refusal::new(Code::Kind, message));
    }
    let role = match kind {
        Kind::Model => Role::Model,
        Kind::Checkpoint => Role::Checkpoint,
        Kind::Dataset => Role::Dataset,
    };
    let payload = head.signed_payload();
    let block = head.signatures().unwrap_or_default();
    let artifact = Artifact { role, id: &manifest.id, payload, block };
    let verdict = match options.store {
        Some(store) => store.verify(&artifact, &options.policy, options.moment()?)?,
        None => TrustStore::parse("version = 1")?.verify(&artifact, &options.policy, options.moment()?)?,
    };
    if let Some((guard, older)) = options.guard {
        let mut replace = |path: &std::path::Path, bytes: &[u8]| Ok(tensorkeep_storage::write(path, bytes)?);
        guard.accept(&verdict, &manifest.id, manifest.release, older, &mut replace)?;
    }
    Ok(Report {
        id: manifest.id.clone(),
        release: manifest.release,
        created: manifest.created,
        digest: PayloadDigest::of(payload),
        verdict,
        metadata: manifest.metadata.clone(),
        provenance: manifest.provenance.clone(),
        loaded: Vec::new(),
        missing: Vec::new(),
        unexpected: Vec::new(),
        cost: None,
        sandbox: source.sandbox(),
    })
}
