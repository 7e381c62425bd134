"""Rough faces in 3-D: maps of heights over Γ, by the laws of `roughness`, symmetric about the
mirror planes at all four sides, or periodic."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import scipy  # scipy is imported on first use: it takes a second
from numpy.typing import ArrayLike, NDArray

from cellfem.geometry.groups import INTERFACE
from cellfem.geometry.measured_face import MeasuredHeights
from cellfem.geometry.roughness import NODES, STEEPEST, Grooves, RoughnessError, SelfAffine
from cellfem.geometry.stack import Floats, Ints, StackMesh, interface_nodes, with_gap

COARSEST = 1.5
"""Factor by which an edge of the mesh on Γ may exceed a quarter of the shortest wavelength: edges
of free meshes scatter."""
TRIES = 10000
"""Positions tried for a pore before it counts as not fitting."""


@runtime_checkable
class MapFace(Protocol):
    """Heights over Γ."""

    @property
    def shortest(self) -> float:
        """Shortest wavelength or feature, µm."""

    def heights(self, places: Floats) -> Floats:
        """Heights (N,) at positions (N, 2), µm, > 0 towards the lithium, up to a constant."""


@dataclass(frozen=True, eq=False)
class WaveMap:
    """h(x, y) = Σ a_kl cos(kπx/width) cos(lπy/depth)."""

    amplitudes: Floats  # (K, L) µm, a_00 = 0
    width: float  # µm
    depth: float
    shortest: float

    @property
    def rms(self) -> float:
        """Root mean square over the map, µm."""
        share = np.where(np.arange(len(self.amplitudes)) > 0, 0.5, 1.0)[:, None] * np.where(
            np.arange(self.amplitudes.shape[1]) > 0, 0.5, 1.0
        )
        return float(np.sqrt(np.sum(share * self.amplitudes**2)))

    def heights(self, places: Floats) -> Floats:
        along, across = (np.pi * np.arange(n) / size for n, size in zip(self.amplitudes.shape, (self.width, self.depth)))
        in_x, in_y = np.cos(places[:, :1] * along), np.cos(places[:, 1:] * across)
        return np.asarray(np.einsum("nk,kl,nl->n", in_x, self.amplitudes, in_y, optimize=True))


@dataclass(frozen=True, eq=False)
class PeriodicMap:
    """h(x, y) = Re Σ c_kl exp(2πi (kx/width + ly/depth)), k = 0 … K, l = -L … L."""

    amplitudes: NDArray[np.complex128]  # (K + 1, 2L + 1) µm; one of each pair of opposite wave vectors
    width: float  # µm
    depth: float
    shortest: float

    @property
    def rms(self) -> float:
        """Root mean square over the map, µm."""
        return float(np.sqrt(np.sum(np.abs(self.amplitudes) ** 2) / 2))

    def heights(self, places: Floats) -> Floats:
        most = self.amplitudes.shape[1] // 2
        in_x = np.exp(2j * np.pi / self.width * places[:, :1] * np.arange(len(self.amplitudes)))
        in_y = np.exp(2j * np.pi / self.depth * places[:, 1:] * np.arange(-most, most + 1))
        return np.asarray(np.einsum("nk,kl,nl->n", in_x, self.amplitudes, in_y, optimize=True).real)


@dataclass(frozen=True)
class LineOn:
    """The profile of a map along x at y (µm), a face of `roughness`."""

    face: MapFace
    y: float

    @property
    def shortest(self) -> float:
        return self.face.shortest

    def heights(self, x: ArrayLike) -> Floats:
        """Heights at x (µm), the same shape."""
        where = np.asarray(x, dtype=np.float64)
        return self.face.heights(np.column_stack([where.ravel(), np.full(where.size, self.y)])).reshape(where.shape)


@dataclass(frozen=True)
class GrooveMap:
    """Grooves along y."""

    grooves: Grooves

    @property
    def shortest(self) -> float:
        return self.grooves.shortest

    def heights(self, places: Floats) -> Floats:
        return self.grooves.heights(places[:, 0])


@dataclass(frozen=True, eq=False)
class PoreMap:
    """Round pores of one size in a flat face: -depth (1 + cos πu)/2, with u the distance from the
    centre over size/2, u < 1."""

    centres: Floats  # (N, 2) µm
    size: float  # diameter of the mouth, µm
    depth: float

    @property
    def shortest(self) -> float:
        return self.size

    def heights(self, places: Floats) -> Floats:
        h = np.zeros(len(places))
        for centre in self.centres:
            u = np.minimum(np.linalg.norm(places - centre, axis=1) / (self.size / 2), 1.0)
            h -= self.depth * (1 + np.cos(np.pi * u)) / 2
        return h


def self_affine_map(law: SelfAffine, width: float, depth: float) -> WaveMap:
    """A random map whose power falls as κ^-(2+2H) beyond the roll-off, is constant below it and
    zero beyond the cut-off; its rms is exact.

    A profile through it follows the law of `SelfAffine`, κ^-(1+2H). A wave keeps its random number
    when the cut-off changes. Raises RoughnessError if no wave fits.
    """
    counts = _orders(law, 2 * width, 2 * depth)
    k, j = np.meshgrid(np.arange(counts[0] + 1), np.arange(counts[1] + 1), indexing="ij")
    level, inside = _levels(law, np.pi * np.hypot(k / width, j / depth))
    share = np.where(k > 0, 1.0, np.sqrt(0.5)) * np.where(j > 0, 1.0, np.sqrt(0.5))  # half as many waves along one axis
    amplitudes = np.where(inside, level * share * _normal(law.seed, k, j), 0.0)
    face = WaveMap(amplitudes, width, depth, law.cut_off)
    return WaveMap(amplitudes * (law.rms / face.rms), width, depth, law.cut_off)


def periodic_map(law: SelfAffine, width: float, depth: float) -> PeriodicMap:
    """The same, periodic over width and depth: complex normal amplitudes, statistically
    homogeneous. Raises RoughnessError likewise."""
    counts = _orders(law, width, depth)
    k, j = np.meshgrid(np.arange(counts[0] + 1), np.arange(-counts[1], counts[1] + 1), indexing="ij")
    level, inside = _levels(law, 2 * np.pi * np.hypot(k / width, j / depth))
    inside &= (k > 0) | (j > 0)  # one of each pair of opposite wave vectors
    order = np.where(j > 0, 2 * j - 1, -2 * j)  # 0, 1, -1, 2, … as 0, 1, 2, 3, …
    numbers = _normal(law.seed, 2 * k, order) + 1j * _normal(law.seed, 2 * k + 1, order)
    face = PeriodicMap(np.where(inside, level * numbers, 0.0), width, depth, law.cut_off)
    return PeriodicMap(face.amplitudes * (law.rms / face.rms), width, depth, law.cut_off)


def _orders(law: SelfAffine, along: float, across: float) -> list[int]:
    """Largest orders of the waves that are periodic over these lengths (µm). Raises RoughnessError
    if none is left."""
    if law.roll_off < law.cut_off:
        raise RoughnessError(
            f"the roll-off wavelength {law.roll_off:g} µm is shorter than the cut-off {law.cut_off:g} µm: make it longer"
        )
    counts = [math.floor(size / law.cut_off * (1 + 1e-9)) for size in (along, across)]
    if max(counts) < 1:
        raise RoughnessError(
            f"no wave as long as the cut-off {law.cut_off:g} µm fits into a period of {along:g} µm: make it shorter"
        )
    return counts


def _levels(law: SelfAffine, wave: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Expected amplitude up to a factor, and whether the law includes the wave, for wave numbers in
    1/µm."""
    level = np.maximum(wave * law.roll_off / (2 * np.pi), 1.0) ** -(1 + law.hurst)
    return level, (wave > 0) & (wave <= 2 * np.pi / law.cut_off * (1 + 1e-9))


def _normal(seed: int, k: Ints, j: Ints) -> Floats:
    """A normal number for each pair of orders, independent of the largest order: pairs are counted
    in growing squares, 0 | 1 2 3 | 4 …"""
    largest = np.maximum(k, j)
    number = largest**2 + np.where(k == largest, j, 2 * largest - k)
    raw = np.random.PCG64(seed).random_raw(int(number.max()) + 1)[number]
    return np.asarray(scipy.special.ndtri(((raw >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53))


def pore_map(size: float, depth: float, share: float, width: float, length: float, seed: int) -> PoreMap:
    """Round pores at random positions that do not overlap each other or the sides; their number (at
    least one) approximates `share` of width × length.

    Raises RoughnessError if they do not fit. Lengths in µm.
    """
    count = max(1, round(share * width * length / (np.pi * size**2 / 4)))
    stream, centres = np.random.PCG64(seed), np.empty((0, 2))
    room = np.array([width - size, length - size])
    for _ in range(TRIES):
        if len(centres) == count or room.min() <= 0:
            break
        raw = (stream.random_raw(2) >> np.uint64(11)).astype(np.float64) / 2.0**53
        centre = size / 2 + raw * room
        if np.all(np.linalg.norm(centres - centre, axis=1) > size):
            centres = np.vstack([centres, centre])
    if len(centres) < count:
        raise RoughnessError(f"{count} pores of {size:g} µm do not fit apart from each other: make size or share smaller")
    return PoreMap(centres, size, depth)


def measured_map(surface: MeasuredHeights, width: float, depth: float, cut_off: float) -> WaveMap:
    """The first width × depth (µm) of a measured map, continued by mirror images, without
    wavelengths shorter than `cut_off` (µm).

    Raises RoughnessError for a line, a map that is too small, or a cut-off that leaves no wave.
    """
    if not surface.is_map:
        raise RoughnessError("the file contains a line: a stack in 3-D needs a map of heights")
    for extent, have, name in ((width, surface.x[-1], "width"), (depth, surface.y[-1] - surface.y[0], "depth")):
        if extent > have * (1 + 1e-9):
            raise RoughnessError(f"the map extends over {have:.4g} µm, less than {extent:.4g} µm: make stack.{name} smaller")
    sides = []
    for extent, at in ((width, surface.x), (depth, surface.y - surface.y[0])):
        count = max(math.ceil(extent / float(np.median(np.diff(at)))), math.ceil(8 * extent / cut_off)) + 1
        sides.append(np.linspace(0.0, extent, count))
    rows = np.stack([np.interp(sides[0], surface.x, column) for column in surface.heights.T], axis=1)
    h = np.stack([np.interp(sides[1], surface.y - surface.y[0], row) for row in rows])
    series = scipy.fft.dctn(h - h.mean(), type=1) / np.prod([len(side) - 1 for side in sides])
    series[0] /= 2
    series[:, 0] /= 2
    k, j = np.meshgrid(*(np.arange(len(side)) for side in sides), indexing="ij")
    wave = np.pi * np.hypot(k / width, j / depth)
    inside = (wave > 0) & (wave <= 2 * np.pi / cut_off * (1 + 1e-9)) & (k < len(sides[0]) - 1) & (j < len(sides[1]) - 1)
    if not inside.any():
        raise RoughnessError(f"no wave as long as the cut-off {cut_off:g} µm is left: make the cut-off shorter")
    most = [int(order[inside].max()) + 1 for order in (k, j)]
    return WaveMap(np.where(inside, series, 0.0)[: most[0], : most[1]], width, depth, cut_off)


def with_map(stack: StackMesh, face: MapFace) -> StackMesh:
    """The same mesh with the gap of a rough face added to its own; the smallest gap is 0.

    Raises RoughnessError if the mesh has edges on Γ too long for the shortest wavelength, or if the
    gap has a slope above 1 along an edge.
    """
    total = stack.gap - face.heights(stack.gap_at)
    facets = stack.facets_of(INTERFACE)
    at = stack.points[facets][..., :-1]
    height = np.zeros(len(stack.points))
    height[interface_nodes(stack)] = total
    ring = [0, 1, 3, 2] if facets.shape[1] == 4 else [0, 1, 2]
    for a, b in zip(ring, ring[1:] + ring[:1]):
        length = np.linalg.norm(at[:, a] - at[:, b], axis=1)
        check_edges(float(length.max()), face)
        check_slope(float((np.abs(height[facets[:, a]] - height[facets[:, b]]) / length).max()))
    return with_gap(stack, lambda _: total - total.min())


def check_edges(longest: float, face: MapFace) -> None:
    """Raises RoughnessError if the longest edge on Γ (µm) is too long for the face."""
    if longest > COARSEST * face.shortest / NODES:
        raise RoughnessError(
            f"the mesh has edges of {longest:.3g} µm on the interface, the shortest wavelength of the face, "
            f"{face.shortest:.3g} µm, needs {NODES} nodes: make mesh.near at most {face.shortest / NODES:.3g} um, "
            "or the cut-off longer"
        )


def check_slope(steepest: float) -> None:
    """Raises RoughnessError if the slope of the gap is too large along an edge on Γ."""
    if steepest > STEEPEST:
        raise RoughnessError(
            f"the face has a slope of {steepest:.3g}; the surface of lithium is a height over the interface, with slopes "
            "up to 1: make the cut-off longer or the heights smaller"
        )
