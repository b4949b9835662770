//! Every truncation and every flipped bit of small files.
//!
//! These formats have no digest, but for the checksum of NPZ: a flipped bit in a tensor is another tensor. So what is
//! asked is that nothing panics, that a truncation is never accepted, and that what is accepted is what writing it
//! again gives.

use tensorkeep_format::{
    Code, DType, Rename, SafeTensors, fuzzing, read_npy, write_npy, write_npz, write_safetensors,
};

use super::zip::{archive, deflated};
use super::{Row, counting, limits, npz};

struct Sample {
    name: &'static str,
    bytes: Vec<u8>,
    accepts: fn(&[u8]) -> bool,
    /// Panics if a promise of the format is broken.
    promises: fn(&[u8]),
}

fn samples() -> Vec<Sample> {
    let (a, b) = (counting(DType::F32, &[2, 3]), counting(DType::U8, &[5]));
    let mut safetensors = Vec::new();
    write_safetensors(&mut safetensors, &[("encoder.weight", &a), ("bias", &b)], &[("format", "pt")])
        .unwrap();
    let (mut npy, mut stored) = (Vec::new(), Vec::new());
    write_npy(&mut npy, &a).unwrap();
    write_npz(&mut stored, &[("weight", &a), ("bias", &b)]).unwrap();
    let packed = archive(&[deflated("weight.npy", &npy), deflated("bias.npy", &npy)]);
    let accepts_safetensors = |file: &[u8]| SafeTensors::read(file, &limits(), &Rename::default()).is_ok();
    let accepts_npy = |file: &[u8]| read_npy(file, &limits()).is_ok();
    let accepts_npz = |file: &[u8]| npz::read_all(file, &limits()).is_ok();
    vec![
        Sample {
            name: "safetensors",
            bytes: safetensors,
            accepts: accepts_safetensors,
            promises: fuzzing::safetensors,
        },
        Sample { name: "npy", bytes: npy, accepts: accepts_npy, promises: fuzzing::npy },
        Sample { name: "npz, stored", bytes: stored, accepts: accepts_npz, promises: fuzzing::npz },
        Sample { name: "npz, deflated", bytes: packed, accepts: accepts_npz, promises: fuzzing::npz },
    ]
}

#[test]
fn every_truncation_is_refused() {
    for Sample { name, bytes, accepts, promises } in samples() {
        assert!(accepts(&bytes));
        for length in 0..bytes.len() {
            promises(&bytes[..length]);
            assert!(!accepts(&bytes[..length]), "{name}, {length} bytes");
        }
        println!("{name}: {} truncations", bytes.len());
    }
}

#[test]
fn no_flipped_bit_does_harm() {
    for Sample { name, bytes, accepts, promises } in samples() {
        let mut accepted = 0;
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            promises(&damaged);
            accepted += usize::from(accepts(&damaged));
        }
        println!("{name}: {accepted} of {} flipped bits make another file that is right", bytes.len() * 8);
    }
}

/// Hostile files keep the promises too.
#[test]
fn promises_hold_for_hostile_files() {
    type Promises = fn(&[u8]);
    let tables: [(Vec<Row>, Promises); 3] = [
        (super::safetensors::rows(), fuzzing::safetensors),
        (super::npy::rows(), fuzzing::npy),
        (npz::rows(), fuzzing::npz),
    ];
    for (rows, promises) in &tables {
        rows.iter().for_each(|row| promises(&row.file));
    }
}

/// An archive's checksums cover its arrays: of its bits, only those that no reader looks at may be flipped.
#[test]
fn no_flipped_bit_of_an_array_in_an_archive_is_accepted() {
    let array = counting(DType::F32, &[16]);
    let mut bytes = Vec::new();
    write_npz(&mut bytes, &[("a", &array)]).unwrap();
    let start = bytes.len() - 22 - (46 + 5) - 64 - 128;
    assert!(bytes[start..].starts_with(b"\x93NUMPY"));
    for bit in start * 8..(start + 128 + 64) * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(npz::read_all(&damaged, &limits()).unwrap_err().code(), Code::DataDigest);
    }
}
