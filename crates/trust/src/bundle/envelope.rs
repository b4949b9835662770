//! The outer layers: a Sigstore bundle around a DSSE envelope.

use serde::{Deserialize, Serialize};

use super::json;
use super::statement::Statement;
use crate::error::shown;
use crate::public_key::Encoding;
use crate::{Code, Error, PublicKey, Result, SecretKey};

/// Longest bundle, in bytes: a payload of the greatest length in base64, and a little around it.
const MAX_BUNDLE: usize = 24 << 20;

/// Longest payload, in bytes.
const MAX_PAYLOAD: usize = 16 << 20;

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A detached signature, read but not verified.
///
/// ```
/// use tensorkeep_trust::{Bundle, Code};
///
/// let error = Bundle::read(b"{}").unwrap_err();
/// assert_eq!(error.code(), Code::Value);
/// ```
#[derive(Debug)]
pub struct Bundle {
    key: KeyName,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// How a bundle says which key signed it. This finds the key; it is never a reason to trust it.
#[derive(Debug, PartialEq)]
enum KeyName {
    /// The SHA-256 digest of the key's PEM.
    Hint(String),
    /// The key's PEM, in bundles of 2024 and 2025.
    Pem(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BundleText {
    media_type: String,
    verification_material: Material,
    dsse_envelope: Envelope,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Material {
    public_key: KeyText,
    /// Entries of a transparency log, which cannot be checked without its keys: there may be none.
    #[serde(default)]
    tlog_entries: [(); 0],
}

#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeyText {
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_bytes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_details: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload: String,
    payload_type: String,
    signatures: Vec<SignatureText>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureText {
    sig: String,
    keyid: Option<String>,
}

impl Bundle {
    /// Reads a bundle.
    ///
    /// It is stricter than the official reader: there is exactly one signature (the official one looks at the first only and
    /// ignores the others), no field that is not known, and base64 has one spelling.
    ///
    /// # Errors
    ///
    /// [`Code::Limit`] above 24 MiB, [`Code::Depth`], [`Code::Value`] for text that is no such bundle, [`Code::NonCanonical`] for
    /// base64 in another spelling, [`Code::Unsigned`] without a signature, [`Code::Signature`] with several.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_BUNDLE {
            let message = format!("bundle: {} bytes, more than {MAX_BUNDLE}", bytes.len());
            return Err(Error::new(Code::Limit, message));
        }
        let text: BundleText = json::read(bytes, "it")?;
        check_type("media type", &text.media_type, MEDIA_TYPE)?;
        check_type("payload type", &text.dsse_envelope.payload_type, PAYLOAD_TYPE)?;
        let [signature] = text.dsse_envelope.signatures.as_slice() else {
            let count = text.dsse_envelope.signatures.len();
            let code = if count == 0 { Code::Unsigned } else { Code::Signature };
            return Err(Error::new(code, format!("bundle: {count} signatures; exactly one must be there")));
        };
        if signature.keyid.as_deref().is_some_and(|keyid| !keyid.is_empty()) {
            return Err(Error::new(
                Code::Value,
                "bundle: `keyid` is not empty; the key is named by its hint",
            ));
        }
        let payload = json::decode_base64(&text.dsse_envelope.payload, "the payload")?;
        check_length(&payload)?;
        let signature = json::decode_base64(&signature.sig, "the signature")?;
        Ok(Self { key: KeyName::read(text.verification_material.public_key)?, payload, signature })
    }

    /// The statement, if the key signed it.
    ///
    /// # Errors
    ///
    /// [`Code::Key`] if the bundle names another key, [`Code::Signature`] if the signature is not the key's over the payload (one
    /// by an Ed25519 key never is), and whatever is wrong with the statement. Nothing of the payload is read before its signature
    /// has been verified.
    pub fn verify(&self, key: &PublicKey) -> Result<Statement> {
        if !self.names(key) {
            let message = format!("bundle: was not signed with key {}, by its own account", key.key_id());
            return Err(Error::new(Code::Key, message));
        }
        if !key.verifies(&pre_authentication(&self.payload), &self.signature, Encoding::Der) {
            let message = format!(
                "bundle: the signature by key {} does not verify: do not use the model",
                key.key_id()
            );
            return Err(Error::new(Code::Signature, message));
        }
        Statement::read(&self.payload)
    }

    /// Whether the bundle names this key.
    pub(super) fn names(&self, key: &PublicKey) -> bool {
        match &self.key {
            KeyName::Hint(hint) => *hint == key.bundle_hint(),
            KeyName::Pem(pem) => pem == key.to_pem().as_bytes(),
        }
    }

    /// The text of a new bundle.
    pub(super) fn sign(statement: &Statement, key: &SecretKey) -> Result<String> {
        let payload = statement.to_json()?;
        check_length(&payload)?;
        let signature = key.sign(&pre_authentication(&payload), Encoding::Der)?;
        let hint = Some(key.public_key().bundle_hint());
        let text = BundleText {
            media_type: MEDIA_TYPE.into(),
            verification_material: Material {
                public_key: KeyText { hint, ..KeyText::default() },
                tlog_entries: [],
            },
            dsse_envelope: Envelope {
                payload: json::encode_base64(&payload),
                payload_type: PAYLOAD_TYPE.into(),
                signatures: vec![SignatureText {
                    sig: json::encode_base64(&signature),
                    keyid: Some(String::new()),
                }],
            },
        };
        serde_json::to_string(&text).map_err(|error| Error::io("writing a bundle", error))
    }
}

impl KeyName {
    fn read(text: KeyText) -> Result<Self> {
        match (text.hint, text.raw_bytes) {
            (Some(hint), None) => Ok(Self::Hint(hint)),
            // `keyDetails` repeats the algorithm; the key itself says it.
            (None, Some(raw)) => Ok(Self::Pem(json::decode_base64(&raw, "the key")?)),
            _ => Err(Error::new(Code::Value, "bundle: names its key in no way, or in two")),
        }
    }
}

fn check_type(what: &str, found: &str, wanted: &str) -> Result<()> {
    if found == wanted {
        return Ok(());
    }
    Err(Error::new(Code::Value, format!("bundle: {what} is {}, not {wanted}", shown(found))))
}

fn check_length(payload: &[u8]) -> Result<()> {
    if payload.len() <= MAX_PAYLOAD {
        return Ok(());
    }
    let message = format!("bundle: a payload of {} bytes, more than {MAX_PAYLOAD}", payload.len());
    Err(Error::new(Code::Limit, message))
}

/// What is signed: the payload behind its type and its length, so that neither can be taken for a part of the other.
///
/// Source: DSSE protocol 1.0, "PAE".
fn pre_authentication(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend(payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_starts_with_type_and_length() {
        assert_eq!(pre_authentication(b"{}"), b"DSSEv1 28 application/vnd.in-toto+json 2 {}");
    }
}
