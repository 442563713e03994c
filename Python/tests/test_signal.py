"""`spectralkit.signal` against SciPy: by its own tests in `run_scipy_tests.py`, here by cases that those leave out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from spectralkit import signal

scipy_signal = pytest.importorskip("scipy.signal")

MODES = ["full", "same", "valid"]
TYPES = [
    "bool",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
    "complex128",
]


def random(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    kind = np.dtype(dtype).kind
    if kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if kind in "iu":
        return rng.integers(0 if kind == "u" else -9, 10, shape).astype(dtype)
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if kind == "c" else values).astype(dtype)


def bound(dtype: np.dtype, a: np.ndarray, b: np.ndarray) -> float:
    """The promise of the library for any method, with the rounding of SciPy's result added."""
    if dtype.kind in "biu":
        return 0
    # SciPy takes each array's transform in its own precision; float16 only rounds results.
    eps = max(np.finfo(t).eps for t in [dtype, a.dtype, b.dtype] if t.kind in "fc")
    a, b = a.astype(complex), b.astype(complex)
    points = 4 * (a.size + b.size)
    return 8 * eps * np.sqrt(np.log2(points)) * np.linalg.norm(a) * np.linalg.norm(b) + 1e-300


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("first", TYPES)
@pytest.mark.parametrize("second", TYPES)
def test_types(first: str, second: str, mode: str) -> None:
    rng = np.random.default_rng(1)
    a, b = random(rng, (23,), first), random(rng, (6,), second)
    for name in ["convolve", "correlate", "fftconvolve"]:
        expected = getattr(scipy_signal, name)(a, b, mode)
        actual = getattr(signal, name)(a, b, mode)
        assert actual.dtype == expected.dtype, name
        assert_allclose(actual, expected, rtol=0, atol=bound(expected.dtype, a, b))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("shapes", [((41,), (7,)), ((9, 11), (3, 4)), ((4, 5, 6), (2, 3, 2))])
def test_integers_wrap_around(dtype: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(2)
    limits = np.iinfo(dtype)
    a, b = (rng.integers(limits.min, limits.max, shape, dtype, endpoint=True) for shape in shapes)
    for mode, method in itertools.product(MODES, ["auto", "direct", "fft"]):
        expected = scipy_signal.convolve(a, b, mode, "direct")
        assert_array_equal(signal.convolve(a, b, mode, method), expected)
        expected = scipy_signal.correlate(a, b, mode, "direct")
        assert_array_equal(signal.correlate(a, b, mode, method), expected)


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64"])
@pytest.mark.parametrize("shapes", [((9, 11), (1, 4)), ((9, 11), (3, 4)), ((5, 3, 8), (1, 2, 3)), ((70,), (9,))])
def test_integers_a_block_at_a_time(monkeypatch, dtype: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(6)
    a, b = (random(rng, shape, dtype) for shape in shapes)
    for mode, name in itertools.product(MODES, ["convolve", "correlate"]):
        expected = getattr(signal, name)(a, b, mode)
        with monkeypatch.context() as patch:
            patch.setattr(signal, "_BLOCK", 13)
            actual = getattr(signal, name)(a, b, mode)
        assert actual.dtype == expected.dtype
        assert_array_equal(actual, expected)
    if len(shapes[0]) == 2:
        monkeypatch.setattr(signal, "_BLOCK", 13)
        for boundary in ["fill", "wrap", "symm"]:
            expected = scipy_signal.convolve2d(a.astype(int), b.astype(int), "same", boundary, 1)
            actual = signal.convolve2d(a, b, "same", boundary, 1)
            assert_array_equal(actual, expected.astype(bool) if dtype == "bool" else expected.astype(dtype))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("boundary", ["fill", "wrap", "symm"])
@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "complex128"])
@pytest.mark.parametrize(
    "shapes", [((7, 8), (3, 3)), ((6, 5), (2, 4)), ((3, 4), (5, 9)), ((1, 4), (3, 2)), ((5, 1), (1, 3))]
)
def test_images(shapes, dtype, boundary, mode) -> None:
    rng = np.random.default_rng(3)
    a, b = (random(rng, shape, dtype) for shape in shapes)
    fills = [0, 3] + ([1.5] if a.dtype.kind in "fc" else []) + ([1 + 2j] if a.dtype.kind == "c" else [])
    for name, fill in itertools.product(["convolve2d", "correlate2d"], fills):
        try:
            expected = getattr(scipy_signal, name)(a, b, mode, boundary, fill)
        except ValueError:
            with pytest.raises(ValueError):
                getattr(signal, name)(a, b, mode, boundary, fill)
            continue
        actual = getattr(signal, name)(a, b, mode, boundary, fill)
        if name == "correlate2d" and dtype == "complex128" and mode == "valid" and shapes[0] < shapes[1]:
            # SciPy conjugates the smaller array, whichever it is.
            expected = expected.conj()
        assert actual.dtype == expected.dtype
        tolerance = 4 * bound(expected.dtype, np.full((20, 20), 4 + abs(fill)), b)
        assert_allclose(actual, expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "first, second, axes",
    [
        ((3, 20), (3, 5), 1),
        ((3, 20), (1, 5), -1),
        ((1, 20), (4, 5), [1]),
        ((20, 3), (5, 3), 0),
        ((4, 6, 8), (4, 3, 2), (1, 2)),
        ((6, 4, 8), (3, 1, 2), (2, 0)),
        ((2, 3, 2, 3, 2, 2, 2, 2, 9), (1, 3, 2, 1, 2, 1, 2, 2, 4), 8),
        ((9, 2, 3, 2, 3, 2, 2, 2, 2), (4, 1, 3, 2, 1, 2, 1, 2, 2), 0),
        ((5, 6, 7), (2, 3, 4), None),
        ((1, 1), (1, 1), None),
    ],
)
def test_axes_and_broadcasting(first, second, axes, mode) -> None:
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal(first), rng.standard_normal(second)
    for name in ["fftconvolve", "oaconvolve"]:
        expected = scipy_signal.fftconvolve(a, b, mode, axes)
        actual = getattr(signal, name)(a, b, mode, axes)
        assert_allclose(actual, expected, rtol=0, atol=bound(expected.dtype, a, b))
        assert actual.flags.c_contiguous


def test_strided_arrays_are_read_in_place() -> None:
    rng = np.random.default_rng(5)
    base = rng.standard_normal((40, 60))
    kernel = rng.standard_normal((6, 8))
    for a, b in [(base[::2, ::-3], kernel[::-1]), (base.T, kernel.T[1:]), (base[5:, 7:], kernel[:, ::2])]:
        assert_allclose(signal.convolve(a, b), scipy_signal.convolve(a, b), atol=1e-11)
    record = np.zeros(30, [("x", "f8"), ("flag", "i1")])
    record["x"] = base[0, :30]
    assert_allclose(signal.convolve(record["x"], kernel[0]), scipy_signal.convolve(base[0, :30], kernel[0]), atol=1e-12)
    swapped = base[0].astype(">f8")
    assert_allclose(signal.convolve(swapped, kernel[0]), scipy_signal.convolve(base[0], kernel[0]), atol=1e-12)
    locked = base.copy()
    locked.flags.writeable = False
    assert_allclose(signal.convolve(locked, kernel), scipy_signal.convolve(base, kernel), atol=1e-11)


@pytest.mark.parametrize("method", ["auto", "direct", "fft"])
def test_not_a_number_stays_in_its_footprint(method: str) -> None:
    x = np.ones(2000)
    x[1000] = np.nan
    if method == "fft":
        with pytest.warns(RuntimeWarning, match="NaN"):
            y = signal.convolve(x, np.ones(100), "full", method)
    else:
        y = signal.convolve(x, np.ones(100), "full", method)
    assert_array_equal(np.isnan(y), (np.arange(2099) >= 1000) & (np.arange(2099) < 1100))


@pytest.mark.parametrize("shapes", [((0, 3), (2, 2)), ((2, 3), (0, 2))])
@pytest.mark.parametrize("mode", ["full", "same"])
def test_empty_images(shapes, mode: str) -> None:
    a, b = (np.zeros(shape) for shape in shapes)
    expected = scipy_signal.convolve2d(a, b, mode)
    assert_array_equal(signal.convolve2d(a, b, mode), expected)


def test_booleans_in_two_dimensions() -> None:
    a, b = np.array([[True, True, False]]), np.array([[True, True]])
    for function in [signal.convolve, signal.correlate, signal.convolve2d]:
        result = function(a, b)
        assert result.dtype == bool
        assert_array_equal(result, [[True, True, True, False]])


@pytest.mark.parametrize("dtype", ["object", "longdouble", "clongdouble"])
def test_other_types_are_refused(dtype: str) -> None:
    a = np.ones(5, dtype)
    for function in [signal.convolve, signal.correlate, signal.fftconvolve, signal.oaconvolve]:
        with pytest.raises(TypeError, match="not supported"):
            function(a, a)


def test_four_axes_are_refused() -> None:
    a = np.ones((3, 3, 3, 3))
    with pytest.raises(NotImplementedError, match="4 axes"):
        signal.convolve(a, a)
    assert signal.fftconvolve(a, a, axes=(1, 2, 3)).shape == (3, 5, 5, 5)
