//! Gradients of slices, gathered until the value's own operation is reached, and then joined: to add each as zeros of the whole size
//! would make a loop over the steps of a sequence quadratic in its length.

use tensorkeep_tensor::{Error, Result, Shape, Tensor};

use super::add_to;

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

impl Slices {
    pub(super) fn new(dy: Tensor, shape: Shape, axis: usize, start: usize) -> Self {
        let elements = dy.elements();
        Self { shape, axis, pieces: vec![Piece { start, dy }], elements, rest: None }
    }

    pub(super) fn axis(&self) -> usize {
        self.axis
    }

    /// Adds the gradients of other slices along the same axis.
    pub(super) fn extend(&mut self, other: Self) -> Result<()> {
        self.elements = self.elements.saturating_add(other.elements);
        self.pieces.extend(other.pieces);
        if let Some(rest) = other.rest {
            self.add(rest)?;
        }
        // Overlapping pieces would take more room than the whole.
        if self.elements > 2 * self.shape.elements() { self.flush() } else { Ok(()) }
    }

    /// Adds the gradient of the whole value.
    pub(super) fn add(&mut self, dy: Tensor) -> Result<()> {
        add_to(&mut self.rest, dy)
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
            self.add(self.joined(&layer)?)?;
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
        Tensor::concat(&parts.iter().collect::<Vec<_>>(), self.axis as isize)
    }

    /// Zeros for a gap of so many along the axis.
    fn zeros(&self, len: usize, like: &Tensor) -> Result<Tensor> {
        let mut sizes = self.shape.to_vec();
        sizes[self.axis] = len;
        Tensor::zeros(sizes, like.dtype(), like.device())
    }

    /// The sum as a tensor.
    pub(super) fn join(mut self) -> Result<Tensor> {
        self.flush()?;
        self.rest.ok_or_else(|| Error::internal("grad", "a slice lost its gradient"))
    }
}
