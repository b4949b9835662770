//! What the layers that slide a window share.

use tensorkeep_tensor::op::{Pool, PoolKind, Window};
use tensorkeep_tensor::{Error, Result, Tensor};

use super::Padding;

/// The window of a layer with `N` spatial axes.
#[track_caller]
pub(super) fn window<const N: usize>(
    op: &'static str,
    kernel: [usize; N],
    stride: [usize; N],
    dilation: [usize; N],
    padding: Padding<N>,
) -> Result<Window> {
    let padding = padding.resolve(op, kernel, dilation)?;
    Ok(Window {
        stride: spatial(stride, 1),
        dilation: spatial(dilation, 1),
        padding: spatial(padding, (0, 0)),
    })
}

/// Pools over `N` spatial axes.
#[track_caller]
pub(super) fn pool<const N: usize>(
    x: &Tensor,
    kind: PoolKind,
    kernel: [usize; N],
    stride: [usize; N],
    padding: Padding<N>,
) -> Result<Tensor> {
    if x.rank() != N + 2 {
        let rule = format!("an input is [batch, channels, then {N} spatial axes]");
        return Err(Error::shape(kind.name(), rule, &[*x.shape()]).advise("reshape the input"));
    }
    let window = window(kind.name(), kernel, stride, [1; N], padding)?;
    x.pool(Pool { kind, kernel: spatial(kernel, 1), window })
}

/// The entries of `N` spatial axes, filled up to the three that operations have.
fn spatial<T: Copy, const N: usize>(entries: [T; N], rest: T) -> [T; 3] {
    let mut all = [rest; 3];
    for (slot, entry) in all.iter_mut().zip(entries) {
        *slot = entry;
    }
    all
}
