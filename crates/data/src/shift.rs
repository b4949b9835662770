//! Images that move a little.

use tensorkeep_tensor::{Error, HostArray, HostData, Result, philox};

use crate::{Pair, Transform};

/// Moves a share of the images by one pixel up, down, left or right, zeros following. Targets stay.
///
/// Inputs are `f32` of shape `[n, .., height, width]`; all planes of an example move alike.
///
/// ```
/// use tensorkeep_data::{Shift, Transform};
/// use tensorkeep_tensor::ToHostArray;
///
/// let x = [[[1.0f32, 0.0], [0.0, 0.0]]].to_host_array()?;
/// let (moved, _) = Shift::new(1.0)?.apply(x.clone(), [7].to_host_array()?, 0)?;
/// assert_ne!(moved, x);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shift {
    share: f32,
}

/// Rows and columns of a step up, down, left, right.
const STEPS: [[isize; 2]; 4] = [[-1, 0], [1, 0], [0, -1], [0, 1]];

impl Shift {
    /// Moves this share of the images.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a share outside 0 to 1.
    #[track_caller]
    pub fn new(share: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&share) {
            let message = format!("a share of {share} of the images: use one from 0 to 1");
            return Err(Error::value("shift", message));
        }
        Ok(Self { share: share as f32 })
    }
}

impl Transform for Shift {
    fn apply(&self, x: HostArray, y: HostArray, key: u64) -> Result<Pair> {
        let (shape, data) = x.into_parts();
        let ([n, .., height, width], HostData::F32(mut pixels)) = (shape.sizes(), data) else {
            let rule = "images are f32 of shape [n, .., height, width]";
            return Err(Error::shape("shift", rule, &[shape]).advise("convert or reshape them"));
        };
        if pixels.is_empty() {
            return Ok((HostArray::new(HostData::F32(pixels), shape)?, y));
        }
        let size = pixels.len() / n;
        for (i, image) in pixels.chunks_exact_mut(size).enumerate() {
            let [moves, step, ..] = philox::block(key, i as u64);
            if philox::bernoulli(moves, self.share) {
                // The upper two bits of the word.
                let step = STEPS[(step >> 30) as usize];
                image.chunks_exact_mut(height * width).for_each(|plane| shift(plane, *width, step));
            }
        }
        Ok((HostArray::new(HostData::F32(pixels), shape)?, y))
    }
}

/// Moves a plane of rows of `width` pixels.
fn shift(plane: &mut [f32], width: usize, [down, right]: [isize; 2]) {
    let old = plane.to_vec();
    let from = |row: usize, column: usize| {
        let (row, column) = (row.checked_add_signed(-down)?, column.checked_add_signed(-right)?);
        old.get(row * width..(row + 1) * width)?.get(column)
    };
    for (row, pixels) in plane.chunks_exact_mut(width).enumerate() {
        for (column, pixel) in pixels.iter_mut().enumerate() {
            *pixel = from(row, column).copied().unwrap_or(0.0);
        }
    }
}
