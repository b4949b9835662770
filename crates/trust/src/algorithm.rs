//! The signature algorithms.

use std::fmt;

/// A signature algorithm: a curve with the hash that goes with it.
///
/// Which one applies is a property of the trusted key. What a file says about its algorithm is only compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8032), for signatures inside containers.
    Ed25519,
    /// ECDSA over P-256 with SHA-256, for containers and for bundles.
    EcdsaP256,
    /// ECDSA over P-384 with SHA-384, for bundles that others signed.
    EcdsaP384,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Algorithm; 3] = [Self::Ed25519, Self::EcdsaP256, Self::EcdsaP384];

    /// The name in a trust store: `ed25519`, `ecdsa-p256`, `ecdsa-p384`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
        }
    }

    /// The number that COSE knows the algorithm by, of those that sign containers.
    ///
    /// Source: RFC 9053, section 2 (EdDSA and ES256).
    pub(crate) fn cose(self) -> Option<i64> {
        match self {
            Self::Ed25519 => Some(-8),
            Self::EcdsaP256 => Some(-7),
            Self::EcdsaP384 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
