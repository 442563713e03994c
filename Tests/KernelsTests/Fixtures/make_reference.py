"""Writes reference.json: kernels and windows as OpenCV, SciPy and NumPy make them.

Impulse responses, [kH, kW]: what convolution makes of a single bright pixel. Needs numpy, scipy and opencv-python:

    python make_reference.py
"""

import json
from pathlib import Path

import cv2
import numpy as np
import scipy
from scipy import ndimage
from scipy.integrate import quad
from scipy.signal import windows


def impulse(side):
    image = np.zeros((side, side))
    image[side // 2, side // 2] = 1
    return image


def gaussian(sigma, radius):
    line = cv2.getGaussianKernel(2 * radius + 1, sigma, cv2.CV_64F)
    return line @ line.T


def scharr(axis):
    # OpenCV correlates, so its taps are turned by 180 degrees.
    column, row = cv2.getDerivKernels(1 - axis, axis, cv2.FILTER_SCHARR, ktype=cv2.CV_64F)
    return (column @ row.T)[::-1, ::-1]


def gabor(radius, wavelength, degrees, sigma, phase, aspect):
    # With rows counted downwards OpenCV's angles turn clockwise; it correlates, so its taps are turned by 180 degrees.
    taps = cv2.getGaborKernel(
        (2 * radius + 1,) * 2, sigma, -np.radians(degrees), wavelength, aspect, np.radians(phase), cv2.CV_64F)[::-1, ::-1]
    places = np.arange(-radius, radius + 1)
    fx, fy = np.cos(np.radians(degrees)) / wavelength, -np.sin(np.radians(degrees)) / wavelength
    wave = np.exp(-2j * np.pi * (fx * places[None, :] + fy * places[:, None]))
    return taps / abs((taps * wave).sum())


def disk(diameter):
    """Areas by numerical integration, pixel by pixel."""
    radius = diameter / 2
    reach = max(0, int(np.ceil(radius - 0.5)))

    def area(x, y):
        def height(t):
            half = np.sqrt(max(radius * radius - t * t, 0))
            return max(0, min(half, y + 0.5) - max(-half, y - 0.5))

        # Where the height has corners.
        corners = [s * np.sqrt(radius**2 - e**2) for e in (y - 0.5, y + 0.5) for s in (-1, 1) if abs(e) <= radius]
        corners = sorted(c for c in corners + [-radius, radius] if x - 0.5 < c < x + 0.5)
        edges = [x - 0.5] + corners + [x + 0.5]
        return sum(quad(height, a, b, epsabs=1e-13, epsrel=1e-12)[0] for a, b in zip(edges, edges[1:]))

    taps = np.array([[area(x, y) for x in range(-reach, reach + 1)] for y in range(-reach, reach + 1)])
    return taps / (np.pi * radius**2)


def motion(length, degrees, height, width):
    """Two million points of the path, each in its pixel."""
    t = ((np.arange(2_000_000) + 0.5) / 2_000_000 - 0.5) * length
    column = np.floor(t * np.cos(np.radians(degrees)) + 0.5).astype(int) + width // 2
    row = np.floor(-t * np.sin(np.radians(degrees)) + 0.5).astype(int) + height // 2
    taps = np.zeros((height, width))
    np.add.at(taps, (row, column), 1 / len(t))
    return taps


kernels = {
    "gaussian:1.5": gaussian(1.5, 5),
    "gaussian:2,3": gaussian(2, 3),
    "sobel:x": ndimage.sobel(impulse(3), axis=1, mode="constant"),
    "sobel:y": ndimage.sobel(impulse(3), axis=0, mode="constant"),
    "prewitt:x": ndimage.prewitt(impulse(3), axis=1, mode="constant"),
    "prewitt:y": ndimage.prewitt(impulse(3), axis=0, mode="constant"),
    "scharr:x": scharr(1),
    "scharr:y": scharr(0),
    "laplacian": ndimage.laplace(impulse(3), mode="constant"),
    # Less its mean, which SciPy leaves in.
    "log:1.4": (lambda taps: taps - taps.mean())(ndimage.gaussian_laplace(impulse(13), 1.4, mode="constant", radius=6)),
    "gabor:8,30": gabor(12, 8, 30, 4, 0, 1),
    "gabor:6,120,3,90,0.5": gabor(15, 6, 120, 3, 90, 0.5),
    "disk:5.3": disk(5.3),
    "disk:9": disk(9),
    "motion:12.5,30": motion(12.5, 30, 7, 11),
    "motion:9,-70": motion(9, -70, 9, 5),
}
window = {
    "hann": windows.hann,
    "hamming": windows.hamming,
    "blackman": windows.blackman,
    "kaiser": lambda n: windows.kaiser(n, 6.5),
}
reference = {
    "versions": {"numpy": np.__version__, "scipy": scipy.__version__, "opencv": cv2.__version__},
    "kernels": {name: np.asarray(taps, float).tolist() for name, taps in kernels.items()},
    "windows": {name: [make(n).tolist() for n in (1, 2, 7, 16)] for name, make in window.items()},
}
text = json.dumps(reference).replace('"kernels"', '\n"kernels"').replace("]], ", "]],\n")
Path(__file__).with_name("reference.json").write_text(text + "\n")
