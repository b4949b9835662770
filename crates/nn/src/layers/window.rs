//! What the layers that slide a window share.

use tensorkeep_tensor::op::{Op, Pool, PoolKind, Window};
use tensorkeep_tensor::{Error, Outputs, Result, Tensor};

use super::Padding;
use crate::Settings;

/// The settings of a pool: its kernel, stride and padding.
#[track_caller]
pub(super) fn settings<const N: usize>(
    kernel: &[usize; N],
    stride: &[usize; N],
    padding: &Padding<N>,
) -> Result<Settings> {
    let settings = Settings::new().with_sizes("kernel", kernel)?.with_sizes("stride", stride)?;
    Ok(settings.with("padding", padding.setting()?))
}

/// The kernel, stride and padding that [`settings`] tells.
#[track_caller]
pub(super) fn take_settings<const N: usize>(
    settings: &mut Settings,
) -> Result<([usize; N], [usize; N], Padding<N>)> {
    let (kernel, stride) = (settings.take_sizes("kernel")?, settings.take_sizes("stride")?);
    Ok((kernel, stride, Padding::of_setting(settings.take("padding")?)?))
}

/// The window of a layer with `N` spatial axes.
pub(super) fn window<const N: usize>(
    kernel: [usize; N],
    stride: [usize; N],
    dilation: [usize; N],
    padding: Padding<N>,
) -> Window {
    Window {
        stride: spatial(stride, 1),
        dilation: spatial(dilation, 1),
        padding: spatial(padding.resolve(kernel, dilation), (0, 0)),
    }
}

/// Pools over `N` spatial axes: the result, and for the largest elements their indices.
#[track_caller]
pub(super) fn pool<const N: usize>(
    x: &Tensor,
    kind: PoolKind,
    kernel: [usize; N],
    window: Window,
) -> Result<Outputs> {
    require_rank::<N>(kind.name(), x)?;
    Tensor::apply(&Op::Pool(Pool { kind, kernel: spatial(kernel, 1), window }), &[x])
}

/// The first result of [`pool`].
#[track_caller]
pub(super) fn pooled<const N: usize>(
    x: &Tensor,
    kind: PoolKind,
    kernel: [usize; N],
    window: Window,
) -> Result<Tensor> {
    match pool(x, kind, kernel, window)?.into_iter().next() {
        Some(pooled) => Ok(pooled),
        None => Err(Error::internal(kind.name(), "pooling gave no result")),
    }
}

/// Pools to a size with windows that are all alike along an axis.
#[track_caller]
pub(super) fn uniform<const N: usize>(x: &Tensor, kind: PoolKind, size: [usize; N]) -> Result<Tensor> {
    require_rank::<N>(kind.name(), x)?;
    let (mut kernel, mut stride) = ([1; N], [1; N]);
    for (axis, (&n, m)) in x.shape()[2..].iter().zip(size).enumerate() {
        if m == 0 || n < m {
            let message =
                format!("{n} elements of spatial axis {axis} cannot fill {m} windows: use fewer, at least 1");
            return Err(Error::value(kind.name(), message));
        }
        (stride[axis], kernel[axis]) = (n / m, n - (m - 1) * (n / m));
    }
    pooled(x, kind, kernel, window(kernel, stride, [1; N], Padding::Valid))
}

/// Folds the spatial axes, of which there may be any number, and keeps them at size 1.
#[track_caller]
pub(super) fn over_space(
    op: &'static str,
    x: &Tensor,
    fold: impl FnOnce(&Tensor) -> Result<Tensor>,
) -> Result<Tensor> {
    let sizes = x.shape().sizes();
    if sizes.len() < 3 || sizes[2..].contains(&0) {
        let rule = "an input is [batch, channels, then spatial axes] with elements";
        return Err(Error::shape(op, rule, &[*x.shape()]).advise("reshape the input"));
    }
    let kept: Vec<usize> = sizes.iter().enumerate().map(|(axis, &n)| if axis < 2 { n } else { 1 }).collect();
    fold(&x.flatten(2)?)?.reshape(kept)
}

/// Refuses what has not `N` spatial axes.
#[track_caller]
pub(super) fn require_rank<const N: usize>(op: &'static str, x: &Tensor) -> Result<()> {
    if x.rank() == N + 2 {
        return Ok(());
    }
    let rule = format!("an input is [batch, channels, then {N} spatial axes]");
    Err(Error::shape(op, rule, &[*x.shape()]).advise("reshape the input"))
}

/// Refuses what does not fall into groups.
#[track_caller]
pub(super) fn require_groups(op: &'static str, inputs: usize, outputs: usize, groups: usize) -> Result<()> {
    if groups > 0 && inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups) {
        return Ok(());
    }
    let message = format!(
        "{inputs} inputs and {outputs} outputs do not divide into {groups} groups: use a common divisor"
    );
    Err(Error::value(op, message))
}

/// The sizes of the kernel of a weight; `axes` says what its first two axes are.
#[track_caller]
pub(super) fn kernel<const N: usize>(op: &'static str, weight: &Tensor, axes: &str) -> Result<[usize; N]> {
    match weight.shape().sizes() {
        [_, _, sizes @ ..] if sizes.len() == N => Ok(std::array::from_fn(|axis| sizes[axis])),
        _ => {
            let rule = format!("a weight is [{axes}, then {N} spatial axes]");
            Err(Error::shape(op, rule, &[*weight.shape()]).advise("use a weight of that rank"))
        }
    }
}

/// A weight turned round along each spatial axis.
#[track_caller]
pub(super) fn flipped<const N: usize>(weight: &Tensor) -> Result<Tensor> {
    (2..2 + N as isize).try_fold(weight.clone(), |weight, axis| weight.flip(axis))
}

/// Adds a number to each channel.
#[track_caller]
pub(super) fn biased<const N: usize>(y: Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    match bias {
        Some(bias) => y.add(&bias.reshape([&[bias.elements()][..], &[1; N]].concat())?),
        None => Ok(y),
    }
}

/// The entries of `N` spatial axes, filled up to the three that operations have.
pub(super) fn spatial<T: Copy, const N: usize>(entries: [T; N], rest: T) -> [T; 3] {
    let mut all = [rest; 3];
    for (slot, entry) in all.iter_mut().zip(entries) {
        *slot = entry;
    }
    all
}
