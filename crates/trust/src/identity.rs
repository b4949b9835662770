//! One signer, two keys.

use std::path::{Path, PathBuf};

use crate::error::shown;
use crate::{Algorithm, Code, Error, Result, SecretKey, private_file};

/// A signer: an Ed25519 key for containers and a P-256 key for bundles.
///
/// Two, because the official verifier of bundles knows no Ed25519, and containers are better off with it: its signatures have one
/// form, and signing needs no secret random number.
#[derive(Debug)]
pub struct Identity {
    /// Signs containers.
    pub container: SecretKey,
    /// Signs bundles.
    pub bundle: SecretKey,
}

impl Identity {
    /// A new identity.
    ///
    /// # Errors
    ///
    /// [`Code::Io`] when the operating system has no random bytes.
    pub fn generate() -> Result<Self> {
        Ok(Self {
            container: SecretKey::generate(Algorithm::Ed25519)?,
            bundle: SecretKey::generate(Algorithm::EcdsaP256)?,
        })
    }

    /// Writes four new files into the folder and returns their paths: `NAME.ed25519.pem` and `NAME.p256.pem`, which are secret and
    /// have mode 0600, and `NAME.ed25519.pub.pem` and `NAME.p256.pub.pem`.
    ///
    /// # Errors
    ///
    /// [`Code::Name`] for a name of other than 1 to 64 characters `A-Z a-z 0-9 . _ @ -`; [`Code::Io`] if one of the files exists.
    /// What was written before such an error stays.
    pub fn create(&self, folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
        check_name(name)?;
        let mut paths = Vec::new();
        for (key, kind) in [(&self.container, "ed25519"), (&self.bundle, "p256")] {
            let secret = folder.join(format!("{name}.{kind}.pem"));
            key.create(&secret)?;
            let public = folder.join(format!("{name}.{kind}.pub.pem"));
            private_file::create_public(&public, key.public_key().to_pem().as_bytes())?;
            paths.extend([secret, public]);
        }
        Ok(paths)
    }
}

/// That a signer's name is one that can be a file's, too.
pub(crate) fn check_name(name: &str) -> Result<()> {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte));
    if (1..=64).contains(&name.len()) && plain && !name.starts_with(['.', '-']) {
        return Ok(());
    }
    let message = format!(
        "signer's name {} must be 1 to 64 letters, digits or `._@-`, the first of them not `.` or `-`",
        shown(name)
    );
    Err(Error::new(Code::Name, message))
}
