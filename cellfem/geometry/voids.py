"""Shapes on the interface: voids (lenses of missing lithium) and patches (with edges of their own)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Profile = Literal["parabola", "cosine", "ellipse"]


@dataclass(frozen=True)
class Spot:
    """Where a feature lies on Γ: |x - center| < half_width (µm), in 3-D a strip along y.

    With center_y in 3-D an ellipse with the half axes half_width and half_width_y (without it, a disc). What is centred on a
    mirror plane is cut there in half.
    """

    center: float
    half_width: float
    center_y: float | None = field(default=None, kw_only=True)
    half_width_y: float | None = field(default=None, kw_only=True)

    def distance(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """0 at the centre, 1 on the edge, of places (..., axes of Γ) in µm."""
        u = (places[..., 0] - self.center) / self.half_width
        if self.center_y is None or places.shape[-1] == 1:
            return np.abs(u)
        return np.hypot(u, (places[..., 1] - self.center_y) / (self.half_width_y or self.half_width))


@dataclass(frozen=True)
class Void(Spot):
    """A void, `depth` deep at its middle (µm)."""

    depth: float
    profile: Profile = "parabola"


@dataclass(frozen=True)
class Patch(Spot):
    """A spot of the interface whose edge the mesh shall resolve."""


def gap_at(places: NDArray[np.float64], voids: Iterable[Void]) -> NDArray[np.float64]:
    """Initial gap (N,) in µm at places (N, axes of Γ): zero outside the voids and, with u from 0 to 1 inside,

        parabola  depth (1 - u²)      cosine  depth (1 + cos πu)/2      ellipse  depth √(1 - u²)

    Where voids overlap the deeper one counts. Raises ValueError for an unknown profile.
    """
    gap = np.zeros(places.shape[:-1])
    for void in voids:
        u = np.minimum(void.distance(places), 1.0)
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


def gap_profile(x: ArrayLike, voids: Iterable[Void]) -> NDArray[np.float64]:
    """`gap_at` of places x along a plane stack's Γ, in the shape of x."""
    return gap_at(np.asarray(x, dtype=np.float64)[..., None], voids)


def edges(features: Iterable[Spot], width: float) -> list[float]:
    """Edges of the features that lie inside 0 < x < width (µm), sorted, each once."""
    tolerance = 1e-9 * width
    found: list[float] = []
    for x in sorted(f.center + side * f.half_width for f in features for side in (-1.0, 1.0)):
        if tolerance < x < width - tolerance and (not found or x - found[-1] > tolerance):
            found.append(x)
    return found
