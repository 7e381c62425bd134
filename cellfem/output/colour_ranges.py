"""Ranges of the colours of creep rate and current density: alike in a run's own pictures and in the
scenes that are made of its files."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

DECADES = 5.0
"""Of creep rate, at most."""
ROUND_OFF = 1e-6
"""Of a logarithm: fields are written in single precision."""
Array = NDArray[np.float64]


def creep_range(rates: Array) -> tuple[float, float]:
    """Whole decades (1/s) about the rates, the highest and lowest nodes left out; five at most."""
    positive = rates[rates > 0]
    if not len(positive):
        return 1e-9, 1e-6
    top = 10.0 ** math.ceil(math.log10(float(np.percentile(positive, 99.8))) - ROUND_OFF)
    bottom = 10.0 ** math.floor(math.log10(float(np.percentile(positive, 1))) + ROUND_OFF)
    return max(bottom, top / 10**DECADES), max(top, 10 * bottom)


def current_top(sizes: Array) -> float:
    """|Current density| (mA/cm²) that the colours end at; single nodes at the edge of a patch are
    singular and left out. 1 where no current flows."""
    top = float(np.percentile(sizes, 99.5)) if len(sizes) else 0.0
    return top or 1.0
