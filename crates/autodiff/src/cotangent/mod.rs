//! What has reached a value on the way back.

mod products;
mod slices;

use tensorkeep_tensor::{Result, Shape, Tensor};

use products::Products;
use slices::Slices;

/// The sum of the gradients that have reached a value.
///
/// Gradients that come in many small parts wait for each other: a loop over the steps of a sequence reads one step of its inputs at a time, and
/// multiplies by the same weights each time.
#[derive(Debug)]
pub(crate) enum Cotangent {
    Whole(Tensor),
    Slices(Box<Slices>),
    Products(Box<Products>),
}

impl Cotangent {
    /// `dy` at a slice without gaps along `axis` of a value of `shape`, from `start` on; zero elsewhere.
    pub(crate) fn slice(dy: Tensor, shape: Shape, axis: usize, start: usize) -> Self {
        Self::Slices(Box::new(Slices::new(dy, shape, axis, start)))
    }

    /// `aᵀ b` for two matrices with as many rows, laid out by columns if so asked.
    pub(crate) fn product(a: Tensor, b: Tensor, by_columns: bool) -> Self {
        Self::Products(Box::new(Products::new(a, b, by_columns)))
    }

    /// The sum of both.
    pub(crate) fn plus(self, other: Self) -> Result<Self> {
        match (self, other) {
            (Self::Whole(a), Self::Whole(b)) => Ok(Self::Whole((a + b)?)),
            (Self::Slices(mut a), Self::Slices(b)) if a.axis() == b.axis() => {
                a.extend(*b)?;
                Ok(Self::Slices(a))
            }
            (Self::Products(mut a), Self::Products(b)) => {
                a.extend(*b)?;
                Ok(Self::Products(a))
            }
            (Self::Slices(mut slices), other) | (other, Self::Slices(mut slices)) => {
                slices.add(other.into_tensor()?)?;
                Ok(Self::Slices(slices))
            }
            (Self::Products(mut products), Self::Whole(dy))
            | (Self::Whole(dy), Self::Products(mut products)) => {
                products.add(dy)?;
                Ok(Self::Products(products))
            }
        }
    }

    /// That of a matrix, given that of its transpose.
    pub(crate) fn transposed(self) -> Result<Self> {
        match self {
            Self::Products(products) => Ok(Self::Products(Box::new(products.transposed()?))),
            other => Ok(Self::Whole(other.into_tensor()?.t()?)),
        }
    }

    /// The sum as a tensor.
    pub(crate) fn into_tensor(self) -> Result<Tensor> {
        match self {
            Self::Whole(dy) => Ok(dy),
            Self::Slices(slices) => slices.join(),
            Self::Products(products) => products.join(),
        }
    }
}

/// Adds a gradient to those that wait for nothing.
fn add_to(rest: &mut Option<Tensor>, dy: Tensor) -> Result<()> {
    *rest = Some(match rest.take() {
        Some(rest) => (rest + dy)?,
        None => dy,
    });
    Ok(())
}
