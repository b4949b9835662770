//! Frequencies as ears space them.

use tensorkeep_tensor::{
    DType, Device, Error, ErrorKind, HostArray, HostData, Result, Scalar, Shape, Tensor,
};

/// Triangular filters, equally far apart on the mel scale `m = 2595 log₁₀(1 + f / 700)` (that of HTK), not normalised.
///
/// ```
/// use tensorkeep_nn::signal::MelScale;
/// use tensorkeep_tensor::{DType, meta};
///
/// let scale = MelScale { fmin: 20.0, ..MelScale::new(257, 40, 16_000.0) };
/// assert_eq!(*scale.filter_bank(DType::F32, &meta::device())?.shape(), [257, 40]);
/// let upside_down = MelScale { fmin: 9_000.0, ..scale };
/// assert!(upside_down.filter_bank(DType::F32, &meta::device()).is_err());
/// # Ok::<(), tensorkeep_tensor::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MelScale {
    /// The frequencies of a spectrogram, from 0 to half the sample rate.
    pub n_freqs: usize,
    /// The number of filters.
    pub n_mels: usize,
    /// Samples a second.
    pub sample_rate: f64,
    /// Where the first filter begins, in Hertz.
    pub fmin: f64,
    /// Where the last filter ends, in Hertz.
    pub fmax: f64,
}

impl MelScale {
    /// Filters from 0 to half the sample rate.
    pub fn new(n_freqs: usize, n_mels: usize, sample_rate: f64) -> Self {
        Self { n_freqs, n_mels, sample_rate, fmin: 0.0, fmax: sample_rate / 2.0 }
    }

    /// The weight of each frequency in each filter, `[n_freqs, n_mels]`: `bank.t()?.matmul(&spectrogram)?` has mels for frequencies.
    ///
    /// Where there are many filters and few frequencies, a filter may lie between two of these, and is 0 everywhere.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Value`] for fewer than 2 frequencies or 1 filter, or unless `0 ≤ fmin < fmax` and the sample rate is above 0, all
    /// finite; [`ErrorKind::Limit`] if the device cannot hold them.
    #[track_caller]
    pub fn filter_bank(&self, dtype: DType, device: &Device) -> Result<Tensor> {
        let Self { n_freqs, n_mels, sample_rate, fmin, fmax } = *self;
        let ordered = 0.0 <= fmin && fmin < fmax && fmax.is_finite();
        if n_freqs < 2 || n_mels < 1 || !ordered || !(sample_rate > 0.0 && sample_rate.is_finite()) {
            let message = format!(
                "{n_mels} filters of {n_freqs} frequencies from {fmin} to {fmax} Hz of {sample_rate} samples a second: use at least 1 of \
                 2, and finite bounds in order"
            );
            return Err(Error::value("mel", message));
        }
        if !dtype.is_float() {
            return Err(Error::dtype("mel", format!("filters of {dtype}: use a dtype of floats")));
        }
        let shape = Shape::new(&[n_freqs, n_mels])?;
        if Vec::<f64>::new().try_reserve_exact(shape.elements()).is_err() {
            let message = format!("no room for filters of shape {shape}: use fewer");
            return Err(Error::new(ErrorKind::OutOfMemory, "mel", message));
        }
        let (low, high) = (to_mel(fmin), to_mel(fmax));
        let corner = |i: usize| to_hertz(low + (high - low) * i as f64 / (n_mels + 1) as f64);
        let frequency = |i: usize| sample_rate / 2.0 * i as f64 / (n_freqs - 1) as f64;
        let filter = |f: f64, m: usize| {
            let [start, peak, end] = [m, m + 1, m + 2].map(corner);
            ((f - start) / (peak - start)).min((end - f) / (end - peak)).max(0.0)
        };
        let weights =
            (0..n_freqs).flat_map(|i| (0..n_mels).map(move |m| Scalar::Float(filter(frequency(i), m))));
        Tensor::from_host(HostArray::new(HostData::cast(dtype, weights), shape)?, device)
    }
}

fn to_mel(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn to_hertz(mel: f64) -> f64 {
    700.0 * (10.0_f64.powf(mel / 2595.0) - 1.0)
}
