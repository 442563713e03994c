"""Linear filters of images and volumes, with the signatures and the meaning of `scipy.ndimage`.

`mode` says what an array is beyond its border: "reflect" (d c b a | a b c d | d c b a), "mirror" (d c b | a b c d | c b
a), "nearest", "wrap" or "constant" with `cval`, and SciPy's "grid-mirror", "grid-wrap", "grid-constant".

Sums are taken in double precision, whatever the types, as SciPy's are. Where they differ from SciPy's: a result for an
integer type is cut off towards zero, but one that is an integer but for rounding errors is taken for that integer.
Kernels may be longer than one element along three axes at most.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from .signal import _apply, _rounds

__all__ = [
    "convolve",
    "convolve1d",
    "correlate",
    "correlate1d",
    "gaussian_filter",
    "gaussian_filter1d",
    "uniform_filter",
    "uniform_filter1d",
]

Array = npt.NDArray[Any]
Output = npt.NDArray[Any] | npt.DTypeLike | None

_FLOAT64 = np.dtype(np.float64)

# Taps up to which the direct method is about as fast as transforms.
_FEW = 128

_MODES = {
    "reflect": _native.REFLECT,
    "grid-mirror": _native.REFLECT,
    "mirror": _native.MIRROR,
    "nearest": _native.REPLICATE,
    "wrap": _native.CIRCULAR,
    "grid-wrap": _native.CIRCULAR,
    "constant": _native.CONSTANT,
    "grid-constant": _native.CONSTANT,
}


# ---------------------------------------------------------------------------------------------------------------------
# The public functions


def correlate(
    input: npt.ArrayLike,
    weights: npt.ArrayLike,
    output: Output = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Correlates an array with weights, as `scipy.ndimage.correlate`.

    Args:
        input: The array.
        weights: The weights, of as many dimensions as `axes` has.
        output: The array that gets the result, which is also returned, or its type; that of the input by default.
        mode: What the array is beyond its border.
        cval: Its value there for mode "constant".
        origin: How far the window is moved towards the beginning, for all axes or each.
        axes: The axes that are filtered; all by default.
    """
    return _into(output, _many(input, weights, output, mode, cval, origin, axes, False))


def convolve(
    input: npt.ArrayLike,
    weights: npt.ArrayLike,
    output: Output = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Convolves an array with weights, as `scipy.ndimage.convolve`; arguments as those of `correlate`.

    A positive origin moves the window towards the end.
    """
    return _into(output, _many(input, weights, output, mode, cval, origin, axes, True))


def correlate1d(
    input: npt.ArrayLike,
    weights: npt.ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Correlates the lines of an array along one axis, as `scipy.ndimage.correlate1d`."""
    array, taps = np.asarray(input), np.asarray(weights)
    if taps.dtype.kind == "c":
        taps = taps.conj()
    return _into(output, _line(array, taps, axis, output, mode, cval, origin, 1))


def convolve1d(
    input: npt.ArrayLike,
    weights: npt.ArrayLike,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Convolves the lines of an array along one axis, as `scipy.ndimage.convolve1d`."""
    array, taps = np.asarray(input), np.asarray(weights)
    _check_cval(cval, array)
    if taps.ndim != 1 or taps.size < 1:
        raise RuntimeError(f"no filter weights given: they are of shape {taps.shape}, not of one axis")
    origin = -origin - (1 if taps.size % 2 == 0 else 0)
    return _into(output, _line(array, taps[::-1].copy(), axis, output, mode, cval, origin, 1))


def gaussian_filter1d(
    input: npt.ArrayLike,
    sigma: float,
    axis: int = -1,
    order: int = 0,
    output: Output = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | None = None,
) -> Array:
    """Filters the lines of an array with a Gaussian or one of its derivatives, as `scipy.ndimage.gaussian_filter1d`.

    Args:
        input: The array.
        sigma: The standard deviation, in elements.
        axis: The axis of the lines.
        order: The order of the derivative; 0 for none.
        output: The array that gets the result, or its type.
        mode: What the array is beyond its border.
        cval: Its value there for mode "constant".
        truncate: Where the kernel is cut off, in standard deviations.
        radius: Where the kernel is cut off, in elements, instead of `truncate`.
    """
    taps = _gaussian_taps(sigma, order, truncate, radius)
    return _into(output, _line(np.asarray(input), taps, axis, output, mode, cval, 0, 1))


def gaussian_filter(
    input: npt.ArrayLike,
    sigma: float | Sequence[float],
    order: int | Sequence[int] = 0,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: Any = 0.0,
    truncate: float = 4.0,
    *,
    radius: int | Sequence[int] | None = None,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Filters an array with a Gaussian along one axis after the other, as `scipy.ndimage.gaussian_filter`.

    Arguments as those of `gaussian_filter1d`, for all axes or each. Between the axes numbers have the output's type.
    """
    array = np.asarray(input)
    dtype = _result_type(output, array, array.dtype.kind == "c")
    chosen = _normalize_axes(axes, array.ndim)
    result = array
    for axis, deviation, derivative, border, reach in zip(
        chosen, *(_each(given, len(chosen)) for given in (sigma, order, mode, radius))
    ):
        if deviation > 1e-15:
            taps = _gaussian_taps(deviation, derivative, truncate, reach)
            result = _line(result, taps, axis, dtype, border, cval, 0, 1)
    return _into(output, result.astype(dtype) if result is array else result)


def uniform_filter1d(
    input: npt.ArrayLike,
    size: int,
    axis: int = -1,
    output: Output = None,
    mode: str = "reflect",
    cval: Any = 0.0,
    origin: int = 0,
) -> Array:
    """Takes the mean of `size` elements along one axis, as `scipy.ndimage.uniform_filter1d`."""
    return _into(output, _mean(np.asarray(input), size, axis, output, mode, cval, origin))


def uniform_filter(
    input: npt.ArrayLike,
    size: int | Sequence[int] = 3,
    output: Output = None,
    mode: str | Sequence[str] = "reflect",
    cval: Any = 0.0,
    origin: int | Sequence[int] = 0,
    *,
    axes: int | Sequence[int] | None = None,
) -> Array:
    """Takes means along one axis after the other, as `scipy.ndimage.uniform_filter`."""
    array = np.asarray(input)
    dtype = _result_type(output, array, array.dtype.kind == "c")
    chosen = _normalize_axes(axes, array.ndim)
    result = array
    for axis, taps, moved, border in zip(chosen, *(_each(given, len(chosen)) for given in (size, origin, mode))):
        if taps > 1:
            result = _mean(result, int(taps), axis, dtype, border, cval, moved)
    return _into(output, result.astype(dtype) if result is array else result)


# ---------------------------------------------------------------------------------------------------------------------
# Arguments


def _each(given: Any, count: int) -> list[Any]:
    """One value for each axis."""
    if isinstance(given, (int, float, str)) or not np.iterable(given):
        return [given] * count
    values = list(given)
    if len(values) != count:
        raise RuntimeError(
            f"sequence argument must have length equal to input rank: {len(values)} values for {count} axes"
        )
    return values


def _normalize_axes(axes: Any, rank: int) -> tuple[int, ...]:
    if axes is None:
        return _ALL_AXES[rank] if rank < len(_ALL_AXES) else tuple(range(rank))
    if not np.isscalar(axes) and not isinstance(axes, Iterable):
        raise ValueError("axes must be an integer, iterable of integers, or None")
    given: list[Any] = [axes] if not isinstance(axes, Iterable) else list(axes)
    numbers = [operator.index(axis) for axis in given]
    for axis in numbers:
        if not -rank <= axis < rank:
            raise ValueError(f"specified axis: {axis} is out of range")
    numbers = [axis % rank for axis in numbers]
    if len(set(numbers)) != len(numbers):
        raise ValueError("axes must be unique")
    return tuple(numbers)


_ALL_AXES = [tuple(range(rank)) for rank in range(9)]


def _border(mode: Any) -> int:
    if not isinstance(mode, str) and isinstance(mode, Iterable):
        raise RuntimeError("A sequence of modes is not supported")
    if mode not in _MODES:
        raise RuntimeError(f"boundary mode not supported: {mode!r} is none of {', '.join(_MODES)}")
    return _MODES[mode]


def _result_type(output: Output, array: Array, is_complex: bool) -> np.dtype[Any]:
    """The type of a result that goes to `output`."""
    _refuse_types(array)
    if output is None:
        native = array.dtype if array.dtype.isnative else array.dtype.newbyteorder("=")
        return np.promote_types(native, np.complex64) if is_complex else native
    if isinstance(output, np.ndarray):
        if output.shape != array.shape:
            raise RuntimeError(f"output shape not correct: it is {output.shape}, and must be {array.shape}")
        if is_complex and output.dtype.kind != "c":
            raise RuntimeError("output must have complex dtype")
        _refuse_types(output)
        return output.dtype
    dtype = np.dtype(output)
    if not np.issubdtype(dtype, np.number) and dtype.kind != "b":
        raise RuntimeError(f"output must have numeric dtype, not {dtype}")
    if is_complex and dtype.kind != "c":
        if isinstance(output, str):
            raise RuntimeError("output must have complex dtype")
        warnings.warn("promoting specified output dtype to complex", stacklevel=4)
        dtype = np.promote_types(dtype, np.complex64)
    return dtype


def _into(output: Output, result: Array) -> Array:
    """A result in the array that was given for it, if one was."""
    if not isinstance(output, np.ndarray):
        return result
    output[...] = result
    return output


def _refuse_types(array: Array) -> None:
    if array.dtype.kind not in "buifc" or array.dtype.char in "gGe":
        raise RuntimeError(f"array type not supported: convert {array.dtype} with astype to float32 or float64 first")


def _check_cval(cval: Any, array: Array) -> None:
    if type(cval) is not float and np.iscomplexobj(cval) and array.dtype.kind != "c":
        raise ValueError(f"Cannot provide a complex-valued cval, {cval}, when the input is real.")


def _check_origin(origin: int, taps: int) -> None:
    if not -(taps // 2) <= origin <= (taps - 1) // 2:
        raise ValueError(
            f"Invalid origin; origin must satisfy -(weights.shape[k] // 2) <= origin[k] <= (weights.shape[k]-1) // 2, "
            f"and is {origin} for {taps} weights"
        )


def _gaussian_taps(sigma: float, order: int, truncate: float, radius: int | None) -> Array:
    """The weights that correlate with a Gaussian or one of its derivatives."""
    reach = int(truncate * float(sigma) + 0.5) if radius is None else radius
    if isinstance(reach, bool) or not hasattr(reach, "__index__") or reach < 0:
        raise ValueError(f"Radius must be a nonnegative integer, not {reach!r}.")
    return _gaussian(float(sigma), operator.index(order), operator.index(reach))


@lru_cache(maxsize=128)
def _gaussian(sigma: float, order: int, radius: int) -> Array:
    """A Gaussian of sum 1, or its derivative of some order, from radius to -radius."""
    if order < 0:
        raise ValueError(f"order must be non-negative, not {order}")
    x = np.arange(-radius, radius + 1)
    bell = np.exp(-0.5 / (sigma * sigma) * x**2)
    bell /= bell.sum()
    # Each derivative of p(x) exp(-x^2 / 2 sigma^2) is (p' - x p / sigma^2) times the same exponential.
    factor = np.polynomial.Polynomial([1.0])
    for _ in range(order):
        factor = factor.deriv() - np.polynomial.Polynomial([0.0, 1 / (sigma * sigma)]) * factor
    return np.ascontiguousarray((bell * factor(x))[::-1])


# ---------------------------------------------------------------------------------------------------------------------
# Filters as correlations with taps along some axes


def _many(
    input: npt.ArrayLike,
    weights: npt.ArrayLike,
    output: Output,
    mode: Any,
    cval: Any,
    origin: Any,
    axes: Any,
    convolution: bool,
) -> Array:
    array, taps = np.asarray(input), np.asarray(weights)
    is_complex = array.dtype.kind == "c" or taps.dtype.kind == "c"
    if taps.dtype.kind == "c" and not convolution:
        taps = taps.conj()
    _check_cval(cval, array)
    chosen = _normalize_axes(axes, array.ndim)
    if taps.ndim != len(chosen) or 0 in taps.shape:
        raise RuntimeError(
            f"weights.ndim ({sum(n > 0 for n in taps.shape)}) must match len(axes) ({len(chosen)}): the weights are of "
            f"shape {taps.shape}"
        )
    # As in SciPy, weights have their axes in the order of the array's, and origins in the order of `axes`.
    shape, moved = [1] * array.ndim, [0] * array.ndim
    for axis, n in zip(sorted(chosen), taps.shape):
        shape[axis] = n
    order = chosen if len(chosen) < array.ndim else range(array.ndim)
    for axis, number in zip(order, _each(origin, len(chosen))):
        moved[axis] = operator.index(number)
    if convolution:
        taps = np.flip(taps)
        moved = [-number - (1 if n % 2 == 0 else 0) if n > 1 or number else 0 for number, n in zip(moved, shape)]
    for number, n in zip(moved, shape):
        _check_origin(number, n)
    border = _border(mode)
    dtype = _result_type(output, array, is_complex)
    return _filter(array, taps.reshape(shape), dtype, border, cval, tuple(moved), 1)


def _line(
    array: Array, taps: Array, axis: int, output: Output, mode: Any, cval: Any, origin: int, divisor: int
) -> Array:
    is_complex = array.dtype.kind == "c" or taps.dtype.kind == "c"
    _check_cval(cval, array)
    dtype = _result_type(output, array, is_complex)
    if taps.ndim != 1 or taps.size < 1:
        raise RuntimeError(f"no filter weights given: they are of shape {taps.shape}, not of one axis")
    axis = operator.index(axis)
    if not -array.ndim <= axis < array.ndim:
        raise np.exceptions.AxisError(axis, array.ndim)
    axis %= array.ndim
    origin = operator.index(origin)
    _check_origin(origin, taps.size)
    border = _border(mode)
    if array.ndim == 1:
        return _filter(array, taps, dtype, border, cval, (origin,), divisor)
    shape, moved = [1] * array.ndim, [0] * array.ndim
    shape[axis], moved[axis] = taps.size, origin
    return _filter(array, taps.reshape(shape), dtype, border, cval, tuple(moved), divisor)


def _mean(array: Array, size: int, axis: int, output: Output, mode: Any, cval: Any, origin: int) -> Array:
    size = operator.index(size)
    if size < 1:
        raise RuntimeError(f"incorrect filter size: {size} is not positive")
    if not 0 <= size // 2 + origin < size:
        raise ValueError(f"invalid origin: {origin} moves a window of {size} off the element")
    return _line(array, np.ones(size), axis, output, mode, cval, origin, size)


def _filter(
    array: Array, taps: Array, dtype: np.dtype[Any], border: int, cval: Any, origin: tuple[int, ...], divisor: int
) -> Array:
    """Correlates, and divides by `divisor`, which is exact where the sums are."""
    if array.size == 0:
        return np.empty(array.shape, dtype)
    if array.ndim == 0:
        return np.asarray(array * taps).astype(dtype)
    if array.dtype.kind == "c" and border == _native.CONSTANT and np.imag(cval) != 0:
        # The library's boundary value is real.
        result = _filter(array.imag, taps, dtype, border, np.imag(cval), origin, divisor)
        result *= dtype.type(1j)
        result += _filter(array.real, taps, dtype, border, np.real(cval), origin, divisor)
        return result
    value = float(np.real(cval)) if border == _native.CONSTANT else 0.0
    x, w = _working(array), _working(taps)
    # By the definition where that is about as fast: whole numbers stay whole, and zeros zero.
    way = _native.DIRECT if w.size <= _FEW else _native.AUTOMATIC
    exact = False
    if dtype.kind in "biu":
        # Cutting off makes a rounding error below an integer an error of one, so sums are exact or nearly so.
        exact = array.dtype.kind in "biu" and value == int(value) and bool((w == np.rint(w)).all())
        largest = max(abs(x.max()), abs(x.min()), abs(value)) * np.abs(w).max()
        if not _rounds(float(largest) * math.sqrt(x.size * w.size), x.size, w.size):
            way = _native.DIRECT
    sums = _apply(x, w, _native.SAME, _native.CORRELATION, way, border, value, origin)
    if exact:
        sums = np.rint(sums)
    if divisor != 1:
        sums /= divisor
    if dtype.kind in "iu":
        sums = _whole_numbers(sums, float(np.abs(w).sum()) * (float(np.abs(x).max()) + abs(value)) / divisor)
        return (sums.astype(np.int64) if dtype.char not in "LQ" else _unsigned(sums)).astype(dtype)
    return sums if sums.dtype == dtype else sums.astype(dtype)


def _working(array: Array) -> Array:
    """An array in double precision."""
    if array.dtype is _FLOAT64 and array.flags.carray:
        return array
    return _native.usable(array.astype(np.complex128 if array.dtype.kind == "c" else _FLOAT64, copy=False))


def _whole_numbers(sums: Array, size: float) -> Array:
    """Numbers cut off towards zero, but for those that rounding errors alone keep from an integer."""
    nearest = np.rint(sums)
    tolerance = 64 * 2.0**-53 * size
    whole: Array = np.where(np.abs(sums - nearest) <= tolerance, nearest, np.trunc(sums))
    return whole


def _unsigned(sums: Array) -> Array:
    negative = sums < 0
    result = np.abs(sums).astype(np.uint64)
    wrapped: Array = np.where(negative, np.uint64(0) - result, result)
    return wrapped
