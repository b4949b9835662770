//! Mutations that know nothing of any format.

use crate::corpus::Input;

/// No input grows beyond this.
const LONGEST: usize = 1 << 16;

/// Values that lengths, counts and offsets are wrong at.
const EDGES: [u64; 12] =
    [0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, u64::MAX];

/// What mutations draw from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stock<'a> {
    pub(crate) seeds: &'a [Input],
    pub(crate) words: &'a [Vec<u8>],
}

impl Stock<'_> {
    /// The input of this number: first the seeds as they are, then mutants of them. Equal for equal seeds and numbers, so
    /// that a number is all there is to report about a crash.
    pub(crate) fn input(&self, seed: u64, number: u64) -> Vec<u8> {
        if let Some(input) = usize::try_from(number).ok().and_then(|number| self.seeds.get(number)) {
            return input.bytes.clone();
        }
        let mut rng = SplitMix(seed ^ SplitMix(number).next());
        let mut bytes = self.any_seed(&mut rng).to_vec();
        // Few changes most of the time: a mutant that is wrong in ten places is refused for the first.
        for _ in 0..1usize << rng.below(5) {
            self.mutate(&mut bytes, &mut rng);
        }
        bytes.truncate(LONGEST);
        bytes
    }

    fn any_seed(&self, rng: &mut SplitMix) -> &[u8] {
        rng.pick(self.seeds).map_or(&[], |input| &input.bytes)
    }

    fn mutate(&self, bytes: &mut Vec<u8>, rng: &mut SplitMix) {
        match rng.below(10) {
            0 => {
                if let Some(byte) = rng.pick_mut(bytes) {
                    *byte ^= 1 << rng.below(8);
                }
            }
            1 => {
                if let Some(byte) = rng.pick_mut(bytes) {
                    *byte = rng.next() as u8;
                }
            }
            2 => {
                if let Some(byte) = rng.pick_mut(bytes) {
                    *byte = byte.wrapping_add_signed(rng.below(33) as i8 - 16);
                }
            }
            3 => length_field(bytes, rng),
            4 => bytes.truncate(rng.below(bytes.len() + 1)),
            5 => {
                bytes.drain(rng.range(bytes.len(), LONGEST));
            }
            6 => {
                let copy = bytes[rng.range(bytes.len(), 64)].to_vec();
                insert(bytes, rng, &copy);
            }
            7 => {
                let noise: Vec<u8> = (0..=rng.below(16)).map(|_| rng.next() as u8).collect();
                insert(bytes, rng, &noise);
            }
            8 => {
                if let Some(word) = rng.pick(self.words) {
                    insert(bytes, rng, word);
                }
            }
            _ => {
                let other = self.any_seed(rng);
                bytes.truncate(rng.below(bytes.len() + 1));
                bytes.extend_from_slice(&other[rng.below(other.len() + 1)..]);
            }
        }
    }
}

/// Writes an integer of 1, 2, 4 or 8 bytes over what is there: an edge, or a number near how many bytes there are.
fn length_field(bytes: &mut [u8], rng: &mut SplitMix) {
    let width = 1usize << rng.below(4);
    if bytes.len() < width {
        return;
    }
    let near = (bytes.len() as u64).wrapping_add(rng.below(9) as u64).wrapping_sub(4);
    let value = if rng.below(2) == 0 { near } else { rng.pick(&EDGES).copied().unwrap_or_default() };
    let mut field = value.to_le_bytes();
    if rng.below(2) == 0 {
        field[..width].reverse();
    }
    let at = rng.below(bytes.len() - width + 1);
    bytes[at..at + width].copy_from_slice(&field[..width]);
}

/// Puts a piece somewhere, or, half of the time, over what is there.
fn insert(bytes: &mut Vec<u8>, rng: &mut SplitMix, piece: &[u8]) {
    let at = rng.below(bytes.len() + 1);
    let over = if rng.below(2) == 0 { 0 } else { piece.len().min(bytes.len() - at) };
    bytes.splice(at..at + over, piece.iter().copied());
}

/// Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014.
#[derive(Clone, Copy, Debug)]
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ z >> 31
    }

    /// A number below `end`, which is not 0; the slight bias of the remainder does no harm here.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() { None } else { items.get(self.below(items.len())) }
    }

    fn pick_mut<'a, T>(&mut self, items: &'a mut [T]) -> Option<&'a mut T> {
        if items.is_empty() { None } else { items.get_mut(self.below(items.len())) }
    }

    /// A range within the first `length` places, no longer than `longest`.
    fn range(&mut self, length: usize, longest: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(longest) + 1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn seeds(texts: &[&str]) -> Vec<Input> {
        texts.iter().map(|text| Input { name: (*text).into(), bytes: text.bytes().collect() }).collect()
    }

    #[test]
    fn an_input_is_a_function_of_seed_and_number() {
        let seeds = seeds(&["alpha", "beta"]);
        let stock = Stock { seeds: &seeds, words: &[b"word".to_vec()] };
        assert_eq!((stock.input(7, 0), stock.input(7, 1)), (b"alpha".to_vec(), b"beta".to_vec()));
        let all = |seed| (2..1000).map(|number| stock.input(seed, number)).collect::<Vec<_>>();
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
        let different: HashSet<_> = all(7).into_iter().collect();
        assert!(different.len() > 600, "{} of 998 mutants differ", different.len());
    }

    /// Each kind of mutation leaves its trace somewhere.
    #[test]
    fn every_mutation_occurs() {
        let seeds = seeds(&["abcdefgh", "ABCDEFGH"]);
        let stock = Stock { seeds: &seeds, words: &[b"<word>".to_vec()] };
        let mutants: Vec<_> = (2..20_000).map(|number| stock.input(1, number)).collect();
        let any = |trace: &dyn Fn(&[u8]) -> bool| mutants.iter().any(|mutant| trace(mutant));
        let contains =
            |piece: &'static [u8]| move |bytes: &[u8]| bytes.windows(piece.len()).any(|part| part == piece);
        assert!(any(&contains(b"abc`efgh")), "a bit flips");
        assert!(any(&contains(b"<word>")), "a word is inserted");
        assert!(any(&contains(b"\x80\0\0\0")) && any(&contains(b"\0\0\0\x80")), "lengths of both orders");
        assert!(any(&|bytes| bytes == b"abcdEFGH"), "two seeds are spliced");
        assert!(any(&|bytes| bytes == b"abc"), "the end is cut off");
        assert!(any(&|bytes| bytes == b"abgh"), "a piece is cut out");
        assert!(any(&contains(b"cdcd")), "a piece is repeated");
        assert!(any(&|bytes| bytes.is_empty()), "nothing is left");
    }

    #[test]
    fn nothing_is_drawn_from_nothing() {
        let stock = Stock { seeds: &[], words: &[] };
        (0..10_000).for_each(|number| assert!(stock.input(1, number).len() <= LONGEST));
    }
}
