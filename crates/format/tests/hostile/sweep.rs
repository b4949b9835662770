//! All truncations and all flips of one bit: MF-02, MF-03; and manifests that are changed at random under digests
//! that are right.

use tensorkeep_format::{Code, LoadLimits, SliceReader, StreamReader, fuzzing};

use crate::alone;
use crate::craft::{sample, sample_data, sample_file, seal, seal_parts};

fn codes(bytes: &[u8]) -> (Option<Code>, Option<Code>) {
    let limits = LoadLimits::default();
    let sliced = SliceReader::new(bytes, &limits).and_then(|reader| reader.verify());
    let streamed = StreamReader::new(bytes, &limits).and_then(StreamReader::verify);
    (sliced.err().map(|error| error.code()), streamed.err().map(|error| error.code()))
}

fn files() -> [Vec<u8>; 2] {
    [sample_file(), seal_parts(&sample().encode(), Some(b"a block of signatures"), &sample_data())]
}

#[test]
fn every_truncation_is_refused() {
    let _alone = alone();
    for file in files() {
        assert_eq!(codes(&file), (None, None));
        for length in 0..file.len() {
            assert_eq!(codes(&file[..length]), (Some(Code::Trunc), Some(Code::Trunc)), "{length} bytes");
        }
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let _alone = alone();
    for mut file in files() {
        for bit in 0..file.len() * 8 {
            file[bit / 8] ^= 1 << (bit % 8);
            let (sliced, streamed) = codes(&file);
            assert!(sliced.is_some() && sliced == streamed, "bit {bit}: {sliced:?} and {streamed:?}");
            file[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

/// Bytes of a manifest, exchanged, inserted, removed and doubled, sealed again: past the digests, at the parser.
#[test]
fn changed_manifests_keep_the_promises() {
    let _alone = alone();
    let good = sample().encode();
    // The generator of Knuth's MMIX; its upper bits are good.
    let mut state = 1_u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=below(3) {
            let at = below(bytes.len());
            match below(4) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes.insert(at, below(256) as u8),
                2 => drop(bytes.remove(at)),
                _ => {
                    let end = (at + below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        fuzzing::container(&seal(&bytes));
    }
}
