"""Writes spectral.json: transforms of PyTorch and filters of torchaudio, with gradients, in f64. Run with PyTorch and torchaudio 2: python
spectral.py"""

import json
import pathlib

import torch
import torchaudio

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)


def noise(*shape):
    """Few digits, so that the file is small."""
    return torch.randn(*shape).round(decimals=2)


def stft(n_fft, hop, window, length, center=True, normalized=False, keep=None, batch=2):
    x = noise(batch, length).requires_grad_()
    options = dict(n_fft=n_fft, hop_length=hop, win_length=len(window), window=window, center=center, normalized=normalized)
    z = torch.stft(x, pad_mode="reflect", onesided=True, return_complex=True, **options)
    weights = noise(2, *z.shape)
    (dx,) = torch.autograd.grad((weights[0] * z.real + weights[1] * z.imag).sum(), x)
    # Spectra that are those of no signal, so that frames disagree and the least squares show.
    real, imaginary = noise(*z.shape).requires_grad_(), noise(*z.shape).requires_grad_()
    y = torch.istft(torch.complex(real, imaginary), length=keep, **options)
    by_place = noise(*y.shape)
    d_real, d_imaginary = torch.autograd.grad((by_place * y).sum(), (real, imaginary))
    return {
        "n_fft": n_fft, "hop_length": hop, "window": window, "center": center, "normalized": normalized, "length": keep,
        "x": x, "real": z.real, "imaginary": z.imag, "weights": weights, "dx": dx,
        "inverse": {"real": real, "imaginary": imaginary, "y": y, "weights": by_place, "d_real": d_real, "d_imaginary": d_imaginary},
    }


def spectrogram(power, pad, normalized):
    x = noise(1, 24)
    x[0, 8:16] = 0.0
    window = torch.hann_window(8)
    y = torchaudio.functional.spectrogram(x, pad, window, 8, 4, 8, power, "window" if normalized else False)
    return {"power": power, "pad": pad, "window_normalized": normalized, "x": x, "y": y}


def decibels(top_db):
    x = torch.tensor([[1e-12, 0.5, 3.0], [1e-4, 20.0, 1e-9]], requires_grad=True)
    y = torchaudio.functional.amplitude_to_DB(x, 10.0, 1e-10, 0.0, top_db)
    weights = torch.tensor([[1.0, -2.0, 3.0], [0.5, 0.25, -1.5]])
    (dx,) = torch.autograd.grad((weights * y).sum(), x)
    return {"top_db": top_db, "x": x, "y": y, "weights": weights, "dx": dx}


def mel(n_freqs, n_mels, sample_rate, low, high):
    bank = torchaudio.functional.melscale_fbanks(n_freqs, low, high, n_mels, sample_rate)
    return {"n_freqs": n_freqs, "n_mels": n_mels, "sample_rate": sample_rate, "fmin": low, "fmax": high, "bank": bank}


cases = {
    "windows": [
        {"kind": kind, "n": n, "periodic": periodic, "w": getattr(torch, kind)(n, periodic=periodic)}
        for kind in ("hann_window", "hamming_window") for n in (1, 2, 5) for periodic in (True, False)
    ],
    "stft": [
        stft(16, 4, torch.hann_window(16), 21),
        stft(16, 4, torch.hamming_window(12), 30, normalized=True, keep=30, batch=1),
        stft(9, 3, torch.hamming_window(9), 30, batch=1),
        stft(8, 4, torch.ones(8), 24, center=False, batch=1, keep=27),
        stft(2, 1, torch.ones(2), 3, batch=1),
    ],
    "spectrogram": [spectrogram(2.0, 0, False), spectrogram(1.0, 3, False), spectrogram(0.5, 0, True)],
    "decibels": [decibels(None), decibels(30.0)],
    "mel": [mel(9, 4, 16000, 0.0, 8000.0), mel(17, 5, 8000, 100.0, 3000.0)],
}


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(case)}" for name, case in plain(cases).items())
(pathlib.Path(__file__).parent / "spectral.json").write_text(f"{{\n{lines}\n}}\n")
