"""Filters by frequency, by the expressions of the command `spectral filter`.

    from spectralkit import filters
    smooth = filters.apply(image, "lowpass gaussian:0.08")

An expression is a line of filters that are applied one after the other, such as "lowpass gaussian:0.08 notch
gaussian:0.25,0.1,0.02". Their names are lowpass, highpass, bandpass, bandstop, notch, directional, unsharp, high-boost,
laplacian and, for images, homomorphic. Frequencies are in cycles per element; Nyquist is 0.5.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from ctypes import byref, c_void_p
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native

__all__ = ["FrequencyFilter", "apply"]

Array = npt.NDArray[Any]

_BOUNDARIES = {
    "zero": _native.ZERO,
    "reflect": _native.REFLECT,
    "mirror": _native.MIRROR,
    "nearest": _native.REPLICATE,
    "wrap": _native.CIRCULAR,
    "constant": _native.CONSTANT,
}


class FrequencyFilter:
    """A filter for arrays of one size and type, made once and applied as often as wanted, from any thread.

    Args:
        sizes: The elements along each of the filtered axes, one to three.
        expression: The filters.
        dtype: float32 or float64.
        boundary: What arrays are beyond their border: "reflect" (d c b a | a b c d), "mirror", "nearest", "wrap",
            "zero" or "constant".
        cval: The value there for "constant".
        padding: Elements added on every side, "auto" for as far as the filter reaches, or "full" for half the array.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        expression: str,
        dtype: npt.DTypeLike = np.float64,
        boundary: str = "reflect",
        cval: float = 0.0,
        padding: int | str = "auto",
    ) -> None:
        self.sizes = tuple(operator.index(n) for n in sizes)
        self.expression = expression
        self.dtype = np.dtype(dtype)
        if not isinstance(expression, str):
            raise TypeError(f"expression must be text such as 'lowpass gaussian:0.08', not {expression!r}")
        if not 1 <= len(self.sizes) <= _native.MAX_AXES or min(self.sizes) < 1 or max(self.sizes) >= 2**62:
            raise ValueError(f"sizes must be one to three positive numbers, not {self.sizes}")
        if self.dtype.char not in "fd":
            raise TypeError(f"dtype must be float32 or float64, not {self.dtype}")
        if boundary not in _BOUNDARIES:
            raise ValueError(f"boundary must be one of {', '.join(_BOUNDARIES)}, not {boundary!r}")
        options = _native.FrequencyOptions()
        _native.check(_native.frequency_defaults(byref(options)))
        options.dtype = _native.FLOAT32 if self.dtype.char == "f" else _native.FLOAT64
        options.axes = len(self.sizes)
        for axis, size in enumerate(self.sizes):
            options.sizes[axis] = size
        options.boundary, options.boundary_value = _BOUNDARIES[boundary], float(cval)
        options.padding = _padding(padding)
        handle = c_void_p()
        _native.check(_native.frequency_filter_create(byref(options), expression.encode(), byref(handle)))
        self._handle = _native.Handle(handle.value or 0, _native.frequency_filter_free)

    def __call__(self, array: npt.ArrayLike, out: Array | None = None) -> Array:
        """Filters arrays [..., sizes...], into `out` where it is given."""
        given = np.asarray(array)
        if given.dtype.kind not in "buif":
            raise TypeError(f"the array must be of real numbers, not {given.dtype}")
        x = _native.usable(given.astype(self.dtype, copy=False))
        if x.ndim > _native.MAX_RANK:
            raise ValueError(f"the array may have {_native.MAX_RANK} axes at most, not {x.ndim}")
        if x.shape[-len(self.sizes) :] != self.sizes:
            raise ValueError(f"the filter is for arrays [..., {', '.join(map(str, self.sizes))}], not {x.shape}")
        if out is None:
            out = np.empty(x.shape, self.dtype)
        elif out.shape != x.shape or out.dtype != self.dtype or not out.flags.writeable:
            raise ValueError(f"out must be a writable array {x.shape} of {self.dtype}, not {out.shape} of {out.dtype}")
        if x.size:
            _native.check(
                _native.frequency_filter_apply(self._handle.value, _native.describe(x), _native.describe(out))
            )
        return out

    def __repr__(self) -> str:
        return f"FrequencyFilter({self.sizes}, {self.expression!r}, {self.dtype})"


def apply(
    array: npt.ArrayLike,
    expression: str,
    *,
    axes: int | None = None,
    boundary: str = "reflect",
    cval: float = 0.0,
    padding: int | str = "auto",
) -> Array:
    """Filters an array by frequency.

    Args:
        array: Signals, images or volumes; single precision stays, all else becomes double precision.
        expression: The filters.
        axes: How many of the last axes are filtered; by default 2, or 1 of an array of one axis.
        boundary: What the array is beyond its border.
        cval: The value there for "constant".
        padding: Elements added on every side, "auto" or "full".

    Returns:
        The filtered array, of the same shape.
    """
    given = np.asarray(array)
    count = min(2, given.ndim) if axes is None else operator.index(axes)
    if not 1 <= count <= min(_native.MAX_AXES, given.ndim):
        raise ValueError(f"{count} axes of an array of {given.ndim} cannot be filtered: axes may be 1 to 3")
    dtype = np.float32 if given.dtype.char in "ef" else np.float64
    return FrequencyFilter(given.shape[-count:], expression, dtype, boundary, cval, padding)(given)


def _padding(padding: int | str) -> int:
    if isinstance(padding, str):
        if padding not in ("auto", "full"):
            raise ValueError(f"padding must be a number, 'auto' or 'full', not {padding!r}")
        return _native.PAD_AUTOMATIC if padding == "auto" else _native.PAD_FULL
    number = operator.index(padding)
    if not 0 <= number < 2**62:
        raise ValueError(f"padding must not be negative, and is {number}")
    return number
