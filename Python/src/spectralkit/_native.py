"""The C interface, `spectralkit.h`, by ctypes.

Every structure and function of the header is declared here and nowhere else. Functions return a status; `check` turns
one into an exception. A `ctypes.CDLL` releases the GIL during a call.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import pathlib
import struct
from collections.abc import Callable, Sequence
from ctypes import POINTER, byref, c_char_p, c_double, c_int32, c_int64, c_size_t, c_uint64, c_void_p
from functools import lru_cache
from typing import Any

import numpy as np

INTERFACE = 1
MAX_RANK = 8
MAX_AXES = 3

FLOAT32, FLOAT64, COMPLEX64, COMPLEX128 = 1, 2, 3, 4
CORRELATION, CONVOLUTION = 0, 1
ZERO, REFLECT, MIRROR, REPLICATE, CIRCULAR, CONSTANT = range(6)
PADDING_SIDES = 0
AUTOMATIC, DIRECT, FFT = 0, 1, 2
ACTIVATION_NONE = 0
FULL, SAME, VALID, SIDES = range(4)
NOISE_ESTIMATED, NOISE_DEVIATION, NOISE_RATIO = range(3)
PAD_AUTOMATIC, PAD_FULL = -1, -2
FORWARD, INPUT_GRADIENT, FILTER_GRADIENT, STEP = range(4)

Progress = ctypes.CFUNCTYPE(c_int32, c_double, c_void_p)


class StoppedError(RuntimeError):
    """The caller's progress function asked to stop."""


class LibraryError(ImportError):
    """The library `libspectralkit` is missing, or is not one that this package can use."""


class PlanOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64),
        ("dtype", c_int32),
        ("axes", c_int32),
        ("batch", c_int64),
        ("input_channels", c_int64),
        ("output_channels", c_int64),
        ("groups", c_int64),
        ("input", c_int64 * MAX_AXES),
        ("kernel", c_int64 * MAX_AXES),
        ("stride", c_int64 * MAX_AXES),
        ("dilation", c_int64 * MAX_AXES),
        ("padding_before", c_int64 * MAX_AXES),
        ("padding_after", c_int64 * MAX_AXES),
        ("padding", c_int32),
        ("operation", c_int32),
        ("boundary", c_int32),
        ("method", c_int32),
        ("transforms", c_int32),
        ("planning", c_int32),
        ("boundary_value", c_double),
        ("solver", c_char_p),
        ("memory_limit", c_int64),
    ]


class ConvolveOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64),
        ("axes", c_int32),
        ("operation", c_int32),
        ("mode", c_int32),
        ("boundary", c_int32),
        ("method", c_int32),
        ("transforms", c_int32),
        ("boundary_value", c_double),
        ("origin", c_int64 * MAX_AXES),
        ("padding_before", c_int64 * MAX_AXES),
        ("padding_after", c_int64 * MAX_AXES),
        ("solver", c_char_p),
        ("memory_limit", c_int64),
    ]


class FrequencyOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64),
        ("dtype", c_int32),
        ("axes", c_int32),
        ("sizes", c_int64 * MAX_AXES),
        ("boundary", c_int32),
        ("reserved", c_int32),
        ("boundary_value", c_double),
        ("padding", c_int64),
        ("memory_limit", c_int64),
    ]


class WienerOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64),
        ("noise_kind", c_int32),
        ("boundary", c_int32),
        ("noise", c_double),
        ("boundary_value", c_double),
        ("border_steps", c_int64),
        ("memory_limit", c_int64),
        ("progress", Progress),
        ("progress_context", c_void_p),
    ]


class RichardsonLucyOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_uint64),
        ("iterations", c_int64),
        ("damping", c_double),
        ("boundary", c_int32),
        ("reserved", c_int32),
        ("memory_limit", c_int64),
        ("progress", Progress),
        ("progress_context", c_void_p),
    ]


def _load() -> ctypes.CDLL:
    """The library that SPECTRALKIT_LIBRARY names, else the package's, else the system's."""
    named = os.environ.get("SPECTRALKIT_LIBRARY")
    folder = pathlib.Path(__file__).resolve().parent / "lib"
    inside = sorted(folder.glob("libspectralkit.so*")) + sorted(folder.glob("libspectralkit*.dylib"))
    if named:
        path = named
    elif inside:
        path = str(inside[0])
    else:
        path = ctypes.util.find_library("spectralkit") or "libspectralkit.so.1"
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise LibraryError(
            f"cannot load SpectralKit's library: {error}; install the wheel, or set SPECTRALKIT_LIBRARY to the path "
            "of libspectralkit.so"
        ) from error
    try:
        found = library.spectral_interface()
    except AttributeError as error:
        raise LibraryError(f"{path} is not SpectralKit's library; set SPECTRALKIT_LIBRARY to the right file") from error
    if found != INTERFACE:
        raise LibraryError(f"{path} has interface {found}, this package needs {INTERFACE}; install matching versions")
    return library


_library = _load()

# Arrays and the options of `convolve` are passed as packed bytes (see `describe`), handles as integers.
_Array = c_char_p
_Options = c_char_p
_Handle = c_void_p


def _declare(name: str, *arguments: Any, result: Any = c_int32) -> Callable[..., Any]:
    function: Callable[..., Any] = _library["spectral_" + name]
    function.argtypes = arguments  # type: ignore[attr-defined]
    function.restype = result  # type: ignore[attr-defined]
    return function


message = _declare("message", result=c_char_p)
version = _declare("version", result=c_char_p)
set_threads = _declare("set_threads", c_int32)
threads = _declare("threads")

plan_defaults = _declare("plan_defaults", POINTER(PlanOptions))
plan_create = _declare("plan_create", POINTER(PlanOptions), POINTER(_Handle))
plan_free = _declare("plan_free", _Handle)
plan_output_sizes = _declare("plan_output_sizes", _Handle, POINTER(c_int64))
plan_memory = _declare("plan_memory", _Handle, c_int32, POINTER(c_int64))
plan_describe = _declare("plan_describe", _Handle, c_int32, c_char_p, c_size_t)
forward = _declare("forward", _Handle, _Array, _Array, _Array, c_int32, _Array)
input_gradient = _declare("input_gradient", _Handle, _Array, _Array, _Array, c_int32, _Array)
filter_gradient = _declare("filter_gradient", _Handle, _Array, _Array, _Array)
bias_gradient = _declare("bias_gradient", _Array, _Array)
filters_create = _declare("filters_create", _Array, POINTER(_Handle))
filters_free = _declare("filters_free", _Handle)
forward_prepared = _declare("forward_prepared", _Handle, _Array, _Handle, _Array, c_int32, _Array)
record = _declare("record", _Handle, _Array, _Array, _Array, c_int32, _Array, POINTER(_Handle))
gradients = _declare("gradients", _Handle, _Array, _Array, _Array)
tape_free = _declare("tape_free", _Handle)

convolve_defaults = _declare("convolve_defaults", POINTER(ConvolveOptions))
convolve = _declare("convolve", _Options, _Array, _Array, _Array)
convolve_sizes = _declare("convolve_sizes", _Options, _Array, _Array, POINTER(c_int64))

frequency_defaults = _declare("frequency_defaults", POINTER(FrequencyOptions))
frequency_filter_create = _declare("frequency_filter_create", POINTER(FrequencyOptions), c_char_p, POINTER(_Handle))
frequency_filter_free = _declare("frequency_filter_free", _Handle)
frequency_filter_apply = _declare("frequency_filter_apply", _Handle, _Array, _Array)

wiener_defaults = _declare("wiener_defaults", POINTER(WienerOptions))
wiener = _declare("wiener", POINTER(WienerOptions), _Array, _Array, _Array)
richardson_lucy_defaults = _declare("richardson_lucy_defaults", POINTER(RichardsonLucyOptions))
richardson_lucy = _declare("richardson_lucy", POINTER(RichardsonLucyOptions), _Array, _Array, _Array)

_KINDS: dict[int, type[Exception]] = {
    1: ValueError,
    2: ValueError,
    3: MemoryError,
    4: ValueError,
    5: NotImplementedError,
    6: StoppedError,
}


def check(status: int) -> None:
    """Raises the exception of a status that is not 0, with the library's message."""
    if status:
        text = message().decode("utf-8", "replace")
        raise _KINDS.get(status, RuntimeError)(text or f"status {status}")


# ---------------------------------------------------------------------------------------------------------------------
# Arrays

_CODES = {"f": FLOAT32, "d": FLOAT64, "F": COMPLEX64, "D": COMPLEX128}


def _packer(rank: int) -> Callable[..., bytes]:
    rest = 8 * (MAX_RANK - rank)
    return struct.Struct(f"@Pii{rank}q{rest}x{rank}q{rest}x").pack


_PACK = [_packer(rank) for rank in range(MAX_RANK + 1)]
_ADDRESS = struct.Struct("@P").pack
_first_byte: Callable[[Any], ctypes.c_char] = ctypes.c_char.from_buffer
_address_of = ctypes.addressof


def pack(address: int, code: int, sizes: Sequence[int], strides: Sequence[int]) -> bytes:
    """A `spectral_array`; strides in elements."""
    return _PACK[len(sizes)](address, code, len(sizes), *sizes, *strides)


@lru_cache(maxsize=4096)
def _dense(char: str, sizes: tuple[int, ...]) -> bytes:
    """What follows the address in the `spectral_array` of a dense array in row-major order."""
    strides: list[int] = []
    step = 1
    for size in reversed(sizes):
        strides.append(step)
        step *= size
    return pack(0, _CODES[char], sizes, strides[::-1])[8:]


def dense(address: int, char: str, sizes: tuple[int, ...]) -> bytes:
    """A `spectral_array` of dense memory in row-major order."""
    return _ADDRESS(address) + _dense(char, sizes)


def describe(array: np.ndarray) -> bytes:
    """A `spectral_array` of an array's own memory, which must outlive the call that gets it.

    `usable` must hold for the array.
    """
    flags = array.flags
    if flags.carray and array.size:
        # Four times as fast as array.ctypes.data, for memory that can be written to.
        return _ADDRESS(_address_of(_first_byte(array))) + _dense(array.dtype.char, array.shape)
    if flags.c_contiguous:
        return dense(array.ctypes.data, array.dtype.char, array.shape)
    item = array.itemsize
    return pack(array.ctypes.data, _CODES[array.dtype.char], array.shape, [s // item for s in array.strides])


def usable(array: np.ndarray) -> np.ndarray:
    """The array itself where the library can read it in place, a copy otherwise.

    Strides that are no multiple of the element (a field of a record array), memory that is not aligned, and the other
    order of bytes cannot be described.
    """
    flags, dtype = array.flags, array.dtype
    if not dtype.isnative:
        return array.astype(dtype.newbyteorder("="))
    if flags.carray or (flags.aligned and not any(s % dtype.itemsize for s in array.strides)):
        return array
    return array.copy()


# ---------------------------------------------------------------------------------------------------------------------
# Options, plans, handles


@lru_cache(maxsize=1024)
def convolve_options(
    axes: int,
    operation: int,
    mode: int,
    method: int = AUTOMATIC,
    boundary: int = ZERO,
    value: float = 0.0,
    origin: tuple[int, ...] = (),
) -> bytes:
    """Options of `convolve`, kept because filling a structure costs more than a small convolution."""
    made = ConvolveOptions()
    check(convolve_defaults(byref(made)))
    made.axes, made.operation, made.mode, made.method = axes, operation, mode, method
    made.boundary, made.boundary_value = boundary, value
    for axis, number in enumerate(origin):
        made.origin[axis] = number
    return bytes(made)


class Handle:
    """A handle of the library, given back when Python drops its last reference."""

    __slots__ = ("_free", "value")

    def __init__(self, value: int, free: Callable[[int], int]) -> None:
        self.value = value
        self._free = free

    def __del__(self) -> None:
        self._free(self.value)


class Plan(Handle):
    """A plan, with the sizes of its output."""

    __slots__ = ("output",)

    def __init__(self, options: PlanOptions) -> None:
        # To free nothing is allowed, where no plan can be made.
        super().__init__(0, plan_free)
        handle = c_void_p()
        check(plan_create(byref(options), byref(handle)))
        self.value = handle.value or 0
        sizes = (c_int64 * MAX_AXES)()
        check(plan_output_sizes(self.value, sizes))
        self.output = tuple(sizes[: options.axes])

    def describe(self, which: int = FORWARD) -> str:
        """How a pass is computed, e.g. "direct.matrix"."""
        text = ctypes.create_string_buffer(256)
        check(plan_describe(self.value, which, text, len(text)))
        return text.value.decode()

    def memory(self, which: int = FORWARD) -> int:
        """The bytes of working memory that a pass takes."""
        count = c_int64()
        check(plan_memory(self.value, which, byref(count)))
        return count.value


@lru_cache(maxsize=512)
def plan(
    code: int,
    batch: int,
    input_channels: int,
    output_channels: int,
    groups: int,
    input: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    before: tuple[int, ...],
    after: tuple[int, ...],
    boundary: int = ZERO,
    method: int = AUTOMATIC,
) -> Plan:
    """The plan of a convolution, made once and kept among the last few hundred."""
    options = PlanOptions()
    check(plan_defaults(byref(options)))
    options.dtype, options.axes, options.batch = code, len(input), batch
    options.input_channels, options.output_channels, options.groups = input_channels, output_channels, groups
    for field, numbers in (
        ("input", input),
        ("kernel", kernel),
        ("stride", stride),
        ("dilation", dilation),
        ("padding_before", before),
        ("padding_after", after),
    ):
        for axis, number in enumerate(numbers):
            getattr(options, field)[axis] = number
    options.boundary, options.method = boundary, method
    return Plan(options)
