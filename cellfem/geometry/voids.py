"""Shapes on the interface: voids (missing lithium) and patches (spots with sharp edges)."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Profile = Literal["parabola", "cosine", "ellipse"]


@dataclass(frozen=True)
class SpotShape:
    """Extent of a feature on Γ: |x - center| < half_width (µm), in 3-D a strip along y.

    With center_y in 3-D an ellipse with the half axes half_width and half_width_y (by default a
    disc). A feature centred on a mirror plane is cut in half there; one that extends beyond a
    periodic side continues at the other, see `images`.
    """

    center: float
    half_width: float
    center_y: float | None = field(default=None, kw_only=True)
    half_width_y: float | None = field(default=None, kw_only=True)

    def distance(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """0 at the centre, 1 on the edge, for positions (..., axes of Γ) in µm."""
        u = (places[..., 0] - self.center) / self.half_width
        if self.center_y is None or places.shape[-1] == 1:
            return np.abs(u)
        return np.hypot(u, (places[..., 1] - self.center_y) / (self.half_width_y or self.half_width))


@dataclass(frozen=True)
class VoidShape(SpotShape):
    """A void of depth `depth` at its centre (µm)."""

    depth: float
    profile: Profile = "parabola"


@dataclass(frozen=True)
class PatchShape(SpotShape):
    """A spot of the interface whose edge is resolved by the mesh."""


def images[S: SpotShape](spots: Iterable[S], periods: Sequence[float]) -> list[S]:
    """The spots within 0 to the period along each axis (µm): one that extends beyond a side is
    repeated one period away.

    Without periods the spots are unchanged.
    """
    found: list[S] = []
    for spot in spots:
        for dx, dy in spot_shifts(spot, periods):
            y = None if spot.center_y is None else spot.center_y + dy
            found.append(replace(spot, center=spot.center + dx, center_y=y))
    return found


class OnGamma(Protocol):
    """Position and extent of any spot."""

    @property
    def center(self) -> float: ...
    @property
    def half_width(self) -> float: ...
    @property
    def center_y(self) -> float | None: ...
    @property
    def half_width_y(self) -> float | None: ...


def spot_shifts(spot: OnGamma, periods: Sequence[float], tail: float = 0.0) -> list[tuple[float, float]]:
    """`shifts` of a spot along x and, unless it is a strip in 3-D, along y; tail: distance beyond
    its edge at which it still has an effect (µm)."""
    along, across = [0.0], [0.0]
    if periods:
        along = shifts(spot.center, spot.half_width + tail, periods[0])
    if len(periods) == 2 and spot.center_y is not None:
        across = shifts(spot.center_y, (spot.half_width_y or spot.half_width) + tail, periods[1])
    return list(itertools.product(along, across))


def shifts(center: float, half: float, period: float) -> list[float]:
    """Multiples of the period by which the interval center ± half is shifted so that it overlaps 0
    to period (all in µm)."""
    tiny = 1e-9
    first = math.floor(-(center + half) / period + tiny) + 1
    last = math.ceil((period - center + half) / period - tiny) - 1
    return [n * period for n in range(first, last + 1)]


def gap_at(places: NDArray[np.float64], voids: Iterable[VoidShape]) -> NDArray[np.float64]:
    """Initial gap (N,) in µm at positions (N, axes of Γ): zero outside the voids and, with u from 0
    to 1 inside,

        parabola  depth (1 - u²)      cosine  depth (1 + cos πu)/2      ellipse  depth √(1 - u²)

    Where voids overlap, the deeper one counts. Raises ValueError for an unknown profile.
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


def gap_profile(x: ArrayLike, voids: Iterable[VoidShape]) -> NDArray[np.float64]:
    """`gap_at` of positions x along a plane stack's Γ, in the shape of x."""
    return gap_at(np.asarray(x, dtype=np.float64)[..., None], voids)


def edges(features: Iterable[SpotShape], width: float) -> list[float]:
    """Edges of the features inside 0 < x < width (µm), sorted, each once."""
    tolerance = 1e-9 * width
    found: list[float] = []
    for x in sorted(f.center + side * f.half_width for f in features for side in (-1.0, 1.0)):
        if tolerance < x < width - tolerance and (not found or x - found[-1] > tolerance):
            found.append(x)
    return found
