"""Convolutions for PyTorch: operators with gradients, layers, and a way to swap those of a model.

    import spectralkit.torch
    print(spectralkit.torch.replace(model))

Operators are registered with `torch.library`, so that `torch.compile` traces them, and have derivatives of any order.
They take dense tensors of float32 or float64 on the CPU. Spectra that the forward pass computes are used again by the
backward pass. In `eval()` without gradients a layer keeps what it has made of its weight, with a copy of the weight,
until `train()` is called or the weight is no longer equal to the copy.

`torch.set_num_threads` has no influence; `spectralkit.set_threads` has.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterator, Sequence
from ctypes import byref, c_size_t, c_void_p
from typing import Any, NamedTuple, Optional  # noqa: UP035

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from . import _native
from ._geometry import (
    Convolution,
    Geometry,
    check_shapes,
    check_weight,
    convolution,
    geometry,
    output_size,
    plan,
    transposed_convolution,
    transposed_geometry,
)

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Replacement",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "replace",
]

Size = Any

_CODES = {torch.float32: _native.FLOAT32, torch.float64: _native.FLOAT64}
_CHARS = {torch.float32: "f", torch.float64: "d"}


# ---------------------------------------------------------------------------------------------------------------------
# Tensors and tapes


def _describe(tensor: Tensor) -> bytes:
    if tensor.is_contiguous():
        return _native.dense(tensor.data_ptr(), _CHARS[tensor.dtype], tensor.shape)
    return _native.pack(tensor.data_ptr(), _CODES[tensor.dtype], tensor.shape, tensor.stride())


def _optional(tensor: Tensor | None) -> bytes | None:
    return None if tensor is None else _describe(tensor)


class _Tape(bytearray):
    """The memory of a tensor that stands for a tape; the tape lives as long as that memory.

    Between a forward and a backward pass that are compiled PyTorch keeps tensors only. A copy of such a tensor is at
    another address and stands for nothing; then gradients are computed without a tape.
    """

    def __init__(self, handle: _native.Handle, tensors: tuple[Tensor, ...]) -> None:
        super().__init__(8)
        self.handle = handle
        # The tape refers to their memory.
        self.tensors = tensors


_tapes: weakref.WeakValueDictionary[int, _Tape] = weakref.WeakValueDictionary()


def _tape_tensor(handle: _native.Handle, tensors: tuple[Tensor, ...]) -> Tensor:
    tape = _Tape(handle, tensors)
    tensor = torch.frombuffer(tape, dtype=torch.uint8)
    _tapes[tensor.data_ptr()] = tape
    return tensor


# The geometry is one list of numbers: what PyTorch spends on an operator grows with the square of its arguments.


def _packed(shape: Geometry) -> list[int]:
    return [*shape.stride, *shape.before, *shape.after, *shape.dilation, shape.groups, shape.boundary]


def _geometry(packed: Sequence[int]) -> Geometry:
    axes = (len(packed) - 2) // 4
    stride, before, after, dilation = (tuple(packed[part * axes : (part + 1) * axes]) for part in range(4))
    return Geometry(stride, before, after, dilation, packed[-2], packed[-1])


def _output(input: Tensor, weight: Tensor, shape: Geometry) -> Tensor:
    return input.new_empty((input.shape[0], weight.shape[0], *output_size(input.shape[2:], weight.shape[2:], shape)))


def _plan(input: Sequence[int], weight: Sequence[int], shape: Geometry, dtype: torch.dtype) -> _native.Plan:
    return plan(_CODES[dtype], tuple(input), tuple(weight), shape)


# ---------------------------------------------------------------------------------------------------------------------
# Operators. Each one's gradients are made of the others.


@torch.library.custom_op("spectralkit::convolution", mutates_args=(), device_types="cpu")
def _convolution(
    input: Tensor,
    weight: Tensor,
    bias: Optional[Tensor],  # noqa: UP045
    geometry: Sequence[int],
) -> Tensor:
    shape = _geometry(geometry)
    output = _output(input, weight, shape)
    if output.numel():
        made = _plan(input.shape, weight.shape, shape, input.dtype)
        _native.check(
            _native.forward(made.value, _describe(input), _describe(weight), _optional(bias), 0, _describe(output))
        )
    return output


@_convolution.register_fake
def _(input, weight, bias, geometry):  # type: ignore[no-untyped-def]
    return _output(input, weight, _geometry(geometry))


@torch.library.custom_op("spectralkit::convolution_recorded", mutates_args=(), device_types="cpu")
def _convolution_recorded(
    input: Tensor,
    weight: Tensor,
    bias: Optional[Tensor],  # noqa: UP045
    geometry: Sequence[int],
) -> tuple[Tensor, Tensor]:
    shape = _geometry(geometry)
    output = _output(input, weight, shape)
    if not output.numel():
        return output, torch.zeros(8, dtype=torch.uint8)
    made = _plan(input.shape, weight.shape, shape, input.dtype)
    handle = c_void_p()
    _native.check(
        _native.record(
            made.value,
            _describe(input),
            _describe(weight),
            _optional(bias),
            0,
            _describe(output),
            byref(handle),
        )
    )
    tape = _native.Handle(handle.value or 0, _native.tape_free)
    return output, _tape_tensor(tape, (input.detach(), weight.detach()))


@_convolution_recorded.register_fake
def _(input, weight, bias, geometry):  # type: ignore[no-untyped-def]
    output = _output(input, weight, _geometry(geometry))
    return output, torch.empty(8, dtype=torch.uint8, device=input.device)


@torch.library.custom_op("spectralkit::convolution_backward", mutates_args=(), device_types="cpu")
def _convolution_backward(
    gradient: Tensor,
    input: Tensor,
    weight: Tensor,
    tape: Tensor,
    geometry: Sequence[int],
    needs_input: bool,
    needs_weight: bool,
) -> tuple[Tensor, Tensor]:
    shape = _geometry(geometry)
    by_input = input.new_empty(input.shape if needs_input else (0,))
    by_weight = weight.new_empty(weight.shape if needs_weight else (0,))
    if not gradient.numel():
        return by_input.zero_(), by_weight.zero_()
    found = _tapes.get(tape.data_ptr())
    g = _describe(gradient)
    if found is not None:
        _native.check(
            _native.gradients(
                found.handle.value,
                g,
                _describe(by_input) if needs_input else None,
                _describe(by_weight) if needs_weight else None,
            )
        )
        return by_input, by_weight
    made = _plan(input.shape, weight.shape, shape, input.dtype)
    if needs_input:
        _native.check(_native.input_gradient(made.value, g, _describe(weight), None, 0, _describe(by_input)))
    if needs_weight:
        _native.check(_native.filter_gradient(made.value, g, _describe(input), _describe(by_weight)))
    return by_input, by_weight


@_convolution_backward.register_fake
def _(  # type: ignore[no-untyped-def]
    gradient,
    input,
    weight,
    tape,
    geometry,
    needs_input,
    needs_weight,
):
    return (
        input.new_empty(input.shape if needs_input else (0,)),
        weight.new_empty(weight.shape if needs_weight else (0,)),
    )


@torch.library.custom_op("spectralkit::input_gradient", mutates_args=(), device_types="cpu")
def _input_gradient(
    gradient: Tensor,
    weight: Tensor,
    bias: Optional[Tensor],  # noqa: UP045
    size: Sequence[int],
    geometry: Sequence[int],
) -> Tensor:
    """The gradient of a convolution by its input, which has `size` elements along its axes; also the transposed one."""
    shape = _geometry(geometry)
    result = gradient.new_empty((gradient.shape[0], weight.shape[1] * geometry[-2], *size))
    if gradient.numel() and result.numel():
        made = _plan(result.shape, weight.shape, shape, gradient.dtype)
        _native.check(
            _native.input_gradient(
                made.value,
                _describe(gradient),
                _describe(weight),
                _optional(bias),
                0,
                _describe(result),
            )
        )
    return result


@_input_gradient.register_fake
def _(gradient, weight, bias, size, geometry):  # type: ignore[no-untyped-def]
    return gradient.new_empty((gradient.shape[0], weight.shape[1] * geometry[-2], *size))


@torch.library.custom_op("spectralkit::weight_gradient", mutates_args=(), device_types="cpu")
def _weight_gradient(
    gradient: Tensor,
    input: Tensor,
    kernel: Sequence[int],
    geometry: Sequence[int],
) -> Tensor:
    """The gradient of a convolution by its weight, which has `kernel` elements along its axes."""
    shape = _geometry(geometry)
    result = gradient.new_empty((gradient.shape[1], input.shape[1] // geometry[-2], *kernel))
    if not gradient.numel():
        return result.zero_()
    made = _plan(input.shape, result.shape, shape, gradient.dtype)
    _native.check(_native.filter_gradient(made.value, _describe(gradient), _describe(input), _describe(result)))
    return result


@_weight_gradient.register_fake
def _(gradient, input, kernel, geometry):  # type: ignore[no-untyped-def]
    return gradient.new_empty((gradient.shape[1], input.shape[1] // geometry[-2], *kernel))


def _sum(gradient: Tensor) -> Tensor:
    return gradient.sum(dim=[0, *range(2, gradient.dim())])


def _setup_convolution(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    tape = output[1] if isinstance(output, tuple) else torch.zeros(8, dtype=torch.uint8, device=inputs[0].device)
    ctx.save_for_backward(inputs[0], inputs[1], tape)
    ctx.geometry = inputs[3]


def _backward_convolution(ctx: Any, gradient: Tensor | None, _tape: Any = None) -> tuple[Any, ...]:
    input, weight, tape = ctx.saved_tensors
    if gradient is None:
        return (None,) * 4
    needs_input, needs_weight, needs_bias = ctx.needs_input_grad[:3]
    by_input = by_weight = None
    if needs_input or needs_weight:
        by_input, by_weight = torch.ops.spectralkit.convolution_backward(
            gradient, input, weight, tape, ctx.geometry, needs_input, needs_weight
        )
    return (
        by_input if needs_input else None,
        by_weight if needs_weight else None,
        _sum(gradient) if needs_bias else None,
        None,
    )


_convolution.register_autograd(_backward_convolution, setup_context=_setup_convolution)
_convolution_recorded.register_autograd(_backward_convolution, setup_context=_setup_convolution)


def _setup_backward(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.save_for_backward(*inputs[:3])
    ctx.geometry = inputs[4]
    ctx.needs = inputs[5:7]


def _backward_backward(ctx: Any, by_input: Tensor | None, by_weight: Tensor | None) -> tuple[Any, ...]:
    gradient, input, weight = ctx.saved_tensors
    v = by_input if ctx.needs[0] else None
    u = by_weight if ctx.needs[1] else None
    ops, shape = torch.ops.spectralkit, ctx.geometry
    by_gradient = result_input = result_weight = None
    if ctx.needs_input_grad[0]:
        if v is not None:
            by_gradient = ops.convolution(v, weight, None, shape)
        if u is not None:
            more = ops.convolution(input, u, None, shape)
            by_gradient = more if by_gradient is None else by_gradient + more
    if ctx.needs_input_grad[1] and u is not None:
        result_input = ops.input_gradient(gradient, u, None, list(input.shape[2:]), shape)
    if ctx.needs_input_grad[2] and v is not None:
        result_weight = ops.weight_gradient(gradient, v, list(weight.shape[2:]), shape)
    return (by_gradient, result_input, result_weight, *(None,) * 4)


_convolution_backward.register_autograd(_backward_backward, setup_context=_setup_backward)


def _setup_input_gradient(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.save_for_backward(inputs[0], inputs[1])
    ctx.geometry = inputs[4]


def _backward_input_gradient(ctx: Any, v: Tensor) -> tuple[Any, ...]:
    gradient, weight = ctx.saved_tensors
    ops, shape = torch.ops.spectralkit, ctx.geometry
    needs = ctx.needs_input_grad
    return (
        ops.convolution(v, weight, None, shape) if needs[0] else None,
        ops.weight_gradient(gradient, v, list(weight.shape[2:]), shape) if needs[1] else None,
        _sum(v) if needs[2] else None,
        *(None,) * 2,
    )


_input_gradient.register_autograd(_backward_input_gradient, setup_context=_setup_input_gradient)


def _setup_weight_gradient(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
    ctx.save_for_backward(inputs[0], inputs[1])
    ctx.geometry = inputs[3]


def _backward_weight_gradient(ctx: Any, u: Tensor) -> tuple[Any, ...]:
    gradient, input = ctx.saved_tensors
    ops, shape = torch.ops.spectralkit, ctx.geometry
    needs = ctx.needs_input_grad
    return (
        ops.convolution(input, u, None, shape) if needs[0] else None,
        ops.input_gradient(gradient, u, None, list(input.shape[2:]), shape) if needs[1] else None,
        *(None,) * 2,
    )


_weight_gradient.register_autograd(_backward_weight_gradient, setup_context=_setup_weight_gradient)

# Where autocast is on, convolutions stay in single precision.
for _operator in (_convolution, _convolution_recorded, _input_gradient):
    if hasattr(_operator, "register_autocast"):
        _operator.register_autocast("cpu", torch.float32)


# ---------------------------------------------------------------------------------------------------------------------
# Functions


def _check(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    for name, tensor in (("input", input), ("weight", weight), ("bias", bias)):
        if tensor is None:
            continue
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} must be a tensor, not {type(tensor).__name__}")
        if tensor.device.type not in ("cpu", "meta"):
            raise ValueError(f"{name} is on {tensor.device}; SpectralKit computes on the CPU: move it with .cpu()")
        if tensor.layout != torch.strided:
            raise TypeError(f"{name} must be dense, not {tensor.layout}")
        if torch.is_autocast_enabled("cpu"):
            continue
        if tensor.dtype not in _CODES:
            raise TypeError(f"{name} must be of float32 or float64, not {tensor.dtype}; convert it with .float()")
        if tensor.dtype != input.dtype:
            raise TypeError(f"{name} is of {tensor.dtype}, input of {input.dtype}; convert one with .to()")


def _is_plain(*tensors: Tensor | None) -> bool:
    """Whether the operators need not be asked: for dense tensors in memory, outside of tracing and transformations."""
    if torch.compiler.is_compiling():
        return False
    first = tensors[0]
    dtype = first.dtype if isinstance(first, Tensor) else None
    if dtype not in _CODES:
        return False
    for tensor in tensors:
        if tensor is None:
            continue
        if type(tensor) is not Tensor and type(tensor) is not nn.Parameter:
            return False
        if tensor.dtype is not dtype or not tensor.is_cpu or tensor.layout is not torch.strided or tensor.is_neg():
            return False
    return (
        not torch.is_autocast_enabled("cpu")
        and torch._C._len_torch_dispatch_stack() == 0
        and torch._C._functorch.peek_interpreter_stack() is None
        and not torch._C._get_tracing_state()
        and forward_ad._current_level < 0
    )


def _needs_gradient(*tensors: Tensor | None) -> bool:
    if torch.is_grad_enabled():
        for tensor in tensors:
            if tensor is not None and tensor.requires_grad:
                return True
    return False


def _batched(input: Tensor, axes: int) -> tuple[Tensor, bool]:
    return (input.unsqueeze(0), True) if input.dim() == axes + 1 else (input, False)


def _made(axes: int, input: Tensor, weight: Tensor, bias: Tensor | None, arguments: tuple[Any, ...]) -> Convolution:
    """The convolution of plain tensors."""
    return convolution(
        axes, _CODES[input.dtype], input.shape, weight.shape, None if bias is None else bias.shape, arguments
    )


def _convolve(axes: int, input: Tensor, weight: Tensor, bias: Tensor | None, *arguments: Any) -> Tensor:
    if _is_plain(input, weight, bias):
        input, is_single = _batched(input, axes)
        made = _made(axes, input, weight, bias, arguments)
        if _needs_gradient(input, weight, bias):
            output = _recorded(input, weight, bias, made.shape)
            return output.squeeze(0) if is_single else output
        output = input.new_empty(made.output)
        if made.plan:
            _native.check(
                _native.forward(
                    made.plan.value, _describe(input), _describe(weight), _optional(bias), 0, _describe(output)
                )
            )
        return output[0] if is_single else output
    _check(input, weight, bias)
    input, is_single = _batched(input, axes)
    check_weight(axes, weight.shape)
    shape = geometry(axes, weight.shape[2:], *arguments)
    check_shapes(axes, input.shape, weight.shape, None if bias is None else bias.shape, shape.groups, False)
    output = _recorded(input, weight, bias, shape)
    return output.squeeze(0) if is_single else output


def _recorded(input: Tensor, weight: Tensor, bias: Tensor | None, shape: Geometry) -> Tensor:
    """By the operator that records what a backward pass uses again, where there will be one."""
    output: Tensor
    if _needs_gradient(input, weight):
        output, _ = torch.ops.spectralkit.convolution_recorded(input, weight, bias, _packed(shape))
    else:
        output = torch.ops.spectralkit.convolution(input, weight, bias, _packed(shape))
    return output


def _convolve_transposed(axes: int, input: Tensor, weight: Tensor, bias: Tensor | None, *arguments: Any) -> Tensor:
    if _is_plain(input, weight, bias) and not _needs_gradient(input, weight, bias):
        input, is_single = _batched(input, axes)
        made = transposed_convolution(
            axes, _CODES[input.dtype], input.shape, weight.shape, None if bias is None else bias.shape, arguments
        )
        output: Tensor = input.new_empty(made.output)
        if made.plan:
            input = _lengthened(input, made.zeros)
            _native.check(
                _native.input_gradient(
                    made.plan.value, _describe(input), _describe(weight), _optional(bias), 0, _describe(output)
                )
            )
        return output[0] if is_single else output
    _check(input, weight, bias)
    input, is_single = _batched(input, axes)
    check_weight(axes, weight.shape)
    shape, size, zeros = transposed_geometry(axes, input.shape[2:], weight.shape[2:], *arguments)
    check_shapes(axes, input.shape, weight.shape, None if bias is None else bias.shape, shape.groups, True)
    output = torch.ops.spectralkit.input_gradient(_lengthened(input, zeros), weight, bias, size, _packed(shape))
    return output.squeeze(0) if is_single else output


def _lengthened(input: Tensor, zeros: Sequence[int]) -> Tensor:
    if not any(zeros):
        return input
    return nn.functional.pad(input, [n for more in reversed(zeros) for n in (0, more)])


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Tensor:
    """As `torch.nn.functional.conv1d`, with the padding modes of `torch.nn.Conv1d`."""
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Tensor:
    """As `torch.nn.functional.conv2d`, with the padding modes of `torch.nn.Conv2d`."""
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Tensor:
    """As `torch.nn.functional.conv3d`, with the padding modes of `torch.nn.Conv3d`."""
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups, padding_mode)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """As `torch.nn.functional.conv_transpose1d`."""
    return _convolve_transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """As `torch.nn.functional.conv_transpose2d`."""
    return _convolve_transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Tensor:
    """As `torch.nn.functional.conv_transpose3d`."""
    return _convolve_transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


# ---------------------------------------------------------------------------------------------------------------------
# Layers

# What layers have made of their weights, with a copy that tells whether a weight is still the same.
_prepared: weakref.WeakKeyDictionary[nn.Module, tuple[Tensor, _native.Handle]] = weakref.WeakKeyDictionary()

# Reads memory several times as fast as torch.equal.
_compare_bytes = ctypes.CDLL(None)["memcmp"]
_compare_bytes.argtypes = (c_void_p, c_void_p, c_size_t)


def _is_same(kept: Tensor, weight: Tensor) -> bool:
    """Whether a weight has the bits of a dense copy.

    PyTorch counts the versions of a tensor, but not what is done to `weight.data`.
    """
    if kept.dtype is not weight.dtype or kept.shape != weight.shape:
        return False
    if not weight.is_contiguous():
        return torch.equal(kept, weight)
    return not _compare_bytes(kept.data_ptr(), weight.data_ptr(), kept.numel() * kept.element_size())


class _Layer(nn.Module):
    """What all layers share."""

    weight: Tensor
    bias: Tensor | None
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: str | tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    padding_mode: Any

    def train(self, mode: bool = True) -> Any:
        if mode:
            _prepared.pop(self, None)
        return super().train(mode)

    def _weight_handle(self, weight: Tensor) -> _native.Handle:
        """The weight as the library has prepared it."""
        found = _prepared.get(self)
        if found is not None and _is_same(found[0], weight):
            return found[1]
        handle = c_void_p()
        kept = weight.detach().clone(memory_format=torch.contiguous_format)
        _native.check(_native.filters_create(_describe(kept), byref(handle)))
        made = _native.Handle(handle.value or 0, _native.filters_free)
        _prepared[self] = (kept, made)
        return made


class _Convolution(_Layer):
    def _conv_forward(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        axes = weight.dim() - 2
        arguments = (self.stride, self.padding, self.dilation, self.groups, self.padding_mode)
        if self.training or not _is_plain(input, weight, bias) or _needs_gradient(input, weight, bias):
            return _convolve(axes, input, weight, bias, *arguments)
        x, is_single = _batched(input, axes)
        made = _made(axes, x, weight, bias, arguments)
        output = x.new_empty(made.output)
        if made.plan:
            handle = self._weight_handle(weight)
            _native.check(
                _native.forward_prepared(
                    made.plan.value, _describe(x), handle.value, _optional(bias), 0, _describe(output)
                )
            )
        return output[0] if is_single else output


class _TransposedConvolution(_Layer):
    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:
        axes = self.weight.dim() - 2
        extra = self._output_padding(  # type: ignore[operator]  # of nn.ConvTranspose1d and its kin
            input, output_size, self.stride, self.padding, self.kernel_size, axes, self.dilation
        )
        return _convolve_transposed(
            axes, input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class Conv1d(_Convolution, nn.Conv1d):
    """A drop-in for `torch.nn.Conv1d`, with its arguments and its state dict."""


class Conv2d(_Convolution, nn.Conv2d):
    """A drop-in for `torch.nn.Conv2d`, with its arguments and its state dict."""


class Conv3d(_Convolution, nn.Conv3d):
    """A drop-in for `torch.nn.Conv3d`, with its arguments and its state dict."""


class ConvTranspose1d(_TransposedConvolution, nn.ConvTranspose1d):
    """A drop-in for `torch.nn.ConvTranspose1d`, with its arguments and its state dict."""


class ConvTranspose2d(_TransposedConvolution, nn.ConvTranspose2d):
    """A drop-in for `torch.nn.ConvTranspose2d`, with its arguments and its state dict."""


class ConvTranspose3d(_TransposedConvolution, nn.ConvTranspose3d):
    """A drop-in for `torch.nn.ConvTranspose3d`, with its arguments and its state dict."""


_SUBSTITUTES: dict[type[nn.Module], type[nn.Module]] = {
    nn.Conv1d: Conv1d,
    nn.Conv2d: Conv2d,
    nn.Conv3d: Conv3d,
    nn.ConvTranspose1d: ConvTranspose1d,
    nn.ConvTranspose2d: ConvTranspose2d,
    nn.ConvTranspose3d: ConvTranspose3d,
}


class Replacement(NamedTuple):
    """A convolution that was swapped."""

    name: str
    layer: nn.Module

    def __str__(self) -> str:
        return f"{self.name or '(the model)'}: {self.layer}"


class Replacements(list[Replacement]):
    """The convolutions that were swapped; printed one a line."""

    def __str__(self) -> str:
        if not self:
            return "No convolution was swapped."
        return "\n".join([f"Swapped {len(self)} convolution{'s' if len(self) != 1 else ''}:", *map(str, self)])

    def __iter__(self) -> Iterator[Replacement]:
        return super().__iter__()


def replace(model: nn.Module, min_kernel: int = 7) -> Replacements:
    """Makes the convolutions of a model compute by SpectralKit, in place.

    Only exact instances of PyTorch's classes are swapped, of float32 or float64 on the CPU. They remain the same
    objects, with their weights, hooks and names; only their class changes.

    Args:
        model: Any module.
        min_kernel: Convolutions whose kernel is smaller along every axis stay as they are.

    Returns:
        What was swapped.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, not {type(model).__name__}")
    if isinstance(min_kernel, bool) or not isinstance(min_kernel, int) or min_kernel < 1:
        raise ValueError(f"min_kernel must be a whole number from 1, not {min_kernel!r}")
    swapped = Replacements()
    for name, module in model.named_modules():
        substitute = _SUBSTITUTES.get(type(module))
        if substitute is None or max(module.kernel_size) < min_kernel:
            continue
        if module.weight.device.type != "cpu" or module.weight.dtype not in _CODES:
            continue
        module.__class__ = substitute
        swapped.append(Replacement(name, module))
    return swapped
