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
    sum: Option<Sum>,
    rest: Option<Tensor>,
}

/// `aᵀ b`, or its transpose `bᵀ a`.
#[derive(Debug)]
struct Sum {
    value: Tensor,
    is_transpose: bool,
}

impl Sum {
    /// In one of the layouts, as a view.
    fn laid_out(self, transpose: bool) -> Result<Tensor> {
        if self.is_transpose == transpose { Ok(self.value) } else { self.value.t() }
    }
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
        self.sum = match (self.sum.take(), other.sum) {
            (Some(ours), Some(theirs)) => {
                let is_transpose = ours.is_transpose;
                Some(Sum { value: (ours.value + theirs.laid_out(is_transpose)?)?, is_transpose })
            }
            (ours, theirs) => ours.or(theirs),
        };
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
            sum: self.sum.map(|Sum { value, is_transpose }| Sum { value, is_transpose: !is_transpose }),
            rest: self.rest.map(|rest| rest.t()).transpose()?,
            ..self
        })
    }

    /// Elements of the sum.
    fn sum_elements(&self) -> usize {
        self.pairs.first().map_or(usize::MAX, |Pair { a, b }| columns(a).saturating_mul(columns(b)))
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
        let is_transpose = match &self.sum {
            Some(sum) => sum.is_transpose,
            None => self.pays_transposed(&a, &b),
        };
        let (left, right) = if is_transpose { (b.t()?, a) } else { (a.t()?, b) };
        let value = match self.sum.take() {
            Some(sum) => left.matmul_add(&right, &sum.value)?,
            None => left.matmul(&right)?,
        };
        self.sum = Some(Sum { value, is_transpose });
        Ok(())
    }

    /// Whether to compute `bᵀ a`: as the sum is to be laid out, unless its left operand is much the wider one. That is read against
    /// its layout, which costs more than to turn the sum if there are many rows.
    fn pays_transposed(&self, a: &Tensor, b: &Tensor) -> bool {
        let (of_a, of_b) = (columns(a), columns(b));
        let (left, right) = if self.by_columns { (of_b, of_a) } else { (of_a, of_b) };
        let rows = a.shape().first().copied().unwrap_or(1);
        self.by_columns != (left / 2 >= right && rows / 2 >= right)
    }

    /// The sum as a tensor.
    pub(super) fn join(mut self) -> Result<Tensor> {
        self.flush()?;
        if let Some(sum) = self.sum.take() {
            let by_columns = self.by_columns;
            let sum = sum.laid_out(by_columns)?.contiguous()?;
            self.add(if by_columns { sum.t()? } else { sum })?;
        }
        self.rest.ok_or_else(|| Error::internal("grad", "a product lost its gradient"))
    }
}

/// Columns of a matrix.
fn columns(x: &Tensor) -> usize {
    x.shape().last().copied().unwrap_or(1)
}
