"""Random fields along Γ: smooth ones, tessellations, spots. They depend on position and seed alone,
so they are the same on any mesh.

Positions are (..., 1) or (..., 2) µm: along a plane stack, or on the interface of a
three-dimensional one. All fields are defined in the plane, stationary and isotropic; a plane stack
uses their section along the line where the second coordinate is zero. On a periodic interface
(`periods`, µm, along the first axis or both; none between mirror planes) the fields are periodic
too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WAVES = 512
"""Number of plane waves of a Gaussian field: by the central limit theorem its kurtosis is 3 -
1.5/WAVES."""
NEIGHBOURS = 6
"""Number of nearest seeds among which the nearest face of a cell is searched."""
TILE_SPACINGS = 4.0
"""Side of a tile in mean spacings or sizes. Each tile has its own random numbers, so that the plane
is unbounded."""


@dataclass(frozen=True)
class GaussianField:
    """Mean 0, variance 1, correlation exp(-(r/length)²) (length in µm), as a sum of plane waves of
    random direction and phase.

    The wave vectors are sampled from the field's spectrum (Shinozuka & Deodatis 1991, Appl. Mech.
    Rev. 44, 191), a normal distribution of variance 2/length² in each component. stream: keeps
    fields of one seed independent.

    Along an axis with a period L they are rounded to multiples of 2π/L: the variance is unchanged,
    and the correlation along it is Σ_j exp(-(r_j/length)²) sin(πr_j/L)/(πr_j/L), r_j = r + jL, j =
    0, ±1, …: at short distance the requested one times 1 - (πr/L)²/6.
    """

    length: float
    seed: int
    stream: int = 0
    periods: tuple[float, ...] = ()

    def __call__(self, places: Floats) -> Floats:
        """The field (...) at positions (..., k)."""
        random = np.random.default_rng([self.seed, self.stream])
        waves = random.standard_normal((WAVES, 2)) * math.sqrt(2) / self.length
        phases = random.uniform(0.0, 2 * math.pi, WAVES)
        for axis, period in enumerate(self.periods):
            waves[:, axis] = np.round(waves[:, axis] * (period / (2 * math.pi))) * (2 * math.pi / period)
        return np.asarray(math.sqrt(2 / WAVES) * np.cos(_plane(places) @ waves.T + phases).sum(axis=-1))


@dataclass(frozen=True)
class LognormalField:
    """Mean 1 and standard deviation `spread`: exp(σz - σ²/2), σ² = ln(1 + spread²), z a Gaussian
    field."""

    spread: float
    length: float
    seed: int
    stream: int = 0
    periods: tuple[float, ...] = ()

    def __call__(self, places: Floats) -> Floats:
        """The field (...) at positions (..., k)."""
        if self.spread == 0:
            return np.ones(places.shape[:-1])
        variance = math.log1p(self.spread**2)
        field = GaussianField(self.length, self.seed, self.stream, self.periods)
        return np.asarray(np.exp(math.sqrt(variance) * field(places) - variance / 2))


@dataclass(frozen=True)
class Tessellation:
    """Poisson-Voronoi cells whose faces are `spacing` (µm) apart on average along any line: π²/(16
    spacing²) seeds per area."""

    spacing: float
    seed: int
    stream: int = 0
    periods: tuple[float, ...] = ()

    def distance(self, places: Floats) -> Floats:
        """Distance (µm) of positions (..., k) from the nearest face of a cell."""
        at = _plane(places).reshape(-1, 2)
        sides, tiles = _tiles(at, TILE_SPACINGS * self.spacing, self.seed, self.stream, self.periods)
        expected = np.prod(math.pi / (4 * self.spacing) * sides)
        least = 1 if len(self.periods) == 2 else 0  # the single tile of a periodic plane must not be empty
        seeds = np.concatenate([corner + sides * tile.random((max(tile.poisson(expected), least), 2)) for corner, tile in tiles])
        distance, index = scipy.spatial.cKDTree(seeds).query(at, k=NEIGHBOURS)
        apart = np.linalg.norm(seeds[index[:, 1:]] - seeds[index[:, :1]], axis=-1)
        to_face = (distance[:, 1:] ** 2 - distance[:, :1] ** 2) / (2 * apart)
        return np.asarray(to_face.min(axis=1)).reshape(places.shape[:-1])


@dataclass(frozen=True)
class Spots:
    """Discs at random positions (a Boolean model) that cover `share` of the area; lognormal
    diameters of mean `size` (µm).

    size_spread: standard deviation of the diameter over its mean. Discs per area: -ln(1 -
    share)/(π/4 E[d²]).
    """

    share: float
    size: float
    size_spread: float
    seed: int
    stream: int = 0
    periods: tuple[float, ...] = ()

    def depth(self, places: Floats) -> Floats:
        """Depth of positions (..., k) inside the nearest disc, µm; negative outside, -inf without a
        disc nearby."""
        at = _plane(places).reshape(-1, 2)
        variance, side = math.log1p(self.size_spread**2), TILE_SPACINGS * self.size
        sides, tiles = _tiles(at, side, self.seed, self.stream, self.periods)
        per_area = -math.log1p(-self.share) / (math.pi / 4 * self.size**2 * (1 + self.size_spread**2))
        depth = np.full(len(at), -np.inf)
        for corner, tile in tiles:
            count = tile.poisson(per_area * np.prod(sides))
            centres = corner + sides * tile.random((count, 2))
            radii = 0.5 * self.size * np.exp(math.sqrt(variance) * tile.standard_normal(count) - variance / 2)
            for centre, radius in zip(centres, np.minimum(radii, side), strict=True):  # larger ones would need more distant tiles
                np.maximum(depth, radius - np.linalg.norm(at - centre, axis=1), out=depth)
        return depth.reshape(places.shape[:-1])


def _plane(places: Floats) -> Floats:
    """Positions in the plane: the second coordinate of those on a line is zero."""
    missing = 2 - places.shape[-1]
    return np.asarray(np.concatenate([places, np.zeros((*places.shape[:-1], missing))], axis=-1), dtype=np.float64)


def _tiles(
    at: Floats, side: float, seed: int, stream: int, periods: tuple[float, ...]
) -> tuple[Floats, Iterator[tuple[Floats, np.random.Generator]]]:
    """Sides (2,) of tiles; lower corner and random numbers of every tile within `side` of one that
    contains a position of `at` (N, 2).

    Along a periodic axis a tile is as long as the period, and all tiles have the same random
    numbers.
    """
    if not len(at):
        at = np.zeros((1, 2))
    sides = np.array([*periods, side, side][:2])
    beyond = np.ceil(side / sides).astype(int)
    low, high = np.floor(at.min(axis=0) / sides).astype(int) - beyond, np.floor(at.max(axis=0) / sides).astype(int) + beyond

    def one_by_one() -> Iterator[tuple[Floats, np.random.Generator]]:
        for i in range(low[0], high[0] + 1):
            for j in range(low[1], high[1] + 1):
                names = [0 if axis < len(periods) else _natural(order) for axis, order in enumerate((i, j))]
                yield sides * np.array([i, j], dtype=float), np.random.default_rng([seed, stream, *names])

    return sides, one_by_one()


def _natural(i: int) -> int:
    """0, -1, 1, -2, 2, … as 0, 1, 2, 3, 4, …"""
    return 2 * i if i >= 0 else -2 * i - 1
