"""Individually sampled flaws of the electrolyte's face: pores anywhere, or flaws on grain
boundaries.

The number is sampled from Poisson's distribution with mean density × area, lengths from
N(a)/density of the flaws longer than `length` (all of them for "single" and "exponential"),
positions uniformly over the face: width × depth of a stack, the disc of an axisymmetric one. Grains
are the Voronoi cells of points sampled uniformly over the face and beyond its edges; with periodic
sides over the face alone, continued periodically. A flaw on a boundary is first sampled anywhere
and then moved perpendicular to the nearest boundary; beyond a mirror plane it is reflected, beyond
a periodic side it enters at the other. The sample depends only on the seed, the flaws of the case
and the size of the face, so that it is the same on every mesh and on every rank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import NDArray

from cellfem.model.parameters import Flaws

Array = NDArray[np.float64]
MARGIN = 4.0  # in grain sizes: margin around the face in which grains are sampled
MOVES = 4  # to the boundary: the nearest pair of grains may change on the way


@dataclass(frozen=True, eq=False)
class SampledFlaws:
    """Positions (x or radius; across: out of the plane) and lengths of flaws, (N,) each, µm."""

    x: Array
    across: Array
    length: Array

    def __len__(self) -> int:
        return len(self.x)

    def one(self, which: int) -> SampledFlaws:
        """One of the flaws."""
        at = slice(which, which + 1)
        return SampledFlaws(self.x[at], self.across[at], self.length[at])


def expected_count(flaws: Flaws, extents: tuple[float, ...], axisymmetric: bool) -> float:
    """Mean number of flaws on a face, density times area."""
    width, *depth = extents
    return flaws.density * (np.pi * width**2 if axisymmetric else width * (depth[0] if depth else flaws.depth))


def sample_flaws(
    flaws: Flaws, extents: tuple[float, ...], axisymmetric: bool = False, *, periodic: bool = False
) -> SampledFlaws | None:
    """The flaws of a face; None without a seed. Not collective: every rank gets the same sample.

    extents: width or radius, and in 3-D the depth (µm); in a plane section flaws.depth is used
    instead. periodic: opposite sides are periodic (in a plane section also across).
    """
    if flaws.seed is None:
        return None
    width, *depth = extents
    across = depth[0] if depth else flaws.depth
    numbers = np.random.default_rng(flaws.seed)
    count = int(numbers.poisson(expected_count(flaws, extents, axisymmetric)))
    length = _lengths(flaws, numbers.random(count))
    if axisymmetric:
        radius, angle = width * np.sqrt(numbers.random(count)), 2 * np.pi * numbers.random(count)
        places = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
        low, high = np.array([-width, -width]), np.array([width, width])
    else:
        low, high = np.zeros(2), np.array([width, across])
        places = high * numbers.random((count, 2))
    if flaws.on_grain_boundaries and count:
        make = _periodic_grains if periodic else _grains
        places = _to_boundaries(places, make(low, high, flaws.grain_size, numbers))
    if axisymmetric:
        radius = np.hypot(*places.T)
        return SampledFlaws(_folded(radius, width), np.arctan2(places[:, 1], places[:, 0]) * radius, length)
    back: Callable[[Array, float], Array] = np.mod if periodic else _folded
    return SampledFlaws(back(places[:, 0], width), back(places[:, 1], across), length)


def _lengths(flaws: Flaws, share: Array) -> Array:
    """Lengths at which N(a) is the given share of the density; 0 < share ≤ 1."""
    share = 1.0 - share  # numpy samples from [0, 1)
    if flaws.distribution == "single":
        return np.full(len(share), flaws.length)
    if flaws.distribution == "power":
        return np.asarray(flaws.length * share ** (-1 / flaws.exponent))
    return np.asarray(-flaws.length * np.log(share))


def _grains(low: Array, high: Array, size: float, numbers: np.random.Generator) -> Array:
    """Centres of grains over the rectangle and a margin around it."""
    low, high = low - MARGIN * size, high + MARGIN * size
    count = max(int(numbers.poisson(np.prod(high - low) / size**2)), 2)
    return np.asarray(low + (high - low) * numbers.random((count, 2)))


def _periodic_grains(low: Array, high: Array, size: float, numbers: np.random.Generator) -> Array:
    """Centres of grains over the rectangle, and their images on all sides of it."""
    count = max(int(numbers.poisson(np.prod(high - low) / size**2)), 1)
    inside = low + (high - low) * numbers.random((count, 2))
    return np.concatenate([inside + (high - low) * [i, j] for i in (-1, 0, 1) for j in (-1, 0, 1)])


def _to_boundaries(places: Array, grains: Array) -> Array:
    """Each position moved perpendicular to the line half-way between the two grains nearest to
    it."""
    tree = scipy.spatial.cKDTree(grains)
    for _ in range(MOVES):
        _, nearest = tree.query(places, k=2)
        first, second = grains[nearest[:, 0]], grains[nearest[:, 1]]
        across = second - first
        share = np.sum((0.5 * (first + second) - places) * across, axis=1) / np.sum(across**2, axis=1)
        places = places + share[:, None] * across
    return places


def _folded(values: Array, width: float) -> Array:
    """Reflected at both ends into [0, width]."""
    folded = np.mod(values, 2 * width)
    return np.asarray(np.where(folded > width, 2 * width - folded, folded))
