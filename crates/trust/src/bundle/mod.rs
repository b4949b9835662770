//! Detached signatures of whole folders: OpenSSF Model Signing bundles.
//!
//! A bundle is a file, `model.sig` by custom, that lists the digest of every file of a folder under one signature. It is a Sigstore
//! bundle (JSON) around a DSSE envelope around an in-toto statement; other programs make and read it, for any kind of model.
//!
//! Sources: the OpenSSF Model Signing specification 1.0; Sigstore's bundle format 0.3; DSSE protocol 1.0; in-toto Statement 1.

#![cfg_attr(not(unix), allow(dead_code, reason = "folders are signed and compared on Unix alone"))]

mod envelope;
#[cfg(unix)]
mod folder;
mod json;
mod resource;
mod statement;
#[cfg(unix)]
mod tree;

#[cfg(unix)]
use std::path::Path;

pub use envelope::Bundle;
pub use statement::Statement;

#[cfg(unix)]
use crate::SecretKey;
use crate::{Code, Error, Result, Role, Signer, TrustStore};

/// The name that the file of a bundle has by custom.
pub const BUNDLE_NAME: &str = "model.sig";

/// What is not a part of a model in any folder: traces of git. Signers leave them out.
const GIT: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// Signs all files of a folder with a P-256 key, and returns the bundle's text, to be written to `model.sig`.
///
/// Left out are traces of git and the paths in `ignored`, relative to the folder and with `/` between their parts, with all
/// below them. Name there the bundle itself if it is to lie in the folder, since no file can hold its own digest.
///
/// # Errors
///
/// [`Code::FileType`] for a symbolic link or anything else but files and folders, [`Code::Name`] for a name that is not UTF-8 or
/// not portable, [`Code::Limit`] for more than 65,536 files, [`Code::Algorithm`] for a key that is not P-256, [`Code::Io`].
#[cfg(unix)]
pub fn sign_folder(folder: &Path, key: &SecretKey, ignored: &[&str]) -> Result<String> {
    let mut left_out: Vec<String> = GIT.iter().chain(ignored).map(|path| (*path).to_owned()).collect();
    left_out.sort_unstable();
    left_out.dedup();
    let statement = Statement::of_folder(folder, left_out)?;
    Bundle::sign(&statement, key)
}

impl TrustStore {
    /// Decides whether a trusted key signed the bundle for this use, at the moment `now` in seconds of Unix time.
    ///
    /// The statement says what was signed; it has to be [compared](Statement::check) with the files before they are used.
    ///
    /// # Errors
    ///
    /// [`Code::Key`] if no key of the store is named by the bundle and covers the role and the identifier; [`Code::Expired`],
    /// [`Code::Revoked`]; and the errors of [`Bundle::verify`].
    pub fn verify_bundle(
        &self,
        bundle: &Bundle,
        role: Role,
        id: &str,
        now: i64,
    ) -> Result<(Signer, Statement)> {
        let key = self.keys().iter().find(|key| key.covers(role, id) && bundle.names(&key.public));
        let key = key.ok_or_else(|| {
            let message = format!(
                "bundle: no key in the trust store is the bundle's and may sign a {role} called {}",
                crate::error::shown(id)
            );
            Error::new(Code::Key, message)
        })?;
        key.check_in_force(now)?;
        let statement = bundle.verify(&key.public)?;
        Ok((Signer { name: key.name.clone(), key_id: key.key_id }, statement))
    }
}
