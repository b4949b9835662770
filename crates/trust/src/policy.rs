//! The decision whether something is trusted.

use std::fmt;
use std::num::NonZeroUsize;

use crate::cose::Signature;
use crate::error::shown;
use crate::signature_block::{CONTAINER_CONTEXT, SignatureBlock};
use crate::trust_store::TrustedKey;
use crate::{Code, Error, KeyId, Result, Role, TrustStore, hex};

/// What a caller asks of a file before it is used. The file has no say in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Policy {
    /// Valid signatures of at least this many different signers.
    RequireSigned {
        /// How many signers.
        threshold: NonZeroUsize,
    },
    /// Exactly the content with this digest, whoever signed it.
    RequireDigest(PayloadDigest),
    /// Anything. The verdict says that nobody vouches for it, each time, and the caller has to look.
    AllowUnsigned,
}

impl Policy {
    /// The usual policy: one trusted signer.
    pub const SIGNED: Policy = Policy::RequireSigned { threshold: NonZeroUsize::MIN };
}

/// The BLAKE3 digest of a container's signed part: its version and its manifest, in which the digests of all tensors stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PayloadDigest([u8; 32]);

impl PayloadDigest {
    /// The digest of a payload.
    pub fn of(payload: &[u8]) -> Self {
        Self(*blake3::hash(payload).as_bytes())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest of 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`Code::Digest`] for anything shorter, longer or in another spelling: half a digest is not half as good.
    pub fn parse(text: &str) -> Result<Self> {
        hex::decode(text).map(Self).ok_or_else(|| {
            let message = format!(
                "digest {} is not 64 lower-case hexadecimal digits; give the whole digest",
                shown(text)
            );
            Error::new(Code::Digest, message)
        })
    }
}

impl fmt::Display for PayloadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for PayloadDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayloadDigest({self})")
    }
}

/// What is to be trusted, and as what.
#[derive(Clone, Copy, Debug)]
pub struct Artifact<'a> {
    /// What the caller is about to use it as. That the manifest says the same is for the caller to check.
    pub role: Role,
    /// The identifier in the manifest, such as `acme/mnist`. Whoever asked for another one has to compare: this one may be validly
    /// signed, and not what was asked for.
    pub id: &'a str,
    /// The signed part: version and manifest.
    pub payload: &'a [u8],
    /// The signature block; empty if there is none.
    pub block: &'a [u8],
}

/// Why something may be used. The caller must look: [`Unsigned`](Verdict::Unsigned) is a verdict too.
#[must_use = "an unsigned file is a verdict and not an error; look which one it is"]
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// Trusted signers vouch for it.
    Signed {
        /// Each signer once.
        signers: Vec<Signer>,
        /// Signatures that did not count, and why.
        skipped: Vec<Error>,
    },
    /// It is what the caller named by its digest.
    Digest(PayloadDigest),
    /// Nobody who is trusted vouches for it, and the caller allows that. To be shown to the user.
    Unsigned {
        /// Signatures that did not count, and why.
        skipped: Vec<Error>,
    },
}

/// Who vouches for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The name in the trust store.
    pub name: String,
    /// The key that signed.
    pub key_id: KeyId,
}

impl Verdict {
    /// Who vouches for it; nobody, unless it is [`Signed`](Self::Signed).
    pub fn signers(&self) -> &[Signer] {
        match self {
            Self::Signed { signers, .. } => signers,
            Self::Digest(_) | Self::Unsigned { .. } => &[],
        }
    }

    /// Why signatures did not count, in the order in which they stand in the block.
    pub fn skipped(&self) -> &[Error] {
        match self {
            Self::Signed { skipped, .. } | Self::Unsigned { skipped } => skipped,
            Self::Digest(_) => &[],
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signed { signers, .. } => {
                let names: Vec<&str> = signers.iter().map(|signer| signer.name.as_str()).collect();
                write!(f, "signed by {}", names.join(", "))
            }
            Self::Digest(digest) => write!(f, "has the digest asked for, {digest}"),
            Self::Unsigned { .. } => f.write_str("warning: nobody who is trusted signed this file"),
        }
    }
}

impl TrustStore {
    /// Decides whether the artifact may be used, at the moment `now` in seconds of Unix time.
    ///
    /// A signature counts if its key is in the store, covers the role and the identifier, is in force, and verifies. One that names
    /// a key that covers the artifact but is of another algorithm, or does not verify, is never passed over, whatever the policy:
    /// somebody changed something. Signatures of other keys do not count and do no harm. Two keys of one name are one signer.
    ///
    /// ```
    /// use tensorkeep_trust::{Artifact, Code, Policy, Role, TrustStore};
    ///
    /// let store = TrustStore::parse("version = 1")?;
    /// let artifact = Artifact { role: Role::Model, id: "acme/mnist", payload: b"version and manifest", block: &[] };
    /// let error = store.verify(&artifact, &Policy::SIGNED, 1_800_000_000).unwrap_err();
    /// assert_eq!(error.code(), Code::Unsigned);
    ///
    /// let verdict = store.verify(&artifact, &Policy::AllowUnsigned, 1_800_000_000)?;
    /// assert!(verdict.to_string().starts_with("warning"));
    /// # Ok::<(), tensorkeep_trust::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Code::Unsigned`] without any signature; [`Code::Key`], [`Code::Expired`] or [`Code::Revoked`] if no signature counts,
    /// after the first of them; [`Code::Signature`] for one that does not verify and for too few signers; [`Code::Algorithm`]
    /// for another algorithm than the store's; [`Code::Digest`] for other content than was asked for; and
    /// [`Code::Limit`], [`Code::Cbor`], [`Code::NonCanonical`], [`Code::Critical`] for a malformed block.
    pub fn verify(&self, artifact: &Artifact<'_>, policy: &Policy, now: i64) -> Result<Verdict> {
        match policy {
            Policy::RequireDigest(wanted) => {
                let found = PayloadDigest::of(artifact.payload);
                if found == *wanted {
                    return Ok(Verdict::Digest(found));
                }
                let message =
                    format!("the file's digest is {found} and {wanted} was asked for; get the right file");
                Err(Error::new(Code::Digest, message))
            }
            Policy::RequireSigned { threshold } => {
                let (signers, skipped) = self.signers(artifact, now)?;
                if signers.len() >= threshold.get() {
                    return Ok(Verdict::Signed { signers, skipped });
                }
                Err(too_few(artifact, &signers, skipped, threshold.get()))
            }
            Policy::AllowUnsigned => {
                let (signers, skipped) = self.signers(artifact, now)?;
                match signers.is_empty() {
                    true => Ok(Verdict::Unsigned { skipped }),
                    false => Ok(Verdict::Signed { signers, skipped }),
                }
            }
        }
    }

    /// The signers whose signatures count, each once, and why the others do not.
    fn signers(&self, artifact: &Artifact<'_>, now: i64) -> Result<(Vec<Signer>, Vec<Error>)> {
        let block = SignatureBlock::read(artifact.block)?;
        let (mut signers, mut skipped): (Vec<Signer>, Vec<Error>) = (Vec::new(), Vec::new());
        for signature in block.signatures() {
            match self.key_in_force(signature, artifact, now) {
                Err(reason) => skipped.push(reason),
                Ok(key) => {
                    check_signature(key, signature, artifact)?;
                    if !signers.iter().any(|signer| signer.name == key.name) {
                        signers.push(Signer { name: key.name.clone(), key_id: key.key_id });
                    }
                }
            }
        }
        Ok((signers, skipped))
    }

    /// The key that a signature is to be verified with.
    fn key_in_force(
        &self,
        signature: &Signature<'_>,
        artifact: &Artifact<'_>,
        now: i64,
    ) -> Result<&TrustedKey> {
        let key = self.keys().iter().find(|key| key.key_id.as_bytes() == signature.key_id);
        let key = key.ok_or_else(|| {
            let message = format!(
                "key {} is not in the trust store; add it if you trust its owner",
                shown(&hex::encode(signature.key_id))
            );
            Error::new(Code::Key, message)
        })?;
        if !key.covers(artifact.role, artifact.id) {
            let message = format!(
                "{}: key {} is not trusted to sign a {} called {}; see its `roles` and `ids`",
                key.name,
                key.key_id,
                artifact.role,
                shown(artifact.id)
            );
            return Err(Error::new(Code::Key, message));
        }
        key.check_in_force(now)?;
        Ok(key)
    }
}

fn check_signature(key: &TrustedKey, signature: &Signature<'_>, artifact: &Artifact<'_>) -> Result<()> {
    if key.algorithm().cose() != Some(signature.algorithm) {
        let message = format!(
            "{}: the file says algorithm {} and the trust store says {}; do not use the file",
            key.name,
            signature.algorithm,
            key.algorithm()
        );
        return Err(Error::new(Code::Algorithm, message));
    }
    if !signature.verifies(&key.public, artifact.payload, CONTAINER_CONTEXT) {
        let message = format!(
            "{}: the signature by key {} does not verify: the file is not what was signed; do not use it",
            key.name, key.key_id
        );
        return Err(Error::new(Code::Signature, message));
    }
    Ok(())
}

/// The most telling reason.
fn too_few(artifact: &Artifact<'_>, signers: &[Signer], skipped: Vec<Error>, threshold: usize) -> Error {
    if artifact.block.is_empty() {
        let message =
            format!("{} has no signature and one is required; ask for a signed file", shown(artifact.id));
        return Error::new(Code::Unsigned, message);
    }
    match (signers.is_empty(), skipped.into_iter().next()) {
        (true, Some(reason)) => reason,
        _ => {
            let message =
                format!("{} of {threshold} signers vouch for {}", signers.len(), shown(artifact.id));
            Error::new(Code::Signature, format!("{message}; have more of them sign it"))
        }
    }
}
