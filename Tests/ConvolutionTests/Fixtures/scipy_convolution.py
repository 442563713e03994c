#!/usr/bin/env python3
"""Convolutions of signals, images and volumes by SciPy, in float64: what ReferenceNumbersTests compares every solver with.

    python3 -m venv venv && venv/bin/pip install numpy scipy
    venv/bin/python scipy_convolution.py > scipy_convolution.json

scipy.ndimage knows every boundary (its `nearest` is our replicate, its `wrap` our circular, its `constant` has a value),
scipy.signal the three sizes of a result. Numbers are drawn with a fixed seed and written with all their digits.
"""
import json
import numpy as np
import scipy.ndimage, scipy.signal

random = np.random.default_rng(20261130)
cases = []

def numbers(array):
    return {"shape": list(array.shape), "values": [float(x) for x in np.asarray(array, dtype=np.float64).ravel()]}

shapes = [((11,), (5,)), ((7, 9), (3, 5)), ((1, 6), (1, 3)), ((5, 6, 7), (3, 1, 5)), ((4, 3, 5), (3, 3, 3))]
for size, kernel in shapes:
    x, w = random.standard_normal(size), random.standard_normal(kernel)
    for ours, mode in [("zero", "constant"), ("constant:1.5", "constant"), ("reflect", "reflect"), ("mirror", "mirror"),
                       ("replicate", "nearest"), ("circular", "wrap")]:
        value = 1.5 if ours.startswith("constant") else 0.0
        for operation, f in [("correlation", scipy.ndimage.correlate), ("convolution", scipy.ndimage.convolve)]:
            y = f(x, w, mode=mode, cval=value)
            cases.append({"name": f"ndimage.{operation} {size} {kernel} {ours}", "x": numbers(x), "w": numbers(w),
                          "padding": "same", "boundary": ours, "operation": operation, "y": numbers(y)})
    for mode in ["full", "valid"]:
        y = scipy.signal.convolve(x, w, mode=mode, method="direct")
        cases.append({"name": f"signal.convolve {size} {kernel} {mode}", "x": numbers(x), "w": numbers(w),
                      "padding": mode, "boundary": "zero", "operation": "convolution", "y": numbers(y)})
print(json.dumps(cases, indent=None, separators=(",", ":")))
