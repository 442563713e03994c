"""Finds the coefficients in Sources/CKernels/elementary.h, and says how good they are.

    python fit_elementary.py        (NumPy and SciPy)

Least squares on Chebyshev's nodes, weighted for the relative error, iterated towards the minimax polynomial by weighting
nodes with their error (Lawson, 1961). Then the polynomial is evaluated in float32 and compared with float64.
"""

import numpy as np
from scipy.special import erfcx


def fit(f, low, high, degree, weight):
    """Coefficients, constant first, of a polynomial p with the smallest largest |p - f| * weight."""
    nodes = 4000
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(nodes) + 0.5) / nodes)
    y, w, lawson = f(x), weight(x), np.full(nodes, 1 / nodes)
    # A basis of Chebyshev polynomials keeps the least squares well conditioned.
    t = (2 * x - low - high) / (high - low)
    basis = np.polynomial.chebyshev.chebvander(t, degree)
    for _ in range(60):
        scale = w * np.sqrt(lawson)
        c = np.linalg.lstsq(basis * scale[:, None], y * scale, rcond=None)[0]
        error = np.abs(basis @ c - y) * w
        lawson = lawson * error
        lawson /= lawson.sum()
    p = np.polynomial.chebyshev.Chebyshev(c, domain=[low, high]).convert(kind=np.polynomial.Polynomial)
    return p.coef, error.max()


def show(name, coefficients, error):
    print(f"// {name}: relative error {error:.1e} before rounding")
    print(", ".join(f"{np.float32(c):.9g}f" for c in coefficients))


# e^r = 1 + r + r^2 p(r) on half a binade either side.
half = np.log(2) / 2
expm = lambda r: np.where(np.abs(r) < 1e-3, 0.5 + r / 6 + r * r / 24, (np.expm1(r) - r) / np.where(r == 0, 1, r * r))
show("exponential", *fit(expm, -half, half, 4, lambda r: r * r * np.exp(-r)))

# tanh x = x + x s p(s), s = x^2, up to 0.625.
def tangent(s):
    x = np.sqrt(s)
    return np.where(s < 1e-4, -1 / 3 + 2 * s / 15 - 17 * s * s / 315, (np.tanh(x) / np.maximum(x, 1e-30) - 1) / np.maximum(s, 1e-30))

show("tangent", *fit(tangent, 0, 0.625**2, 4, lambda s: s))

# e^(t^2) erfc t = w p(w), w = 1 / (1 + t / 2), up to t = 10.
show("complement", *fit(lambda w: erfcx(2 / w - 2) / w, 1 / 6, 1, 9, lambda w: w / erfcx(2 / w - 2)))
