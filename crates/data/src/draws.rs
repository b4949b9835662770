//! Random numbers of a stream, one after another.

use tensorkeep_tensor::philox;

/// The words of a stream as numbers: a function of its key.
pub(crate) struct Draws {
    key: u64,
    /// The next block.
    next: u64,
    /// What is left of the last block.
    words: Vec<u32>,
}

impl Draws {
    pub(crate) fn new(key: u64) -> Self {
        Self { key, next: 0, words: Vec::new() }
    }

    fn word(&mut self) -> u32 {
        if self.words.is_empty() {
            self.words.extend(philox::block(self.key, self.next).into_iter().rev());
            self.next += 1;
        }
        self.words.pop().unwrap_or_default()
    }

    fn long(&mut self) -> u64 {
        u64::from(self.word()) | u64::from(self.word()) << 32
    }

    /// A number in `[0, 1)`, a multiple of 2⁻⁵³.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.long() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A number in `0..n`, each as likely as another to n/2⁶⁴; `n` is at least 1.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // Lemire, *Fast Random Integer Generation in an Interval*, 2019, without the rejection: the upper half of a product.
        ((u128::from(self.long()) * n as u128) >> 64) as usize
    }

    /// A normal number.
    pub(crate) fn normal(&mut self) -> f64 {
        let [a, b] = [self.word(), self.word()];
        f64::from(philox::normal_pair(a, b)[0])
    }
}
