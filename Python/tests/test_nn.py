"""`spectralkit.nn` by the definition, by adjoints and, where PyTorch is installed, against PyTorch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from spectralkit import nn

SIZES = {1: ((2, 4, 13), (5,)), 2: ((2, 4, 9, 8), (3, 4)), 3: ((1, 4, 5, 6, 4), (2, 3, 2))}

CASES = [
    {},
    {"stride": 2},
    {"padding": 1},
    {"padding": "same"},
    {"dilation": 2, "padding": 2},
    {"groups": 2},
    {"groups": 4, "stride": 2, "padding": 1},
    {"padding": 2, "padding_mode": "reflect"},
    {"padding": 1, "padding_mode": "replicate", "stride": 2},
    {"padding": "same", "padding_mode": "circular"},
]

TRANSPOSED = [
    {},
    {"stride": 2},
    {"stride": 3, "output_padding": 2, "padding": 1},
    {"stride": 3, "output_padding": 2},
    {"dilation": 4, "output_padding": 3, "stride": 2},
    {"dilation": 4, "output_padding": 3},
    {"padding": 1, "groups": 2},
    {"stride": 2, "groups": 4},
]


def by_definition(x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int, padding: int, dilation: int, groups: int):
    """A correlation of images, tap by tap."""
    x = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    height, width = ((n - dilation * (k - 1) - 1) // stride + 1 for n, k in zip(x.shape[2:], w.shape[2:]))
    y = np.zeros((x.shape[0], w.shape[0], height, width)) + b[:, None, None]
    per_group = w.shape[0] // groups
    for o, c in itertools.product(range(w.shape[0]), range(w.shape[1])):
        source = x[:, o // per_group * w.shape[1] + c]
        for i, j in itertools.product(range(w.shape[2]), range(w.shape[3])):
            rows = slice(i * dilation, i * dilation + stride * (height - 1) + 1, stride)
            columns = slice(j * dilation, j * dilation + stride * (width - 1) + 1, stride)
            y[:, o] += source[:, rows, columns] * w[o, c, i, j]
    return y


@pytest.mark.parametrize("stride, padding, dilation, groups", [(1, 0, 1, 1), (2, 3, 2, 2), (3, 1, 1, 4)])
def test_definition(stride: int, padding: int, dilation: int, groups: int) -> None:
    rng = np.random.default_rng(1)
    x, w, b = rng.standard_normal((2, 4, 10, 11)), rng.standard_normal((8, 4 // groups, 3, 4)), rng.standard_normal(8)
    expected = by_definition(x, w, b, stride, padding, dilation, groups)
    assert_allclose(nn.conv2d(x, w, b, stride, padding, dilation, groups), expected, atol=1e-12)
    assert_allclose(nn.conv2d(x[0], w, b, stride, padding, dilation, groups), expected[0], atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_gradients_are_adjoints(axes: int, case: dict) -> None:
    rng = np.random.default_rng(2)
    shape, kernel = SIZES[axes]
    x, w = rng.standard_normal(shape), rng.standard_normal((8, 4 // case.get("groups", 1), *kernel))
    y = getattr(nn, f"conv{axes}d")(x, w, **case)
    g = rng.standard_normal(y.shape)
    dx = getattr(nn, f"conv{axes}d_input")(x.shape, w, g, **case)
    dw = getattr(nn, f"conv{axes}d_weight")(x, w.shape, g, **case)
    expected = np.vdot(g, y)
    assert_allclose([np.vdot(dx, x), np.vdot(dw, w)], [expected, expected], rtol=1e-12, atol=1e-11)
    assert_allclose(nn.bias_gradient(g), g.sum(axis=(0, *range(2, g.ndim))), atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
def test_gradients_of_transposed_are_adjoints(axes: int, case: dict) -> None:
    rng = np.random.default_rng(3)
    shape, kernel = SIZES[axes]
    x, w = rng.standard_normal(shape), rng.standard_normal((4, 8 // case.get("groups", 1), *kernel))
    y = getattr(nn, f"conv_transpose{axes}d")(x, w, **case)
    g = rng.standard_normal(y.shape)
    dx = getattr(nn, f"conv_transpose{axes}d_input")(x.shape, w, g, **case)
    dw = getattr(nn, f"conv_transpose{axes}d_weight")(x, w.shape, g, **case)
    expected = np.vdot(g, y)
    assert_allclose([np.vdot(dx, x), np.vdot(dw, w)], [expected, expected], rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", CASES, ids=str)
def test_against_pytorch(axes: int, case: dict) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    shape, kernel = SIZES[axes]
    x, w, b = (
        rng.standard_normal(shape),
        rng.standard_normal((8, 4 // case.get("groups", 1), *kernel)),
        rng.standard_normal(8),
    )
    layer = getattr(torch.nn, f"Conv{axes}d")(4, 8, kernel, **case).double()
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(w))
        layer.bias.copy_(torch.from_numpy(b))
        expected = layer(torch.from_numpy(x)).numpy()
    assert_allclose(getattr(nn, f"conv{axes}d")(x, w, b, **case), expected, atol=1e-12)


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("case", TRANSPOSED, ids=str)
def test_transposed_against_pytorch(axes: int, case: dict) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(5)
    shape, kernel = SIZES[axes]
    x, w, b = (
        rng.standard_normal(shape),
        rng.standard_normal((4, 8 // case.get("groups", 1), *kernel)),
        rng.standard_normal(8),
    )
    function = getattr(torch.nn.functional, f"conv_transpose{axes}d")
    expected = function(*map(torch.from_numpy, (x, w, b)), **case).numpy()
    assert_allclose(getattr(nn, f"conv_transpose{axes}d")(x, w, b, **case), expected, atol=1e-12)


def test_single_precision_and_empty_batches() -> None:
    x, w = np.ones((3, 2, 8), np.float32), np.ones((5, 2, 3), np.float32)
    assert nn.conv1d(x, w).dtype == np.float32
    assert nn.conv1d(x[:0], w).shape == (0, 5, 6)
    assert nn.conv1d_input((0, 2, 8), w, np.ones((0, 5, 6), np.float32)).shape == (0, 2, 8)
    assert_allclose(nn.conv1d_weight(x[:0], w.shape, np.ones((0, 5, 6), np.float32)), np.zeros(w.shape))
    assert nn.bias_gradient(np.ones((3, 5, 6), np.float32)).tolist() == [18] * 5


def test_arrays_of_any_layout() -> None:
    rng = np.random.default_rng(7)
    x, w = rng.standard_normal((2, 4, 9, 8)), rng.standard_normal((6, 4, 3, 3))
    expected = nn.conv2d(x, w)
    locked = x.copy()
    locked.flags.writeable = False
    for given in (x.astype(">f8"), np.asfortranarray(x), x[:, :, ::-1][:, :, ::-1], locked):
        assert_allclose(nn.conv2d(given, w), expected)
    assert_allclose(nn.conv2d(x.astype(">f8"), w.astype(">f8")), expected)
    assert_allclose(nn.conv2d(x, w, stride=[1, 1], padding=[0, 0]), expected)
