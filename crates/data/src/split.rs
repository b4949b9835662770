//! Training and held-out parts.

use std::collections::BTreeMap;

use tensorkeep_tensor::{Error, Result};

use crate::grouping::number;
use crate::order::{self, Stream};
use crate::{Fold, Share};

/// Holds a share of the examples out. What is held out is a function of the seed; without one it is the end.
///
/// ```
/// use tensorkeep_data::Split;
///
/// let fold = Split::new(0.25).of(8)?;
/// assert_eq!((&fold.train[..], &fold.held_out[..]), (&[0, 1, 2, 3, 4, 5][..], &[6, 7][..]));
///
/// let labels = ["a", "a", "a", "a", "b", "b"];
/// let fold = Split::new(3).shuffle(7).stratified(&labels)?; // two of a, one of b
/// assert_eq!(fold.held_out.iter().filter(|&&i| labels[i] == "a").count(), 2);
///
/// assert!(Split::new(1.5).of(8).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    held_out: Share,
    seed: Option<u64>,
}

impl Split {
    /// Holds a fraction out (`0.2`) or so many (`1000usize`).
    pub fn new(held_out: impl Into<Share>) -> Self {
        Self { held_out: held_out.into(), seed: None }
    }

    /// The same with what is held out drawn at random, and both parts in random order.
    #[must_use]
    pub fn shuffle(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// The parts of `n` examples.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a part would be empty;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    #[track_caller]
    pub fn of(&self, n: usize) -> Result<Fold> {
        order::check("split", n)?;
        let held = self.held_out.of("split", n, "examples")?;
        let mut train = order::maybe(Stream::Split, self.seed, n);
        let held_out = train.split_off(n - held);
        Ok(Fold { train, held_out })
    }

    /// The same with each label in both parts as often as in the whole, to one example. The size of the parts stays exact:
    /// rounding favours the labels that it would wrong most.
    ///
    /// # Errors
    ///
    /// As for [`of`](Self::of).
    #[track_caller]
    pub fn stratified<L: Ord>(&self, labels: &[L]) -> Result<Fold> {
        let n = labels.len();
        order::check("split", n)?;
        let held = self.held_out.of("split", n, "examples")?;
        let (numbers, counts) = number(labels);
        // How many of each label are still to go to the training part.
        let mut left: Vec<usize> =
            counts.iter().zip(quotas(&counts, held, n)).map(|(n, held)| n - held).collect();
        let order = order::maybe(Stream::Split, self.seed, n);
        let (train, held_out) = order.into_iter().partition(|&i| {
            let left = numbers.get(i).and_then(|&label| left.get_mut(label)).filter(|left| **left > 0);
            left.map(|left| *left -= 1).is_some()
        });
        Ok(Fold { train, held_out })
    }

    /// The same with all examples of a group in one part: the share is one of the groups. Without a seed the last groups, in
    /// their own order, are held out.
    ///
    /// # Errors
    ///
    /// As for [`of`](Self::of), if a part would have no group.
    #[track_caller]
    pub fn grouped<G: Ord>(&self, groups: &[G]) -> Result<Fold> {
        order::check("split", groups.len())?;
        let mut held_out: BTreeMap<&G, bool> = groups.iter().map(|group| (group, false)).collect();
        let n = held_out.len();
        let held = self.held_out.of("split", n, "groups")?;
        let mut flags: Vec<&mut bool> = held_out.values_mut().collect();
        for i in order::maybe(Stream::Split, self.seed, n).into_iter().skip(n - held) {
            if let Some(flag) = flags.get_mut(i) {
                **flag = true;
            }
        }
        let is_held =
            |&i: &usize| groups.get(i).and_then(|group| held_out.get(group)).is_some_and(|&held| held);
        let (held_out, train) = (0..groups.len()).partition(is_held);
        Ok(Fold { train, held_out })
    }
}

/// How many of each count `n_c` to take so that `held` of `n` are taken: the whole part of `held n_c / n`, and one more where the
/// fraction is largest (Hamilton's method of apportionment).
fn quotas(counts: &[usize], held: usize, n: usize) -> Vec<usize> {
    let product = |count: usize| held as u128 * count as u128;
    let whole = |&count: &usize| (product(count) / n.max(1) as u128) as usize;
    let mut quotas: Vec<usize> = counts.iter().map(whole).collect();
    let missing = held - quotas.iter().sum::<usize>();
    let mut by_fraction: Vec<usize> = (0..counts.len()).collect();
    by_fraction.sort_by_key(|&i| std::cmp::Reverse(product(counts[i]) % n.max(1) as u128));
    for i in by_fraction.into_iter().take(missing) {
        quotas[i] += 1;
    }
    quotas
}

/// Consecutive parts of `n` examples and, last, what is left of them: `parts(10, &[0.5.into(), 2.into()], None)` has sizes
/// 5, 2 and 3. With a seed the examples are in random order first.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if a part or the rest would be empty;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
#[track_caller]
pub fn parts(n: usize, shares: &[Share], seed: Option<u64>) -> Result<Vec<Vec<usize>>> {
    order::check("parts", n)?;
    let mut rest = order::maybe(Stream::Split, seed, n);
    let mut parts = Vec::with_capacity(shares.len() + 1);
    for share in shares {
        let count = share.of("parts", n, "examples")?;
        if count >= rest.len() {
            let message = format!(
                "{share} of {n} examples, where {} are left, leaves a part empty: use smaller shares",
                rest.len()
            );
            return Err(Error::value("parts", message));
        }
        let behind = rest.split_off(count);
        parts.push(std::mem::replace(&mut rest, behind));
    }
    parts.push(rest);
    Ok(parts)
}
