//! Gradients that are products of matrices, gathered and computed as one: the weights of a recurrent layer get one from each step,
//! `Σₜ hₜᵀ dyₜ`, which is the product of all states and all gradients one below the other. Alone, each would write a matrix as
//! large as the weights, only to add it to the one before.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::add_to;

/// How many times as many elements as the sum the pairs that wait may have. They are shared with those who made them; what they cost
/// is the copy that lays them one below the other.
const ROOM: usize = 4;

/// A sum of products `aᵀ b`, beside what reached the value otherwise.
#[derive(Debug)]
pub(crate) struct Products {
    pairs: Vec<Pair>,
    /// Whether to lay the sum out by columns: to compute `bᵀ a`.
    by_columns: bool,
    /// Elements of all pairs together.
    elements: usize,
    /// The sum of the products of earlier pairs, as it is computed.
    sum: Option<Tensor>,
    rest: Option<Tensor>,
}

/// Two matrices with as many rows.
#[derive(Debug)]
struct Pair {
    a: Tensor,
    b: Tensor,
}

impl Products {
    pub(super) fn new(a: Tensor, b: Tensor, by_columns: bool) -> Self {
        let elements = a.elements().saturating_add(b.elements());
        Self { pairs: vec![Pair { a, b }], by_columns, elements, sum: None, rest: None }
    }

    /// Adds other products for the same value.
    pub(super) fn extend(&mut self, other: Self) -> Result<()> {
        let elements = self.elements.saturating_add(other.elements);
        if elements > self.sum_elements().saturating_mul(ROOM) {
            self.flush()?;
        }
        self.elements = self.elements.saturating_add(other.elements);
        self.pairs.extend(other.pairs);
        match other.sum {
            Some(sum) if self.by_columns == other.by_columns => add_to(&mut self.sum, sum)?,
            Some(sum) => add_to(&mut self.sum, sum.t()?)?,
            None => {}
        }
        other.rest.map_or(Ok(()), |rest| self.add(rest))
    }

    /// Adds a gradient that is no product.
    pub(super) fn add(&mut self, dy: Tensor) -> Result<()> {
        add_to(&mut self.rest, dy)
    }

    /// The transpose of the sum: `(aᵀ b)ᵀ = bᵀ a`.
    pub(super) fn transposed(self) -> Result<Self> {
        Ok(Self {
            pairs: self.pairs.into_iter().map(|Pair { a, b }| Pair { a: b, b: a }).collect(),
            by_columns: !self.by_columns,
            rest: self.rest.map(|rest| rest.t()).transpose()?,
            ..self
        })
    }

    /// Elements of the sum.
    fn sum_elements(&self) -> usize {
        let cols = |x: &Tensor| x.shape().last().copied().unwrap_or(1);
        self.pairs.first().map_or(usize::MAX, |Pair { a, b }| cols(a).saturating_mul(cols(b)))
    }

    /// Adds the products to the sum, all in one.
    fn flush(&mut self) -> Result<()> {
        let pairs = std::mem::take(&mut self.pairs);
        self.elements = 0;
        if pairs.is_empty() {
            return Ok(());
        }
        let stacked =
            |side: fn(&Pair) -> &Tensor| Tensor::concat(&pairs.iter().map(side).collect::<Vec<_>>(), 0);
        let (a, b) = (stacked(|pair| &pair.a)?, stacked(|pair| &pair.b)?);
        let (left, right) = if self.by_columns { (b.t()?, a) } else { (a.t()?, b) };
        self.sum = Some(match self.sum.take() {
            Some(sum) => left.matmul_add(&right, &sum)?,
            None => left.matmul(&right)?,
        });
        Ok(())
    }

    /// The sum as a tensor.
    pub(super) fn join(mut self) -> Result<Tensor> {
        self.flush()?;
        if let Some(sum) = self.sum.take() {
            self.add(if self.by_columns { sum.t()? } else { sum })?;
        }
        self.rest.ok_or_else(|| Error::internal("grad", "a product lost its gradient"))
    }
}
