"""Restoration of blurred images, with the signatures of `skimage.restoration`.

Without `boundary` the functions compute what scikit-image computes: `wiener` takes the image to repeat itself beyond
its border and penalises its Laplacian, `richardson_lucy` takes it to be dark there. With a `boundary` they are
SpectralKit's own: what lies beyond the border is reconstructed as far as the image tells, so that restored images have
no ringing along it; `wiener` then takes noise and scene to differ by the same factor, `balance`, at all frequencies.
"""

from __future__ import annotations

import operator
from ctypes import byref
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from .signal import convolve

__all__ = ["richardson_lucy", "wiener"]

Array = npt.NDArray[Any]

BOUNDARIES = {
    "zero": _native.ZERO,
    "reflect": _native.REFLECT,
    "mirror": _native.MIRROR,
    "nearest": _native.REPLICATE,
    "wrap": _native.CIRCULAR,
}


def wiener(
    image: npt.ArrayLike,
    psf: npt.ArrayLike,
    balance: float,
    reg: npt.ArrayLike | None = None,
    is_real: bool = True,
    clip: bool = True,
    *,
    boundary: str | None = None,
) -> Array:
    """Undoes a blur by Wiener's filter, as `skimage.restoration.wiener`.

    Args:
        image: The blurred image, of any number of dimensions.
        psf: The point-spread function, its centre at `size // 2`; or its transfer function, of the shape of `reg`'s.
        balance: How much a penalty counts against the data: more smooths more.
        reg: What is penalised: an impulse response, the Laplacian by default, or a complex transfer function.
        is_real: Whether transfer functions are halves, as `numpy.fft.rfftn` makes them.
        clip: Whether results are limited to -1 to 1.
        boundary: None for scikit-image's method; "reflect", "mirror", "nearest", "wrap" or "zero" for SpectralKit's, of
            images [..., H, W], with the point-spread function scaled to sum 1. `reg` must then be None.

    Returns:
        The restored image.
    """
    picture, spread = _pictures(image, psf)
    balance = _number(balance, "balance", 0)
    if boundary is not None:
        if reg is not None:
            raise ValueError("reg is for scikit-image's method; leave boundary or reg out")
        options = _native.WienerOptions()
        _native.check(_native.wiener_defaults(byref(options)))
        options.noise_kind, options.noise = _native.NOISE_RATIO, balance
        options.boundary = _boundary(boundary)
        return _clipped(_restored(_native.wiener, options, picture, spread), clip)
    if spread.ndim != picture.ndim:
        raise ValueError(f"psf must have as many axes as the image: {spread.ndim} and {picture.ndim}")
    penalty = np.asarray(_laplacian(picture.ndim) if reg is None else reg)
    if not np.iscomplexobj(penalty):
        penalty = _transfer(penalty.astype(picture.dtype), picture.shape, is_real)
    if np.asarray(psf).shape == penalty.shape:
        # A transfer function, of which scikit-image takes the real part.
        transfer = np.asarray(psf).real.astype(picture.dtype)
    else:
        transfer = _transfer(spread, picture.shape, is_real)
    expected = picture.shape[:-1] + (picture.shape[-1] // 2 + 1,) if is_real else picture.shape
    if penalty.shape != expected:
        raise ValueError(f"a transfer function of this image is of shape {expected}, not {penalty.shape}")
    # scikit-image takes the real part of the penalty.
    weight = balance * np.abs(penalty.real.astype(picture.dtype)) ** 2
    inverse = np.conj(transfer) / (np.abs(transfer) ** 2 + weight)
    if is_real:
        axes = range(picture.ndim)
        result = np.fft.irfftn(inverse * np.fft.rfftn(picture), picture.shape, axes=axes).astype(picture.dtype)
    else:
        result = np.fft.ifftn(inverse * np.fft.fftn(picture))
    return _clipped(result, clip)


def richardson_lucy(
    image: npt.ArrayLike,
    psf: npt.ArrayLike,
    num_iter: int = 50,
    clip: bool = True,
    filter_epsilon: float | None = None,
    *,
    boundary: str | None = None,
    damping: float = 0.0,
) -> Array:
    """Undoes a blur by Richardson and Lucy's iterations, as `skimage.restoration.richardson_lucy`.

    Args:
        image: The blurred image.
        psf: The point-spread function, of as many dimensions.
        num_iter: The number of iterations.
        clip: Whether results are limited to -1 to 1.
        filter_epsilon: Where a blurred estimate is below this, the correction is 0.
        boundary: None for scikit-image's method; "reflect", "mirror", "nearest", "wrap" or "zero" for SpectralKit's, of
            images [..., H, W]. `filter_epsilon` must then be None.
        damping: The standard deviation of the noise, below which differences are not fitted; needs a boundary.

    Returns:
        The restored image.
    """
    picture, spread = _pictures(image, psf)
    count = operator.index(num_iter)
    if count < 0:
        raise ValueError(f"num_iter must not be negative, and is {count}")
    damping = _number(damping, "damping", 0)
    if boundary is not None:
        if filter_epsilon is not None:
            raise ValueError("filter_epsilon is for scikit-image's method; leave boundary or filter_epsilon out")
        options = _native.RichardsonLucyOptions()
        _native.check(_native.richardson_lucy_defaults(byref(options)))
        options.iterations, options.damping, options.boundary = count, damping, _boundary(boundary)
        return _clipped(_restored(_native.richardson_lucy, options, picture, spread), clip)
    if damping:
        raise ValueError("damping is for SpectralKit's method; name a boundary")
    if spread.ndim != picture.ndim:
        raise ValueError(f"psf must have as many axes as the image: {spread.ndim} and {picture.ndim}")
    result = np.full(picture.shape, 0.5, picture.dtype)
    mirrored = np.flip(spread)
    for _ in range(count):
        # The small number is scikit-image's, against division by zero.
        blurred = convolve(result, spread, "same") + picture.dtype.type(1e-12)
        ratio = picture / blurred
        if filter_epsilon:
            ratio[blurred < filter_epsilon] = 0
        result *= convolve(ratio, mirrored, "same")
    return _clipped(result, clip)


def _pictures(image: npt.ArrayLike, psf: npt.ArrayLike) -> tuple[Array, Array]:
    """Image and point-spread function in the precision that scikit-image takes."""
    picture, spread = np.asarray(image), np.asarray(psf)
    for name, array in (("image", picture), ("psf", spread)):
        if array.dtype.kind not in "buifc" or array.dtype.char in "gG":
            raise TypeError(f"{name} must be of numbers up to double precision, not {array.dtype}")
        if array.size == 0:
            raise ValueError(f"{name} is empty: its shape is {array.shape}")
    if picture.dtype.kind == "c":
        raise TypeError(f"image must be real, not of {picture.dtype}")
    dtype = np.float32 if picture.dtype.char in "ef" else np.float64
    return np.ascontiguousarray(picture, dtype), np.ascontiguousarray(spread.real, dtype)


def _number(value: Any, name: str, least: float) -> float:
    number = float(value)
    if not least <= number < float("inf"):
        raise ValueError(f"{name} must be a finite number from {least}, not {value}")
    return number


def _boundary(name: str) -> int:
    if name not in BOUNDARIES:
        raise ValueError(f"boundary must be one of {', '.join(BOUNDARIES)}, not {name!r}")
    return BOUNDARIES[name]


def _restored(function: Any, options: Any, picture: Array, spread: Array) -> Array:
    result = np.empty_like(picture)
    describe = _native.describe
    if picture.ndim > _native.MAX_RANK or spread.ndim > _native.MAX_RANK:
        raise ValueError(f"image and psf may have {_native.MAX_RANK} axes at most")
    _native.check(function(byref(options), describe(picture), describe(spread), describe(result)))
    return result


def _clipped(result: Array, clip: bool) -> Array:
    if not clip:
        return result
    if np.iscomplexobj(result):
        # Complex numbers are ordered by their real parts first, as scikit-image compares them.
        result[result > 1] = 1
        result[result < -1] = -1
        return result
    return np.clip(result, -1, 1, out=result)


def _transfer(response: Array, shape: tuple[int, ...], is_real: bool) -> Array:
    """The transfer function of an impulse response whose centre is at `size // 2`."""
    if response.ndim != len(shape) or any(k > n for k, n in zip(response.shape, shape)):
        raise ValueError(f"psf and reg must not be larger than the image: {response.shape} and {shape}")
    padded = np.zeros(shape, response.dtype)
    padded[tuple(slice(k) for k in response.shape)] = response
    padded = np.roll(padded, [-(k // 2) for k in response.shape], range(len(shape)))
    return np.fft.rfftn(padded) if is_real else np.fft.fftn(padded)


def _laplacian(axes: int) -> Array:
    """Second differences along all axes, with the sign that makes the centre positive."""
    response = np.zeros([3] * axes)
    for axis in range(axes):
        for side in (0, 2):
            response[tuple(side if place == axis else 1 for place in range(axes))] = -1
    response[(1,) * axes] = 2 * axes
    return response
