//! The keys that a user trusts, and for what.

use std::fmt;
use std::path::Path;

use serde::Deserialize;
use toml::value::Datetime;

use crate::error::shown;
use crate::pattern::Pattern;
use crate::{Algorithm, Code, Error, KeyId, PublicKey, Result, identity, moment, private_file};

/// Longest trust store, in bytes.
const MAX_STORE: u64 = 1 << 20;

/// Most keys in a trust store.
const MAX_KEYS: usize = 1024;

/// Most patterns of a key.
const MAX_PATTERNS: usize = 64;

/// The keys that a user trusts: for which roles, for which models, and how long.
///
/// It is written by hand, in TOML. Every key has all of these fields, and a field that is not known is an error:
///
/// ```
/// use tensorkeep_trust::{Algorithm, SecretKey, TrustStore};
///
/// let key = SecretKey::generate(Algorithm::Ed25519)?;
/// let text = format!(
///     r#"
/// version = 1
///
/// [[key]]
/// name = "alice"                          # two keys of one name are one signer
/// alg = "ed25519"                         # or ecdsa-p256, ecdsa-p384
/// kid = "{kid}"
/// public = """
/// {pem}"""
/// roles = ["model", "checkpoint"]         # also: dataset, plan
/// ids = ["acme/**"]                       # * stays within a segment, ** does not
/// not_before = 2026-01-01T00:00:00Z
/// not_after = 2027-12-31T23:59:59Z
/// revoked = false
/// "#,
///     kid = key.public_key().key_id(),
///     pem = key.public_key().to_pem(),
/// );
/// let store = TrustStore::parse(&text)?;
/// assert_eq!(store.keys().len(), 1);
///
/// // A store that could be read in two ways is refused.
/// assert!(TrustStore::parse(&text.replace("revoked = false", "revoked = 0")).is_err());
/// # Ok::<(), tensorkeep_trust::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustStore {
    keys: Vec<TrustedKey>,
}

/// What a signed thing is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// A model that is loaded to be used.
    Model,
    /// A state that training continues from.
    Checkpoint,
    /// A manifest of data.
    Dataset,
    /// A plan of a training run.
    Plan,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
            Self::Dataset => "dataset",
            Self::Plan => "plan",
        })
    }
}

/// One key of a [`TrustStore`], with what it is trusted for.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// Whose key it is. Keys of one name count as one signer.
    pub name: String,
    /// The key.
    pub public: PublicKey,
    /// What the [`public`](Self::public) key is named by, computed once.
    pub key_id: KeyId,
    roles: Vec<Role>,
    ids: Vec<Pattern>,
    not_before: i64,
    not_after: i64,
    revoked: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreText {
    version: u32,
    #[serde(default)]
    key: Vec<KeyText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyText {
    name: String,
    alg: String,
    kid: String,
    public: String,
    roles: Vec<Role>,
    ids: Vec<String>,
    not_before: Datetime,
    not_after: Datetime,
    revoked: bool,
}

impl TrustStore {
    /// Reads a store from a file that belongs to the caller (or to root) and has mode 0600.
    ///
    /// # Errors
    ///
    /// [`Code::Permission`] for a file that others can change or read, [`Code::FileType`] for a symbolic link,
    /// and the errors of [`parse`](Self::parse).
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, MAX_STORE)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| refused(Code::Value, "is not UTF-8"))?;
        Self::parse(text)
    }

    /// Reads a store from its text.
    ///
    /// # Errors
    ///
    /// [`Code::Value`] for text that is no store, [`Code::Key`] for a weak or broken key and for text that holds a secret one,
    /// [`Code::Duplicate`] for a key given twice, [`Code::Algorithm`] for a key of another algorithm than the entry says,
    /// [`Code::Limit`] for more than 1 MiB or 1024 keys.
    pub fn parse(text: &str) -> Result<Self> {
        if u64::try_from(text.len()).is_ok_and(|length| length > MAX_STORE) {
            return Err(refused(Code::Limit, format!("{} bytes, more than {MAX_STORE}", text.len())));
        }
        if text.contains("PRIVATE KEY") || text.to_ascii_uppercase().contains("AGE-SECRET-KEY-") {
            let message = "holds a secret key, which is now known to whoever read the file; \
                           take it out, revoke it and make a new one";
            return Err(refused(Code::Key, message));
        }
        // In full, the reader's error quotes whole lines. Its message names a field or a value at most, and is cut.
        let store: StoreText = toml::from_str(text).map_err(|error| {
            let line =
                error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count());
            let place = line.map(|line| format!(" near line {}", line.max(1))).unwrap_or_default();
            refused(Code::Value, format!("{}{place}", shown(error.message())))
        })?;
        if store.version != 1 {
            return Err(refused(
                Code::Value,
                format!("version {} is not known; this is for version 1", store.version),
            ));
        }
        if store.key.len() > MAX_KEYS {
            return Err(refused(Code::Limit, format!("{} keys, more than {MAX_KEYS}", store.key.len())));
        }
        let keys = store.key.into_iter().map(TrustedKey::from_text).collect::<Result<Vec<_>>>()?;
        for (i, key) in keys.iter().enumerate() {
            if keys.iter().take(i).any(|earlier| earlier.key_id == key.key_id) {
                return Err(refused(
                    Code::Duplicate,
                    format!("key {} is given twice; keep one of them", key.key_id),
                ));
            }
        }
        Ok(Self { keys })
    }

    /// The trusted keys, in the order of the file.
    pub fn keys(&self) -> &[TrustedKey] {
        &self.keys
    }
}

impl TrustedKey {
    fn from_text(text: KeyText) -> Result<Self> {
        identity::check_name(&text.name)?;
        let public = PublicKey::from_pem(text.public.trim_start())?;
        let name = text.name;
        if public.algorithm().name() != text.alg {
            let message =
                format!("{name}: `alg` says {} and the key is for {}", shown(&text.alg), public.algorithm());
            return Err(refused(Code::Algorithm, message));
        }
        let key_id = public.key_id();
        if KeyId::parse(&text.kid)? != key_id {
            let message = format!("{name}: `kid` says {} and the key's is {key_id}", shown(&text.kid));
            return Err(refused(Code::Key, message));
        }
        if text.ids.len() > MAX_PATTERNS {
            return Err(refused(
                Code::Limit,
                format!("{name}: {} ids, more than {MAX_PATTERNS}", text.ids.len()),
            ));
        }
        let ids = text.ids.iter().map(|id| Pattern::parse(id)).collect::<Result<Vec<_>>>()?;
        let not_before = moment::unix_seconds(&text.not_before)?;
        let not_after = moment::unix_seconds(&text.not_after)?;
        if text.roles.is_empty() || ids.is_empty() || not_before > not_after {
            let message =
                format!("{name}: needs a role, an id, and a `not_before` that is not after `not_after`");
            return Err(refused(Code::Value, message));
        }
        Ok(Self {
            name,
            public,
            key_id,
            roles: text.roles,
            ids,
            not_before,
            not_after,
            revoked: text.revoked,
        })
    }

    /// The key's algorithm, which is the only one that its signatures are verified with.
    pub fn algorithm(&self) -> Algorithm {
        self.public.algorithm()
    }

    /// Whether the key is trusted to sign this, whenever.
    pub(crate) fn covers(&self, role: Role, id: &str) -> bool {
        self.roles.contains(&role) && self.ids.iter().any(|pattern| pattern.matches(id))
    }

    /// That the key is in force at the moment, in seconds of Unix time.
    pub(crate) fn check_in_force(&self, now: i64) -> Result<()> {
        if self.revoked {
            let message =
                format!("{}: key {} is revoked; have the file signed with another", self.name, self.key_id);
            return Err(Error::new(Code::Revoked, message));
        }
        if (self.not_before..=self.not_after).contains(&now) {
            return Ok(());
        }
        let message = format!(
            "{}: key {} is in force from {} to {} and now is {now}, in Unix seconds; check the clock, or renew the key",
            self.name, self.key_id, self.not_before, self.not_after
        );
        Err(Error::new(Code::Expired, message))
    }
}

fn refused(code: Code, message: impl fmt::Display) -> Error {
    Error::new(code, format!("trust store: {message}"))
}
