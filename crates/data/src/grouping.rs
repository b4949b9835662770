//! Which examples share a label.

use std::collections::BTreeMap;

/// The places of each label, in order. Labels come in their own order.
///
/// ```
/// use tensorkeep_data::{group_counts, group_indices};
///
/// let labels = ["b", "a", "b"];
/// assert_eq!(group_indices(&labels)["b"], [0, 2]);
/// assert_eq!(group_counts(&labels)["b"], 2);
/// ```
pub fn group_indices<L: Ord + Clone>(labels: &[L]) -> BTreeMap<L, Vec<usize>> {
    let mut groups: BTreeMap<L, Vec<usize>> = BTreeMap::new();
    for (i, label) in labels.iter().enumerate() {
        match groups.get_mut(label) {
            Some(group) => group.push(i),
            None => {
                groups.insert(label.clone(), vec![i]);
            }
        }
    }
    groups
}

/// How often each label occurs.
pub fn group_counts<L: Ord + Clone>(labels: &[L]) -> BTreeMap<L, usize> {
    group_indices(labels).into_iter().map(|(label, group)| (label, group.len())).collect()
}

/// The label of each example as a number, and how many examples have each. Numbers are given in the order in which
/// labels are met first.
pub(crate) fn number<L: Ord>(labels: &[L]) -> (Vec<usize>, Vec<usize>) {
    let (mut known, mut counts) = (BTreeMap::new(), Vec::new());
    let numbers = labels.iter().map(|label| {
        let number = *known.entry(label).or_insert(counts.len());
        match counts.get_mut(number) {
            Some(count) => *count += 1,
            None => counts.push(1),
        }
        number
    });
    (numbers.collect(), counts)
}
