//! One signature: a COSE_Sign1 with a detached payload.
//!
//! ```text
//! 18([ << {1: algorithm} >>, {4: key id}, nil, signature ])
//! ```
//!
//! Source: RFC 9052, sections 3.1 (header parameters), 4.2 (COSE_Sign1) and 4.4 (what is signed).

use crate::cbor::{self, Major, Reader};
use crate::public_key::Encoding;
use crate::{Code, Error, PublicKey, Result, SecretKey};

/// The tag of COSE_Sign1.
const TAG: u64 = 18;
/// Header parameters.
const ALGORITHM: u64 = 1;
const KEY_ID: u64 = 4;

/// One signature, read but not verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signature<'a> {
    pub(crate) algorithm: i64,
    pub(crate) key_id: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Signature<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self> {
        reader.exactly(Major::Tag, TAG, "the tag of a signature")?;
        reader.exactly(Major::Array, 4, "the number of a signature's parts")?;
        let algorithm = read_protected(reader.bytes("the protected header")?)?;
        header_map(reader, "key id", Code::Key)?;
        reader.exactly(Major::Unsigned, KEY_ID, "the unprotected parameter")?;
        let key_id = reader.bytes("the key id")?;
        reader.exactly(Major::Simple, cbor::NULL, "the detached payload")?;
        let signature = reader.bytes("the signature")?;
        Ok(Self { algorithm, key_id, signature })
    }

    /// The signature as bytes, of which there is one form.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        cbor::push_head(out, Major::Tag, TAG);
        cbor::push_head(out, Major::Array, 4);
        cbor::push_bytes(out, &protected(self.algorithm));
        cbor::push_head(out, Major::Map, 1);
        cbor::push_head(out, Major::Unsigned, KEY_ID);
        cbor::push_bytes(out, self.key_id);
        cbor::push_head(out, Major::Simple, cbor::NULL);
        cbor::push_bytes(out, self.signature);
    }

    /// Whether it is the key's signature of the payload in this context.
    pub(crate) fn verifies(&self, key: &PublicKey, payload: &[u8], context: &[u8]) -> bool {
        key.verifies(&to_be_signed(self.algorithm, payload, context), self.signature, Encoding::Fixed)
    }
}

/// Signs a payload. The context (COSE's external data) says what the signature is for, so that it is valid for nothing else.
pub(crate) fn sign(key: &SecretKey, payload: &[u8], context: &[u8], key_id: &[u8]) -> Result<Vec<u8>> {
    let algorithm = key.public_key().algorithm().cose();
    let algorithm = algorithm
        .ok_or_else(|| Error::new(Code::Algorithm, "containers are signed with ed25519 or ecdsa-p256"))?;
    let signature = key.sign(&to_be_signed(algorithm, payload, context), Encoding::Fixed)?;
    let mut out = Vec::new();
    Signature { algorithm, key_id, signature: &signature }.write(&mut out);
    Ok(out)
}

/// `Sig_structure`, with its parts in the order of RFC 9052.
fn to_be_signed(algorithm: i64, payload: &[u8], context: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::push_head(&mut out, Major::Array, 4);
    cbor::push_text(&mut out, "Signature1");
    cbor::push_bytes(&mut out, &protected(algorithm));
    cbor::push_bytes(&mut out, context);
    cbor::push_bytes(&mut out, payload);
    out
}

fn protected(algorithm: i64) -> Vec<u8> {
    let mut out = Vec::new();
    cbor::push_head(&mut out, Major::Map, 1);
    cbor::push_head(&mut out, Major::Unsigned, ALGORITHM);
    cbor::push_int(&mut out, algorithm);
    out
}

fn read_protected(bytes: &[u8]) -> Result<i64> {
    let mut reader = Reader::new(bytes);
    // COSE writes an empty header as an empty string.
    if reader.is_at_end() {
        return Err(without("algorithm", Code::Algorithm));
    }
    header_map(&mut reader, "algorithm", Code::Algorithm)?;
    reader.exactly(Major::Unsigned, ALGORITHM, "the protected parameter")?;
    let algorithm = reader.int("the algorithm")?;
    reader.end()?;
    Ok(algorithm)
}

/// The head of a map of exactly one parameter.
fn header_map(reader: &mut Reader<'_>, parameter: &str, missing: Code) -> Result<()> {
    match reader.expect(Major::Map, "a header")? {
        0 => Err(without(parameter, missing)),
        1 => Ok(()),
        count => {
            let message = format!(
                "signature block: a header has {count} parameters where only the {parameter} is known; \
                 use a newer version, or sign the file again"
            );
            Err(Error::new(Code::Critical, message))
        }
    }
}

fn without(parameter: &str, code: Code) -> Error {
    Error::new(code, format!("signature block: a signature names no {parameter}; sign the file again"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Algorithm, hex};

    /// From the specification, where the same bytes were verified with pycose 1.1.0.
    const KNOWN: &str = "d28443a10127a104436b6964f65840b6f010cab42a5391dd0fbef64b146ee941cdcf27f1ef74870d05523852c00e444b\
                         15677d988258fb15fe5a0c38fae9f4c6244a8416c8ac3139a56abb3b1c8b06";
    const CONTEXT: &[u8] = b"mdl/container-sig/v1";

    fn known_key() -> SecretKey {
        let mut secret = [0; 32];
        secret.iter_mut().zip(0..).for_each(|(byte, i)| *byte = i);
        SecretKey::ed25519(&secret).unwrap()
    }

    #[test]
    fn the_known_answer() {
        let bytes = sign(&known_key(), b"HEADER||MANIFEST", CONTEXT, b"kid").unwrap();
        assert_eq!(bytes.len(), 79);
        assert_eq!(hex::encode(&bytes), KNOWN);

        let mut reader = Reader::new(&bytes);
        let signature = Signature::read(&mut reader).unwrap();
        reader.end().unwrap();
        assert_eq!((signature.algorithm, signature.key_id), (-8, b"kid".as_slice()));
        let key = known_key();
        let table: [(&[u8], &[u8], bool); 3] = [
            (b"HEADER||MANIFEST", CONTEXT, true),
            (b"HEADER||MANIFEST", b"tensorkeep/container-sig/v1", false),
            (b"HEADER||MANIFESt", CONTEXT, false),
        ];
        for (payload, context, expected) in table {
            assert_eq!(signature.verifies(key.public_key(), payload, context), expected);
        }
    }

    #[test]
    fn what_is_read_is_written_again() {
        for algorithm in [Algorithm::Ed25519, Algorithm::EcdsaP256] {
            let key = SecretKey::generate(algorithm).unwrap();
            let bytes = sign(&key, b"payload", b"context", &[7; 16]).unwrap();
            let signature = Signature::read(&mut Reader::new(&bytes)).unwrap();
            let mut again = Vec::new();
            signature.write(&mut again);
            assert_eq!(again, bytes);
            assert!(signature.verifies(key.public_key(), b"payload", b"context"));
        }
    }
}
