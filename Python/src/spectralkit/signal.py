"""Convolution of arrays, with the signatures and the meaning of `scipy.signal`.

Every function takes arrays of integers, booleans, and real and complex floating-point numbers. Results have SciPy's
types. Integers are exact: like NumPy's, they wrap around where the type ends. One to three axes may be convolved; an
axis along which one of the arrays has a single element does not count. Long double and object arrays are refused.

Where they differ from SciPy: NaN and infinity reach only the results whose window meets one, with every method. A
convolution of booleans is True where any product is, in any number of dimensions. `correlate2d` in mode "valid"
conjugates its second argument also where that is the larger one.
"""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from . import _native
from ._native import CONVOLUTION, CORRELATION, FULL, SAME, VALID

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "fftconvolve", "oaconvolve"]

Mode = Literal["full", "valid", "same"]
Method = Literal["auto", "direct", "fft"]
Boundary = Literal["fill", "wrap", "symm"]
Array = npt.NDArray[Any]

_MODES = {"valid": VALID, "same": SAME, "full": FULL}
_METHODS = {"auto": _native.AUTOMATIC, "direct": _native.DIRECT, "fft": _native.FFT}
_BOUNDARIES = {
    "fill": _native.ZERO,
    "pad": _native.ZERO,
    "wrap": _native.CIRCULAR,
    "circular": _native.CIRCULAR,
    "symm": _native.REFLECT,
    "symmetric": _native.REFLECT,
}

# The types that the library computes in, by the type of the result.
_WORKING: dict[str, np.dtype[Any]] = {
    "e": np.dtype(np.float32),
    "f": np.dtype(np.float32),
    "d": np.dtype(np.float64),
    "F": np.dtype(np.complex64),
    "D": np.dtype(np.complex128),
}
_FLOAT64: np.dtype[Any] = np.dtype(np.float64)

# Products of elements and taps that take no longer than a call does.
_SMALL = 1 << 15


# ---------------------------------------------------------------------------------------------------------------------
# The public functions


def convolve(in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode = "full", method: Method = "auto") -> Array:
    """Convolves two arrays of the same number of dimensions, as `scipy.signal.convolve`.

    Args:
        in1: The first array.
        in2: The second array.
        mode: The size of the result: "full", `n + k - 1`; "same", that of `in1`, the centre of the full result; or
            "valid", the places where one array lies inside the other.
        method: "direct", by the definition; "fft", by fast Fourier transforms; or "auto", what is faster.

    Returns:
        The result, of the arrays' common type.
    """
    a, b = np.asarray(in1), np.asarray(in2)
    if a.ndim == b.ndim == 0:
        return _product(a, b)
    if a.ndim != b.ndim:
        raise ValueError(f"volume and kernel should have the same dimensionality, not {a.ndim} and {b.ndim}")
    return _whole(a, b, mode, method, CONVOLUTION)


def correlate(in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode = "full", method: Method = "auto") -> Array:
    """Correlates two arrays of the same number of dimensions, as `scipy.signal.correlate`.

    `z[k] = sum x[l] conj(y[l - k])`, with k from `-(M - 1)` for mode "full". Arguments as those of `convolve`.
    """
    a, b = np.asarray(in1), np.asarray(in2)
    if a.ndim == b.ndim == 0:
        return _product(a, b.conj() if b.dtype.kind == "c" else b)
    if a.ndim != b.ndim:
        raise ValueError(f"in1 and in2 should have the same dimensionality, not {a.ndim} and {b.ndim}")
    if b.dtype.kind == "c":
        b = b.conj()
    return _whole(a, b, mode, method, CORRELATION)


def fftconvolve(
    in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode = "full", axes: int | Sequence[int] | None = None
) -> Array:
    """Convolves along some axes and broadcasts along the others, as `scipy.signal.fftconvolve`.

    Args:
        in1: The first array.
        in2: The second array, of as many dimensions.
        mode: The size of the result along `axes`; see `convolve`.
        axes: The axes that are convolved; all by default.

    Returns:
        The result, always of floating-point numbers; single precision where both arrays are.
    """
    a, b = np.asarray(in1), np.asarray(in2)
    if a.ndim == b.ndim == 0:
        return _product(a, b)
    if a.ndim != b.ndim:
        raise ValueError(f"in1 and in2 should have the same dimensionality, not {a.ndim} and {b.ndim}")
    if a.size == 0 or b.size == 0:
        return np.array([])
    _refuse_types(a, b)
    chosen = _normalize_axes(axes, a.ndim)
    code = _MODES.get(mode) if isinstance(mode, str) else None
    if code is None:
        raise ValueError(f"acceptable mode flags are 'valid', 'same', or 'full', not {mode!r}")
    if 1 in a.shape or 1 in b.shape:
        # Along an axis of one element convolution is multiplication.
        chosen = [axis for axis in chosen if a.shape[axis] != 1 and b.shape[axis] != 1]
    for axis in range(a.ndim) if len(chosen) != a.ndim else ():
        if axis not in chosen and a.shape[axis] != b.shape[axis] and 1 not in (a.shape[axis], b.shape[axis]):
            raise ValueError(f"incompatible shapes for in1 and in2: {a.shape} and {b.shape}")
    if code == VALID and _is_swapped(a.shape, b.shape, chosen):
        a, b = b, a
    if not chosen:
        product = _product(a, b)
        if code != SAME:
            return product
        return _crop_to_first(product, a.shape, range(a.ndim))
    if a.dtype is b.dtype is _FLOAT64:
        dtype = _FLOAT64
    else:
        dtype = _WORKING[np.result_type(_transform_type(a), _transform_type(b)).char]
    a, b = _as_working(a, dtype), _as_working(b, dtype)
    if len(chosen) == a.ndim <= _native.MAX_AXES:
        return _apply(a, b, code, CONVOLUTION)
    return _batched(a, b, chosen, code)


def oaconvolve(
    in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode = "full", axes: int | Sequence[int] | None = None
) -> Array:
    """The same as `fftconvolve`: whether arrays are cut into tiles is decided by what is faster."""
    return fftconvolve(in1, in2, mode, axes)


def convolve2d(
    in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode = "full", boundary: Boundary = "fill", fillvalue: Any = 0
) -> Array:
    """Convolves two images, as `scipy.signal.convolve2d`.

    Args:
        in1: The first image.
        in2: The second image.
        mode: The size of the result; see `convolve`.
        boundary: What the first image is beyond its border: "fill" for `fillvalue`, "wrap" for its repetition, "symm"
            for its reflection with the border's elements repeated.
        fillvalue: The value for "fill".

    Returns:
        The result, of the images' common type.
    """
    return _images(in1, in2, mode, boundary, fillvalue, CONVOLUTION)


def correlate2d(
    in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode = "full", boundary: Boundary = "fill", fillvalue: Any = 0
) -> Array:
    """Correlates two images, as `scipy.signal.correlate2d`; arguments as those of `convolve2d`.

    In mode "same" with kernels of even size the result lies one element beside that of `correlate`, as SciPy's does.
    """
    return _images(in1, in2, mode, boundary, fillvalue, CORRELATION)


# ---------------------------------------------------------------------------------------------------------------------
# Arguments


def _product(a: Array, b: Array) -> Array:
    product: Array = a * b
    return product


def _refuse_types(*arrays: Array) -> None:
    for array in arrays:
        if array.dtype is not _FLOAT64 and (array.dtype.kind not in "buifc" or array.dtype.char in "gG"):
            raise TypeError(
                f"arrays of {array.dtype} are not supported; convert to float64 or complex128 with astype first"
            )


def _normalize_axes(axes: int | Sequence[int] | None, rank: int) -> list[int]:
    if axes is None:
        return list(range(rank))
    given = list(axes) if isinstance(axes, Iterable) else [axes]
    try:
        numbers = [operator.index(axis) for axis in given]
    except TypeError as error:
        raise ValueError("axes must be a scalar or iterable of integers") from error
    if not numbers:
        raise ValueError("when provided, axes cannot be empty")
    if any(not -rank <= axis < rank for axis in numbers):
        raise ValueError(f"axes exceeds dimensionality of input: {tuple(numbers)} of {rank}")
    numbers = [axis % rank for axis in numbers]
    if len(set(numbers)) != len(numbers):
        raise ValueError("all axes must be unique")
    return numbers


def _is_swapped(first: Sequence[int], second: Sequence[int], axes: Iterable[int]) -> bool:
    """Whether the second shape contains the first, for mode "valid"."""
    axes = list(axes)
    if all(first[axis] >= second[axis] for axis in axes):
        return False
    if all(second[axis] >= first[axis] for axis in axes):
        return True
    raise ValueError("For 'valid' mode, one must be at least as large as the other in every dimension")


def _transform_type(array: Array) -> np.dtype[Any]:
    """The type in which SciPy's transforms take an array."""
    if array.dtype.char == "e":
        return np.dtype(np.float32)
    return array.dtype if array.dtype.kind in "fc" else _FLOAT64


def _as_working(array: Array, dtype: np.dtype[Any]) -> Array:
    """An array in the precision of `dtype`; real ones stay real."""
    if array.dtype is dtype and array.flags.carray:
        return array
    if dtype.kind == "c" and array.dtype.kind != "c":
        dtype = np.dtype(dtype.char.lower())
    return _native.usable(array if array.dtype == dtype else array.astype(dtype))


# ---------------------------------------------------------------------------------------------------------------------
# Arrays of any type, all axes convolved


def _whole(a: Array, b: Array, mode: Mode, method: Method, operation: int) -> Array:
    """`convolve` or `correlate`; for the latter `b` is conjugated already."""
    try:
        code, way = _MODES[mode], _METHODS[method]
    except (KeyError, TypeError):
        if method not in _METHODS:
            raise ValueError(f"Acceptable method flags are 'auto', 'direct', or 'fft', not {method!r}.") from None
        raise ValueError(f"Acceptable mode flags are 'valid', 'same', or 'full', not {mode!r}.") from None
    dtype = a.dtype if a.dtype is b.dtype else np.result_type(a, b)
    _refuse_types(a, b)
    if a.size == 0 or b.size == 0:
        return _empty(a, b, code, dtype)
    # The rest puts the larger array first, as a convolution, which does not mind.
    if code == VALID and _is_swapped(a.shape, b.shape, range(a.ndim)):
        if operation == CORRELATION:
            b, operation = np.flip(b), CONVOLUTION
        a, b = b, a
    if dtype.kind in "buif" and dtype.kind != "f":
        return _integers(a, b, dtype, code, operation, way)
    working = _WORKING[dtype.char]
    result = _apply(_as_working(a, working), _as_working(b, working), code, operation, way)
    if way == _native.FFT and not np.isfinite(result).all():
        warnings.warn(
            "Use of fft convolution on input with NaN or infinity: each result whose window meets one is not finite",
            RuntimeWarning,
            stacklevel=3,
        )
    return result if result.dtype == dtype else result.astype(dtype)


def _empty(a: Array, b: Array, code: int, dtype: np.dtype[Any]) -> Array:
    """The sum of no products, where the result has a size at all."""
    if a.ndim == 1:
        raise ValueError(f"{'in1' if a.size == 0 else 'in2'} cannot be empty")
    if code == SAME:
        return np.zeros(a.shape, dtype)
    if code == VALID and _is_swapped(a.shape, b.shape, range(a.ndim)):
        a, b = b, a
    sign = 1 if code == FULL else -1
    return np.zeros([max(0, n + sign * (k - 1)) for n, k in zip(a.shape, b.shape)], dtype)


def _apply(
    a: Array,
    b: Array,
    code: int,
    operation: int,
    way: int = _native.AUTOMATIC,
    boundary: int = _native.ZERO,
    value: float = 0.0,
    origin: tuple[int, ...] = (),
) -> Array:
    """Convolves floating-point arrays of one precision along all axes of the kernel that have more than one tap."""
    rank = a.ndim
    if rank > 1:
        # Small sums by the definition: they are exact where the numbers are whole.
        if way == _native.AUTOMATIC and a.size * b.size <= _SMALL:
            way = _native.DIRECT
        is_product = operation == CONVOLUTION and code == FULL and not boundary
        axes, merged = _layout(a.shape, b.shape, code, is_product, origin)
        if merged is not None and a.flags.c_contiguous:
            a, b = a.reshape(merged.array), b.reshape(merged.kernel)
            return _apply_all(a, b, code, operation, way, boundary, value, merged.origin).reshape(merged.result)
        if len(axes) != rank or rank > _native.MAX_AXES:
            return _batched(a, b, axes, code, operation, way, boundary, value, origin)
    return _apply_all(a, b, code, operation, way, boundary, value, origin)


def _apply_all(
    a: Array, b: Array, code: int, operation: int, way: int, boundary: int, value: float, origin: tuple[int, ...]
) -> Array:
    """Convolves arrays of one to three axes along the last axes, as many as the kernel has."""
    rank = b.ndim
    if a.ndim > rank:
        batch, sizes = a.shape[:-rank], a.shape[-rank:]
    else:
        batch, sizes = (), a.shape
    if code == FULL:
        shape = [n + k - 1 for n, k in zip(sizes, b.shape)]
        if not batch and b.size > a.size and operation == CONVOLUTION and not boundary:
            a, b = b, a
    elif code == SAME:
        shape = list(sizes)
    else:
        shape = [n - k + 1 for n, k in zip(sizes, b.shape)]
    result = np.empty((*batch, *shape), b.dtype if b.dtype.kind == "c" else a.dtype)
    options = _native.convolve_options(rank, operation, code, way, boundary, value, origin)
    describe = _native.describe
    _native.check(_native.convolve(options, describe(a), describe(b), describe(result)))
    return result


class _Merged(NamedTuple):
    """Shapes by which fewer axes compute the same."""

    array: tuple[int, ...]
    kernel: tuple[int, ...]
    origin: tuple[int, ...]
    result: tuple[int, ...]


@lru_cache(maxsize=1024)
def _layout(
    a: tuple[int, ...], b: tuple[int, ...], code: int, is_product: bool, origin: tuple[int, ...]
) -> tuple[list[int], _Merged | None]:
    """The axes that are convolved, and shapes where those before and between them are merged.

    A filter along rows of a dense image is one of images with a single column: nothing has to be moved. None where all
    axes are convolved, where more than three would be left, or something would be copied.
    """
    # Where the array has one element, a full convolution is a product: the axis is one of the batch.
    axes = [axis for axis in range(len(a)) if b[axis] != 1 and not (is_product and a[axis] == 1)]
    if not axes or len(axes) == len(a):
        return axes, None
    first = axes[0]
    sizes: list[int] = []
    taps: list[int] = []
    moved: list[int] = []
    shape = list(a)
    for axis in range(first, len(a)):
        if axis in axes:
            sizes.append(a[axis])
            taps.append(b[axis])
            moved.append(origin[axis] if origin else 0)
            grown = taps[-1] - 1
            shape[axis] += grown if code == FULL else -grown if code == VALID else 0
        elif b[axis] != 1:
            return axes, None
        elif sizes and axis - 1 not in axes:
            sizes[-1] *= a[axis]
        else:
            sizes.append(a[axis])
            taps.append(1)
            moved.append(0)
    if len(sizes) > _native.MAX_AXES or any(n != 1 for n in b[:first]):
        return axes, None
    batch = [math.prod(a[:first])] if first else []
    return axes, _Merged((*batch, *sizes), tuple(taps), tuple(moved) if origin else (), tuple(shape))


def _batched(
    a: Array,
    b: Array,
    axes: Sequence[int],
    code: int,
    operation: int = CONVOLUTION,
    way: int = _native.AUTOMATIC,
    boundary: int = _native.ZERO,
    value: float = 0.0,
    origin: tuple[int, ...] = (),
) -> Array:
    """Convolves along `axes` and broadcasts along the others."""
    if len(axes) > _native.MAX_AXES:
        raise NotImplementedError(
            f"{len(axes)} axes are convolved, {_native.MAX_AXES} at most are supported; name fewer with axes="
        )
    rank = a.ndim
    axes = sorted(axes)
    others = [axis for axis in range(rank) if axis not in axes]
    if code == SAME:
        # SciPy crops a broadcast axis to the first array's size.
        b = _crop_to_first(b, a.shape, others)
    if not axes:
        return np.asarray(a * b)
    batch = [max(a.shape[axis], b.shape[axis]) for axis in others]
    order = others + axes
    x = np.broadcast_to(a.transpose(order), batch + [a.shape[axis] for axis in axes])
    w = b.transpose(order)
    x, w = _merge_batch(x, w, len(axes))
    moved = origin and tuple(origin[axis] for axis in axes)
    sizes, taps = x.shape[-len(axes) :], w.shape[-len(axes) :]
    if code == FULL:
        extent = [n + k - 1 for n, k in zip(sizes, taps)]
    else:
        extent = list(sizes) if code == SAME else [n - k + 1 for n, k in zip(sizes, taps)]
    # The result's memory is in the order of the axes that the caller has, whatever the order of the work.
    shape = [0] * rank
    for axis, size in zip(order, batch + extent):
        shape[axis] = size
    result = np.empty(shape, b.dtype if b.dtype.kind == "c" else a.dtype)
    place = result.transpose(order)
    needs_copy = x.ndim < rank
    target = np.empty(list(x.shape[: -len(axes)]) + extent, result.dtype) if needs_copy else place
    options = _native.convolve_options(len(axes), operation, code, way, boundary, value, moved or ())
    describe = _native.describe
    _native.check(_native.convolve(options, describe(x), describe(w), describe(target)))
    if needs_copy:
        place[...] = target.reshape(place.shape)
    return result


def _merge_batch(x: Array, w: Array, axes: int) -> tuple[Array, Array]:
    """Arrays of no more axes than the library takes: batch axes in excess become one."""
    if x.ndim <= _native.MAX_RANK:
        return x, w
    batch, extent, taps = x.shape[:-axes], x.shape[-axes:], w.shape[-axes:]
    w = np.broadcast_to(w, batch + taps) if any(n != 1 for n in w.shape[:-axes]) else w
    return x.reshape((-1, *extent)), w.reshape((-1, *taps))


def _crop_to_first(array: Array, shape: Sequence[int], axes: Iterable[int]) -> Array:
    """The centre of an array along axes where `shape` has one element."""
    places: list[slice] = [slice(None)] * array.ndim
    for axis in axes:
        if shape[axis] == 1 and array.shape[axis] != 1:
            start = (array.shape[axis] - 1) // 2
            places[axis] = slice(start, start + 1)
    return array[tuple(places)]


# ---------------------------------------------------------------------------------------------------------------------
# Integers

# Whole numbers below this are exact in float64.
_EXACT = 2**53

# Elements that are converted at a time.
_BLOCK = 1 << 20


def _integers(
    a: Array,
    b: Array,
    dtype: np.dtype[Any],
    code: int,
    operation: int,
    way: int,
    boundary: int = _native.ZERO,
    value: int = 0,
    origin: tuple[int, ...] = (),
) -> Array:
    """Convolves integers and booleans exactly, modulo the size of the result's type."""
    if a.ndim > 1 and b.shape[0] == 1 and a.size > _BLOCK and a.shape[0] > 1:
        # No window spans rows: some at a time, so that the numbers as float64 take little memory.
        step = max(1, _BLOCK * a.shape[0] // a.size)
        result: Array | None = None
        for start in range(0, a.shape[0], step):
            rows = _integers(a[start : start + step], b, dtype, code, operation, way, boundary, value, origin)
            if result is None:
                result = np.empty((a.shape[0], *rows.shape[1:]), dtype)
            result[start : start + step] = rows
        assert result is not None
        return result
    # A window may see an element beyond the border several times.
    terms = min(a.size, b.size) if not boundary else b.size
    x, w = a.astype(_FLOAT64, "C"), b.astype(_FLOAT64, "C")
    if boundary:
        largest = max(_largest(x), abs(value)) * _largest(w)
        norms = largest * math.sqrt(x.size * w.size)
        is_exact = largest * terms < _EXACT
    else:
        # No sum is larger than the product of norms, nor is a part of one; norms are rounded.
        norms = _norm(x) * _norm(w)
        is_exact = norms < 0.99 * _EXACT
    if is_exact:
        chosen = way if _rounds(norms, x.size, w.size) else _native.DIRECT
        return _whole_numbers(_apply(x, w, code, operation, chosen, boundary, float(value), origin), dtype)
    # Sums beyond what float64 holds: both arrays are cut into pieces of few bits, whose products are exact. What
    # exceeds 64 bits drops out, as it does in NumPy.
    bits = max(1, min(16, (52 - terms.bit_length()) // 2))
    x_pieces, w_pieces = _pieces(a, bits), _pieces(b, bits)
    v_pieces = [(value >> shift) & ((1 << bits) - 1) for shift in range(0, 64, bits)]
    total: Array | None = None
    for i, x in enumerate(x_pieces):
        for j, w in enumerate(w_pieces):
            if (i + j) * bits >= 64:
                break
            if not (x.any() or v_pieces[i]) or not w.any():
                if total is not None:
                    continue
            chosen = way if _rounds(4.0**bits * math.sqrt(x.size * w.size), x.size, w.size) else _native.DIRECT
            sums = _apply(x, w, code, operation, chosen, boundary, float(v_pieces[i]), origin)
            shifted = np.rint(sums, out=sums).astype(np.uint64) << np.uint64((i + j) * bits)
            total = shifted if total is None else total + shifted
    assert total is not None
    return total.astype(dtype)


def _whole_numbers(sums: Array, dtype: np.dtype[Any]) -> Array:
    """The integers that sums, which lie dense in memory, are but for rounding errors."""
    if sums.size <= _BLOCK:
        np.rint(sums, out=sums)
        # By way of int64, where numbers wrap around.
        return sums > 0.5 if dtype.kind == "b" else sums.astype(np.int64).astype(dtype, copy=False)
    result = np.empty(sums.shape, dtype)
    source, target = sums.reshape(-1), result.reshape(-1)
    for start in range(0, sums.size, _BLOCK):
        target[start : start + _BLOCK] = _whole_numbers(source[start : start + _BLOCK], dtype)
    return result


def _largest(array: Array) -> float:
    return float(max(array.max(), -array.min()))


def _norm(array: Array) -> float:
    flat = array.reshape(-1)
    return math.sqrt(flat @ flat)


def _rounds(norms: float, n: int, k: int) -> bool:
    """Whether the error of a transform, 2 u sqrt(log2 N) |x| |k|, is so small that rounding gives the integer."""
    return 2 * 2.0**-53 * math.sqrt(math.log2(4 * (n + k))) * norms < 0.25


def _pieces(array: Array, bits: int) -> list[Array]:
    """The digits of an array modulo 2^64 to the base 2^bits, lowest first."""
    whole = array.astype(np.int64 if array.dtype.kind != "u" else np.uint64).view(np.uint64)
    mask = np.uint64((1 << bits) - 1)
    return [((whole >> np.uint64(shift)) & mask).astype(_FLOAT64) for shift in range(0, 64, bits)]


# ---------------------------------------------------------------------------------------------------------------------
# Images


def _images(
    in1: npt.ArrayLike, in2: npt.ArrayLike, mode: Mode, boundary: Boundary, fillvalue: Any, operation: int
) -> Array:
    a, b = np.asarray(in1), np.asarray(in2)
    name = "convolve2d" if operation == CONVOLUTION else "correlate2d"
    if not a.ndim == b.ndim == 2:
        raise ValueError(f"{name} inputs must both be 2-D arrays, not {a.ndim}-D and {b.ndim}-D")
    code = _MODES.get(mode) if isinstance(mode, str) else None
    if code is None:
        raise ValueError(f"Acceptable mode flags are 'valid', 'same', or 'full', not {mode!r}.")
    border = _BOUNDARIES.get(boundary) if isinstance(boundary, str) else None
    if border is None:
        raise ValueError(
            f"Acceptable boundary flags are 'fill', 'circular' (or 'wrap'), and 'symmetric' (or 'symm'), not "
            f"{boundary!r}."
        )
    _refuse_types(a, b)
    dtype = a.dtype if a.dtype is b.dtype else np.result_type(a, b)
    value = dtype.type(0) if type(fillvalue) is int and not fillvalue else _fill_value(fillvalue, dtype)
    swapped = code == VALID and _is_swapped(a.shape, b.shape, (0, 1))
    if operation == CORRELATION and b.dtype.kind == "c":
        b = b.conj()
    if swapped:
        if operation == CORRELATION:
            b, operation = np.flip(b), CONVOLUTION
        a, b = b, a
    if a.size == 0 or b.size == 0:
        return _empty(a, b, code, dtype)
    origin = (0, 0)
    if code == SAME and operation == CORRELATION:
        origin = tuple((k - 1) // 2 - k // 2 for k in b.shape)
    if code == VALID:
        border = _native.ZERO
    elif border == _native.ZERO and value != 0:
        if dtype.kind == "c":
            # The library's boundary value is real.
            before = [k - 1 if code == FULL else k // 2 + moved for k, moved in zip(b.shape, origin)]
            after = [(k - 1 if code == FULL else k - 1 - side) for k, side in zip(b.shape, before)]
            a = np.pad(a.astype(dtype), list(zip(before, after)), constant_values=value)
            code, origin = VALID, (0, 0)
        else:
            border = _native.CONSTANT
    if border != _native.CONSTANT:
        value = dtype.type(0)
    if dtype.kind in "bui":
        return _integers(a, b, dtype, code, operation, _native.AUTOMATIC, border, int(value), origin)
    working = _WORKING[dtype.char]
    constant = 0.0 if dtype.kind == "c" else float(value)
    result = _apply(
        _as_working(a, working), _as_working(b, working), code, operation, _native.AUTOMATIC, border, constant, origin
    )
    return result if result.dtype == dtype else result.astype(dtype)


def _fill_value(fillvalue: Any, dtype: np.dtype[Any]) -> Any:
    given = np.asarray(fillvalue)
    if given.size != 1:
        raise ValueError("`fillvalue` must be scalar or an array with one element.")
    if given.dtype.kind not in "buifc" or (given.dtype.kind == "c" and dtype.kind != "c"):
        raise ValueError(
            f"could not cast `fillvalue` directly to the output type (it was {given.dtype}, the output is {dtype})"
        )
    return given.astype(dtype).reshape(())[()]
