"""Stacks of hexahedra in columns and layers, defined by the coordinates of their faces, from which
any part of the mesh can be made.

Nodes (i, j, k) are at (x_i, y_j, z_k); cell (i, j, k) extends from there to (x_i+1, y_j+1, z_k+1).
Numbers are those in the whole `StackMesh`: (k ny + j) nx + i for a node, likewise for cells, with
the lithium first. With periodic sides a node on a high side is identical to the one on the low
side; numbers of joined nodes leave the high sides out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellfem.geometry.box import Box, check_sizes
from cellfem.geometry.build import layer_heights
from cellfem.geometry.groups import BACK, BOTTOM, ELECTROLYTE, FRONT, INTERFACE, LEFT, LITHIUM, RIGHT, TOP
from cellfem.geometry.maps import MapFace, check_edges, check_slope
from cellfem.geometry.stack import MIN_QUALITY, Floats, Ints, MeshError, StackMesh, check_gap
from cellfem.geometry.voids import SpotShape, VoidShape, gap_at, images

CORNERS = np.array([(a, b, c) for c, b, a in itertools.product((0, 1), repeat=3)])
"""Corners (8, 3) of a cell relative to its lowest; in tensor-product order, x fastest."""
AROUND = 3
"""Fewest cells from side to side if sides are periodic: no two edges or facets then have the same
corners."""
SIDES = (LEFT, RIGHT, FRONT, BACK, BOTTOM, TOP)
"""Facet groups on the low and the high side of each axis."""


@dataclass(frozen=True, eq=False)
class Hexahedra:
    """A stack of hexahedra; memory grows with the sum of the numbers of its columns and layers, not
    with their product.

    Faces of columns and layers ascend, from 0 in x and y; Γ is the face z = 0.
    """

    x: Floats  # (nx,) µm
    y: Floats  # (ny,)
    z: Floats  # (nz,)
    voids: tuple[VoidShape, ...] = ()  # with periodic sides including their images
    face: MapFace | None = None  # a rough face of the electrolyte
    periodic: bool = False

    @property
    def below(self) -> int:
        """Number of electrolyte layers; Γ is the face with this index."""
        return int(np.searchsorted(self.z, 0.0))

    @property
    def cells(self) -> tuple[int, int, int]:
        """Number of cells along each axis."""
        return len(self.x) - 1, len(self.y) - 1, len(self.z) - 1

    @property
    def nodes(self) -> tuple[int, int, int]:
        """Number of nodes along each axis, including both ends."""
        return len(self.x), len(self.y), len(self.z)

    @property
    def joined_nodes(self) -> tuple[int, int, int]:
        """Number of nodes along each axis, with joined nodes counted once."""
        nx, ny, nz = self.nodes
        return nx - self.periodic, ny - self.periodic, nz

    @property
    def extents(self) -> tuple[float, float]:
        """Extents of Γ in x and y (µm)."""
        return float(self.x[-1]), float(self.y[-1])

    @property
    def lithium_thickness(self) -> float:
        """H_Li (µm)."""
        return float(self.z[-1])

    @property
    def electrolyte_thickness(self) -> float:
        """H_SE (µm)."""
        return float(-self.z[0])

    def body(self, group: int) -> Ints:
        """(3, 2) first and last cell (excluded) of LITHIUM or ELECTROLYTE along each axis."""
        layers = (self.below, self.cells[2]) if group == LITHIUM else (0, self.below)
        return np.array([(0, self.cells[0]), (0, self.cells[1]), layers])

    def groups(self, cells: Ints) -> Ints:
        """LITHIUM or ELECTROLYTE (M,) of cells (M, 3)."""
        return np.where(cells[:, 2] >= self.below, LITHIUM, ELECTROLYTE)

    def cell_numbers(self, cells: Ints) -> Ints:
        """Numbers (M,) of cells (M, 3)."""
        nx, ny, nz = self.cells
        layer = (cells[:, 2] - self.below) % nz  # the lithium's first
        return (layer * ny + cells[:, 1]) * nx + cells[:, 0]

    def corner_numbers(self, cells: Ints, *, joined: bool) -> Ints:
        """Numbers (M, 8) of the corners of cells (M, 3)."""
        nx, ny, _ = self.joined_nodes if joined else self.nodes
        i, j, k = (cells[:, axis, None] + CORNERS[:, axis] for axis in range(3))
        return (k * ny + j % ny) * nx + i % nx

    def nodes_of(self, numbers: Ints, *, joined: bool) -> Ints:
        """Nodes (N, 3) with these numbers."""
        nx, ny, _ = self.joined_nodes if joined else self.nodes
        return np.stack([numbers % nx, numbers // nx % ny, numbers // (nx * ny)], axis=-1)

    def places(self, nodes: Ints) -> Floats:
        """Coordinates (N, 3) of nodes (N, 3), µm."""
        return np.stack([at[nodes[:, axis]] for axis, at in enumerate((self.x, self.y, self.z))], axis=-1)

    def facets(self, cells: Ints) -> Ints:
        """Group (M, 6) of the facets of cells (M, 3): INTERFACE, a side, or 0 inside; facets in the
        order of `stack.FACETS`."""
        found = np.zeros((len(cells), 6), dtype=np.int64)
        for axis, number in enumerate(self.cells):
            low, high = 2 - axis, 3 + axis
            if axis < 2 and self.periodic:
                continue
            found[cells[:, axis] == 0, low] = SIDES[2 * axis]
            found[cells[:, axis] == number - 1, high] = SIDES[2 * axis + 1]
        found[cells[:, 2] == self.below, 0] = INTERFACE
        found[cells[:, 2] == self.below - 1, 5] = INTERFACE
        return found

    def gap(self, places: Floats) -> Floats:
        """Gap at the start (N,) at positions (N, 2) on Γ, µm; over a rough face up to a constant,
        see `settled`."""
        gap = gap_at(places, self.voids)
        return gap if self.face is None else gap - self.face.heights(places)

    def settled(self, gap: Floats, least: float, largest: float) -> Floats:
        """The gap with its final zero; least, largest: over the whole of Γ (µm). Raises MeshError,
        the same for every part."""
        zero = 0.0 if self.face is None else least
        check_gap(least - zero, largest - zero, self.lithium_thickness)
        return gap - zero

    def check_slopes(self, steepest: float) -> None:
        """steepest: the largest of `slopes` on the whole of Γ. Raises RoughnessError."""
        if self.face is not None:
            check_slope(steepest)

    def slopes(self, cells: Ints, gap: Floats) -> Floats:
        """Slope of the gap (M, 4) along the edges on Γ of cells (M, 3), from its values (M, 4) at
        their lower corners."""
        dx, dy = np.diff(self.x)[cells[:, 0]], np.diff(self.y)[cells[:, 1]]
        edges = ((0, 1, dx), (2, 3, dx), (0, 2, dy), (1, 3, dy))
        return np.stack([np.abs(gap[:, b] - gap[:, a]) / length for a, b, length in edges], axis=1)


Source = StackMesh | Hexahedra
"""Input of a domain."""


def build_hexahedra(
    box: Box, near: float, far: float, features: Sequence[SpotShape] = (), face: MapFace | None = None, *, periodic: bool = False
) -> Hexahedra:
    """Hexahedra of width `near` in layers that grow from `near` to `far`, with faces at the ends of
    the features; the voids among them and the rough face give the gap. With `periodic` opposite
    sides are joined, and features that extend beyond a side continue at the other. Lengths in µm.
    Raises MeshError.
    """
    check_sizes(box, near, far)
    features = images(features, (box.width, box.depth) if periodic else ())
    x = _columns(box.width, near, [(f.center, f.half_width) for f in features])
    y = _columns(box.depth, near, [(f.center_y, f.half_width_y or f.half_width) for f in features if f.center_y is not None])
    below, above = layer_heights(box.electrolyte, near, far), layer_heights(box.lithium, near, far)
    z = np.concatenate([-below[:0:-1], above])
    _check_shapes([np.diff(at) for at in (x, y, z)])
    if periodic and min(len(x), len(y)) <= AROUND:
        raise MeshError(
            f"mesh: too few cells lie from side to side ({len(x) - 1} along x, {len(y) - 1} along y): periodic sides need "
            f"{AROUND}; make mesh.near smaller"
        )
    if face is not None:
        check_edges(max(float(np.diff(at).max()) for at in (x, y)), face)
    return Hexahedra(x, y, z, tuple(f for f in features if isinstance(f, VoidShape)), face, periodic)


def _columns(extent: float, near: float, spans: Sequence[tuple[float, float]]) -> Floats:
    """Coordinates of the faces of columns, about `near` wide, with faces at the ends of the spans
    (centre, half width)."""
    ends = sorted({0.0, extent, *(c + s * h for c, h in spans for s in (-1, 1) if near / 4 < c + s * h < extent - near / 4)})
    kept = [ends[0]]
    for end in ends[1:]:
        if end - kept[-1] > near / 4 or end == extent:
            kept.append(end)
    parts = [np.linspace(a, b, max(1, round((b - a) / near)) + 1)[:-1] for a, b in itertools.pairwise(kept)]
    return np.concatenate([*parts, [extent]])


def _check_shapes(sizes: list[NDArray[np.float64]]) -> None:
    """The check of `stack` for each cell. Volume over diagonal³ first increases and then decreases
    with each size, so the extreme sizes are the worst."""
    for edges in itertools.product(*((float(along.min()), float(along.max())) for along in sizes)):
        quality = math.factorial(3) * math.prod(edges) / math.hypot(*edges) ** 3
        if quality < MIN_QUALITY:
            flat = " × ".join(f"{edge:.3g}" for edge in edges)
            raise MeshError(f"a cell of {flat} µm is flat (quality {quality:.1e}): bring mesh.near and mesh.far together")
