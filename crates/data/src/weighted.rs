//! Examples drawn by weight.

use tensorkeep_tensor::{Error, Result};

use crate::draws::Draws;
use crate::grouping::number;
use crate::{Sampler, order};

/// Draws examples with chances in proportion to their weights.
///
/// With replacement each draw has the same chances; without, what was drawn is out of the next draws.
///
/// ```
/// use tensorkeep_data::{Sampler, WeightedSampler, balanced_weights};
///
/// let weights = balanced_weights(&["cat", "dog", "dog", "dog"]);
/// let drawn = WeightedSampler::new(&weights, 1000)?.order(7)?; // as many cats as dogs, about
/// assert!((400..600).contains(&drawn.iter().filter(|&&i| i == 0).count()));
///
/// let each = WeightedSampler::new(&[1.0, 0.0, 3.0], 2)?.without_replacement()?.order(7)?;
/// assert!(each == [0, 2] || each == [2, 0]);
/// assert!(WeightedSampler::new(&[1.0, -1.0], 1).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedSampler {
    tree: Tree,
    /// How many examples can be drawn at all.
    positive: usize,
    count: usize,
    replacement: bool,
}

impl WeightedSampler {
    /// `count` draws an epoch, with replacement.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for no draws, for weights that are negative, NaN or infinite
    /// (alone or in sum), and if none is above 0; [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ weights or
    /// draws.
    #[track_caller]
    pub fn new(weights: &[f64], count: usize) -> Result<Self> {
        order::check("weighted_sampler", weights.len().max(count))?;
        if let Some((i, weight)) =
            weights.iter().enumerate().find(|(_, weight)| !(0.0..f64::INFINITY).contains(*weight))
        {
            let message = format!("weight {weight} of example {i}: use finite numbers from 0 on");
            return Err(Error::value("weighted_sampler", message));
        }
        let tree = Tree::new(weights);
        let total = tree.total();
        if count == 0 || !(total > 0.0 && total.is_finite()) {
            let message = format!(
                "{count} draws from {} weights of sum {total}: draw at least 1, from weights of finite sum of which one is above 0",
                weights.len()
            );
            return Err(Error::value("weighted_sampler", message));
        }
        let positive = weights.iter().filter(|weight| **weight > 0.0).count();
        Ok(Self { tree, positive, count, replacement: true })
    }

    /// The same without replacement: no example comes twice in an epoch.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if fewer examples have weights above 0 than are to be drawn.
    #[track_caller]
    pub fn without_replacement(self) -> Result<Self> {
        if self.count > self.positive {
            let message = format!(
                "{} draws without replacement from {} weights above 0: draw at most so many",
                self.count, self.positive
            );
            return Err(Error::value("weighted_sampler", message));
        }
        Ok(Self { replacement: false, ..self })
    }
}

impl Sampler for WeightedSampler {
    fn len(&self) -> usize {
        self.count
    }

    fn order(&self, key: u64) -> Result<Vec<usize>> {
        let mut draws = Draws::new(key);
        if self.replacement {
            return Ok((0..self.count).map(|_| self.tree.at(draws.unit())).collect());
        }
        let mut tree = self.tree.clone();
        let draw = |_| {
            let i = tree.at(draws.unit());
            tree.remove(i);
            i
        };
        Ok((0..self.count).map(draw).collect())
    }
}

/// A weight for each example, by which each label is drawn as often as another: `n / (labels · count of the label)`.
pub fn balanced_weights<L: Ord>(labels: &[L]) -> Vec<f64> {
    let (numbers, counts) = number(labels);
    let weight = |label: usize| labels.len() as f64 / (counts.len() as f64 * counts[label] as f64);
    numbers.into_iter().map(weight).collect()
}

/// Sums of weights as a binary tree: node `i` is the sum of nodes `2i` and `2i + 1`, node 1 that of all, and the second half
/// holds the weights. A weight that is removed leaves exact sums of the others, not differences with errors of their own.
#[derive(Clone, Debug, PartialEq)]
struct Tree(Vec<f64>);

impl Tree {
    fn new(weights: &[f64]) -> Self {
        let leaves = weights.len().next_power_of_two();
        let mut sums = vec![0.0; 2 * leaves];
        sums[leaves..leaves + weights.len()].copy_from_slice(weights);
        for i in (1..leaves).rev() {
            sums[i] = sums[2 * i] + sums[2 * i + 1];
        }
        Self(sums)
    }

    fn total(&self) -> f64 {
        self.0[1]
    }

    /// The weight in whose piece of the row of all weights the share `unit` in `[0, 1)` of the total lies. Never one of 0.
    fn at(&self, unit: f64) -> usize {
        let leaves = self.0.len() / 2;
        let (mut node, mut rest) = (1, unit * self.total());
        while node < leaves {
            let (left, right) = (self.0[2 * node], self.0[2 * node + 1]);
            // Rounding may carry the rest to the end of a piece: what is empty is never entered.
            let go_left = right == 0.0 || (left > 0.0 && rest < left);
            if !go_left {
                rest -= left;
            }
            node = 2 * node + usize::from(!go_left);
        }
        node - leaves
    }

    fn remove(&mut self, i: usize) {
        let mut node = self.0.len() / 2 + i;
        self.0[node] = 0.0;
        while node > 1 {
            node /= 2;
            self.0[node] = self.0[2 * node] + self.0[2 * node + 1];
        }
    }
}
