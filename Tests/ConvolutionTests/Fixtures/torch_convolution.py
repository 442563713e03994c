#!/usr/bin/env python3
"""Convolutions of signals, images and volumes by PyTorch, in float64, with the gradients by autograd: what
ReferenceNumbersTests compares every solver with.

    python3 -m venv venv && venv/bin/pip install torch numpy
    venv/bin/python torch_convolution.py > torch_convolution.json

Numbers are drawn with a fixed seed and written with all their digits.
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(20261130)
torch.set_default_dtype(torch.float64)

def numbers(tensor):
    return {"shape": list(tensor.shape), "values": tensor.detach().flatten().tolist()}

cases = []
for size, channels, outputs, kernel, stride, dilation, padding, groups in [
    ((19,), 4, 6, (5,), (2,), (2,), (3,), 2),
    ((16,), 3, 5, (4,), (1,), (1,), (0,), 1),
    ((9, 11), 2, 4, (3, 4), (2, 1), (1, 2), (1, 3), 2),
    ((5, 6, 7), 2, 3, (2, 3, 3), (1, 2, 2), (2, 1, 1), (1, 1, 0), 1),
    ((4, 5, 6), 4, 4, (3, 3, 3), (1, 1, 1), (1, 1, 1), (1, 1, 1), 4),
]:
    convolve = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}[len(size)]
    x = torch.randn(2, channels, *size, requires_grad=True)
    w = torch.randn(outputs, channels // groups, *kernel, requires_grad=True)
    b = torch.randn(outputs)
    y = convolve(x, w, b, stride=stride, padding=padding, dilation=dilation, groups=groups)
    g = torch.randn_like(y)
    dx, dw = torch.autograd.grad(y, (x, w), g)
    cases.append({"name": f"conv{len(size)}d {size} {kernel}", "stride": stride, "dilation": dilation, "padding": padding,
                  "groups": groups, "x": numbers(x), "w": numbers(w), "b": numbers(b), "g": numbers(g), "y": numbers(y),
                  "dx": numbers(dx), "dw": numbers(dw)})
print(json.dumps(cases, separators=(",", ":")))
