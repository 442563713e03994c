"""`spectralkit.restoration` and `spectralkit.filters`."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from spectralkit import filters, restoration, signal


def scene(dtype: str = "float64") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A sharp image, a blur, and the blurred image."""
    rng = np.random.default_rng(1)
    sharp = np.zeros((64, 80))
    for _ in range(12):
        row, column = rng.integers(8, 46), rng.integers(8, 60)
        sharp[row : row + 10, column : column + 8] += rng.random() / 3
    psf = np.outer(np.hanning(9)[1:-1], np.hanning(7)[1:-1])
    psf /= psf.sum()
    blurred = signal.convolve(sharp, psf, "same") + 1e-3 * rng.standard_normal(sharp.shape)
    return sharp.astype(dtype), psf.astype(dtype), blurred.astype(dtype)


@pytest.mark.parametrize("clip", [True, False])
@pytest.mark.parametrize("dtype, tolerance", [("float64", 1e-10), ("float32", 2e-3)])
def test_scikit_image(dtype: str, tolerance: float, clip: bool) -> None:
    theirs = pytest.importorskip("skimage.restoration")
    _, psf, blurred = scene(dtype)
    expected = theirs.wiener(blurred, psf, 0.01, clip=clip)
    actual = restoration.wiener(blurred, psf, 0.01, clip=clip)
    assert actual.dtype == expected.dtype
    assert_allclose(actual, expected, atol=tolerance)
    expected = theirs.wiener(blurred, psf, 0.01, reg=np.ones((3, 3)) / 9, clip=clip)
    assert_allclose(restoration.wiener(blurred, psf, 0.01, np.ones((3, 3)) / 9, clip=clip), expected, atol=tolerance)
    expected = theirs.wiener(blurred, psf, 0.01, is_real=False, clip=False)
    assert_allclose(restoration.wiener(blurred, psf, 0.01, is_real=False, clip=False), expected, atol=tolerance)
    for epsilon in (None, 0.05):
        expected = theirs.richardson_lucy(np.abs(blurred), psf, 10, clip, epsilon)
        actual = restoration.richardson_lucy(np.abs(blurred), psf, 10, clip, epsilon)
        assert actual.dtype == expected.dtype
        assert_allclose(actual, expected, rtol=tolerance * 10, atol=tolerance)


@pytest.mark.parametrize("boundary", ["reflect", "mirror", "nearest", "wrap", "zero"])
def test_own_methods_restore(boundary: str) -> None:
    sharp, psf, blurred = scene()
    before = np.linalg.norm(blurred - sharp)
    assert np.linalg.norm(restoration.wiener(blurred, psf, 1e-3, boundary=boundary) - sharp) < 0.8 * before
    result = restoration.richardson_lucy(np.abs(blurred), psf, 30, boundary=boundary)
    assert np.linalg.norm(result - sharp) < 0.8 * before
    stack = np.stack([blurred, blurred[::-1]])
    assert_allclose(restoration.wiener(stack, psf, 1e-3, boundary=boundary).shape, stack.shape)


def test_lowpass_keeps_low_and_removes_high_frequencies() -> None:
    x = np.arange(256)
    low, high = np.cos(2 * np.pi * x * 4 / 256), np.cos(2 * np.pi * x * 96 / 256)
    for dtype in (np.float32, np.float64):
        y = filters.apply((low + high).astype(dtype), "lowpass ideal:0.2", boundary="wrap")
        assert y.dtype == dtype
        assert_allclose(y, low, atol=1e-5)


def test_filters_of_batches_and_parts() -> None:
    rng = np.random.default_rng(2)
    images = rng.standard_normal((3, 32, 40))
    made = filters.FrequencyFilter((32, 40), "--lowpass gaussian:0.1 --unsharp gaussian:0.1,0.5")
    expected = np.stack([made(image) for image in images])
    assert_allclose(made(images), expected)
    out = np.empty_like(images)
    assert made(images[:, ::1], out) is out
    assert_allclose(out, expected)
    assert_allclose(filters.apply(images, "lowpass gaussian:0.1 unsharp gaussian:0.1,0.5"), expected)
    assert_allclose(made(images[:, ::-1]), filters.apply(images[:, ::-1].copy(), made.expression))
    assert filters.apply(rng.standard_normal((4, 5, 6)), "laplacian", axes=3).shape == (4, 5, 6)
