//! Keys, signatures and trust.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tensorkeep_trust::{PayloadDigest, Policy, Role, TrustStore};

use crate::failure::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum Key {
    /// Make a signer's keys: NAME.ed25519.pem for model files, NAME.p256.pem for folders. Nothing secret is ever shown.
    Gen(Generate),
    /// Show the public part of a key file.
    Show(Show),
    /// Write the entry of a trust store that trusts a key, for as little as it needs.
    #[command(
        after_help = "Example:\n  tensorkeep key trust alice.ed25519.pub.pem --name alice --id 'acme/**' \\\n    \
                      --not-after 2027-12-31 --store trusted.toml"
    )]
    Trust(Trust),
}

#[derive(Args, Debug)]
pub(crate) struct Generate {
    /// Whose keys: the files' names start with it.
    pub(crate) name: String,
    /// Where to put the files.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Make an identity that decrypts instead, in NAME.age.txt.
    #[arg(long, conflicts_with = "record")]
    pub(crate) age: bool,
    /// Make the secret of a record of releases instead, in NAME.record.key; see `verify --record`.
    #[arg(long)]
    pub(crate) record: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// A public or secret signing key (PEM), or an identity of age.
    pub(crate) file: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Trust {
    /// The key: a file that `key gen` made, best the public one.
    pub(crate) key: PathBuf,
    /// Whose key it is. Two keys of one name are one signer.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: String,
    /// For which models: `*` stands for any run of characters but `/`, `**` for any run at all. May be given several times.
    #[arg(long = "id", value_name = "PATTERN", required = true)]
    pub(crate) ids: Vec<String>,
    /// What the key may sign. May be given several times.
    #[arg(long = "role", value_enum, default_value = "model")]
    pub(crate) roles: Vec<RoleName>,
    /// From when on: a day (UTC), or a moment such as 2026-01-31T08:00:00Z [default: now].
    #[arg(long, value_name = "WHEN")]
    pub(crate) not_before: Option<String>,
    /// Until when: a day, to its end (UTC), or a moment.
    #[arg(long, value_name = "WHEN")]
    pub(crate) not_after: String,
    /// Add the entry to this trust store, which is made if it is not there. Otherwise the entry is printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct Sign {
    /// A .tkm file, which is replaced by the signed one; or, with --oms, a folder.
    pub(crate) path: PathBuf,
    /// The secret key: ed25519 or p256 for files, p256 for folders.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Sign a folder of files of any kind: write its detached OpenSSF bundle, model.sig.
    #[arg(long)]
    pub(crate) oms: bool,
    /// Take the signatures away that are there, and do not add to them.
    #[arg(long)]
    pub(crate) fresh: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// A .tkm file, or a folder with its bundle model.sig.
    pub(crate) path: PathBuf,
    #[command(flatten)]
    pub(crate) trusting: Trusting,
    /// What it is about to be used as.
    #[arg(long, value_enum, default_value_t = RoleName::Model)]
    pub(crate) role: RoleName,
    /// Refuse releases older than those accepted before, and remember this one, in this file.
    #[arg(long, value_name = "FILE", requires = "record_key")]
    pub(crate) record: Option<PathBuf>,
    /// The secret of that record; see `key gen --record`.
    #[arg(long, value_name = "FILE", requires = "record")]
    pub(crate) record_key: Option<PathBuf>,
    /// There is no record yet: start one. Without this a missing record is refused.
    #[arg(long, requires = "record")]
    pub(crate) new_record: bool,
    /// Pass an older release, and keep the higher number in the record.
    #[arg(long, requires = "record")]
    pub(crate) allow_older: bool,
    /// Where a detached bundle lies, if not in the folder as model.sig.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: Option<PathBuf>,
    /// A path below the folder that need not be signed. May be given several times.
    #[arg(long, value_name = "PATH")]
    pub(crate) ignore: Vec<String>,
}

/// What a file must prove before it is used.
#[derive(Args, Clone, Debug)]
pub(crate) struct Trusting {
    /// The trust store: whose signatures count, for what, and how long.
    #[arg(long, value_name = "FILE", required_unless_present_any = ["digest", "allow_unsigned_insecure"])]
    pub(crate) store: Option<PathBuf>,
    /// How many different signers must vouch for it.
    #[arg(long, value_name = "N", default_value = "1", conflicts_with_all = ["digest", "allow_unsigned_insecure"])]
    pub(crate) threshold: NonZeroUsize,
    /// What it must be called. A folder needs it, since its bundle does not say it.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Ask for exactly this content, whoever signed it: the digest that `inspect` shows.
    #[arg(long, value_name = "HEX", conflicts_with = "allow_unsigned_insecure")]
    pub(crate) digest: Option<String>,
    /// Pass a file that nobody who is trusted signed. What it says was then said by anybody.
    #[arg(long)]
    pub(crate) allow_unsigned_insecure: bool,
}

impl Trusting {
    /// Whose signatures count: nobody's, if there is no store.
    pub(crate) fn store(&self) -> Result<TrustStore, Failure> {
        match &self.store {
            Some(path) => Ok(TrustStore::open(path)?),
            None => Ok(TrustStore::parse("version = 1")?),
        }
    }

    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        match (&self.digest, self.allow_unsigned_insecure) {
            (Some(digest), _) => Ok(Policy::RequireDigest(PayloadDigest::parse(digest)?)),
            (None, true) => Ok(Policy::AllowUnsigned),
            (None, false) => Ok(Policy::RequireSigned { threshold: self.threshold }),
        }
    }
}

/// What a signed thing is used as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleName {
    /// A model to use.
    Model,
    /// A state that training continues from.
    Checkpoint,
    /// A manifest of data.
    Dataset,
    /// A plan of a training run.
    Plan,
}

impl RoleName {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Model => Role::Model,
            Self::Checkpoint => Role::Checkpoint,
            Self::Dataset => Role::Dataset,
            Self::Plan => Role::Plan,
        }
    }
}
