"""`spectralkit.ndimage` against SciPy: by its own tests in `run_scipy_tests.py`, here by other cases."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spectralkit import ndimage

scipy_ndimage = pytest.importorskip("scipy.ndimage")

MODES = ["reflect", "mirror", "nearest", "wrap", "constant", "grid-mirror", "grid-wrap", "grid-constant"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("shape", [(1,), (2,), (5,), (40,), (7, 9), (1, 6), (4, 5, 6), (2, 3, 4, 5)])
@pytest.mark.parametrize("taps", [1, 2, 3, 8])
def test_lines_in_all_modes(shape: tuple[int, ...], taps: int, mode: str) -> None:
    rng = np.random.default_rng(1)
    x, w = rng.standard_normal(shape), rng.standard_normal(taps)
    for axis in range(len(shape)):
        for origin in {-(taps // 2), 0, (taps - 1) // 2}:
            expected = scipy_ndimage.correlate1d(x, w, axis, mode=mode, cval=1.5, origin=origin)
            actual = ndimage.correlate1d(x, w, axis, mode=mode, cval=1.5, origin=origin)
            assert_allclose(actual, expected, atol=1e-13)
        expected = scipy_ndimage.convolve1d(x, w, axis, mode=mode, cval=1.5)
        assert_allclose(ndimage.convolve1d(x, w, axis, mode=mode, cval=1.5), expected, atol=1e-13)


@pytest.mark.parametrize("mode", MODES[:5])
@pytest.mark.parametrize(
    "shape, taps, axes",
    [
        ((9, 8), (3, 4), None),
        ((3, 3), (7, 6), None),
        ((6, 7, 8), (2, 3, 3), None),
        ((6, 7, 8), (3, 2), (0, 2)),
        ((2, 5, 3, 6), (3, 2), (1, 3)),
        ((3, 4, 5, 6), (3, 3), (0, 1)),
        ((30, 31), (17, 16), None),
    ],
)
def test_kernels_in_all_modes(shape, taps, axes, mode: str) -> None:
    rng = np.random.default_rng(2)
    x, w = rng.standard_normal(shape), rng.standard_normal(taps)
    for name in ["correlate", "convolve"]:
        expected = getattr(scipy_ndimage, name)(x, w, mode=mode, cval=-0.5, axes=axes)
        actual = getattr(ndimage, name)(x, w, mode=mode, cval=-0.5, axes=axes)
        assert_allclose(actual, expected, atol=1e-12)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "uint64", "float32", "float64", "complex64"])
def test_types_of_input_and_output(dtype: str) -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 100, (20, 21)).astype(dtype)
    w = rng.integers(-2, 3, (3, 3)).astype(float)
    outputs = [None, "float32", np.float64, np.int32, "uint8"] if x.dtype.kind != "c" else [None, "complex128"]
    for output in outputs:
        expected = scipy_ndimage.correlate(x, w, output)
        actual = ndimage.correlate(x, w, output)
        assert actual.dtype == expected.dtype
        assert_array_equal(actual, expected)
        if x.dtype.kind != "c":
            # SciPy's running sums of fractions carry rounding errors along.
            exact = np.dtype(output or dtype).kind in "iu" and x.dtype.kind in "iu"
            expected = scipy_ndimage.uniform_filter(x, (3, 4), output)
            actual = ndimage.uniform_filter(x, (3, 4), output)
            assert_allclose(actual, expected, rtol=0, atol=0 if exact else 1 if expected.dtype.kind in "iu" else 1e-4)


@pytest.mark.parametrize("sigma, order, axes", [(2, 0, None), ((1, 3), (0, 1), None), (1.5, 2, (1,)), (0, 0, None)])
def test_gaussian(sigma, order, axes) -> None:
    x = np.random.default_rng(4).standard_normal((40, 50))
    for mode in MODES[:5]:
        expected = scipy_ndimage.gaussian_filter(x, sigma, order, mode=mode, axes=axes)
        assert_allclose(ndimage.gaussian_filter(x, sigma, order, mode=mode, axes=axes), expected, atol=1e-13)


def test_integers_stay_flat_under_a_gaussian() -> None:
    x = np.full((50, 60), 255, np.uint8)
    assert_array_equal(ndimage.gaussian_filter(x, 3.3), x)


def test_result_in_the_input_memory() -> None:
    x = np.random.default_rng(5).standard_normal((20, 30))
    expected = scipy_ndimage.correlate(x, np.ones((3, 3)))
    result = ndimage.correlate(x, np.ones((3, 3)), output=x)
    assert result is x
    assert_allclose(x, expected, atol=1e-13)


def test_complex_border() -> None:
    rng = np.random.default_rng(6)
    x = rng.standard_normal((8, 9)) + 1j * rng.standard_normal((8, 9))
    for w in [rng.standard_normal((3, 4)), rng.standard_normal((3, 4)) * 1j]:
        expected = scipy_ndimage.convolve(x, w, mode="constant", cval=2 - 3j)
        assert_allclose(ndimage.convolve(x, w, mode="constant", cval=2 - 3j), expected, atol=1e-13)
