//! Products of two tensors whose axes have labels.

use super::equation::{Label, Labels};
use crate::op::{Axes, Op, Reduce, ReduceKind, View};
use crate::{Error, ErrorKind, MAX_RANK, Result, Tensor};

/// A tensor with a label for each axis, none twice.
pub(super) struct Labelled {
    tensor: Tensor,
    labels: Labels,
}

impl Labelled {
    /// An operand. Of a label that it has twice the diagonal is taken; an axis of size 1 whose label is
    /// larger elsewhere vanishes, since whatever it meets broadcasts over it.
    #[track_caller]
    pub(super) fn new(operand: &Tensor, labels: &Labels, sizes: &[(Label, usize)]) -> Result<Self> {
        let mut one = Self { tensor: operand.clone(), labels: labels.clone() };
        for &(label, size) in sizes {
            while let Some((first, second)) = one.twice(label) {
                one.tensor = one.tensor.diagonal(first as isize, second as isize)?;
                one.labels.remove(second);
                one.labels.remove(first);
                one.labels.push(label);
            }
            if let Some(axis) = one.axis(label)
                && one.tensor.shape()[axis] != size
            {
                one.tensor = one.tensor.squeeze(axis as isize)?;
                one.labels.remove(axis);
            }
        }
        Ok(one)
    }

    fn axis(&self, label: Label) -> Option<usize> {
        self.labels.iter().position(|&other| other == label)
    }

    /// The first two axes under a label.
    fn twice(&self, label: Label) -> Option<(usize, usize)> {
        let mut axes = (0..self.labels.len()).filter(|&axis| self.labels[axis] == label);
        axes.next().zip(axes.next())
    }

    /// Summed over the labels that are not needed.
    #[track_caller]
    pub(super) fn sum_except(self, needed: impl Fn(&Label) -> bool) -> Result<Self> {
        let lone = self.labels.iter().enumerate().filter(|(_, label)| !needed(label));
        let axes: Vec<isize> = lone.map(|(axis, _)| axis as isize).collect();
        if axes.is_empty() {
            return Ok(self);
        }
        let axes = Axes::resolve("einsum", self.tensor.shape(), &axes)?;
        let sum = Op::Reduce(Reduce { kind: ReduceKind::Sum, axes, keep: false });
        let tensor = Tensor::apply_one(&sum, &[&self.tensor])?;
        let labels = self.labels.into_iter().filter(|label| needed(label)).collect();
        Ok(Self { tensor, labels })
    }

    /// The axes in the order of `labels`, which are the same labels.
    #[track_caller]
    pub(super) fn arranged(&self, labels: &[Label]) -> Result<Tensor> {
        let order = labels.iter().filter_map(|&label| self.axis(label)).collect();
        Tensor::apply_one(&Op::View(View::Permute(order)), &[&self.tensor])
    }

    /// The sizes under some of the labels.
    fn sizes<'a>(&'a self, labels: &'a [Label]) -> impl Iterator<Item = usize> {
        labels.iter().filter_map(|&label| self.axis(label)).map(|axis| self.tensor.shape()[axis])
    }

    /// The product, summed over the labels that are not needed.
    #[track_caller]
    pub(super) fn times(self, other: Self, needed: impl Fn(&Label) -> bool) -> Result<Self> {
        let a = self.sum_except(|label| needed(label) || other.axis(*label).is_some())?;
        let b = other.sum_except(|label| needed(label) || a.axis(*label).is_some())?;
        let (batch, inner): (Labels, Labels) = a
            .labels
            .iter()
            .copied()
            .filter(|&label| b.axis(label).is_some())
            .partition(|label| needed(label));
        let rows: Labels = a.labels.iter().copied().filter(|&label| b.axis(label).is_none()).collect();
        let columns: Labels = b.labels.iter().copied().filter(|&label| a.axis(label).is_none()).collect();
        let labels: Labels = [&batch[..], &rows, &columns].concat().into();
        if labels.len() > MAX_RANK {
            let message = format!(
                "a product of operands needs {} axes, {MAX_RANK} are allowed: order the operands so that labels vanish sooner",
                labels.len()
            );
            return Err(Error::new(ErrorKind::Limit, "einsum", message));
        }
        let sides = Sides { a: &a, b: &b, batch: &batch, inner: &inner, rows: &rows, columns: &columns };
        let tensor = if inner.is_empty() { sides.outer()? } else { sides.matmul()? };
        Ok(Self { tensor, labels })
    }
}

/// Two factors, and which of their labels play which part.
struct Sides<'a> {
    a: &'a Labelled,
    b: &'a Labelled,
    /// In both, and in the product.
    batch: &'a [Label],
    /// In both, summed over.
    inner: &'a [Label],
    /// Only in the first.
    rows: &'a [Label],
    /// Only in the second.
    columns: &'a [Label],
}

impl Sides<'_> {
    /// Nothing to sum: `[batch.., rows.., 1..] · [batch.., 1.., columns..]`.
    #[track_caller]
    fn outer(&self) -> Result<Tensor> {
        let a = self.a.arranged(&[self.batch, self.rows].concat())?;
        let b = self.b.arranged(&[self.batch, self.columns].concat())?;
        let ones = |labels: &[Label]| vec![1; labels.len()];
        let a_sizes = self.a.sizes(self.batch).chain(self.a.sizes(self.rows)).chain(ones(self.columns));
        let b_sizes = self.b.sizes(self.batch).chain(ones(self.rows)).chain(self.b.sizes(self.columns));
        a.reshape(a_sizes.collect::<Vec<_>>())?.mul(&b.reshape(b_sizes.collect::<Vec<_>>())?)
    }

    /// One matrix product: `[batch.., Π rows, Π inner] · [batch.., Π inner, Π columns]`.
    #[track_caller]
    fn matmul(&self) -> Result<Tensor> {
        let a = self.a.arranged(&[self.batch, self.rows, self.inner].concat())?;
        let b = self.b.arranged(&[self.batch, self.inner, self.columns].concat())?;
        let rows: usize = self.a.sizes(self.rows).product();
        let inner: usize = self.a.sizes(self.inner).product();
        let columns: usize = self.b.sizes(self.columns).product();
        let mut batch: Vec<usize> = self.a.sizes(self.batch).collect();
        let result = [batch.clone(), self.a.sizes(self.rows).collect(), self.b.sizes(self.columns).collect()];
        if batch.len() + 2 > MAX_RANK {
            batch = vec![batch.iter().product()];
        }
        let a = a.reshape([&batch[..], &[rows, inner]].concat())?;
        let b = b.reshape([&batch[..], &[inner, columns]].concat())?;
        a.matmul(&b)?.reshape(result.concat())
    }
}
