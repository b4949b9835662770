//! Windows as columns, and the sum of columns as an image.

use smallvec::{SmallVec, smallvec};

use super::places;
use crate::op::{Gather, GatherKind, ScatterMode, Window};
use crate::{Error, Result, Shape, Tensor};

impl Tensor {
    /// The elements under each window, as a column: `im2col`. A convolution is a product of its weight with
    /// this.
    ///
    /// | | shape |
    /// |---|---|
    /// | `x` | `[n, channels, spatial..]`, 1 to 3 axes |
    /// | result | `[n, channels · ∏ kernel, ∏ positions]` |
    ///
    /// ```
    /// # use tensorkeep_tensor::op::Window;
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// let x = Tensor::zeros([1, 3, 8, 8], DType::F32, &meta::device())?;
    /// let columns = x.unfold(&[3, 3], Window::default())?;
    /// assert_eq!(*columns.shape(), [1, 27, 36]);
    /// assert_eq!(columns.fold(&[8, 8], &[3, 3], Window::default())?.shape(), x.shape());
    /// assert!(x.unfold(&[9, 9], Window::default()).is_err());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if the kernel has not as many axes as `x` has spatial
    /// ones, [`ErrorKind::Value`](crate::ErrorKind::Value) if it does not fit.
    #[track_caller]
    pub fn unfold(&self, kernel: &[usize], window: Window) -> Result<Self> {
        let op = "unfold";
        let taps = taps(op, self.shape(), kernel, window)?;
        let padding: SmallVec<[(usize, usize); 5]> =
            [(0, 0); 2].into_iter().chain(window.padding).take(self.rank()).collect();
        let mut x = self.pad(&padding, 0)?;
        for (i, tap) in taps.iter().enumerate() {
            // Each axis before became two: the kernel's and the positions'.
            x = x.take(2 + 2 * i as isize, &tap.index(op, self)?)?;
        }
        let spatial = taps.len();
        let order =
            [0, 1].into_iter().chain((0..spatial).map(|i| 2 + 2 * i)).chain((0..spatial).map(|i| 3 + 2 * i));
        let rows = taps.iter().fold(self.shape()[1], |rows, tap| rows.saturating_mul(tap.kernel));
        let columns = taps.iter().fold(1usize, |columns, tap| columns.saturating_mul(tap.positions));
        x.permuted(order)?.reshape([self.shape()[0], rows, columns])
    }

    /// The adjoint of [`unfold`](Self::unfold): columns put where their windows lie in an image of spatial
    /// sizes `output`, and added where windows overlap.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if `self` is not what unfolding such an image gives,
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) if the kernel does not fit.
    #[track_caller]
    pub fn fold(&self, output: &[usize], kernel: &[usize], window: Window) -> Result<Self> {
        let op = "fold";
        let rule = "columns are [batch, channels · kernel elements, positions]";
        let &[n, rows, columns] = self.shape().sizes() else {
            return Err(Error::shape(op, rule, &[*self.shape()]).advise("pass what unfold gives"));
        };
        let elements = kernel.iter().fold(1usize, |product, &k| product.saturating_mul(k));
        let channels = rows.checked_div(elements).unwrap_or(0);
        let image = Shape::new(&[&[n, channels], output].concat())?;
        let taps = taps(op, &image, kernel, window)?;
        let positions = taps.iter().fold(1usize, |product, tap| product.saturating_mul(tap.positions));
        if channels.saturating_mul(elements) != rows || positions != columns {
            let rule = format!(
                "{rule}: here {rows} is to be a multiple of {elements}, and {columns} to be {positions}"
            );
            return Err(Error::shape(op, rule, &[*self.shape()]).advise("pass what unfold gives"));
        }
        let spatial = taps.len();
        let split = kernel.iter().copied().chain(taps.iter().map(|tap| tap.positions));
        let split: Vec<usize> = [n, channels].into_iter().chain(split).collect();
        let order = [0, 1].into_iter().chain((0..spatial).flat_map(|i| [2 + i, 2 + spatial + i]));
        let mut x = self.reshape(split)?.permuted(order)?;
        for (i, tap) in taps.iter().enumerate().rev() {
            let gather = Gather { kind: GatherKind::Select, axis: 2 + 2 * i };
            let mut sizes: SmallVec<[usize; 8]> = SmallVec::from_slice(x.shape());
            sizes.remove(gather.axis);
            sizes[gather.axis] = tap.padded;
            let nothing = Self::zeros(&sizes[..], x.dtype(), x.device())?;
            x = nothing.scatter(gather, ScatterMode::Add, &tap.index(op, &x)?, &x)?;
        }
        for (axis, (&(low, _), &size)) in (2..).zip(window.padding.iter().zip(output)) {
            x = x.narrow(axis, low..low.saturating_add(size))?;
        }
        Ok(x)
    }
}

/// How a window lies along one axis.
struct Tap {
    kernel: usize,
    positions: usize,
    stride: usize,
    dilation: usize,
    padded: usize,
}

impl Tap {
    /// Which element of the padded axis each element of the kernel meets at each position: `[kernel,
    /// positions]`.
    #[track_caller]
    fn index(&self, op: &'static str, like: &Tensor) -> Result<Tensor> {
        let positions = self.positions;
        let at = |i: usize| i % positions * self.stride + i / positions * self.dilation;
        let count = self.kernel.saturating_mul(positions);
        places(op, self.padded, count, like.device(), at)?.reshape([self.kernel, positions])
    }
}

/// A window over the spatial axes of an image.
#[track_caller]
fn taps(op: &'static str, image: &Shape, kernel: &[usize], window: Window) -> Result<SmallVec<[Tap; 3]>> {
    let spatial = Window::spatial_rank(op, image)?;
    if kernel.len() != spatial {
        let rule = format!("a kernel of {} axes for {spatial} spatial axes", kernel.len());
        return Err(Error::shape(op, rule, &[*image]).advise("give it one size a spatial axis"));
    }
    let mut taps = smallvec![];
    for (axis, &kernel) in kernel.iter().enumerate() {
        let size = image[2 + axis];
        let positions = window.positions(op, axis, size, kernel)?;
        let (low, high) = window.padding[axis];
        // The sum was found to fit with the positions.
        let padded = size.saturating_add(low).saturating_add(high);
        taps.push(Tap {
            kernel,
            positions,
            stride: window.stride[axis],
            dilation: window.dilation[axis],
            padded,
        });
    }
    Ok(taps)
}
