//! The inputs of a job.

use bytemuck::Pod;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use tensorkeep_tensor::{DType, Result, Shape, Tensor};

use super::TILE;
use super::lane::is_native;
use crate::storage::{Stored, elements, for_bits};
use crate::view::View;

/// An input, stretched to the shape of the results.
pub(super) struct Source<'a> {
    x: &'a Tensor,
    lies: Lies<'a>,
}

enum Lies<'a> {
    /// Side by side: these are its elements.
    Contiguous(&'a [u8]),
    /// As the view says, in this buffer. Apart, since it is large and rare.
    Strided(&'a [u8], Box<View>),
}

impl<'a> Source<'a> {
    pub(super) fn new(x: &'a Tensor, shape: &Shape) -> Result<Self> {
        let (buffer, size) = (elements::<u8>(x)?, x.dtype().size());
        let start = x.layout().offset() * size;
        let lies = if x.shape() == shape && x.layout().is_contiguous() {
            Lies::Contiguous(&buffer[start..][..shape.elements() * size])
        } else {
            Lies::Strided(buffer, Box::new(View::broadcast(x.layout(), shape)))
        };
        Ok(Self { x, lies })
    }

    /// The elements from number `start` on, if they can be used where they lie.
    pub(super) fn direct<T: Pod>(&self, start: usize, len: usize) -> Option<&'a [T]> {
        match &self.lies {
            _ if !is_native(self.x.dtype()) => None,
            Lies::Contiguous(bytes) => Some(&bytemuck::cast_slice(bytes)[start..][..len]),
            Lies::Strided(buffer, view) => {
                Some(&bytemuck::cast_slice(buffer)[view.run(start, len)?..][..len])
            }
        }
    }

    /// The length of the rows that [`direct`](Self::direct) gives, if they are shorter than a tile and worth ending tiles
    /// with.
    pub(super) fn row(&self) -> Option<usize> {
        /// The shortest row that is: what it costs to go from tile to tile is little beside it.
        const SHORTEST: usize = 256;
        match &self.lies {
            Lies::Strided(_, view) if is_native(self.x.dtype()) => match view.axes.last() {
                Some(&(n @ SHORTEST..TILE, 1)) => Some(n),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether [`direct`](Self::direct) gives them wherever they start.
    pub(super) fn is_direct(&self) -> bool {
        matches!(self.lies, Lies::Contiguous(_)) && is_native(self.x.dtype())
    }

    /// Brings the elements from number `start` on into the register `to`.
    pub(super) fn load(&self, start: usize, len: usize, to: &mut [u8]) {
        match self.x.dtype() {
            DType::F16 => {
                let mut halves = [f16::ZERO; TILE];
                self.read(start, &mut halves[..len]);
                halves[..len].convert_to_f32_slice(&mut bytemuck::cast_slice_mut(to)[..len]);
            }
            DType::BF16 => {
                let mut halves = [bf16::ZERO; TILE];
                self.read(start, &mut halves[..len]);
                halves[..len].convert_to_f32_slice(&mut bytemuck::cast_slice_mut(to)[..len]);
            }
            dtype => for_bits!(dtype, T => {
                self.read::<T>(start, &mut bytemuck::cast_slice_mut(to)[..len]);
            }),
        }
    }

    fn read<T: Stored>(&self, start: usize, out: &mut [T]) {
        match &self.lies {
            Lies::Contiguous(bytes) => {
                out.copy_from_slice(&bytemuck::cast_slice(bytes)[start..][..out.len()])
            }
            Lies::Strided(buffer, view) => view.read(bytemuck::cast_slice(buffer), start, out),
        }
    }
}
