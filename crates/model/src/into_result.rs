//! Results of the crates that know no tensors, as results of the framework.

use std::panic::Location;

use tensorkeep_tensor::Result;

use crate::refusal::Refusal;

/// Makes a result of [`tensorkeep_format`], [`tensorkeep_storage`] or [`tensorkeep_trust`] one of the whole framework, so that a function
/// that returns [`Result`] can use `?` on all of them.
///
/// These crates stand apart from tensors and have errors of their own; that of [`tensorkeep_sandbox`] is `format`'s. The error becomes one of kind
/// [`File`](tensorkeep_tensor::ErrorKind::File) with the same code and message, located at the line of the call; its operation is the name
/// of the crate.
///
/// ```
/// use tensorkeep_model::IntoResult;
/// use tensorkeep_tensor::{ErrorKind, Result};
/// use tensorkeep_trust::{Algorithm, SecretKey, TrustStore};
///
/// fn key_and_store(text: &str) -> Result<(SecretKey, TrustStore)> {
///     Ok((SecretKey::generate(Algorithm::Ed25519).into_result()?, TrustStore::parse(text).into_result()?))
/// }
///
/// let error = key_and_store("version = 2").unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::File("E_VALUE"));
/// assert!(error.to_string().starts_with("trust: E_VALUE: trust store: "));
/// ```
pub trait IntoResult<T> {
    /// The same value, or the same refusal as an error of the framework.
    ///
    /// # Errors
    ///
    /// Those of the result.
    fn into_result(self) -> Result<T>;
}

macro_rules! into_result {
    ($($origin:ident $op:literal;)*) => {$(
        impl<T> IntoResult<T> for $origin::Result<T> {
            #[track_caller]
            fn into_result(self) -> Result<T> {
                let at = Location::caller();
                self.map_err(|error| Refusal::from(error).into_error($op, at))
            }
        }
    )*};
}

into_result! {
    tensorkeep_format "format";
    tensorkeep_storage "storage";
    tensorkeep_trust "trust";
}
