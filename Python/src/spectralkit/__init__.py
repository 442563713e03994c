"""Convolution in one, two and three dimensions, directly and by fast Fourier transforms.

- `spectralkit.signal`: SciPy's `convolve`, `correlate`, `fftconvolve`, `oaconvolve`, `convolve2d`, `correlate2d`.
- `spectralkit.ndimage`: SciPy's filters of images and volumes.
- `spectralkit.nn`: convolutions of networks and their gradients, on NumPy arrays.
- `spectralkit.torch`: the same as operators and layers of PyTorch. Imported on demand.
- `spectralkit.restoration`, `spectralkit.filters`: restoration of blurred images, filters by frequency.
"""

from __future__ import annotations

import importlib
import operator
from typing import Any

from . import _native
from ._native import LibraryError, StoppedError

__all__ = [
    "LibraryError",
    "StoppedError",
    "__version__",
    "filters",
    "get_threads",
    "ndimage",
    "nn",
    "restoration",
    "set_threads",
    "signal",
    "torch",
]

__version__: str = _native.version().decode()

_MODULES = {"filters", "ndimage", "nn", "restoration", "signal", "torch"}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def set_threads(count: int) -> None:
    """Sets how many threads may work at once in this process, from 1 to 1024; the caller's counts as one.

    Results do not depend on the number.
    """
    count = operator.index(count)
    # ctypes would cut the number down to 32 bits.
    if not 1 <= count <= 1024:
        raise ValueError(f"the number of threads must be from 1 to 1024, not {count}")
    _native.check(_native.set_threads(count))


def get_threads() -> int:
    """How many threads may work at once; the number of processors unless set."""
    return int(_native.threads())
