"""Colour ranges of creep rate and current density: the same in a run's own pictures and in scenes
made from its files."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

DECADES = 5.0
"""Most decades of creep rate."""
ROUND_OFF = 1e-6
"""Tolerance of a logarithm: fields are written in single precision."""
Array = NDArray[np.float64]


def creep_range(rates: Array) -> tuple[float, float]:
    """Whole decades (1/s) around the rates, without the highest and lowest nodes; five at most."""
    positive = rates[rates > 0]
    if not len(positive):
        return 1e-9, 1e-6
    top = 10.0 ** math.ceil(math.log10(float(np.percentile(positive, 99.8))) - ROUND_OFF)
    bottom = 10.0 ** math.floor(math.log10(float(np.percentile(positive, 1))) + ROUND_OFF)
    return max(bottom, top / 10**DECADES), max(top, 10 * bottom)


def current_top(sizes: Array) -> float:
    """|Current density| (mA/cm²) at the end of the colour range; single nodes at the edge of a
    patch are singular and are ignored. 1 if no current flows."""
    top = float(np.percentile(sizes, 99.5)) if len(sizes) else 0.0
    return top or 1.0
