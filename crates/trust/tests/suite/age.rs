//! Encryption: the vectors of C2SP's CCTV, and what is refused.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use sha2::Digest;
use tensorkeep_trust::age::{
    Decryptor, Encryptor, Identity, Limits, Lock, Passphrase, Recipient, Unlock, decrypt, encrypt,
};
use tensorkeep_trust::{Code, Error};

use crate::container::for_each_flip;

/// A vector: fields as text, then the file.
struct Vector {
    fields: BTreeMap<String, Vec<String>>,
    file: Vec<u8>,
}

impl Vector {
    fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap();
        let end = bytes.windows(2).position(|pair| pair == b"\n\n").unwrap();
        let mut fields = BTreeMap::<String, Vec<String>>::new();
        for line in std::str::from_utf8(&bytes[..end]).unwrap().lines() {
            let (name, value) = line.split_once(": ").unwrap();
            fields.entry(name.into()).or_default().push(value.into());
        }
        let mut file = bytes[end + 2..].to_vec();
        if fields.contains_key("compressed") {
            let mut inflated = Vec::new();
            flate2::read::ZlibDecoder::new(file.as_slice()).read_to_end(&mut inflated).unwrap();
            file = inflated;
        }
        Self { fields, file }
    }

    fn get(&self, name: &str) -> &[String] {
        self.fields.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}

/// Everything that comes out before the end or an error, and which of the two it was.
fn released(file: &[u8], unlock: &Unlock<'_>, limits: &Limits) -> (Vec<u8>, Option<Code>) {
    let mut plaintext = Vec::new();
    let mut decryptor = match Decryptor::new(file, unlock, limits) {
        Ok(decryptor) => decryptor,
        Err(error) => return (plaintext, Some(error.code())),
    };
    let end = decryptor.read_to_end(&mut plaintext);
    let code = end.err().map(|error| error.get_ref().unwrap().downcast_ref::<Error>().unwrap().code());
    (plaintext, code)
}

/// Vectors in which a full chunk is wrongly marked as the last, or wrongly not. The reference tries both marks, and so gives out the
/// chunk before it finds out; this reader looks whether more follows, and gives out a chunk less.
const LOOKS_AHEAD: [&str; 7] = [
    "stream_no_final_full",
    "stream_no_final_two_chunks_full",
    "stream_trailing_garbage_long",
    "stream_trailing_garbage_short",
    "stream_two_final_chunks",
    "stream_two_final_chunks_full",
    "stream_two_final_chunks_second",
];

/// All 123 vectors. Armoured files, which are not read, are refused like everything else that is not an age file.
#[test]
fn the_vectors_of_cctv() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/testdata/age");
    let mut counts = BTreeMap::<&str, usize>::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name == "README.md" {
            continue;
        }
        let vector = Vector::read(&path);
        let identities: Vec<Identity> =
            vector.get("identity").iter().map(|text| Identity::parse(text).unwrap()).collect();
        let passphrases: Vec<Passphrase> =
            vector.get("passphrase").iter().map(|text| Passphrase::new(text.as_str()).unwrap()).collect();
        let unlocks = std::iter::once(Unlock::Identities(&identities)).filter(|_| !identities.is_empty());
        let mut unlocks: Vec<Unlock<'_>> =
            unlocks.chain(passphrases.iter().map(Unlock::Passphrase)).collect();
        if unlocks.is_empty() {
            unlocks.push(Unlock::Identities(&identities));
        }
        let armoured = vector.get("armored").first().is_some_and(|value| value == "yes");
        let expected = match vector.get("expect")[0].as_str() {
            "success" if !armoured => None,
            _ if ["scrypt_work_factor_23", "scrypt_work_factor_overflow"].contains(&name.as_str()) => {
                Some(Code::Limit)
            }
            _ => Some(Code::Decrypt),
        };
        // One of the keys has to fit; none of them may release anything but the payload.
        let found: Vec<_> =
            unlocks.iter().map(|unlock| released(&vector.file, unlock, &Limits::default())).collect();
        let (plaintext, code) = found.iter().find(|(_, code)| code.is_none()).unwrap_or(&found[0]);
        assert_eq!(*code, expected, "{name}");
        let hash: String = sha2::Sha256::digest(plaintext).iter().map(|byte| format!("{byte:02x}")).collect();
        match vector.get("payload").first() {
            Some(payload) if LOOKS_AHEAD.contains(&name.as_str()) => {
                assert!(&hash != payload && plaintext.len() % 65_536 == 0, "{name}");
            }
            Some(payload) if !armoured => assert_eq!(&hash, payload, "{name}"),
            _ => assert!(plaintext.is_empty(), "{name}"),
        }
        *counts.entry(if expected.is_none() { "decrypted" } else { "refused" }).or_default() += 1;
    }
    // Of the 20 that age decrypts, five are armoured.
    assert_eq!(counts, BTreeMap::from([("decrypted", 15), ("refused", 108)]));
}

/// Around the borders of chunks, in writes and reads of awkward sizes.
#[test]
fn what_was_encrypted_is_decrypted() {
    let identities = [Identity::generate().unwrap(), Identity::generate().unwrap()];
    let recipients = [identities[0].recipient(), identities[1].recipient()];
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000] {
        let plaintext: Vec<u8> = (0..length).map(|i: u32| i.to_le_bytes()[0]).collect();
        let mut encryptor = Encryptor::new(Vec::new(), &Lock::Recipients(&recipients)).unwrap();
        for piece in plaintext.chunks(40_000) {
            encryptor.write_all(piece).unwrap();
        }
        let file = encryptor.finish().unwrap();
        for identity in &identities {
            let unlock = Unlock::Identities(std::slice::from_ref(identity));
            assert_eq!(*decrypt(file.as_slice(), &unlock, &Limits::default()).unwrap(), plaintext);
            let mut decryptor = Decryptor::new(file.as_slice(), &unlock, &Limits::default()).unwrap();
            let (mut read, mut piece) = (Vec::<u8>::new(), [0; 7_919]);
            loop {
                let count = decryptor.read(&mut piece).unwrap();
                if count == 0 {
                    break;
                }
                read.extend(&piece[..count]);
            }
            assert_eq!(read, plaintext);
            assert_eq!(decryptor.read(&mut piece).unwrap(), 0, "the end stays the end");
        }
    }
    let passphrase = Passphrase::new("correct horse").unwrap().with_work_factor(4);
    let file = encrypt(b"weights", &Lock::Passphrase(&passphrase)).unwrap();
    assert_eq!(
        *decrypt(file.as_slice(), &Unlock::Passphrase(&passphrase), &Limits::default()).unwrap(),
        b"weights"
    );
}

#[test]
fn everything_else_is_one_error() {
    let identity = Identity::generate().unwrap();
    let file = encrypt(&vec![7; 150_000], &Lock::Recipients(&[identity.recipient()])).unwrap();
    let start = file.len() - (150_000 + 3 * 16);
    let chunk = 65_536 + 16;
    let (header, payload) = file.split_at(start);
    let part = |range: std::ops::Range<usize>| &payload[range];
    let other = Identity::generate().unwrap();
    let passphrase = Passphrase::new("correct horse").unwrap().with_work_factor(4);
    let protected = encrypt(b"weights", &Lock::Passphrase(&passphrase)).unwrap();
    let many = vec![identity.recipient(); 257];
    let many = encrypt(b"weights", &Lock::Recipients(&many)).unwrap();
    let last = payload.len();
    let rows: Vec<(&str, Vec<u8>, Code)> = vec![
        ("nothing", vec![], Code::Decrypt),
        ("the header alone", header.to_vec(), Code::Decrypt),
        ("cut after the first chunk", file[..start + chunk].to_vec(), Code::Decrypt),
        ("cut after the second chunk", file[..start + 2 * chunk].to_vec(), Code::Decrypt),
        (
            "chunks exchanged",
            [header, part(chunk..2 * chunk), part(0..chunk), part(2 * chunk..last)].concat(),
            Code::Decrypt,
        ),
        ("a chunk left out", [header, part(0..chunk), part(2 * chunk..last)].concat(), Code::Decrypt),
        (
            "a chunk twice",
            [header, part(0..chunk), part(0..chunk), part(chunk..last)].concat(),
            Code::Decrypt,
        ),
        ("a byte after it", [file.as_slice(), &[0]].concat(), Code::Decrypt),
        ("under a passphrase", protected.clone(), Code::Decrypt),
        ("armoured", b"-----BEGIN AGE ENCRYPTED FILE-----\n".to_vec(), Code::Decrypt),
        ("257 recipients", many, Code::Limit),
        (
            "a header without an end",
            [b"age-encryption.org/v1\n".as_slice(), &[b'a'; 70_000]].concat(),
            Code::Limit,
        ),
    ];
    let unlock = Unlock::Identities(std::slice::from_ref(&identity));
    let mut messages = std::collections::BTreeSet::new();
    for (label, file, code) in rows {
        let error = decrypt(file.as_slice(), &unlock, &Limits::default()).unwrap_err();
        assert_eq!(error.code(), code, "{label}");
        if code == Code::Decrypt {
            messages.insert(error.to_string());
        }
    }
    let wrong = Unlock::Identities(std::slice::from_ref(&other));
    messages.insert(decrypt(file.as_slice(), &wrong, &Limits::default()).unwrap_err().to_string());
    let wrong = Passphrase::new("wrong").unwrap();
    messages.insert(
        decrypt(protected.as_slice(), &Unlock::Passphrase(&wrong), &Limits::default())
            .unwrap_err()
            .to_string(),
    );
    assert_eq!(messages.len(), 1, "{messages:?}");
}

/// A writer that failed once is not written to again: a chunk would be sealed twice, or left out.
#[test]
fn a_failed_write_ends_a_file() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(1).ok_or_else(|| std::io::Error::other("no space left"))?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let recipient = Identity::generate().unwrap().recipient();
    for writes in 0..4 {
        match Encryptor::new(Full(writes), &Lock::Recipients(&[recipient])) {
            Err(error) => assert!(writes < 2 && error.code() == Code::Io, "{writes}"),
            Ok(mut encryptor) => {
                assert_eq!(encryptor.write_all(&[7; 200_000]).is_err(), writes < 5);
                assert!(encryptor.write_all(&[7]).is_err());
                assert_eq!(encryptor.finish().err().map(|error| error.code()), Some(Code::Io));
            }
        }
    }
}

#[test]
fn limits_hold() {
    let identity = Identity::generate().unwrap();
    let file = encrypt(&[7; 1000], &Lock::Recipients(&[identity.recipient()])).unwrap();
    let unlock = Unlock::Identities(std::slice::from_ref(&identity));
    let code = |limits: &Limits| decrypt(file.as_slice(), &unlock, limits).err().map(|error| error.code());
    let limits = Limits::default();
    let header = file.len() - (1000 + 16 + 16);
    let rows = [
        ("plaintext", Limits { plaintext: 1000, ..limits }, Limits { plaintext: 999, ..limits }),
        ("header", Limits { header, ..limits }, Limits { header: header - 1, ..limits }),
        ("recipients", Limits { recipients: 1, ..limits }, Limits { recipients: 0, ..limits }),
    ];
    for (label, enough, short) in rows {
        assert_eq!((code(&enough), code(&short)), (None, Some(Code::Limit)), "{label}");
    }
    let passphrase = Passphrase::new("correct horse").unwrap().with_work_factor(5);
    let file = encrypt(b"weights", &Lock::Passphrase(&passphrase)).unwrap();
    for (work_factor, expected) in [(5, None), (4, Some(Code::Limit))] {
        let found =
            decrypt(file.as_slice(), &Unlock::Passphrase(&passphrase), &Limits { work_factor, ..limits });
        assert_eq!(found.err().map(|error| error.code()), expected);
    }
    // The number is in the header, in front of the code that would authenticate it.
    let text = String::from_utf8_lossy(&file);
    for (number, expected) in
        [("40", Code::Limit), ("18446744073709551615", Code::Limit), ("99999999999999999999", Code::Decrypt)]
    {
        let asked = text.replacen(" 5\n", &format!(" {number}\n"), 1);
        let found = decrypt(asked.as_bytes(), &Unlock::Passphrase(&passphrase), &limits);
        assert_eq!(found.unwrap_err().code(), expected, "work factor 2^{number}");
    }
    for work_factor in [0, 31] {
        let passphrase = Passphrase::new("correct horse").unwrap().with_work_factor(work_factor);
        assert_eq!(encrypt(b"", &Lock::Passphrase(&passphrase)).unwrap_err().code(), Code::Limit);
    }
    assert_eq!(encrypt(b"", &Lock::Recipients(&[])).unwrap_err().code(), Code::Value);
    assert_eq!(Passphrase::new("").unwrap_err().code(), Code::Value);
}

/// Every truncation and every single flipped bit of an encrypted file is refused.
#[test]
fn no_truncation_and_no_flipped_bit_passes() {
    let identity = Identity::generate().unwrap();
    let file = encrypt(b"a signed file", &Lock::Recipients(&[identity.recipient()])).unwrap();
    let unlock = Unlock::Identities(std::slice::from_ref(&identity));
    let refused = |file: &[u8]| {
        decrypt(file, &unlock, &Limits::default()).err().is_some_and(|error| error.code() == Code::Decrypt)
    };
    for length in 0..file.len() {
        assert!(refused(&file[..length]), "{length} bytes");
    }
    for_each_flip(&file, |bit, file| assert!(refused(file), "bit {bit}"));
}

/// The pair is from the documentation of age.
#[test]
fn keys_have_one_spelling() {
    let text = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
    let recipient = Identity::parse(text).unwrap().recipient().to_string();
    assert!(recipient.starts_with("age1") && recipient.len() == 62);
    assert_eq!(Recipient::parse(&recipient).unwrap().to_string(), recipient);
    let upper = recipient.to_uppercase();
    let changed = recipient.replacen('q', "p", 1);
    for text in ["", "age1", &upper, &changed, &recipient[1..], &format!(" {recipient}"), text] {
        assert_eq!(Recipient::parse(text).unwrap_err().code(), Code::Value, "{text}");
    }
    for text in [recipient.as_str(), &text.to_lowercase(), &text[1..], ""] {
        assert_eq!(Identity::parse(text).unwrap_err().code(), Code::Key, "{text}");
    }
}
