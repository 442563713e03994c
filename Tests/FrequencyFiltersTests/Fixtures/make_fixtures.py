"""Makes the images beside this script, filtered by scikit-image and SciPy.

Made with scikit-image 0.26.0, SciPy 1.17.1 and NumPy 2.4.6. Run it in its folder:
    python make_fixtures.py
"""

import numpy as np
import scipy.fft
import scipy.ndimage
from skimage.filters import butterworth

random = np.random.default_rng(7)


def image(height, width):
    """A slope, a disc, stripes and noise."""
    y, x = np.mgrid[0:height, 0:width]
    disc = (y - 0.4 * height) ** 2 + (x - 0.6 * width) ** 2 < (0.25 * height) ** 2
    stripes = 0.2 * np.sin(2 * np.pi * (0.25 * x + 0.1 * y))
    return 0.3 * x / width + 0.4 * disc + stripes + 0.05 * random.standard_normal((height, width))


def save(name, values):
    np.save(name, np.ascontiguousarray(values, dtype=np.float64))


even, odd = image(40, 54), image(33, 45)
save("even.npy", even)
save("odd.npy", odd)

for name, x in [("even", even), ("odd", odd)]:
    # The ratio is of the sampling frequency: cycles per pixel. npad=0 leaves the transform circular.
    save(f"butterworth_low_{name}.npy", butterworth(x, 0.1, high_pass=False, order=2, npad=0))
    save(f"butterworth_high_{name}.npy", butterworth(x, 0.05, high_pass=True, order=3, npad=0))

    # A Gaussian of so many pixels is one of 1 / (2 pi pixels) cycles per pixel.
    blurred = scipy.ndimage.fourier_gaussian(scipy.fft.fft2(x), sigma=2)
    save(f"gaussian_low_{name}.npy", scipy.fft.ifft2(blurred).real)

    # An ideal band-stop from 0.1 to 0.2 cycles per pixel, straight from the definition.
    fy, fx = np.meshgrid(*(scipy.fft.fftfreq(n) for n in x.shape), indexing="ij")
    distance = np.hypot(fx, fy)
    passes = ~((distance > 0.1) & (distance <= 0.2))
    save(f"ideal_stop_{name}.npy", scipy.fft.ifft2(scipy.fft.fft2(x) * passes).real)

    # The same blur by summing in space, with every boundary; 10 sigma hold all of it that Double can tell.
    for mode in ["constant", "reflect", "mirror", "nearest", "wrap"]:
        save(f"blur_{mode}_{name}.npy", scipy.ndimage.gaussian_filter(x, 2, mode=mode, truncate=10))
