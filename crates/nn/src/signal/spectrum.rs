//! Complex spectra as pairs of tensors.

use tensorkeep_tensor::{Error, Result, Tensor};

/// What a [short-time Fourier transform](super::Stft) gives: complex numbers as real and imaginary parts, each
/// `[.., n_fft / 2 + 1, frames]`.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// The real parts.
    pub real: Tensor,
    /// The imaginary parts.
    pub imaginary: Tensor,
}

impl Spectrum {
    /// `|z|ᵖ`: 2 gives power, 1 magnitude. The derivative at 0 is taken to be 0.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a power that is not above 0 or not finite;
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the parts differ.
    #[track_caller]
    pub fn abs_pow(&self, power: f64) -> Result<Tensor> {
        if !(power > 0.0 && power.is_finite()) {
            let message = format!("a spectrum to the power of {power}: use a finite number above 0");
            return Err(Error::value("spectrum", message));
        }
        let square = self.real.zip(&self.imaginary, |re, im| re * re + im * im)?;
        match power {
            2.0 => Ok(square),
            // Where nothing sounds, a root would have an infinite slope: 1 stands there, and 0 is put in its place.
            _ => square.map(|square| {
                let sounds = square.gt(0.0);
                let root = match power {
                    1.0 => sounds.select(square, 1.0).sqrt(),
                    _ => sounds.select(square, 1.0).pow(power / 2.0),
                };
                sounds.select(root, 0.0)
            }),
        }
    }

    /// The angle of each number, from −π to π.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`](tensorkeep_tensor::ErrorKind::Shape) if the parts differ.
    #[track_caller]
    pub fn phase(&self) -> Result<Tensor> {
        self.imaginary.atan2(&self.real)
    }
}
