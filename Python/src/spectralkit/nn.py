"""The convolutions of networks and their gradients on NumPy arrays, with PyTorch's argument names.

`conv2d` correlates: `output[n, o, i] = bias[o] + sum over c, j of input[n, c, stride i + dilation j - padding]
weight[o, c, j]`. Inputs are [N, C, ...], or [C, ...] without a batch; weights [O, C / groups, ...], those of transposed
convolutions [C, O / groups, ...]. Arrays are of float32 or float64, all of one type. `padding_mode` is "zeros",
"reflect" (without the border's element, as PyTorch has it), "replicate" or "circular".

The gradients are named like PyTorch's `torch.nn.grad`: `conv2d_input` and `conv2d_weight`; that by the bias is
`bias_gradient` for all.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from ._geometry import convolution, transposed_convolution

__all__ = [
    "bias_gradient",
    *(f"conv{axes}d{part}" for axes in (1, 2, 3) for part in ("", "_input", "_weight")),
    *(f"conv_transpose{axes}d{part}" for axes in (1, 2, 3) for part in ("", "_input", "_weight")),
]

Array = npt.NDArray[Any]
Size = int | Sequence[int]


_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def _arrays(names: tuple[str, ...], *given: npt.ArrayLike | None) -> list[Any]:
    """Arrays of one floating-point type, as the library can read them; None for what is not given."""
    arrays = [None if value is None else np.asarray(value) for value in given]
    first = arrays[0]
    assert first is not None
    dtype = first.dtype
    for name, array in zip(names, arrays):
        if array is None or array.dtype is dtype is _FLOAT64:
            continue
        if array.dtype.char not in "fd":
            raise TypeError(f"{name} must be of float32 or float64, not {array.dtype}; convert it with astype")
        if array.dtype.char != dtype.char:
            raise TypeError(f"all arrays must be of one type: {name} is of {array.dtype}, {names[0]} of {dtype}")
    return [None if array is None else _native.usable(array) for array in arrays]


def _batched(array: Array, axes: int, name: str = "input") -> tuple[Array, bool]:
    if array.ndim == axes + 2:
        return array, False
    if array.ndim == axes + 1:
        return array[np.newaxis], True
    raise ValueError(
        f"{name} must have {axes + 2} axes, [N, C, ...], or {axes + 1} without N, not the shape {array.shape}"
    )


def _code(array: Array) -> int:
    return _native.FLOAT32 if array.dtype.char == "f" else _native.FLOAT64


def _optional(array: Array | None) -> bytes | None:
    return None if array is None else _native.describe(array)


_FORWARD = ("input", "weight", "bias")


def _forward(axes: int, input: Any, weight: Any, bias: Any, arguments: tuple[Any, ...]) -> Array:
    x, w, b = _arrays(_FORWARD, input, weight, bias)
    x, is_single = _batched(x, axes)
    made = convolution(axes, _code(x), x.shape, w.shape, None if b is None else b.shape, arguments)
    y = np.empty(made.output, x.dtype)
    if made.plan:
        describe = _native.describe
        _native.check(_native.forward(made.plan.value, describe(x), describe(w), _optional(b), 0, describe(y)))
    return y[0] if is_single else y


def _sizes(size: Sequence[int], axes: int, name: str) -> tuple[tuple[int, ...], bool]:
    sizes = tuple(operator.index(n) for n in size)
    if len(sizes) == axes + 1:
        return (1, *sizes), True
    if len(sizes) != axes + 2:
        raise ValueError(f"{name} must have {axes + 2} numbers, or {axes + 1} without N, not be {sizes}")
    return sizes, False


def _check_gradient(gradient: Array, expected: tuple[int, ...]) -> None:
    if gradient.shape != expected:
        raise ValueError(f"grad_output must be of shape {expected}, not {gradient.shape}")


def _input_gradient(axes: int, input_size: Any, weight: Any, gradient: Any, arguments: tuple[Any, ...]) -> Array:
    g, w = _arrays(("grad_output", "weight"), gradient, weight)
    g, _ = _batched(g, axes, "grad_output")
    size, is_single = _sizes(input_size, axes, "input_size")
    made = convolution(axes, _code(g), size, w.shape, None, arguments)
    _check_gradient(g, made.output)
    result = np.empty(size, g.dtype)
    if made.plan:
        describe = _native.describe
        _native.check(_native.input_gradient(made.plan.value, describe(g), describe(w), None, 0, describe(result)))
    return result[0] if is_single else result


def _weight_gradient(axes: int, input: Any, weight_size: Any, gradient: Any, arguments: tuple[Any, ...]) -> Array:
    g, x = _arrays(("grad_output", "input"), gradient, input)
    g, _ = _batched(g, axes, "grad_output")
    x, _ = _batched(x, axes)
    size = tuple(operator.index(n) for n in weight_size)
    made = convolution(axes, _code(g), x.shape, size, None, arguments)
    _check_gradient(g, made.output)
    if made.plan is None:
        return np.zeros(size, g.dtype)
    result = np.empty(size, g.dtype)
    describe = _native.describe
    _native.check(_native.filter_gradient(made.plan.value, describe(g), describe(x), describe(result)))
    return result


def bias_gradient(grad_output: npt.ArrayLike) -> Array:
    """The gradient by the bias, [O]: the sum of the output's gradient, [N, O, ...], over all other axes."""
    (g,) = _arrays(("grad_output",), grad_output)
    if g.ndim < 2:
        raise ValueError(f"grad_output must have at least two axes, [N, O, ...], not the shape {g.shape}")
    result = np.empty(g.shape[1], g.dtype)
    _native.check(_native.bias_gradient(_native.describe(g), _native.describe(result)))
    return result


def _transposed(axes: int, input: Any, weight: Any, bias: Any, arguments: tuple[Any, ...]) -> Array:
    x, w, b = _arrays(_FORWARD, input, weight, bias)
    x, is_single = _batched(x, axes)
    made = transposed_convolution(axes, _code(x), x.shape, w.shape, None if b is None else b.shape, arguments)
    y = np.empty(made.output, x.dtype)
    if made.plan:
        x = _lengthened(x, made.zeros)
        describe = _native.describe
        _native.check(_native.input_gradient(made.plan.value, describe(x), describe(w), _optional(b), 0, describe(y)))
    return y[0] if is_single else y


def _lengthened(x: Array, zeros: tuple[int, ...]) -> Array:
    return np.pad(x, [(0, 0), (0, 0), *((0, n) for n in zeros)]) if any(zeros) else x


def _transposed_input_gradient(
    axes: int, input_size: Any, weight: Any, gradient: Any, arguments: tuple[Any, ...]
) -> Array:
    g, w = _arrays(("grad_output", "weight"), gradient, weight)
    g, _ = _batched(g, axes, "grad_output")
    size, is_single = _sizes(input_size, axes, "input_size")
    made = transposed_convolution(axes, _code(g), size, w.shape, None, arguments)
    _check_gradient(g, made.output)
    result = np.empty((*size[:2], *(n + more for n, more in zip(size[2:], made.zeros))), g.dtype)
    if made.plan:
        describe = _native.describe
        _native.check(_native.forward(made.plan.value, describe(g), describe(w), None, 0, describe(result)))
    result = result[(slice(None), slice(None), *(slice(n) for n in size[2:]))]
    return result[0] if is_single else result


def _transposed_weight_gradient(
    axes: int, input: Any, weight_size: Any, gradient: Any, arguments: tuple[Any, ...]
) -> Array:
    g, x = _arrays(("grad_output", "input"), gradient, input)
    g, _ = _batched(g, axes, "grad_output")
    x, _ = _batched(x, axes)
    size = tuple(operator.index(n) for n in weight_size)
    made = transposed_convolution(axes, _code(g), x.shape, size, None, arguments)
    _check_gradient(g, made.output)
    if made.plan is None:
        return np.zeros(size, g.dtype)
    result = np.empty(size, g.dtype)
    x = _lengthened(x, made.zeros)
    _native.check(
        _native.filter_gradient(made.plan.value, _native.describe(x), _native.describe(g), _native.describe(result))
    )
    return result


def conv1d(
    input: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """Correlates signals, [N, C, L], with weights, as `torch.nn.functional.conv1d`."""
    return _forward(1, input, weight, bias, (stride, padding, dilation, groups, padding_mode))


def conv1d_input(
    input_size: Sequence[int],
    weight: npt.ArrayLike,
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """The gradient of `conv1d` by its input, which is of shape `input_size`."""
    return _input_gradient(1, input_size, weight, grad_output, (stride, padding, dilation, groups, padding_mode))


def conv1d_weight(
    input: npt.ArrayLike,
    weight_size: Sequence[int],
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """The gradient of `conv1d` by its weight, which is of shape `weight_size`."""
    return _weight_gradient(1, input, weight_size, grad_output, (stride, padding, dilation, groups, padding_mode))


def conv_transpose1d(
    input: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The adjoint of `conv1d`, as `torch.nn.functional.conv_transpose1d`."""
    return _transposed(1, input, weight, bias, (stride, padding, output_padding, groups, dilation))


def conv_transpose1d_input(
    input_size: Sequence[int],
    weight: npt.ArrayLike,
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The gradient of `conv_transpose1d` by its input, which is of shape `input_size`."""
    return _transposed_input_gradient(
        1, input_size, weight, grad_output, (stride, padding, output_padding, groups, dilation)
    )


def conv_transpose1d_weight(
    input: npt.ArrayLike,
    weight_size: Sequence[int],
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The gradient of `conv_transpose1d` by its weight, which is of shape `weight_size`."""
    return _transposed_weight_gradient(
        1, input, weight_size, grad_output, (stride, padding, output_padding, groups, dilation)
    )


def conv2d(
    input: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """Correlates images, [N, C, H, W], with weights, as `torch.nn.functional.conv2d`."""
    return _forward(2, input, weight, bias, (stride, padding, dilation, groups, padding_mode))


def conv2d_input(
    input_size: Sequence[int],
    weight: npt.ArrayLike,
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """The gradient of `conv2d` by its input, which is of shape `input_size`."""
    return _input_gradient(2, input_size, weight, grad_output, (stride, padding, dilation, groups, padding_mode))


def conv2d_weight(
    input: npt.ArrayLike,
    weight_size: Sequence[int],
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """The gradient of `conv2d` by its weight, which is of shape `weight_size`."""
    return _weight_gradient(2, input, weight_size, grad_output, (stride, padding, dilation, groups, padding_mode))


def conv_transpose2d(
    input: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The adjoint of `conv2d`, as `torch.nn.functional.conv_transpose2d`."""
    return _transposed(2, input, weight, bias, (stride, padding, output_padding, groups, dilation))


def conv_transpose2d_input(
    input_size: Sequence[int],
    weight: npt.ArrayLike,
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The gradient of `conv_transpose2d` by its input, which is of shape `input_size`."""
    return _transposed_input_gradient(
        2, input_size, weight, grad_output, (stride, padding, output_padding, groups, dilation)
    )


def conv_transpose2d_weight(
    input: npt.ArrayLike,
    weight_size: Sequence[int],
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The gradient of `conv_transpose2d` by its weight, which is of shape `weight_size`."""
    return _transposed_weight_gradient(
        2, input, weight_size, grad_output, (stride, padding, output_padding, groups, dilation)
    )


def conv3d(
    input: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """Correlates volumes, [N, C, D, H, W], with weights, as `torch.nn.functional.conv3d`."""
    return _forward(3, input, weight, bias, (stride, padding, dilation, groups, padding_mode))


def conv3d_input(
    input_size: Sequence[int],
    weight: npt.ArrayLike,
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """The gradient of `conv3d` by its input, which is of shape `input_size`."""
    return _input_gradient(3, input_size, weight, grad_output, (stride, padding, dilation, groups, padding_mode))


def conv3d_weight(
    input: npt.ArrayLike,
    weight_size: Sequence[int],
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size | str = 0,
    dilation: Size = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Array:
    """The gradient of `conv3d` by its weight, which is of shape `weight_size`."""
    return _weight_gradient(3, input, weight_size, grad_output, (stride, padding, dilation, groups, padding_mode))


def conv_transpose3d(
    input: npt.ArrayLike,
    weight: npt.ArrayLike,
    bias: npt.ArrayLike | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The adjoint of `conv3d`, as `torch.nn.functional.conv_transpose3d`."""
    return _transposed(3, input, weight, bias, (stride, padding, output_padding, groups, dilation))


def conv_transpose3d_input(
    input_size: Sequence[int],
    weight: npt.ArrayLike,
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The gradient of `conv_transpose3d` by its input, which is of shape `input_size`."""
    return _transposed_input_gradient(
        3, input_size, weight, grad_output, (stride, padding, output_padding, groups, dilation)
    )


def conv_transpose3d_weight(
    input: npt.ArrayLike,
    weight_size: Sequence[int],
    grad_output: npt.ArrayLike,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
) -> Array:
    """The gradient of `conv_transpose3d` by its weight, which is of shape `weight_size`."""
    return _transposed_weight_gradient(
        3, input, weight_size, grad_output, (stride, padding, output_padding, groups, dilation)
    )
