//! The inputs of a job.

use bytemuck::Pod;
use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use tensorkeep_tensor::{DType, Result, Shape, Tensor};

use super::TILE;
use super::lane::is_native;
use crate::storage::{Stored, elements, for_bits};
use crate::view::View;

/// The shortest row that tiles and strips end with: what it costs to go to the next is little beside it.
const SHORTEST: usize = 256;

/// An input, stretched to the shape of the results.
pub(super) struct Source<'a> {
    dtype: DType,
    lies: Lies<'a>,
}

enum Lies<'a> {
    /// Side by side: these are its elements.
    Contiguous(&'a [u8]),
    /// As the view says, in this buffer. Apart, since it is large and rare.
    Strided(&'a [u8], Box<View>),
    /// Where the result of this number is to be written.
    Result(usize),
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
        Ok(Self { dtype: x.dtype(), lies })
    }

    /// An operand whose place a result takes.
    pub(super) fn result(dtype: DType, number: usize) -> Self {
        Self { dtype, lies: Lies::Result(number) }
    }

    /// The number of the result whose place it takes.
    pub(super) fn taken_by(&self) -> Option<usize> {
        if let Lies::Result(number) = self.lies { Some(number) } else { None }
    }

    /// These elements in a row.
    pub(super) fn row_of(&self, bytes: &'a [u8]) -> Self {
        Self { dtype: self.dtype, lies: Lies::Contiguous(bytes) }
    }

    /// The elements from number `start` on, if they can be used where they lie.
    pub(super) fn direct<T: Pod>(&self, start: usize, len: usize) -> Option<&'a [T]> {
        match &self.lies {
            _ if !is_native(self.dtype) => None,
            Lies::Contiguous(bytes) => Some(&bytemuck::cast_slice(bytes)[start..][..len]),
            Lies::Strided(buffer, view) => {
                Some(&bytemuck::cast_slice(buffer)[view.run(start, len)?..][..len])
            }
            Lies::Result(_) => None,
        }
    }

    /// The length of the rows that [`direct`](Self::direct) gives, if they are shorter than a tile and worth ending tiles
    /// with.
    pub(super) fn row(&self) -> Option<usize> {
        match &self.lies {
            Lies::Strided(_, view) if is_native(self.dtype) => match view.axes.last() {
                Some(&(n @ SHORTEST..TILE, 1)) => Some(n),
                _ => None,
            },
            _ => None,
        }
    }

    /// The row that it is again and again, if it is worth ending strips with.
    pub(super) fn repeated(&self) -> Option<&'a [f32]> {
        match &self.lies {
            Lies::Strided(buffer, view) if self.dtype == DType::F32 => match *view.axes {
                [(_, 0), (n @ SHORTEST.., 1)] => Some(&bytemuck::cast_slice(buffer)[view.offset..][..n]),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether all its elements are one: a number that is stretched to the shape of the results.
    pub(super) fn is_one_number(&self) -> bool {
        matches!(&self.lies, Lies::Strided(_, view) if matches!(*view.axes, [] | [(_, 0)]))
    }

    /// Whether it is again and again a row, or a number.
    pub(super) fn repeats(&self) -> bool {
        self.is_one_number() || self.repeated().is_some()
    }

    /// Whether [`direct`](Self::direct) gives any that lie within as many, from a multiple of that on.
    pub(super) fn is_direct(&self, tile: usize) -> bool {
        is_native(self.dtype)
            && match &self.lies {
                Lies::Contiguous(_) => true,
                Lies::Strided(_, view) => matches!(view.axes.last(), Some((n, 1)) if n % tile == 0),
                Lies::Result(_) => false,
            }
    }

    /// Whether tiles have to be brought to registers before they are used.
    pub(super) fn is_loaded(&self, tile: usize) -> bool {
        !self.is_direct(tile) && self.taken_by().is_none() && self.repeated().is_none()
    }

    /// Whether all of it can be used at once where it lies, or where a result takes its place.
    pub(super) fn is_unbroken(&self) -> bool {
        matches!(self.lies, Lies::Contiguous(_) | Lies::Result(_)) && is_native(self.dtype)
    }

    /// Brings the elements from number `start` on into the register `to`.
    pub(super) fn load(&self, start: usize, len: usize, to: &mut [u8]) {
        match self.dtype {
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
            // The machine reads it by `row_of`.
            Lies::Result(_) => {}
        }
    }
}
