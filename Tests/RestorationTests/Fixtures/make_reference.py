"""Writes reference.json: what scikit-image, OpenCV and SciPy compute, for the tests beside this folder.

    python make_reference.py        (scikit-image 0.26, OpenCV, SciPy, NumPy)

Pixels are multiples of 1/256, short in the file and exact in either precision.
"""

import json
import pathlib

import cv2
import numpy as np
from scipy.ndimage import fourier_shift, gaussian_filter
from skimage.feature import match_template
from skimage.registration import phase_cross_correlation
from skimage.restoration import richardson_lucy, wiener

random = np.random.default_rng(20240611)
cases = {}


def pixels(array):
    return np.round(np.asarray(array) * 256) / 256


def entry(array):
    array = np.asarray(array, dtype=np.float64)
    return {"shape": list(array.shape), "values": array.flatten().tolist()}


def case(name, **tensors):
    cases[name] = {key: entry(value) for key, value in tensors.items()}


# A Wiener filter with a constant ratio: a regularisation that is 1 at every frequency. The mean is zero, since SpectralKit
# keeps the mean of an image where scikit-image shrinks it like any other frequency.
for name, shape, kernel in [("wiener", (24, 20), (5, 3)), ("wiener_odd", (15, 21), (4, 6))]:
    psf = random.integers(1, 16, kernel).astype(float)
    psf /= psf.sum()
    image = pixels(random.normal(0, 0.3, shape))
    image -= image.mean()
    case(name, image=image, psf=psf, restored=wiener(image, psf, 0.03, reg=np.ones((1, 1)), clip=False))

# Richardson-Lucy in a dark frame that is wider than what the kernel reaches: there both treat the border alike.
psf = random.integers(1, 16, (5, 7)).astype(float)
psf /= psf.sum()
scene = np.zeros((40, 44))
scene[12:28, 14:30] = pixels(random.uniform(0.2, 1, (16, 16)))
blurred = cv2.filter2D(scene, cv2.CV_64F, psf[::-1, ::-1].copy(), borderType=cv2.BORDER_CONSTANT)
case(
    "richardson_lucy",
    image=blurred,
    psf=psf,
    restored1=richardson_lucy(blurred, psf, num_iter=1, clip=False),
    restored10=richardson_lucy(blurred, psf, num_iter=10, clip=False),
)

# Template matching: grey by scikit-image, colour by OpenCV, which computes in single precision.
image = pixels(gaussian_filter(random.normal(0.5, 1.0, (40, 36)), 1.2))
template = image[11:20, 17:24]
case("match", image=image, template=template, scores=match_template(image, template))
colour = pixels(gaussian_filter(random.normal(0.5, 1.0, (31, 42, 3)), (1.2, 1.2, 0)))
patch = np.clip(colour[7:15, 20:31] + pixels(random.normal(0, 0.05, (8, 11, 3))), -4, 4)
scores = {
    "normalized": cv2.matchTemplate(colour.astype(np.float32), patch.astype(np.float32), cv2.TM_CCOEFF_NORMED),
    "correlation": cv2.matchTemplate(colour.astype(np.float32), patch.astype(np.float32), cv2.TM_CCOEFF),
}
case("match_colour", image=colour.transpose(2, 0, 1), template=patch.transpose(2, 0, 1), **scores)

# Shifts. scikit-image gives the shift that takes the moved image back.
image = pixels(gaussian_filter(random.normal(0.5, 1.0, (48, 45)), 1.5))
for name, shift in [("shift_whole", (5, -9)), ("shift_part", (2.37, -5.18)), ("shift_small", (-0.42, 0.25))]:
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(image), shift)).real
    back, _, _ = phase_cross_correlation(image, moved, upsample_factor=100, normalization="phase")
    case(name, image=image, moved=moved, shift=-back)

path = pathlib.Path(__file__).with_name("reference.json")
path.write_text(json.dumps(cases))
print(path, path.stat().st_size)
