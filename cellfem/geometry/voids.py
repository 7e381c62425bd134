"""Shapes on the interface: voids (lenses of missing lithium) and patches (stretches with edges of their own)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Profile = Literal["parabola", "cosine", "ellipse"]


@dataclass(frozen=True)
class Void:
    """A void centred at x = `center` (µm), 2 `half_width` wide and `depth` deep at its middle (µm).

    A void centred on a mirror plane is cut there in half.
    """

    center: float
    half_width: float
    depth: float
    profile: Profile = "parabola"


@dataclass(frozen=True)
class Patch:
    """A stretch |x - center| < half_width (µm) of the interface whose two edges the mesh shall resolve."""

    center: float
    half_width: float


def gap_profile(x: ArrayLike, voids: Iterable[Void]) -> NDArray[np.float64]:
    """Initial gap g(x) in µm, the same shape as `x`: zero outside the voids and, with u = (x - center)/half_width inside,

        parabola  depth (1 - u²)      cosine  depth (1 + cos πu)/2      ellipse  depth √(1 - u²)

    Where voids overlap the deeper one counts. Raises ValueError for an unknown profile.
    """
    where = np.asarray(x, dtype=np.float64)
    gap = np.zeros_like(where)
    for void in voids:
        u = np.minimum(np.abs(where - void.center) / void.half_width, 1.0)
        match void.profile:
            case "parabola":
                shape = 1 - u**2
            case "cosine":
                shape = (1 + np.cos(np.pi * u)) / 2
            case "ellipse":
                shape = np.sqrt(1 - u**2)
            case _:
                raise ValueError(f"void profile '{void.profile}' is unknown: write parabola, cosine or ellipse")
        gap = np.maximum(gap, void.depth * shape)
    return gap


def edges(features: Iterable[Void | Patch], width: float) -> list[float]:
    """Edges of the features that lie inside 0 < x < width (µm), sorted, each once."""
    tolerance = 1e-9 * width
    found: list[float] = []
    for x in sorted(f.center + side * f.half_width for f in features for side in (-1.0, 1.0)):
        if tolerance < x < width - tolerance and (not found or x - found[-1] > tolerance):
            found.append(x)
    return found
