//! Cross-validation by k folds.

use std::cmp::Reverse;

use tensorkeep_tensor::{Error, Result};

use crate::Fold;
use crate::grouping::number;
use crate::order::{self, Stream};

/// Cuts examples into `k` parts, each of which is held out once.
///
/// Folds are made one at a time, when the iterator is asked: `k` may be as large as the number of examples (leave-one-out).
///
/// ```
/// use tensorkeep_data::KFold;
///
/// let sizes: Vec<usize> = KFold::new(3).of(11)?.map(|fold| fold.held_out.len()).collect();
/// assert_eq!(sizes, [4, 4, 3]);
/// assert!(KFold::new(12).of(11).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KFold {
    k: usize,
    seed: Option<u64>,
}

impl KFold {
    /// `k` folds of consecutive examples.
    pub fn new(k: usize) -> Self {
        Self { k, seed: None }
    }

    /// The same with examples in random order.
    #[must_use]
    pub fn shuffle(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    #[track_caller]
    fn check(&self, n: usize, what: &str) -> Result<()> {
        order::check("k_fold", n)?;
        if self.k < 2 || self.k > n {
            let message = format!("{} folds of {n} {what}: use at least 2 and at most one each", self.k);
            return Err(Error::value("k_fold", message));
        }
        Ok(())
    }

    /// Folds of `n` examples. Where `k` does not divide `n`, the first folds hold one more out.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for fewer than 2 folds or more than examples;
    /// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
    #[track_caller]
    pub fn of(&self, n: usize) -> Result<Folds> {
        self.check(n, "examples")?;
        let order = order::maybe(Stream::Folds, self.seed, n);
        let mut fold_of = vec![0; n];
        let mut rest = order.as_slice();
        for (fold, size) in sizes(n, self.k).enumerate() {
            let (part, behind) = rest.split_at(size);
            part.iter().for_each(|&i| fold_of[i] = fold);
            rest = behind;
        }
        Ok(Folds { order, fold_of, folds: 0..self.k })
    }

    /// Folds in which each label is as often as in the whole, to one example.
    ///
    /// # Errors
    ///
    /// As for [`of`](Self::of), and if a label has fewer than `k` examples.
    #[track_caller]
    pub fn stratified<L: Ord>(&self, labels: &[L]) -> Result<Folds> {
        let (n, k) = (labels.len(), self.k);
        self.check(n, "examples")?;
        let (numbers, counts) = number(labels);
        if let Some(&least) = counts.iter().min().filter(|&&least| least < k) {
            let message =
                format!("a label has {least} examples, and each of {k} folds needs one: use fewer folds");
            return Err(Error::value("k_fold", message));
        }
        // Were the examples in the order of their labels, fold f would hold out every k-th from the f-th on. That says how
        // many of each label go to which fold; the examples themselves are dealt in their own order.
        let mut shares = Vec::with_capacity(counts.len());
        let mut start = 0;
        for &count in &counts {
            let mut folds: Vec<usize> = (start..start + count).map(|place| place % k).collect();
            folds.sort_unstable();
            shares.push(folds.into_iter());
            start += count;
        }
        let order = order::maybe(Stream::Folds, self.seed, n);
        let mut fold_of = vec![0; n];
        for &i in &order {
            fold_of[i] = shares[numbers[i]].next().unwrap_or_default();
        }
        Ok(Folds { order, fold_of, folds: 0..k })
    }

    /// Folds in which all examples of a group are together, of sizes as equal as the groups let them be: the largest group first,
    /// each goes to the fold with the fewest examples. With a seed groups are dealt in random order.
    ///
    /// # Errors
    ///
    /// As for [`of`](Self::of), with groups for examples.
    #[track_caller]
    pub fn grouped<G: Ord>(&self, groups: &[G]) -> Result<Folds> {
        let (numbers, counts) = number(groups);
        order::check("k_fold", groups.len())?;
        self.check(counts.len(), "groups")?;
        let mut dealt = order::maybe(Stream::Folds, self.seed, counts.len());
        if self.seed.is_none() {
            dealt.sort_by_key(|&group| Reverse(counts[group]));
        }
        let (mut sizes, mut fold_of_group) = (vec![0; self.k], vec![0; counts.len()]);
        for group in dealt {
            let fold = (0..self.k).min_by_key(|&fold| sizes[fold]).unwrap_or_default();
            sizes[fold] += counts[group];
            fold_of_group[group] = fold;
        }
        let fold_of = numbers.into_iter().map(|group| fold_of_group[group]).collect();
        Ok(Folds { order: (0..groups.len()).collect(), fold_of, folds: 0..self.k })
    }
}

/// The sizes of `k` parts of `n`, the first ones larger by one where they have to be.
fn sizes(n: usize, k: usize) -> impl Iterator<Item = usize> {
    (0..k).map(move |fold| n / k + usize::from(fold < n % k))
}

/// The folds of a cross-validation. Made by [`KFold`].
#[derive(Clone, Debug)]
pub struct Folds {
    order: Vec<usize>,
    /// In which fold each example is held out.
    fold_of: Vec<usize>,
    folds: std::ops::Range<usize>,
}

impl Iterator for Folds {
    type Item = Fold;

    fn next(&mut self) -> Option<Fold> {
        let fold = self.folds.next()?;
        let (held_out, train) = self.order.iter().partition(|&&i| self.fold_of[i] == fold);
        Some(Fold { train, held_out })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.folds.size_hint()
    }
}

impl ExactSizeIterator for Folds {}
