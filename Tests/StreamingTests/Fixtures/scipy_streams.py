"""Convolutions of signals, images and volumes by scipy.ndimage.convolve, for StreamedRankTests.swift.

    python scipy_streams.py        # writes scipy_streams.json beside itself

NumPy 2.4, SciPy 1.17. Operands are small whole numbers, so every result is exact. Arrays with channels are convolved channel
by channel; numbers are listed in C order, also those of arrays that are stored in Fortran order.
"""
import json
import os

import numpy as np
from scipy import ndimage

MODES = {"zero": ("constant", 0), "reflect": ("reflect", 0), "mirror": ("mirror", 0), "replicate": ("nearest", 0),
         "circular": ("wrap", 0), "constant:-2.5": ("constant", -2.5)}
SIZES = [((29,), 0, (5,)), ((17, 2), 1, (4,)), ((6, 7), 0, (3, 4)), ((4, 5, 2), 1, (2, 3)), ((5, 6, 7), 0, (3, 2, 4)),
         ((3, 4, 5, 2), 1, (3, 3, 2)), ((1, 8, 1), 0, (2, 3, 3)), ((4, 3, 2), 0, (7, 1, 5))]

random = np.random.default_rng(7)
cases = []
for shape, channels, kernel_shape in SIZES:
    x = random.integers(-4, 5, shape)
    k = random.integers(-3, 4, kernel_shape)
    for boundary, (mode, value) in MODES.items():
        if channels:
            planes = [ndimage.convolve(x[..., c].astype(float), k.astype(float), mode=mode, cval=value)
                      for c in range(shape[-1])]
            y = np.stack(planes, -1)
        else:
            y = ndimage.convolve(x.astype(float), k.astype(float), mode=mode, cval=value)
        cases.append({"shape": shape, "kernelShape": kernel_shape, "boundary": boundary, "x": x.ravel().tolist(),
                      "kernel": k.ravel().tolist(), "y": y.ravel().tolist()})
with open(os.path.join(os.path.dirname(__file__), "scipy_streams.json"), "w") as file:
    json.dump(cases, file, separators=(",", ":"))
    file.write("\n")
