//! Every kept input, on every machine: what fuzzers start from, and what once broke a promise.

use std::collections::BTreeSet;
use std::fs;

use tensorkeep_fuzz::{TARGETS, corpus};

/// A panic names the target and the file in the lines before it.
#[test]
fn every_kept_input_keeps_its_promises() {
    let home = corpus::home();
    for target in TARGETS {
        let seeds = corpus::seeds(&home, target.name).unwrap();
        assert!(!seeds.is_empty(), "fuzz/corpus/{} is empty: add inputs to start from", target.name);
        let inputs: Vec<_> = seeds.into_iter().chain(corpus::crashes(&home, target.name).unwrap()).collect();
        for input in &inputs {
            println!("{}: {}", target.name, input.name);
            (target.run)(&input.bytes);
        }
        println!("{}: {} inputs replayed", target.name, inputs.len());
    }
}

#[test]
fn every_folder_belongs_to_a_target() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "two targets have one name");
    for kind in ["corpus", "crashes"] {
        let Ok(folders) = fs::read_dir(corpus::home().join(kind)) else {
            assert_eq!(kind, "crashes", "the corpora are gone");
            continue;
        };
        for folder in folders {
            let name = folder.unwrap().file_name().to_string_lossy().into_owned();
            assert!(targets.contains(&name), "fuzz/{kind}/{name} belongs to no target of the table");
        }
    }
}

#[test]
fn dictionaries_are_read() {
    for target in TARGETS {
        corpus::words(&corpus::home(), target.name).unwrap();
    }
}
