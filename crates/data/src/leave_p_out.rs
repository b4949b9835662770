//! Cross-validation by all subsets.

use tensorkeep_tensor::{Error, Result};

use crate::{Fold, order};

/// Every way to hold `p` of `n` examples out, one after another: `n! / (p! (n − p)!)` folds, made when they are asked for.
/// Leave-one-out is `p = 1`.
///
/// # Errors
///
/// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) if `p` is 0 or not below `n`;
/// [`ErrorKind::Limit`](tensorkeep_tensor::ErrorKind::Limit) beyond 2²⁸ examples.
///
/// ```
/// use tensorkeep_data::leave_p_out;
///
/// let held: Vec<_> = leave_p_out(3, 2)?.map(|fold| fold.held_out).collect();
/// assert_eq!(held, [[0, 1], [0, 2], [1, 2]]);
/// assert!(leave_p_out(3, 3).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[track_caller]
pub fn leave_p_out(n: usize, p: usize) -> Result<LeavePOut> {
    order::check("leave_p_out", n)?;
    if p == 0 || p >= n {
        let message = format!("{p} of {n} examples held out: hold at least 1 out, and leave at least 1");
        return Err(Error::value("leave_p_out", message));
    }
    Ok(LeavePOut { n, next: Some((0..p).collect()) })
}

/// The folds of [`leave_p_out`].
#[derive(Clone, Debug)]
pub struct LeavePOut {
    n: usize,
    /// What the next fold holds out, ascending.
    next: Option<Vec<usize>>,
}

impl Iterator for LeavePOut {
    type Item = Fold;

    fn next(&mut self) -> Option<Fold> {
        let held_out = self.next.take()?;
        self.next = following(&held_out, self.n);
        let train = (0..self.n).filter(|i| held_out.binary_search(i).is_err()).collect();
        Some(Fold { train, held_out })
    }
}

/// The subset of `0..n` that follows in lexicographic order: the last number that can grow grows by one, and those behind
/// it follow it closely.
fn following(subset: &[usize], n: usize) -> Option<Vec<usize>> {
    let p = subset.len();
    let at = (0..p).rev().find(|&at| subset[at] < n - (p - at))?;
    let (kept, first) = (&subset[..at], subset[at] + 1);
    Some(kept.iter().copied().chain((first..).take(p - at)).collect())
}
