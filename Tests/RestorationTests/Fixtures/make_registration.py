"""Writes registration.json: image pairs with known shifts, and what scikit-image makes of them, for RegistrationTests.

    python make_registration.py        (scikit-image 0.26, SciPy, NumPy)

Pixels are bytes, in base64. Shifts are exact: scenes are drawn twice from formulas, or cut twice from a larger scene,
between the pixels after a Fourier shift of that scene. The shift is what takes the first picture to the second.
"""

import base64
import json
import pathlib

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage.registration import phase_cross_correlation

random = np.random.default_rng(20250217)
cases = []


def encoded(pixels):
    return base64.b64encode(pixels.astype(np.uint8).tobytes()).decode()


def case(name, first, second, shift):
    """Scales both alike, so that brightness tells nothing, rounds to 8 bits, and asks scikit-image with both settings."""
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    a, b = (np.round((x - low) / (high - low) * 255).astype(int) for x in (first, second))
    found = {
        str(setting).lower(): (-phase_cross_correlation(
            a.astype(float), b.astype(float), upsample_factor=100, normalization=setting)[0]).tolist()
        for setting in ("phase", None)
    }
    cases.append({"name": name, "shape": list(a.shape), "shift": list(shift), "scikit": found,
                  "first": encoded(a), "second": encoded(b)})
    print(name, shift, found)


def noise(deviation, shape):
    return deviation * random.standard_normal(shape)


y, x = np.mgrid[0:96, 0:96]


def blob(cy, cx, sigma):
    return np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * sigma**2))


for sigma in (6, 10):
    case(f"blob of sigma {sigma}", blob(48, 48, sigma), blob(50, 45, sigma), (2, -3))

for sigma, deviation, shift in [(1.5, 0.02, (2.3, -3.6)), (2.5, 0.02, (0.4, 0.25)), (4, 0.05, (-1.7, 2.85))]:
    stars = [(random.uniform(10, 86), random.uniform(10, 86), random.uniform(0.1, 1)) for _ in range(20)]
    first, second = (
        sum(w * blob(cy + dy, cx + dx, sigma) for cy, cx, w in stars) + noise(deviation, x.shape)
        for dy, dx in ((0, 0), shift)
    )
    case(f"stars of sigma {sigma}, noise {deviation}", first, second, shift)


def moved(scene, shift):
    fy, fx = np.fft.fftfreq(scene.shape[0])[:, None], np.fft.fftfreq(scene.shape[1])[None]
    return np.fft.ifft2(np.fft.fft2(scene) * np.exp(-2j * np.pi * (fy * shift[0] + fx * shift[1]))).real


def views(scene, shift, size=96, deviation=0.0):
    whole = np.round(shift).astype(int)
    top, left = (np.array(scene.shape) - size) // 2
    later = moved(scene, np.array(shift) - whole)
    first = scene[top:top + size, left:left + size]
    second = later[top - whole[0]:top - whole[0] + size, left - whole[1]:left - whole[1] + size]
    return first + noise(deviation, first.shape), second + noise(deviation, second.shape)


# A wall: courses of 12 rows, stones of 30 columns and half a stone further in every other course, each in a grey of its own.
v, u = np.mgrid[0:256, 0:256]
course = v // 12
stone = (u + 15 * (course % 2)) // 30
joint = (v % 12 < 2) | ((u + 15 * (course % 2)) % 30 < 2)
wall = np.where(joint, 0.2, 0.5 + 0.12 * random.standard_normal((40, 40))[course, stone])
wall = gaussian_filter(wall + 0.05 * random.standard_normal(wall.shape), 0.8)
case("wall, noise 0.1", *views(wall, (3.4, -2.3), deviation=0.1), (3.4, -2.3))

# Clouds: noise with the spectrum of photographs, amplitude 1 / frequency.
frequency = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None])
frequency[0, 0] = 1
clouds = np.fft.ifft2(np.fft.fft2(random.standard_normal((256, 256))) / frequency).real
clouds /= clouds.std()
case("clouds, noise 0.1", *views(clouds, (-0.35, 0.8), deviation=0.1), (-0.35, 0.8))
case("clouds, a third", *views(clouds, (32.0, -32.0), deviation=0.05), (32.0, -32.0))
case("clouds, more than half down", *views(clouds, (-52.4, 5.2), deviation=0.05), (-52.4, 5.2))

path = pathlib.Path(__file__).with_name("registration.json")
path.write_text(json.dumps(cases, separators=(",", ":")))
print(path, path.stat().st_size)
