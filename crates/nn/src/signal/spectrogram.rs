//! How loud each frequency is over time.

use tensorkeep_tensor::{Error, Result, Tensor};

use super::Stft;

/// `|X|ᵖ` of the [short-time Fourier transform](Stft): `[.., length]` to `[.., n_fft / 2 + 1, frames]`.
#[derive(Clone, Debug)]
pub struct Spectrogram {
    /// The transform.
    pub stft: Stft,
    /// `p`: 2 for power, 1 for magnitude.
    pub power: f64,
    /// Zeros before and behind the signal.
    pub pad: usize,
    /// Whether `X` is divided by `√Σ w²` of the window.
    pub window_normalized: bool,
}

impl Spectrogram {
    /// The power of a transform, without padding.
    pub fn new(stft: Stft) -> Self {
        Self { stft, power: 2.0, pad: 0, window_normalized: false }
    }

    /// The spectrogram of a signal.
    ///
    /// # Errors
    ///
    /// Those of [`Stft::forward`]; [`ErrorKind::Value`](tensorkeep_tensor::ErrorKind::Value) for a power that is not above 0 or not
    /// finite, and for a window of zeros that is to be normalised.
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut padding = vec![(0, 0); x.rank()];
        if let Some(last) = padding.last_mut() {
            *last = (self.pad, self.pad);
        }
        let x = if self.pad > 0 { x.pad(&padding, 0.0)? } else { x.clone() };
        let y = self.stft.forward(&x)?.abs_pow(self.power)?;
        if !self.window_normalized {
            return Ok(y);
        }
        let norm = self.stft.window_norm().powf(self.power);
        if norm == 0.0 {
            return Err(Error::value("spectrogram", "a window of zeros has no norm: use another window"));
        }
        y.div(norm)
    }
}
