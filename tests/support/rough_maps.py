"""Maps of heights."""

import numpy as np

from cellfem.geometry.measured_face import (
    MeasuredHeights,
)


def rough_map() -> MeasuredHeights:
    """Heights with tilt and a missing point, 40 × 30 points, 0.5 µm apart."""
    x, y = 0.5 * np.arange(40), 0.5 * np.arange(30)
    return MeasuredHeights(x, y, 0.1 * np.cos(2 * np.pi * x[:, None] / 5 + y / 3) + 0.02 * x[:, None] - 0.01 * y)
