//! Channels as space, and space as channels.

use crate::{Error, Result, Tensor};

impl Tensor {
    /// Channels spread over space: `[n, c·rᵈ, s..]` with `d` spatial axes becomes `[n, c, r·s..]`. The last
    /// axes of a channel's block `[c, r..]` are the places within a square of `r` elements a side.
    ///
    /// Source: Shi and others, *Real-Time Single Image and Video Super-Resolution Using an Efficient
    /// Sub-Pixel Convolutional Neural Network*, 2016, arXiv:1609.05158, equation 4.
    ///
    /// ```
    /// # use tensorkeep_tensor::{DType, Tensor, meta};
    /// let x = Tensor::zeros([1, 12, 5, 7], DType::F32, &meta::device())?;
    /// let y = x.pixel_shuffle(2)?;
    /// assert_eq!(*y.shape(), [1, 3, 10, 14]);
    /// assert_eq!(y.pixel_unshuffle(2)?.shape(), x.shape());
    /// assert!(y.pixel_shuffle(2).is_err()); // 3 channels are no multiple of 4
    /// # Ok::<(), tensorkeep_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](crate::ErrorKind::Shape) if there is no spatial axis, or more than three, or the
    /// channels are no multiple of `rᵈ`; [`ErrorKind::Value`](crate::ErrorKind::Value) for a factor of 0.
    #[track_caller]
    pub fn pixel_shuffle(&self, factor: usize) -> Result<Self> {
        let op = "pixel_shuffle";
        let (spatial, block) = block(op, self, factor)?;
        let channels = self.shape()[1];
        if !channels.is_multiple_of(block) {
            let rule =
                format!("the channels are no multiple of {block}, {factor} along each of {spatial} axes");
            return Err(Error::shape(op, rule, &[*self.shape()]).advise("change the factor or the channels"));
        }
        let sizes = &self.shape()[2..];
        let head = [self.shape()[0], channels / block];
        let split: Vec<usize> = [&head[..], &vec![factor; spatial], sizes].concat();
        // [n, c, r.., s..] to [n, c, s, r, s, r, ..].
        let order = [0, 1].into_iter().chain((2..2 + spatial).flat_map(|axis| [axis + spatial, axis]));
        let grown = sizes.iter().map(|size| size.saturating_mul(factor));
        self.reshape(split)?.permuted(order)?.reshape(head.into_iter().chain(grown).collect::<Vec<_>>())
    }

    /// The opposite of [`pixel_shuffle`](Self::pixel_shuffle): `[n, c, r·s..]` becomes `[n, c·rᵈ, s..]`.
    ///
    /// # Errors
    ///
    /// Those of [`pixel_shuffle`](Self::pixel_shuffle), of sizes instead of channels.
    #[track_caller]
    pub fn pixel_unshuffle(&self, factor: usize) -> Result<Self> {
        let op = "pixel_unshuffle";
        let (spatial, block) = block(op, self, factor)?;
        let sizes = &self.shape()[2..];
        if sizes.iter().any(|size| !size.is_multiple_of(factor)) {
            let rule = format!("a spatial axis is no multiple of {factor}");
            return Err(Error::shape(op, rule, &[*self.shape()]).advise("change the factor or pad the input"));
        }
        let [n, channels] = [self.shape()[0], self.shape()[1]];
        let split = sizes.iter().flat_map(|size| [size / factor, factor]);
        let split: Vec<usize> = [n, channels].into_iter().chain(split).collect();
        // [n, c, s, r, s, r, ..] to [n, c, r.., s..].
        let (squares, shrunk) = ((0..spatial).map(|i| 3 + 2 * i), (0..spatial).map(|i| 2 + 2 * i));
        let order = [0, 1].into_iter().chain(squares).chain(shrunk);
        let head = [n, channels.saturating_mul(block)];
        let sizes = head.into_iter().chain(sizes.iter().map(|size| size / factor)).collect::<Vec<_>>();
        self.reshape(split)?.permuted(order)?.reshape(sizes)
    }
}

/// The number of spatial axes, and of elements in a square over them.
#[track_caller]
fn block(op: &'static str, x: &Tensor, factor: usize) -> Result<(usize, usize)> {
    let spatial @ 1..=3 = x.rank().saturating_sub(2) else {
        let rule = "an input is [batch, channels, then 1 to 3 spatial axes]";
        return Err(Error::shape(op, rule, &[*x.shape()]).advise("reshape it"));
    };
    match factor {
        0 => Err(Error::value(op, "a factor of 0: use at least 1")),
        _ => Ok((spatial, (0..spatial).fold(1usize, |block, _| block.saturating_mul(factor)))),
    }
}
