//! A stream of random tensors.

use crate::op::{Distribution, Op, Random};
use crate::tensor::only;
use crate::{DType, Device, Result, Tensor, ToShape, philox};

/// A stream of random tensors on a device: the same seed gives the same bits on every device, whatever the
/// number of threads.
///
/// ```
/// use tensorkeep_tensor::{Rng, meta};
///
/// let mut rng = Rng::new(42, &meta::device());
/// let weight = rng.normal([128, 64], 0.0, 0.02)?;
/// assert_eq!(*weight.shape(), [128, 64]);
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    device: Device,
    key: u64,
    /// The next unused block of the stream.
    offset: u64,
    /// The next unused child.
    children: u64,
}

impl Rng {
    /// The stream of `seed`, on `device`.
    pub fn new(seed: u64, device: &Device) -> Self {
        Self { device: device.clone(), key: seed, offset: 0, children: 0 }
    }

    /// The stream that goes on where the one with this [`position`](Self::position) stood.
    ///
    /// ```
    /// use tensorkeep_tensor::{Rng, meta};
    ///
    /// let device = meta::device();
    /// let mut rng = Rng::new(42, &device);
    /// rng.normal([10], 0.0, 1.0)?;
    /// let mut again = Rng::at(rng.position(), &device);
    /// rng.split();
    /// again.split();
    /// assert_eq!(again.position(), rng.position());
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    pub fn at([key, offset, children]: [u64; 3], device: &Device) -> Self {
        Self { device: device.clone(), key, offset, children }
    }

    /// All that decides what comes next, for a file: the key, the next block of the stream, the next child.
    pub fn position(&self) -> [u64; 3] {
        [self.key, self.offset, self.children]
    }

    /// Where its tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// An independent stream. The parent's own numbers stay what they would have been.
    pub fn split(&mut self) -> Self {
        let key = philox::child(self.key, self.children);
        self.children += 1;
        Self::new(key, &self.device)
    }

    /// `f32` numbers uniform in `[low, high)`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for bounds out of order or not finite.
    #[track_caller]
    pub fn uniform(&mut self, shape: impl ToShape, low: f32, high: f32) -> Result<Tensor> {
        self.draw(shape, DType::F32, Distribution::Uniform { low, high })
    }

    /// Normal `f32` numbers.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a negative deviation or numbers that are not finite.
    #[track_caller]
    pub fn normal(&mut self, shape: impl ToShape, mean: f32, deviation: f32) -> Result<Tensor> {
        self.draw(shape, DType::F32, Distribution::Normal { mean, deviation })
    }

    /// 1 with this probability, else 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](crate::ErrorKind::Value) for a probability outside 0..=1.
    #[track_caller]
    pub fn bernoulli(&mut self, shape: impl ToShape, dtype: DType, probability: f32) -> Result<Tensor> {
        self.draw(shape, dtype, Distribution::Bernoulli { probability })
    }

    /// The numbers `0..n` in random order, as [`DType::INDEX`].
    ///
    /// # Errors
    ///
    /// If the device has no room.
    #[track_caller]
    pub fn permutation(&mut self, n: usize) -> Result<Tensor> {
        self.draw([n], DType::I32, Distribution::Bits)?.argsort(0, false)
    }

    /// Numbers of any distribution and dtype.
    ///
    /// # Errors
    ///
    /// Those of the distribution.
    #[track_caller]
    pub fn draw(&mut self, shape: impl ToShape, dtype: DType, distribution: Distribution) -> Result<Tensor> {
        let shape = shape.to_shape()?;
        let op = Op::Random(Random { distribution, shape, dtype, key: self.key, offset: self.offset });
        self.offset = self.offset.wrapping_add(shape.elements().div_ceil(4) as u64);
        only(&op, self.device.apply(&op, &[])?)
    }
}
