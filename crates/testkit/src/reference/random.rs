//! Random numbers, word by word.

use tensorkeep_tensor::op::{Distribution, Random, Spec};
use tensorkeep_tensor::{Scalar, philox};

use crate::{Bounded, Expected};

pub(super) fn expect(random: &Random, spec: Spec) -> Expected {
    let value = |i: usize| {
        let words = philox::block(random.key, random.offset.wrapping_add((i / 4) as u64));
        let word = words[i % 4];
        match random.distribution {
            Distribution::Bits => Scalar::from(word as i32),
            Distribution::Uniform { low, high } => Scalar::from(philox::uniform(word, low, high)),
            Distribution::Normal { mean, deviation } => {
                // Words 0 and 1 make one pair of normals, 2 and 3 the other.
                let pair = i % 4 / 2 * 2;
                Scalar::from(philox::normal_pair(words[pair], words[pair + 1])[i % 2] * deviation + mean)
            }
            Distribution::Bernoulli { probability } => Scalar::Bool(philox::bernoulli(word, probability)),
        }
    };
    let values = (0..spec.shape.elements()).map(|i| Bounded::exact(value(i).cast(spec.dtype)));
    Expected::new(spec, values.collect())
}
