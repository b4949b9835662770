//! The fuzz targets, on samples and on what becomes of them when bytes are changed, cut, doubled and exchanged.

use std::fs;
use std::path::Path;

use tensorkeep_trust::age::{Lock, Passphrase, Recipient, encrypt};
use tensorkeep_trust::{Algorithm, SecretKey, add_signature, fuzzing};

use crate::store::{Entry, text};

/// A small generator of numbers (xorshift64, Marsaglia, 2003), so that a failure repeats.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

fn mutate(sample: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = sample.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len());
        let end = (at + numbers.below(16)).min(bytes.len());
        match numbers.below(6) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << numbers.below(8),
            1 if !bytes.is_empty() => bytes[at] = numbers.below(256) as u8,
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let piece = [0x9f, 0xff, 0x5b, 0x1b, b'"', b'[', b'\n', b'-'];
                bytes.splice(at..at, piece[..numbers.below(8)].iter().copied());
            }
        }
    }
    bytes
}

fn run(target: fn(&[u8]), samples: &[Vec<u8>], rounds: usize) {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    samples.iter().for_each(|sample| target(sample));
    for round in 0..rounds {
        target(&mutate(&samples[round % samples.len()], &mut numbers));
    }
}

#[test]
fn signature_blocks() {
    let keys: Vec<SecretKey> =
        Algorithm::ALL[..2].iter().map(|algorithm| SecretKey::generate(*algorithm).unwrap()).collect();
    let one = add_signature(&[], &keys[0], b"payload").unwrap();
    let two = add_signature(&one, &keys[1], b"payload").unwrap();
    run(fuzzing::signature_block, &[vec![], one, two], 50_000);
}

#[test]
fn bundles() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/bundles");
    let mut samples = Vec::new();
    for name in ["official-v0.3.1.sig", "official-v1.1.0.sig"] {
        let bundle = fs::read(folder.join(name)).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
        let payload = value["dsseEnvelope"]["payload"].as_str().unwrap();
        let statement = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, payload).unwrap();
        samples.extend([bundle, statement]);
    }
    run(fuzzing::bundle, &samples, 50_000);
}

#[test]
fn trust_stores() {
    let keys: Vec<Entry> = Algorithm::ALL[..2]
        .iter()
        .map(|algorithm| Entry::new("alice", SecretKey::generate(*algorithm).unwrap().public_key()))
        .collect();
    run(fuzzing::trust_store, &[text(&[]).into_bytes(), text(&keys).into_bytes()], 10_000);
}

#[test]
fn encrypted_files() {
    let identity = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
    let recipient: Recipient = tensorkeep_trust::age::Identity::parse(identity).unwrap().recipient();
    let passphrase = Passphrase::new("password").unwrap().with_work_factor(1);
    let samples = [
        encrypt(b"weights", &Lock::Recipients(&[recipient, recipient])).unwrap(),
        encrypt(&[7; 70_000], &Lock::Recipients(&[recipient])).unwrap(),
        encrypt(b"weights", &Lock::Passphrase(&passphrase)).unwrap(),
    ];
    run(fuzzing::age, &samples, 5_000);
}
