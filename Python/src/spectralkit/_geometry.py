"""Geometry of the convolutions of networks: PyTorch's arguments as the plans of the library."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from . import _native

BOUNDARIES = {
    "zeros": _native.ZERO,
    "reflect": _native.MIRROR,
    "replicate": _native.REPLICATE,
    "circular": _native.CIRCULAR,
}


class Geometry(NamedTuple):
    """How windows slide, for each axis."""

    stride: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int
    boundary: int


def numbers(value: Any, count: int, name: str, least: int) -> tuple[int, ...]:
    """One whole number for each axis."""
    try:
        given = [operator.index(value)] * count if not isinstance(value, Sequence) else [*map(operator.index, value)]
    except TypeError:
        raise TypeError(f"{name} must be a whole number or {count} of them, not {value!r}") from None
    if len(given) == 1:
        given *= count
    if len(given) != count:
        raise ValueError(f"{name} must be a whole number or {count} of them, not {value!r}")
    if min(given) < least:
        raise ValueError(f"{name} must be at least {least}, not {value!r}")
    return tuple(given)


def geometry(
    axes: int,
    kernel: Sequence[int],
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: Any = 1,
    padding_mode: str = "zeros",
) -> Geometry:
    """The geometry of a convolution with PyTorch's arguments."""
    steps = numbers(stride, axes, "stride", 1)
    gaps = numbers(dilation, axes, "dilation", 1)
    if padding_mode not in BOUNDARIES:
        raise ValueError(f"padding_mode must be one of {', '.join(BOUNDARIES)}, not {padding_mode!r}")
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise ValueError(f"padding must be 'same', 'valid' or whole numbers, not {padding!r}")
        if padding == "same" and any(step != 1 for step in steps):
            raise ValueError(f"padding='same' is not supported for strided convolutions: the stride is {stride!r}")
        total = [gap * (k - 1) if padding == "same" else 0 for gap, k in zip(gaps, kernel)]
        # An odd element goes to the end, as in PyTorch.
        before = tuple(n // 2 for n in total)
        after = tuple(n - n // 2 for n in total)
    else:
        before = after = numbers(padding, axes, "padding", 0)
    return Geometry(steps, before, after, gaps, count(groups, "groups"), BOUNDARIES[padding_mode])


def transposed_geometry(
    axes: int,
    input: Sequence[int],
    kernel: Sequence[int],
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: Any = 1,
    dilation: Any = 1,
) -> tuple[Geometry, tuple[int, ...], tuple[int, ...]]:
    """The convolution whose adjoint is a transposed one, the size of its input, and zeros to be put behind its output.

    Output padding is padding that the end of the convolution's input lacks. Where there is less padding than that, the
    convolution may have outputs more than the transposed one has inputs, and those are zero.
    """
    steps = numbers(stride, axes, "stride", 1)
    sides = numbers(padding, axes, "padding", 0)
    gaps = numbers(dilation, axes, "dilation", 1)
    more = numbers(output_padding, axes, "output_padding", 0)
    for extra, step, gap in zip(more, steps, gaps):
        if extra >= max(step, gap):
            raise ValueError(
                f"output_padding must be smaller than stride or dilation: it is {output_padding!r}, the stride "
                f"{stride!r}, the dilation {dilation!r}"
            )
    size = tuple(
        (n - 1) * step - 2 * side + gap * (k - 1) + extra + 1
        for n, step, side, gap, k, extra in zip(input, steps, sides, gaps, kernel, more)
    )
    if min(size) < 1:
        raise ValueError(f"the output would be of size {size}: the input {tuple(input)} is too small for this padding")
    after = tuple(max(side - extra, 0) for side, extra in zip(sides, more))
    outputs = [
        (n + side + end - gap * (k - 1) - 1) // step + 1
        for n, side, end, gap, k, step in zip(size, sides, after, gaps, kernel, steps)
    ]
    zeros = tuple(m - n for m, n in zip(outputs, input))
    return Geometry(steps, sides, after, gaps, count(groups, "groups"), _native.ZERO), size, zeros


def count(value: Any, name: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, not {value!r}") from None
    if number < 1:
        raise ValueError(f"{name} must be at least 1, not {number}")
    return number


def check_shapes(
    axes: int, input: Sequence[int], weight: Sequence[int], bias: Sequence[int] | None, groups: int, transposed: bool
) -> None:
    """That input, weight and bias fit one another; the input has its batch axis."""
    if len(input) != axes + 2:
        raise ValueError(
            f"input must have {axes + 2} axes, [N, C, ...], or {axes + 1} without N, not the shape {tuple(input)}"
        )
    if len(weight) != axes + 2:
        raise ValueError(f"weight must have {axes + 2} axes, not the shape {tuple(weight)}")
    if min(weight) < 1:
        raise ValueError(f"weight must not be empty: its shape is {tuple(weight)}")
    channels = weight[0] if transposed else weight[1] * groups
    if input[1] != channels:
        raise ValueError(
            f"the weight {tuple(weight)} with {groups} group{'' if groups == 1 else 's'} takes {channels} channels, "
            f"the input has {input[1]}"
        )
    if weight[0] % groups:
        raise ValueError(f"the weight's first axis, {weight[0]}, must be a multiple of the {groups} groups")
    outputs = weight[1] * groups if transposed else weight[0]
    if bias is not None and tuple(bias) != (outputs,):
        raise ValueError(f"bias must be of shape ({outputs},), not {tuple(bias)}")


def output_size(input: Sequence[int], kernel: Sequence[int], shape: Geometry) -> tuple[int, ...]:
    """The size of a convolution's output; an error where the window does not fit."""
    result = tuple(
        (n + before + after - gap * (k - 1) - 1) // step + 1
        for n, before, after, gap, k, step in zip(
            input, shape.before, shape.after, shape.dilation, kernel, shape.stride
        )
    )
    for n, before, after, gap, k in zip(input, shape.before, shape.after, shape.dilation, kernel):
        if n + before + after < gap * (k - 1) + 1:
            raise ValueError(
                f"the kernel {tuple(kernel)} does not fit into the padded input: {n} + {before} + {after} elements are "
                f"fewer than the window's {gap * (k - 1) + 1}"
            )
        # PyTorch's limits of its padding modes.
        if shape.boundary == _native.MIRROR and max(before, after) >= n:
            raise ValueError(f"padding_mode='reflect' needs padding smaller than the input: {max(before, after)}, {n}")
        if shape.boundary == _native.CIRCULAR and max(before, after) > n:
            raise ValueError(
                f"padding_mode='circular' needs padding no larger than the input: {max(before, after)}, {n}"
            )
    return result


def plan(
    code: int, input: Sequence[int], weight: Sequence[int], shape: Geometry, method: int = _native.AUTOMATIC
) -> _native.Plan:
    """The plan of a convolution of an input [N, C, ...] by a weight [O, C / groups, ...]."""
    return _native.plan(
        code,
        input[0],
        input[1],
        weight[0],
        shape.groups,
        tuple(input[2:]),
        tuple(weight[2:]),
        shape.stride,
        shape.dilation,
        shape.before,
        shape.after,
        shape.boundary,
        method,
    )


class Convolution(NamedTuple):
    """A convolution that has met its shapes."""

    shape: Geometry
    # The shape of the output, [N, O, ...].
    output: tuple[int, ...]
    # None where the output has no element.
    plan: _native.Plan | None


class TransposedConvolution(NamedTuple):
    """A transposed convolution that has met its shapes."""

    # The geometry of the convolution whose adjoint it is.
    shape: Geometry
    # The shape of the output, [N, O, ...].
    output: tuple[int, ...]
    # How many zeros the input needs behind it along each axis.
    zeros: tuple[int, ...]
    # The plan of the convolution whose adjoint it is; None where the output has no element.
    plan: _native.Plan | None


def check_weight(axes: int, weight: Sequence[int]) -> None:
    if len(weight) != axes + 2:
        raise ValueError(f"weight must have {axes + 2} axes, not the shape {tuple(weight)}")


@lru_cache(maxsize=512, typed=True)
def _convolution(
    axes: int,
    code: int,
    input: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...] | None,
    *arguments: Any,
) -> Convolution:
    check_weight(axes, weight)
    shape = geometry(axes, weight[2:], *arguments)
    check_shapes(axes, input, weight, bias, shape.groups, False)
    output = (input[0], weight[0], *output_size(input[2:], weight[2:], shape))
    return Convolution(shape, output, plan(code, input, weight, shape) if all(output) else None)


@lru_cache(maxsize=512, typed=True)
def _transposed(
    axes: int,
    code: int,
    input: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...] | None,
    *arguments: Any,
) -> TransposedConvolution:
    check_weight(axes, weight)
    shape, size, zeros = transposed_geometry(axes, input[2:], weight[2:], *arguments)
    check_shapes(axes, input, weight, bias, shape.groups, True)
    output = (input[0], weight[1] * shape.groups, *size)
    return TransposedConvolution(shape, output, zeros, plan(code, output, weight, shape) if all(output) else None)


Made = TypeVar("Made")


def _kept(function: Callable[..., Made], arguments: tuple[Any, ...]) -> Made:
    """What a function that keeps its results makes of arguments, of which some may be lists."""
    try:
        return function(*arguments)
    except TypeError:
        return function(*(tuple(given) if isinstance(given, list) else given for given in arguments))


def convolution(
    axes: int,
    code: int,
    input: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...] | None,
    arguments: tuple[Any, ...],
) -> Convolution:
    """A convolution with PyTorch's arguments from `stride` on; an error where they do not fit the shapes."""
    return _kept(_convolution, (axes, code, input, weight, bias, *arguments))


def transposed_convolution(
    axes: int,
    code: int,
    input: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...] | None,
    arguments: tuple[Any, ...],
) -> TransposedConvolution:
    """A transposed convolution with PyTorch's arguments from `stride` on."""
    return _kept(_transposed, (axes, code, input, weight, bias, *arguments))
