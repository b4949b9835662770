//! What fuzzers run: every parser on arbitrary bytes, with what must hold whatever they are.
//!
//! Each function is the body of a fuzz target, and tests replay its corpus by calling it. A broken promise is a failed assertion.

use crate::age::{Identity, Limits, Passphrase, Recipient, Unlock, decrypt};
use crate::bundle::{Bundle, Statement};
use crate::rollback;
use crate::signature_block::SignatureBlock;
use crate::{Artifact, Code, KeyId, Policy, PublicKey, Result, Role, SecretKey, TrustStore};

/// A moment in 2026, in seconds of Unix time.
const NOW: i64 = 1_795_737_600;

/// A block that is read is written back byte for byte; no signature in it counts without a trusted key.
pub fn signature_block(data: &[u8]) {
    if let Ok(block) = SignatureBlock::read(data) {
        assert!(block.write() == data, "a block has two encodings");
    }
    let Ok(store) = TrustStore::parse("version = 1") else {
        return;
    };
    let artifact = Artifact { role: Role::Model, id: "fuzz", payload: data, block: data };
    assert!(store.verify(&artifact, &Policy::SIGNED, NOW).is_err(), "nobody is trusted");
}

/// A bundle is read or refused; so is a statement, and what was read is read again from what it writes.
pub fn bundle(data: &[u8]) {
    let _ = Bundle::read(data);
    let again = |statement: &Statement| -> Result<Statement> { Statement::read(&statement.to_json()?) };
    if let Ok(statement) = Statement::read(data)
        && statement.is_of_whole_files()
    {
        assert!(
            again(&statement).is_ok_and(|again| again == statement),
            "a statement changes when it is written"
        );
    }
}

/// A store is read or refused; whatever it holds, an artifact without a signature is not a signed one.
pub fn trust_store(data: &[u8]) {
    let Ok(store) =
        std::str::from_utf8(data).map_err(drop).and_then(|text| TrustStore::parse(text).map_err(drop))
    else {
        return;
    };
    let artifact = Artifact { role: Role::Model, id: "fuzz", payload: data, block: &[] };
    let refused = store.verify(&artifact, &Policy::SIGNED, NOW).err();
    assert!(refused.is_some_and(|error| error.code() == Code::Unsigned), "unsigned counts as signed");
}

/// A file is decrypted or refused, within its limits. The identity is the one of the public test vectors.
pub fn age(data: &[u8]) {
    const IDENTITY: &str = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
    let limits = Limits { header: 4096, recipients: 4, work_factor: 2, plaintext: 1 << 20 };
    let check = |unlock: &Unlock<'_>| {
        if let Ok(plaintext) = decrypt(data, unlock, &limits) {
            assert!(plaintext.len() < data.len(), "more came out than went in");
        }
    };
    if let Ok(identity) = Identity::parse(IDENTITY) {
        check(&Unlock::Identities(&[identity]));
    }
    if let Ok(passphrase) = Passphrase::new("password") {
        check(&Unlock::Passphrase(&passphrase));
    }
}

/// A key in text is read or refused; what was read is read again, as the same, from what it writes.
pub fn keys(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let public =
        |key: &PublicKey| PublicKey::from_pem(&key.to_pem()).map(|again| again.key_id() == key.key_id());
    if let Ok(key) = PublicKey::from_pem(text) {
        assert!(public(&key).is_ok_and(|same| same), "a public key changes when it is written");
    }
    let secret = |key: &SecretKey| -> Result<bool> {
        let again = SecretKey::from_pem(&key.to_pem()?)?;
        Ok(again.public_key().key_id() == key.public_key().key_id())
    };
    if let Ok(key) = SecretKey::from_pem(text) {
        assert!(secret(&key).is_ok_and(|same| same), "a secret key changes when it is written");
    }
    if let Ok(id) = KeyId::parse(text) {
        assert!(id.to_string() == text, "an identifier of a key has two spellings");
    }
    if let Ok(recipient) = Recipient::parse(text) {
        assert!(recipient.to_string() == text, "a recipient has two spellings");
    }
    let _ = Identity::parse(text);
}

/// A record of releases is read or refused; what was read is read again from what it writes.
pub fn release_record(data: &[u8]) {
    if let Ok(lines) = std::str::from_utf8(data)
        && let Ok(again) = rollback::reads_again(lines)
    {
        assert!(again, "a record changes when it is written");
    }
}
