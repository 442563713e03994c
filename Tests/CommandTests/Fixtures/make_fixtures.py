"""Makes transparent pictures and what filters make of them, by premultiplied colours in NumPy and SciPy.

Made with NumPy 2.4.6, SciPy 1.17.1 and Pillow 13.0.0. Run it in its folder:
    python make_fixtures.py
"""

import numpy as np
import scipy.ndimage
from PIL import Image

random = np.random.default_rng(11)
height, width = 20, 28
kernel = np.array([[1, 2, 1], [2, 4, 2], [1, 2, 0]], dtype=float)
sobel = np.outer([1, 2, 1], [1, 0, -1]).astype(float)
weights = np.array([0.2126, 0.7152, 0.0722])


def picture(name, center):
    """Random colours everywhere; opaque in a disc, transparent around it, with a soft rim in between."""
    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot(y - center[0], x - center[1])
    alpha = np.clip((10 - distance) / 4, 0, 1)
    pixels = np.concatenate([random.random((height, width, 3)), alpha[..., None]], axis=2)
    bytes = np.round(pixels * 255).astype(np.uint8)
    Image.fromarray(bytes).save(name)
    return bytes / 255


def linear(x):
    return np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)


def stored(x):
    y = np.abs(x)
    return np.sign(x) * np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055)


def premultiplied(x):
    return np.concatenate([x[..., :3] * x[..., 3:], x[..., 3:]], axis=2)


def divided(x):
    """Colours and alpha of premultiplied colours; nothing where alpha is less than half a step of 16 bits."""
    alpha = x[..., 3:]
    seen = alpha >= 0.5 / 65535
    return np.where(seen, np.concatenate([x[..., :3] / np.where(seen, alpha, 1), np.minimum(alpha, 1)], axis=2), 0)


def convolved(x, taps, mode):
    return np.stack([scipy.ndimage.convolve(x[..., c], taps, mode=mode) for c in range(x.shape[2])], axis=2)


def by_spectra(x, response):
    spectra = np.fft.fft2(x, axes=(0, 1))
    return np.fft.ifft2(spectra * response[..., None], axes=(0, 1)).real


def low_pass(cutoff):
    fy, fx = np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None]
    return np.exp(-(fy**2 + fx**2) / (2 * cutoff**2))


def save(name, x):
    np.save(name, np.ascontiguousarray(x, dtype=np.float64))


x, far = picture("transparent.png", (10, 13)), picture("transparent_far.png", (8, 16))
gain = kernel.sum()
for boundary, mode in [
    ("zero", "constant"), ("reflect", "reflect"), ("mirror", "mirror"), ("replicate", "nearest"), ("circular", "wrap"),
]:
    save(f"convolved_{boundary}.npy", divided(convolved(premultiplied(x), kernel / gain, mode)) * ([gain] * 3 + [1]))
light = np.concatenate([linear(x[..., :3]), x[..., 3:]], axis=2)
result = divided(convolved(premultiplied(light), kernel / gain, "reflect"))
save("convolved_light.npy", np.concatenate([stored(gain * result[..., :3]), result[..., 3:]], axis=2))

# The brightness alone: colours keep their differences, and alpha stays.
brightness = (x[..., :3] @ weights)[..., None]
result = divided(convolved(premultiplied(np.concatenate([brightness] * 3 + [x[..., 3:]], axis=2)), kernel / gain, "reflect"))
colors = x[..., :3] + (gain * result[..., :1] - brightness)
save("convolved_luminance.npy", np.concatenate([np.where(x[..., 3:] > 0, colors, 0), x[..., 3:]], axis=2))

# Differences are those of the picture on black.
save("slopes.npy", convolved(premultiplied(x)[..., :3], sobel, "reflect"))

save("unsharp.npy", divided(by_spectra(premultiplied(x), 1 + 0.8 * (1 - low_pass(0.1)))))
save("high_pass.npy", by_spectra(premultiplied(x)[..., :3], 1 - low_pass(0.1)))
save(
    "hybrid.npy",
    divided(by_spectra(premultiplied(far), low_pass(0.1)) + by_spectra(premultiplied(x), 1 - low_pass(0.1))))

# Logarithms have no premultiplied form: they are taken of the picture on its own mean colour, and colours get what changes.
alpha = x[..., 3:]
mean = premultiplied(x)[..., :3].sum(axis=(0, 1)) / alpha.sum()
ground = mean + (x[..., :3] - mean) * alpha
offset = ground.max() / 255
even = np.exp(by_spectra(np.log(ground + offset), 0.5 + 1.5 * (1 - low_pass(0.1)))) - offset
save("homomorphic.npy", np.concatenate([np.where(alpha > 0, x[..., :3] + even - ground, 0), alpha], axis=2))

spectrum = np.fft.fftshift(np.fft.fft2(premultiplied(x)[..., :3] @ weights))
save("spectrum.npy", np.stack([spectrum.real, spectrum.imag], axis=2))
