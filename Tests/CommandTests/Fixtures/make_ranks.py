"""What SciPy and NumPy make of a signal and a volume, for RankTests.swift.

    python make_ranks.py        # writes ranks.json beside itself

NumPy 2.4, SciPy 1.17. Convolutions are scipy.ndimage's; filters multiply numpy.fft.fftn(x) by their formula, the boundary
being circular; a spectrum is fftshift(fftn(x)). Numbers are in C order.
"""
import json
import os

import numpy as np
from scipy import ndimage

random = np.random.default_rng(11)
signal = random.integers(-8, 9, 60).astype(float)
volume = random.integers(-8, 9, (8, 10, 12)).astype(float)


def frequencies(shape):
    axes = np.meshgrid(*[np.fft.fftfreq(n) for n in shape], indexing="ij")
    return np.sqrt(sum(a**2 for a in axes))


def filtered(x, response):
    return np.real(np.fft.ifftn(np.fft.fftn(x) * response(frequencies(x.shape))))


def gaussian(cutoff):
    return lambda f: np.exp(-((f / cutoff) ** 2) / 2)


def butterworth(cutoff, order):
    return lambda f: 1 / (1 + (f / cutoff) ** (2 * order))


def ball(diameter):
    """Shares of voxels inside a ball, by the middles of 60 x 60 x 60 parts of each."""
    reach = int(np.ceil(diameter / 2 - 0.5))
    parts = (np.arange(60) + 0.5) / 60 - 0.5
    places = (np.arange(-reach, reach + 1)[:, None] + parts).ravel()
    squares = places**2
    inside = squares[:, None, None] + squares[None, :, None] + squares[None, None, :] <= (diameter / 2) ** 2
    n = 2 * reach + 1
    shares = inside.reshape(n, 60, n, 60, n, 60).mean((1, 3, 5))
    return shares / shares.sum()


results = {
    "signal gaussian:2": ndimage.gaussian_filter(signal, 2, mode="reflect", radius=6),
    "signal box:5": ndimage.uniform_filter(signal, 5, mode="reflect"),
    "volume gaussian:1,2,1.5": ndimage.gaussian_filter(
        volume, (1, 2, 1.5), mode="constant", cval=0.5, radius=(3, 6, 5)),
    "volume gaussian:1,2,1.5,2": ndimage.gaussian_filter(volume, (1, 2, 1.5), mode="mirror", radius=2),
    "volume box:3,1,5": ndimage.uniform_filter(volume, (3, 1, 5), mode="nearest"),
    "ball:3.6": ball(3.6),
    "signal lowpass": filtered(signal, gaussian(0.1)),
    "signal bandpass": filtered(signal, lambda f: (1 - butterworth(0.05, 2)(f)) * butterworth(0.2, 2)(f)),
    "signal notch": filtered(
        signal, lambda f: (1 - gaussian(0.05)(f - 0.25)) * (1 - gaussian(0.05)(f + 0.25))),
    "volume lowpass": filtered(volume, gaussian(0.1)),
    "volume highpass": filtered(volume, lambda f: 1 - butterworth(0.2, 3)(f)),
    "volume laplacian": filtered(volume, lambda f: -4 * np.pi**2 * f**2),
}
spectra = {"signal": np.fft.fftshift(np.fft.fftn(signal)), "volume": np.fft.fftshift(np.fft.fftn(volume))}
everything = {"signal": signal, "volume": volume} | results
for name, spectrum in spectra.items():
    everything[name + " spectrum"] = np.stack([spectrum.real, spectrum.imag], -1)
with open(os.path.join(os.path.dirname(__file__), "ranks.json"), "w") as file:
    json.dump({name: {"shape": x.shape, "values": x.ravel().tolist()} for name, x in everything.items()}, file)
    file.write("\n")
