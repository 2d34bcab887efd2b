#!/usr/bin/env python3
"""Front ends computed independently, by NumPy and SciPy, for feature_test.go.

Usage: /usr/bin/python3 make.py   (Debian: python3-numpy, python3-scipy)
Writes golden.json beside this file.
"""
import json
import os

import numpy as np
import scipy.fft
import scipy.signal
import scipy.stats

CASES = [
    dict(name="raw patches", rate=100, channels=2, seconds=0.31, front=dict(kind="raw", samples=4, deltas=1)),
    dict(name="raw decimated", rate=100, channels=1, seconds=0.5, front=dict(kind="raw", samples=2, decimate=3, deltas=2)),
    dict(name="statistics", rate=52, channels=3, seconds=2.2, front=dict(kind="stats", samples=26, floor=1e-4)),
    dict(name="statistics with means", rate=100, channels=1, seconds=0.6, front=dict(kind="stats", samples=5, lags=3, means=True, deltas=1)),
    dict(name="log-mel 16 kHz", rate=16000, channels=1, seconds=0.09, front=dict(kind="logmel")),
    dict(name="log-mel 8 kHz stereo", rate=8000, channels=2, seconds=0.08, front=dict(kind="logmel", bands=23, deltas=1)),
    dict(name="log-mel 44.1 kHz", rate=44100, channels=1, seconds=0.06, front=dict(kind="logmel", window_ms=25, hop_ms=5, bands=40, low_hz=50, high_hz=12000)),
    dict(name="moments 300 Hz", rate=300, channels=1, seconds=2.1, front=dict(kind="moments")),
    dict(name="moments 360 Hz, two leads, a band", rate=360, channels=2, seconds=1.3, front=dict(kind="moments", window_ms=200, hop_ms=50, low_hz=5, high_hz=60, floor=1e-6, deltas=1)),
    dict(name="mfcc 16 kHz", rate=16000, channels=1, seconds=0.07, front=dict(kind="mfcc", bands=26, coefficients=12, deltas=2)),
    dict(name="log-mel without its mean", rate=8000, channels=1, seconds=0.14, front=dict(kind="logmel", bands=9, mean_prior=2.5, mean_memory=6, mean_power=1e-5)),
    dict(name="mfcc without its mean", rate=8000, channels=2, seconds=0.12, front=dict(kind="mfcc", bands=12, coefficients=7, deltas=1, mean_prior=4)),
]


def signal(rate, channels, seconds):
    """Sines of rising amplitude with a click; float32, channels interleaved."""
    n = round(rate * seconds)
    t = np.arange(n) / rate
    x = np.stack([0.3 * np.sin(2 * np.pi * rate * (0.01 + 0.03 * c) * t) * t / seconds + 0.1 * np.sin(2 * np.pi * rate * 0.21 * t + c)
                  for c in range(channels)], axis=1)
    x[n // 2] += 0.5
    return x.astype(np.float32)


def raw(x, samples=1, decimate=1):
    n = len(x) // (samples * decimate) * samples * decimate
    x = x[:n].astype(np.float64).reshape(-1, decimate, x.shape[1]).mean(axis=1)
    return x.reshape(-1, samples * x.shape[1])


def stats(x, samples, lags=4, means=False, floor=1e-6):
    x = x.astype(np.float64)
    out = []
    for a in range(0, len(x) - samples + 1, samples):
        patch = x[a:a + samples]
        f = [patch.mean(axis=0)] if means else []
        f.append(np.log(patch.var(axis=0) + floor))
        for lag in 2 ** np.arange(lags):
            d = [x[t] - x[t - lag] for t in range(max(a, lag), a + samples)]
            f.append(np.log(np.mean(np.square(d), axis=0) + floor) if d else np.log(floor) * np.ones(x.shape[1]))
        out.append(np.concatenate(f))
    return np.array(out)


def mel(f):
    return 2595 * np.log10(1 + f / 700)


def logmel(x, rate, window_ms=25, hop_ms=10, bands=40, low_hz=20, high_hz=None, floor=1e-11):
    high_hz = min(8000, rate / 2) if high_hz is None else high_hz
    window, hop = int(window_ms * rate / 1000 + 0.5), int(hop_ms * rate / 1000 + 0.5)
    size = 1 << (window - 1).bit_length()
    mono = x.astype(np.float64).mean(axis=1)
    w = scipy.signal.get_window("hann", window, fftbins=True)
    frames = [mono[a:a + window] * w for a in range(0, len(mono) - window + 1, hop)]
    power = np.abs(np.fft.rfft(frames, size)) ** 2 * 2 / w.sum() ** 2
    edges = 700 * (10 ** (np.linspace(mel(low_hz), mel(high_hz), bands + 2) / 2595) - 1)
    f = np.arange(size // 2 + 1) * rate / size
    bank = np.maximum(0, np.minimum((f[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None],
                                    (edges[2:, None] - f[None]) / (edges[2:] - edges[1:-1])[:, None]))
    for i in np.flatnonzero(bank.sum(axis=1) == 0):
        bank[i, round(edges[i + 1] * size / rate)] = 1
    return np.log(power @ bank.T + floor)


def moments(x, rate, window_ms=250, hop_ms=125, low_hz=0, high_hz=None, floor=1e-11):
    """First moment of scipy's spectrogram and scipy.stats's entropy of it."""
    window, hop = int(window_ms * rate / 1000 + 0.5), int(hop_ms * rate / 1000 + 0.5)
    f, _, p = scipy.signal.spectrogram(x.astype(np.float64).mean(axis=1), fs=rate, window=scipy.signal.get_window("hann", window), noverlap=window - hop,
                                       nfft=1 << (window - 1).bit_length(), detrend=False, return_onesided=False, scaling="spectrum", mode="psd")
    n = len(f) // 2 + 1
    f, p = np.abs(f[:n]), 2 * p[:n].T + floor
    band = (f >= low_hz) & (f <= (rate / 2 if high_hz is None else high_hz))
    f, p = f[band], p[:, band]
    return np.stack([p @ f / p.sum(axis=1), scipy.stats.entropy(p, base=2, axis=1) / np.log2(len(f))], axis=1)


def without_mean(y, kind, bands, prior, memory=300, power=1e-6):
    """Each value less its mean so far, which a flat spectrum begins."""
    mean = np.full((1, bands), np.log(power))
    if kind == "mfcc":
        mean = scipy.fft.dct(mean, type=2, norm="ortho", axis=1)[:, :y.shape[1]]
    mean, out = mean[0], []
    for t, x in enumerate(y, 1):
        keep = 1 / min(prior + t, memory)
        mean = (1 - keep) * mean + keep * x
        out.append(x - mean)
    return np.array(out)


def deltas(y, order):
    parts = [y]
    for _ in range(order):
        last = parts[-1]
        d = np.zeros_like(last)
        d[1:] = last[1:] - last[:-1]
        d[:len(parts)] = 0
        parts.append(d)
    return np.concatenate(parts, axis=1)


def main():
    out = []
    for c in CASES:
        front = dict(c["front"])
        x = signal(c["rate"], c["channels"], c["seconds"])
        kind, order = front.pop("kind"), front.pop("deltas", 0)
        if kind == "raw":
            y = raw(x, **front)
        elif kind == "stats":
            y = stats(x, **front)
        elif kind == "moments":
            y = moments(x, c["rate"], **front)
        else:
            k = front.pop("coefficients", 13)
            mean = {n[5:]: front.pop(n) for n in list(front) if n.startswith("mean_")}
            y = logmel(x, c["rate"], **front)
            if kind == "mfcc":
                y = scipy.fft.dct(y, type=2, norm="ortho", axis=1)[:, :k]
        whole = deltas(y, order)
        if kind in ("logmel", "mfcc") and mean:
            whole[:, :y.shape[1]] = without_mean(y, kind, front.get("bands", 40), **mean)
        y = whole
        out.append(dict(name=c["name"], rate=c["rate"], channels=c["channels"], front=c["front"],
                        samples=[float(v) for v in x.ravel()], dim=y.shape[1], frames=[round(float(v), 6) for v in y.ravel()]))
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json")
    with open(path, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(o, separators=(",", ":")) for o in out) + "\n]\n")


if __name__ == "__main__":
    main()
