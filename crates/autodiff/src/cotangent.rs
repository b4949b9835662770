//! What has reached a value on the way back.
//!
//! Slices are gathered until the value's own operation is reached, and then joined: to add each as zeros of the whole size
//! would make a loop over the steps of a sequence quadratic in its length.

use tensorkeep_tensor::{Result, Shape, Tensor};

use crate::tape::Gradient;

/// The sum of the gradients that have reached a value.
#[derive(Debug)]
pub(crate) enum Cotangent {
    Whole(Tensor),
    Slices(Box<Slices>),
}

/// Gradients of slices along an axis, beside what reached the whole value.
#[derive(Debug)]
pub(crate) struct Slices {
    shape: Shape,
    axis: usize,
    pieces: Vec<Piece>,
    /// Elements of all pieces together.
    elements: usize,
    rest: Option<Tensor>,
}

/// The gradient of a slice that starts at `start`.
#[derive(Debug)]
struct Piece {
    start: usize,
    dy: Tensor,
}

impl Cotangent {
    /// That of a value which this gradient is the first to reach.
    pub(crate) fn new(gradient: Gradient) -> Self {
        match gradient {
            Gradient::Whole(dy) => Self::Whole(dy),
            Gradient::Slice { dy, shape, axis, start } => {
                let elements = dy.elements();
                let pieces = vec![Piece { start, dy }];
                Self::Slices(Box::new(Slices { shape, axis, pieces, elements, rest: None }))
            }
        }
    }

    /// The same with another gradient that reached the value.
    pub(crate) fn plus(self, gradient: Gradient) -> Result<Self> {
        match (self, gradient) {
            (Self::Whole(sum), gradient) => match Self::new(gradient) {
                Self::Whole(dy) => Ok(Self::Whole(sum.add(&dy)?)),
                Self::Slices(mut slices) => {
                    slices.rest = Some(sum);
                    Ok(Self::Slices(slices))
                }
            },
            (Self::Slices(mut slices), gradient) => {
                slices.push(gradient)?;
                Ok(Self::Slices(slices))
            }
        }
    }

    /// The sum as a tensor.
    pub(crate) fn into_tensor(self) -> Result<Tensor> {
        match self {
            Self::Whole(dy) => Ok(dy),
            Self::Slices(slices) => slices.join(),
        }
    }
}

impl Slices {
    fn push(&mut self, gradient: Gradient) -> Result<()> {
        match gradient {
            Gradient::Slice { dy, axis, start, .. } if axis == self.axis => {
                self.elements = self.elements.saturating_add(dy.elements());
                self.pieces.push(Piece { start, dy });
                // Overlapping pieces would take more room than the whole.
                if self.elements > 2 * self.shape.elements() {
                    self.flush()?;
                }
                Ok(())
            }
            gradient => self.add_rest(Cotangent::new(gradient).into_tensor()?),
        }
    }

    fn add_rest(&mut self, dy: Tensor) -> Result<()> {
        self.rest = Some(match self.rest.take() {
            Some(rest) => rest.add(&dy)?,
            None => dy,
        });
        Ok(())
    }

    /// Adds the pieces to the rest: as few layers of pieces side by side as hold them all.
    fn flush(&mut self) -> Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        self.elements = 0;
        pieces.sort_by_key(|piece| piece.start);
        while !pieces.is_empty() {
            let (mut layer, mut others, mut end) = (Vec::new(), Vec::new(), 0);
            for piece in pieces {
                if piece.start < end {
                    others.push(piece);
                } else {
                    end = piece.start + piece.dy.shape()[self.axis];
                    layer.push(piece);
                }
            }
            self.add_rest(self.joined(&layer)?)?;
            pieces = others;
        }
        Ok(())
    }

    /// Pieces in their places, which do not overlap, and zeros between them.
    fn joined(&self, layer: &[Piece]) -> Result<Tensor> {
        let size = self.shape[self.axis];
        let (mut parts, mut end) = (Vec::with_capacity(layer.len()), 0);
        for Piece { start, dy } in layer {
            if *start > end {
                parts.push(self.zeros(start - end, dy)?);
            }
            end = start + dy.shape()[self.axis];
            parts.push(dy.clone());
        }
        if let Some(Piece { dy, .. }) = layer.last().filter(|_| end < size) {
            parts.push(self.zeros(size - end, dy)?);
        }
        match &parts[..] {
            [whole] => Ok(whole.clone()),
            _ => Tensor::concat(&parts.iter().collect::<Vec<_>>(), self.axis as isize),
        }
    }

    /// Zeros for a gap of so many along the axis.
    fn zeros(&self, len: usize, like: &Tensor) -> Result<Tensor> {
        let mut sizes = self.shape.to_vec();
        sizes[self.axis] = len;
        Tensor::zeros(sizes, like.dtype(), like.device())
    }

    fn join(mut self) -> Result<Tensor> {
        self.flush()?;
        match self.rest {
            Some(rest) => Ok(rest),
            None => Err(tensorkeep_tensor::Error::internal("grad", "a slice lost its gradient")),
        }
    }
}
