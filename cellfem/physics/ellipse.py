"""Michel and Suquet's ellipse: softening by porosity in shear and in compression, and the stress
measure from the strain rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Numbers = NDArray[Any]
"""Real, or complex with an infinitesimal imaginary part for a derivative."""


def shear_softening(f: Numbers, n: float) -> tuple[Numbers, Numbers]:
    """a(f) = (1 + 2f/3)(1-f)^(-2n/(n+1)) and its derivative."""
    k = 2 * n / (n + 1)
    a = (1 + 2 * f / 3) * (1 - f) ** (-k)
    return a, a * (2 / (3 + 2 * f) + k / (1 - f))


def bulk_softening(f: Numbers, n: float, switch: float) -> tuple[Numbers, Numbers]:
    """b(f) = (9/4)[n(f^(-1/n) - 1)]^(-2n/(n+1)) f/(f + switch) and its derivative."""
    k = 2 * n / (n + 1)
    root = f ** (-1 / n)
    b = 2.25 * (n * (root - 1)) ** (-k) * f / (f + switch)
    return b, b * (k * root / (n * f * (root - 1)) + switch / (f * (f + switch)))


def invert_stress_measure(y2: Array, e: Array, n: float) -> Array:
    """q > 0 with q^2 - y2 q - e q^(2-n) = 0, by Halley iterations from a start that is exact in
    both limits; y2 >= 0, e > 0.

    Relative error below 1e-13 for n from 1 to 7 at any ratio of y2^n to e.
    """
    m = (3 * n + 1) / 4
    x2 = e ** (1 / n)
    large = np.maximum(x2, y2)
    q = large * ((x2 / large) ** m + (y2 / large) ** m) ** (1 / m)
    for _ in range(3):
        h = q * q - y2 * q - e * q ** (2 - n)
        h1 = n * q - (n - 1) * y2
        h2 = (n - 1) * (n - (n - 2) * y2 / q)
        q = q - 2 * h * h1 / (2 * h1 * h1 - h * h2)
    return q
