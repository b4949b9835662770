//! Classes made equally frequent.

use tensorkeep_tensor::{Error, Result, philox};

use crate::grouping::group_indices;
use crate::order::{self, Stream};

/// Numbers of examples in which no class is rarer than `fraction` of the most frequent one: all examples as they are, and
/// behind them, class by class, repetitions. Of a class each example is repeated before one is repeated again; which ones come
/// one time more is a function of the seed.
///
/// Make a [`Subset`](crate::Subset) of the training part with them; the loader shuffles.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) without labels or for a fraction outside 0 to 1;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples in the result.
///
/// ```
/// use tensorkeep_data::{oversample, undersample};
///
/// let labels = ["a", "c", "c", "a", "b"];
/// assert_eq!(oversample(&labels, 1.0, 0)?, [0, 1, 2, 3, 4, 4]);
/// assert_eq!(undersample(&labels, 0)?.len(), 3);
/// assert!(oversample(&labels, f64::NAN, 0).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn oversample<L: Ord + Clone>(labels: &[L], fraction: f64, seed: u64) -> Result<Vec<usize>> {
    if !(0.0..=1.0).contains(&fraction) {
        let message = format!("a fraction of {fraction} of the most frequent class: use one from 0 to 1");
        return Err(Error::value("oversample", message));
    }
    let groups = group_indices(labels);
    let most = groups.values().map(Vec::len).max().ok_or_else(|| no_labels("oversample"))?;
    let wanted = (fraction * most as f64).round() as usize;
    let total = groups.values().map(|group| group.len().max(wanted)).fold(0, usize::saturating_add);
    order::check("oversample", total)?;
    let mut chosen: Vec<usize> = (0..labels.len()).collect();
    for (class, group) in groups.values().enumerate() {
        let extra = wanted.saturating_sub(group.len());
        chosen.extend(group.iter().cycle().take(extra - extra % group.len()));
        chosen.extend(drawn(group, extra % group.len(), seed, class));
    }
    Ok(chosen)
}

/// Numbers of examples, ascending, in which each class is as frequent as the rarest one. Which examples stay is a function of the
/// seed.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) without labels;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
#[track_caller]
pub fn undersample<L: Ord + Clone>(labels: &[L], seed: u64) -> Result<Vec<usize>> {
    order::check("undersample", labels.len())?;
    let groups = group_indices(labels);
    let least = groups.values().map(Vec::len).min().ok_or_else(|| no_labels("undersample"))?;
    let stays = groups.values().enumerate().flat_map(|(class, group)| drawn(group, least, seed, class));
    let mut chosen: Vec<usize> = stays.collect();
    chosen.sort_unstable();
    Ok(chosen)
}

/// `count` distinct examples of a class.
fn drawn(group: &[usize], count: usize, seed: u64, class: usize) -> impl Iterator<Item = usize> {
    let key = philox::child(Stream::Samples.key(seed), class as u64);
    let order = if count == 0 { Vec::new() } else { philox::permutation(key, group.len()) };
    order.into_iter().take(count).map(|i| group[i])
}

#[track_caller]
#[cold]
fn no_labels(op: &'static str) -> Error {
    Error::value(op, "no labels: pass one an example")
}
