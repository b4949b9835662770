//! What a caller asks of a file.

use std::num::NonZeroUsize;
use std::time::{SystemTime, UNIX_EPOCH};

use tensorkeep_format::{Code, FileRules, LoadLimits};
use tensorkeep_trust::{Older, PayloadDigest, Policy, RollbackGuard, TrustStore};

use crate::CostLimits;
use crate::refusal::Refusal;

/// What a caller asks of a file before anything of it is used. The file has no say in it.
///
/// ```
/// use tensorkeep_model::LoadOptions;
/// use tensorkeep_trust::TrustStore;
///
/// let store = TrustStore::parse("version = 1")?;
/// let options = LoadOptions::strict().trust(&store).id("acme/digits");
/// # Ok::<(), tensorkeep_trust::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LoadOptions<'a> {
    pub(crate) limits: LoadLimits,
    pub(crate) rules: FileRules,
    pub(crate) cost: CostLimits,
    pub(crate) id: Option<String>,
    pub(crate) store: Option<&'a TrustStore>,
    pub(crate) policy: Policy,
    pub(crate) guard: Option<(&'a RollbackGuard<'a>, Older)>,
    pub(crate) partial: bool,
    pub(crate) sandbox: Option<tensorkeep_sandbox::Options>,
    now: Option<i64>,
}

impl<'a> LoadOptions<'a> {
    /// The strictest: a signature that a trust store vouches for, or a digest, which are still to be named (until then
    /// everything is refused); finite values; a file that only its owner can write and that has a single name; exactly the
    /// tensors of the model.
    pub fn strict() -> Self {
        Self {
            limits: LoadLimits::default(),
            rules: FileRules::strict(),
            cost: CostLimits::default(),
            id: None,
            store: None,
            policy: Policy::SIGNED,
            guard: None,
            partial: false,
            sandbox: None,
            now: None,
        }
    }

    /// Requires a signature by a key of this store that may sign such a file.
    #[must_use]
    pub fn trust(self, store: &'a TrustStore) -> Self {
        Self { store: Some(store), ..self }
    }

    /// Requires signatures by so many different signers of the store.
    #[must_use]
    pub fn signers(self, threshold: NonZeroUsize) -> Self {
        Self { policy: Policy::RequireSigned { threshold }, ..self }
    }

    /// Requires exactly this content, whoever signed it.
    #[must_use]
    pub fn digest(self, digest: PayloadDigest) -> Self {
        Self { policy: Policy::RequireDigest(digest), ..self }
    }

    /// **Insecure**: takes a file that nobody vouches for. Whoever can write to the file, or to the way that it came, decides
    /// what the model computes. The [`Report`](crate::Report) says that it was so, and the user should hear of it.
    #[must_use]
    pub fn insecure_allow_unsigned(self) -> Self {
        Self { policy: Policy::AllowUnsigned, ..self }
    }

    /// Requires this identifier: another model may be signed by the same key.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// Refuses a release older than one that this guard has seen, and records the new one.
    #[must_use]
    pub fn rollback(self, guard: &'a RollbackGuard<'a>) -> Self {
        Self { guard: Some((guard, Older::Refuse)), ..self }
    }

    /// The same guard, which lets an older release pass this time.
    #[must_use]
    pub fn rollback_allowing_older(self, guard: &'a RollbackGuard<'a>) -> Self {
        Self { guard: Some((guard, Older::Allow)), ..self }
    }

    /// The most that a file may hold.
    #[must_use]
    pub fn limits(self, limits: LoadLimits) -> Self {
        Self { limits, ..self }
    }

    /// The most that a model rebuilt from a file may cost.
    #[must_use]
    pub fn cost(self, cost: CostLimits) -> Self {
        Self { cost, ..self }
    }

    /// What the file has to be besides a regular file.
    #[must_use]
    pub fn file_rules(self, rules: FileRules) -> Self {
        Self { rules, ..self }
    }

    /// Lets tensors be missing and unexpected; the [`Report`](crate::Report) lists them. Shapes, dtypes and ties of those that
    /// are in both have to agree still.
    #[must_use]
    pub fn partial(self) -> Self {
        Self { partial: true, ..self }
    }

    /// Reads the file in a child process that can do nothing else, and takes what the child hands back, sealed. The program's `main` has to begin
    /// with [`tensorkeep_sandbox::child_entry`]; where there is no such sandbox, loading is refused as `E_SANDBOX`. The
    /// [`Report`](crate::Report) tells what confined the child. Checkpoints, which are the program's own, are read as ever.
    #[must_use]
    pub fn sandboxed(self, options: tensorkeep_sandbox::Options) -> Self {
        Self { sandbox: Some(options), ..self }
    }

    /// The moment at which keys have to be valid, in seconds since 1970, instead of the system's clock.
    #[must_use]
    pub fn now(self, seconds: i64) -> Self {
        Self { now: Some(seconds), ..self }
    }

    pub(crate) fn moment(&self) -> Result<i64, Refusal> {
        let clock = || {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
            i64::try_from(since.as_secs()).ok()
        };
        self.now.or_else(clock).ok_or_else(|| {
            Refusal::new(Code::Expired, "the system's clock is before 1970, so no key is in force: set it")
        })
    }
}
