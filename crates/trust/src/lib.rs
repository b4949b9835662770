#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::as_conversions,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod age;
mod algorithm;
mod bundle;
mod cbor;
mod cose;
mod error;
pub mod fuzzing;
mod hex;
mod identity;
mod moment;
mod pattern;
mod policy;
mod private_file;
mod public_key;
mod random;
mod rollback;
mod secret_key;
mod signature_block;
mod trust_store;

pub use algorithm::Algorithm;
#[cfg(unix)]
pub use bundle::sign_folder;
pub use bundle::{BUNDLE_NAME, Bundle, Statement};
pub use error::{Code, Error, Result};
pub use identity::Identity;
pub use policy::{Artifact, PayloadDigest, Policy, Signer, Verdict};
pub use public_key::{KeyId, PublicKey};
pub use rollback::{Missing, Older, RecordKey, RollbackGuard};
pub use secret_key::SecretKey;
pub use signature_block::{CONTAINER_CONTEXT, MAX_BLOCK, MAX_SIGNATURES, add_signature, claimed_key_ids};
pub use trust_store::{Role, TrustStore, TrustedKey};

/// The examples of the page for users are tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/SIGNING.md")]
struct SigningPage;
