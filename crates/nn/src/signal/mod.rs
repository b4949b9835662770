//! Sound and other signals as tensors: windows, the short-time Fourier transform and its inverse, spectrograms, the mel
//! scale and decibels.
//!
//! All are made of differentiable tensor operations. A transform is a convolution with the waves of its frequencies, so it
//! runs on every device, and costs `n_fft` multiplications where a fast transform costs `log n_fft`.
//!
//! ```
//! use tensorkeep_nn::signal::{MelScale, Spectrogram, Stft, StftOptions, hann_window, power_to_db};
//! use tensorkeep_tensor::{DType, Tensor};
//!
//! let device = tensorkeep_cpu::device();
//! let sound = Tensor::zeros([2, 4000], DType::F32, &device)?;
//! let options = StftOptions { window: Some(hann_window(400, true)?), ..StftOptions::new(512) };
//! let spectrogram = Spectrogram::new(Stft::new(&options, DType::F32, &device)?).forward(&sound)?;
//! let mel = MelScale::new(257, 20, 16_000.0).filter_bank(DType::F32, &device)?;
//! let features = power_to_db(&mel.t()?.matmul(&spectrogram)?, 1e-10, Some(80.0))?;
//! assert_eq!(*features.shape(), [2, 20, 32]); // [batch, mels, frames]
//! # Ok::<(), tensorkeep_tensor::Error>(())
//! ```

mod decibel;
mod mel;
mod spectrogram;
mod spectrum;
mod stft;
mod window;

pub use decibel::{db_to_power, power_to_db};
pub use mel::MelScale;
pub use spectrogram::Spectrogram;
pub use spectrum::Spectrum;
pub use stft::{Stft, StftOptions};
pub use window::{cosine_window, hamming_window, hann_window};
