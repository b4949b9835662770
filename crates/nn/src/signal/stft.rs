//! The short-time Fourier transform and its inverse.

use std::f64::consts::TAU;

use tensorkeep_tensor::op::{Conv, ConvInputGrad, Window};
use tensorkeep_tensor::{
    DType, Device, Error, ErrorKind, HostArray, HostData, PadMode, Result, Scalar, Shape, Tensor,
};

use super::Spectrum;

/// The longest frame: its waves are `n_fft²` numbers.
const MAX_FFT: usize = 1 << 13;

/// A sum of squared windows below this is no sum to divide by, as in PyTorch.
const SILENCE: f64 = 1e-11;

/// How a [short-time Fourier transform](Stft) cuts and weighs frames.
#[derive(Clone, Debug, PartialEq)]
pub struct StftOptions {
    /// The length of a frame; there are `n_fft / 2 + 1` frequencies.
    pub n_fft: usize,
    /// From one frame to the next.
    pub hop_length: usize,
    /// What a frame is multiplied with, ones if there is none. A shorter window has zeros on both sides.
    pub window: Option<Vec<f64>>,
    /// Whether frame `t` has its centre at `t · hop_length`, the signal being reflected at its ends. Otherwise it begins there.
    pub center: bool,
    /// Whether the result is divided by `√n_fft`.
    pub normalized: bool,
}

impl StftOptions {
    /// Frames of this length, a quarter of it apart, centred, without a window.
    pub fn new(n_fft: usize) -> Self {
        Self { n_fft, hop_length: n_fft / 4, window: None, center: true, normalized: false }
    }

    /// The window as long as a frame.
    #[track_caller]
    fn full_window(&self) -> Result<Vec<f64>> {
        let Self { n_fft, hop_length, .. } = *self;
        if n_fft == 0 || hop_length == 0 {
            let message = format!("frames of {n_fft} with a hop of {hop_length}: use at least 1 of each");
            return Err(Error::value("stft", message));
        }
        if n_fft > MAX_FFT {
            let message = format!("frames of {n_fft}: use at most {MAX_FFT}");
            return Err(Error::new(ErrorKind::Limit, "stft", message));
        }
        let Some(window) = &self.window else {
            return Ok(vec![1.0; n_fft]);
        };
        if !(1..=n_fft).contains(&window.len()) || window.iter().any(|x| !x.is_finite()) {
            let message = format!(
                "a window of {} numbers for frames of {n_fft}: use 1 to {n_fft} finite ones",
                window.len()
            );
            return Err(Error::value("stft", message));
        }
        let mut full = vec![0.0; n_fft];
        let left = (n_fft - window.len()) / 2;
        full[left..left + window.len()].copy_from_slice(window);
        Ok(full)
    }
}

/// The short-time Fourier transform of real signals: `X[f, t] = s Σₖ w[k] x[t · hop + k] e^(−2πi f k / n)`, `f` from 0 to `n / 2`.
///
/// | | shape |
/// |---|---|
/// | `x` | `[.., length]` |
/// | result, real and imaginary parts | `[.., n_fft / 2 + 1, frames]` |
///
/// The values are those of `torch.stft`, in its layout. The waves are computed when it is made, for one dtype and device.
///
/// ```
/// use tensorkeep_nn::signal::{Stft, StftOptions, hann_window};
/// use tensorkeep_tensor::{DType, Tensor};
///
/// let device = tensorkeep_cpu::device();
/// let options = StftOptions { window: Some(hann_window(16, true)?), ..StftOptions::new(16) };
/// let stft = Stft::new(&options, DType::F32, &device)?;
/// let x = Tensor::linspace(0.0, 1.0, 60, DType::F32, &device)?;
/// let spectrum = stft.forward(&x)?;
/// assert_eq!(*spectrum.real.shape(), [9, 16]);
///
/// let back = stft.inverse(&spectrum, Some(60))?;
/// assert!(back.sub(&x)?.abs()?.max_all()?.item()?.as_f64() < 1e-5);
/// assert!(stft.forward(&x.narrow(0, ..8)?).is_err()); // too short to be reflected
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Stft {
    n_fft: usize,
    hop_length: usize,
    center: bool,
    /// As long as a frame.
    window: Vec<f64>,
    /// `s`, 1 or `1/√n`.
    scale: f64,
    /// `s w[k] cos(2π f k / n)` and below them `−s w[k] sin(2π f k / n)`, `[2 · frequencies, 1, n]`.
    waves: Tensor,
}

impl Stft {
    /// A transform of signals of this dtype on this device.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for frames of 0, a hop of 0, or a window that is empty, longer than a frame or not finite;
    /// [`ErrorKind::Limit`] for frames beyond 8192; [`ErrorKind::DType`] for a dtype without fractions.
    #[track_caller]
    pub fn new(options: &StftOptions, dtype: DType, device: &Device) -> Result<Self> {
        let window = options.full_window()?;
        if !dtype.is_float() {
            return Err(Error::dtype("stft", format!("waves of {dtype}: use a dtype of floats")));
        }
        let n = options.n_fft;
        let scale = if options.normalized { (n as f64).sqrt().recip() } else { 1.0 };
        let table: Vec<[f64; 2]> = (0..n)
            .map(|j| {
                let (sine, cosine) = (TAU * j as f64 / n as f64).sin_cos();
                [cosine, -sine]
            })
            .collect();
        let frequencies = n / 2 + 1;
        let (table, shaped) = (&table, &window);
        let wave =
            move |part: usize, f: usize| (0..n).map(move |k| scale * shaped[k] * table[f * k % n][part]);
        let numbers = (0..2).flat_map(|part| (0..frequencies).flat_map(move |f| wave(part, f)));
        let waves = HostData::cast(dtype, numbers.map(Scalar::Float));
        let waves = Tensor::from_host(HostArray::new(waves, [2 * frequencies, 1, n])?, device)?;
        let (hop_length, center) = (options.hop_length, options.center);
        Ok(Self { n_fft: n, hop_length, center, window, scale, waves })
    }

    /// The number of frequencies, `n_fft / 2 + 1`.
    pub fn frequencies(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// `√Σ w²` of the window.
    pub fn window_norm(&self) -> f64 {
        self.window.iter().map(|w| w * w).sum::<f64>().sqrt()
    }

    fn conv(&self) -> Conv {
        let window = Window { stride: [self.hop_length, 1, 1], ..Window::default() };
        Conv { window, groups: 1 }
    }

    /// The spectrum of each frame.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if `x` has no axis; [`ErrorKind::Value`] if it is shorter than a frame, or, centred, not longer than
    /// half of one; [`ErrorKind::DType`] if it is of another dtype than the transform.
    #[track_caller]
    pub fn forward(&self, x: &Tensor) -> Result<Spectrum> {
        let Some((&length, outer)) = x.shape().split_last() else {
            return Err(Error::shape("stft", "a signal is [.., length]", &[*x.shape()]).advise("reshape it"));
        };
        let half = if self.center { self.n_fft / 2 } else { 0 };
        if length <= half || length + 2 * half < self.n_fft {
            let message = format!(
                "a signal of {length} is too short for frames of {}: pad it or use shorter frames",
                self.n_fft
            );
            return Err(Error::value("stft", message));
        }
        let x = x.reshape([outer.iter().product(), 1, length])?;
        let x = x.pad_mode(&[(0, 0), (0, 0), (half, half)], PadMode::Reflect)?;
        let both = x.conv(&self.waves, self.conv())?;
        let [_, rows, frames] = both.dims()?;
        let part = |range: std::ops::Range<usize>| {
            both.narrow(1, range)?.reshape([outer, &[self.frequencies(), frames]].concat())
        };
        Ok(Spectrum { real: part(0..self.frequencies())?, imaginary: part(self.frequencies()..rows)? })
    }

    /// The signal whose frames have these spectra, by least squares: `x = Σₜ w · frameₜ / Σₜ w²`, each sum over the frames that reach
    /// a place. Exact where the spectra are those of a signal. With a length the result is cut to it, or has zeros behind it.
    ///
    /// Source: Griffin and Lim, *Signal Estimation from Modified Short-Time Fourier Transform*, 1984, equation 6.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Shape`] if the parts are not `[.., n_fft / 2 + 1, frames]`; [`ErrorKind::Value`] if some place is reached by no
    /// frame, or only where the window is 0, and for lengths of 0.
    #[track_caller]
    pub fn inverse(&self, spectrum: &Spectrum, length: Option<usize>) -> Result<Tensor> {
        let Spectrum { real, imaginary } = spectrum;
        let (outer, frames) = match real.shape().sizes() {
            [outer @ .., rows, frames @ (1..)]
                if *rows == self.frequencies() && real.shape() == imaginary.shape() =>
            {
                (outer, *frames)
            }
            _ => {
                let rule = format!("both parts of a spectrum are [.., {}, frames]", self.frequencies());
                return Err(Error::shape("istft", rule, &[*real.shape(), *imaginary.shape()])
                    .advise("pass one of this transform"));
            }
        };
        let batch = outer.iter().product::<usize>();
        let flat = |x: &Tensor| x.reshape([batch, self.frequencies(), frames]);
        let both = Tensor::concat(&[&flat(real)?, &flat(imaginary)?], 1)?.mul(&self.weights()?)?;
        let (total, envelope) = self.envelope(frames)?;
        let grad = ConvInputGrad { conv: self.conv(), input: [total, 1, 1] };
        let sum = both.conv_input_grad(&self.waves, grad)?;
        let start = if self.center { self.n_fft / 2 } else { 0 };
        // Behind the last centre half a frame was reflected, unless the caller knows better.
        let end = length.map_or(total - start, |length| start.saturating_add(length).min(total));
        let kept = envelope.get(start..end).filter(|kept| !kept.is_empty());
        let Some(kept) = kept.filter(|kept| kept.iter().all(|w| *w > SILENCE)) else {
            let message = format!(
                "{frames} frames of {} leave places of {start}..{end} without a window: use a smaller hop, a window without zeros, \
                 or centred frames",
                self.n_fft
            );
            return Err(Error::value("istft", message));
        };
        let data = HostData::cast(real.dtype(), kept.iter().map(|w| Scalar::Float(*w)));
        let kept = Tensor::from_host(HostArray::new(data, [kept.len()])?, self.waves.device())?;
        let x = sum.narrow(-1, start..end)?.div(&kept)?.reshape([batch, end - start])?;
        let missing = length.unwrap_or(0).saturating_sub(end - start);
        let x = if missing > 0 { x.pad(&[(0, 0), (0, missing)], 0.0)? } else { x };
        x.reshape([outer, &[x.shape()[1]]].concat())
    }

    /// What each part counts for in the inverse: all frequencies but 0 and the highest of an even `n` stand for two, and the waves
    /// have the scale in them.
    #[track_caller]
    fn weights(&self) -> Result<Tensor> {
        let (n, rows) = (self.n_fft, self.frequencies());
        let weight = |f: usize| {
            let count = if f == 0 || 2 * f == n { 1.0 } else { 2.0 };
            Scalar::Float(count / (n as f64 * self.scale * self.scale))
        };
        let data = HostData::cast(self.waves.dtype(), (0..2 * rows).map(|row| weight(row % rows)));
        Tensor::from_host(HostArray::new(data, [2 * rows, 1])?, self.waves.device())
    }

    /// The length of so many overlapping frames, and `Σₜ w²` at each place.
    #[track_caller]
    fn envelope(&self, frames: usize) -> Result<(usize, Vec<f64>)> {
        let total = (frames - 1).checked_mul(self.hop_length).and_then(|last| last.checked_add(self.n_fft));
        let shape = Shape::new(&[total.unwrap_or(usize::MAX)])?;
        let mut envelope = Vec::new();
        if envelope.try_reserve_exact(shape[0]).is_err() {
            let message = format!("no room for a signal of {frames} frames: use fewer");
            return Err(Error::new(ErrorKind::OutOfMemory, "istft", message));
        }
        envelope.resize(shape[0], 0.0);
        for start in (0..frames).map(|frame| frame * self.hop_length) {
            for (sum, w) in envelope[start..].iter_mut().zip(&self.window) {
                *sum += w * w;
            }
        }
        Ok((shape[0], envelope))
    }
}
