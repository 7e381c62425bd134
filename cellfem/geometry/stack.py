"""The flat reference stack as plain arrays, and the checks that every mesh must pass."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cellfem.errors import CellfemError
from cellfem.geometry.groups import BACK, BOTTOM, CELL_NAMES, ELECTROLYTE, FRONT, INTERFACE, LEFT, LITHIUM, RIGHT, TOP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1e-6
"""Relative to the size of the stack: tolerance within which nodes are on a face."""
MIN_QUALITY = 1e-5
"""Smallest allowed d!·size/(largest distance of two corners)^d of a cell: 0.87 of an equilateral
triangle, about height over width in thin wall layers."""


class MeshError(CellfemError, ValueError):
    """The mesh cannot be used; the text gives reason and remedy."""


KINDS = {(2, 3): "triangles", (2, 4): "quadrilaterals", (3, 4): "tetrahedra", (3, 8): "hexahedra"}


@dataclass(frozen=True, eq=False)
class StackMesh:
    """Lithium 0 < e < H_Li on electrolyte -H_SE < e < 0, e the last coordinate; they share the
    nodes and facets of Γ, e = 0.

    The lithium is flat here: its true position at the start is x = X + (…, g (1 - e/H_Li)), with g
    given at the nodes of Γ. d = 2: triangles (counter-clockwise) or quadrilaterals; d = 3:
    tetrahedra or hexahedra; the corners of quadrilaterals and hexahedra in tensor-product order,
    (0,0), (1,0), (0,1), (1,1). Cells of lithium come first; facets are those of Γ and of the outer
    boundary, by group.
    """

    points: Floats  # (N, d) µm
    cells: Ints  # (M, k)
    cell_group: Ints  # (M,) LITHIUM or ELECTROLYTE
    facets: Ints  # (K, n)
    facet_group: Ints  # (K,) INTERFACE, TOP, BOTTOM, LEFT, RIGHT, and in 3-D FRONT or BACK
    gap_at: Floats  # (L, d-1) µm, coordinates of the nodes of Γ, ascending in x, then in y
    gap: Floats  # (L,) µm, gap at the start in these nodes
    electrodes: int = 1  # 2: a second one below the electrolyte, `symmetric.mirrored`
    joined: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))  # (N,) of `periodic.joined`; (0,) mirror planes

    @property
    def dimension(self) -> int:
        return int(self.points.shape[1])

    @property
    def cell_name(self) -> str:
        """Name of the cells, in the plural."""
        return KINDS[self.dimension, self.cells.shape[1]]

    @property
    def periodic(self) -> bool:
        """Whether opposite sides are periodic."""
        return len(self.joined) > 0

    @property
    def gap_x(self) -> Floats:
        """x of the nodes of Γ (L,), µm."""
        return self.gap_at[:, 0]

    @property
    def extents(self) -> tuple[float, ...]:
        """Extent of Γ along each of its axes (µm)."""
        return tuple(float(size) for size in self.points[:, :-1].max(axis=0))

    @property
    def width(self) -> float:
        """Extent in x (µm)."""
        return float(self.points[:, 0].max())

    @property
    def lithium_thickness(self) -> float:
        """H_Li (µm)."""
        return float(self.points[:, -1].max())

    @property
    def electrolyte_thickness(self) -> float:
        """H_SE (µm)."""
        lowest = float(-self.points[:, -1].min())
        return lowest if self.electrodes == 1 else lowest - self.lithium_thickness

    def facets_of(self, group: int) -> Ints:
        """Facets (K', 2) of one group."""
        return self.facets[self.facet_group == group]


def interface_nodes(mesh: StackMesh) -> Ints:
    """Indices (L,) of the nodes of Γ in the order of `gap_at` and `gap`."""
    nodes = np.unique(mesh.facets_of(INTERFACE))
    at = mesh.points[nodes]
    second = at[:, -1] < -0.5 * mesh.electrolyte_thickness
    return nodes[np.lexsort([*at[:, :-1].T[::-1], second])]


def assemble(points: Floats, cells: Ints, cell_group: Ints, gap_x: Floats, gap: Floats) -> StackMesh:
    """`assemble_with` of a plane mesh; the gap is interpolated linearly from `gap_x` to the nodes
    of Γ."""
    return assemble_with(points, cells, cell_group, lambda at: np.interp(at[:, 0], gap_x, gap))


def assemble_with(points: Floats, cells: Ints, cell_group: Ints, gap: Callable[[Floats], Floats]) -> StackMesh:
    """A checked `StackMesh` from a flat mesh: finds and names the facets, snaps nodes to the faces,
    makes triangles counter-clockwise, drops unused nodes. gap: at positions (L, d-1) on Γ, µm.
    Raises MeshError.
    """
    for group in (LITHIUM, ELECTROLYTE):
        if not np.any(cell_group == group):
            raise MeshError(f"the mesh has no cells in the group '{CELL_NAMES[group]}': give this body its group name")
    order = np.argsort(cell_group, kind="stable")
    cells, cell_group = cells[order], cell_group[order]
    used, inverse = np.unique(cells, return_inverse=True)
    points, cells = points[used].astype(np.float64), inverse.reshape(cells.shape).astype(np.int64)
    points = _snapped(points)
    cells = _counter_clockwise(points, cells)
    _check_cells(points, cells, cell_group)
    facets, facet_group = _named_facets(points, cells, cell_group)
    flat = StackMesh(points, cells, cell_group, facets, facet_group, np.empty((0, points.shape[1] - 1)), np.empty(0))
    return with_gap(flat, gap)


def with_gap(stack: StackMesh, gap: Callable[[Floats], Floats]) -> StackMesh:
    """The same mesh with another gap at the start, a function of positions (L, d-1) on Γ. Raises
    MeshError."""
    at = stack.points[interface_nodes(stack), :-1]
    values = np.asarray(gap(at), dtype=np.float64)
    check_gap(float(values.min()), float(values.max()), stack.lithium_thickness)
    return replace(stack, gap_at=at, gap=values)


def check_gap(least: float, largest: float, thickness: float) -> None:
    """Check the smallest and largest gap at the start (nan if any is) against the lithium's
    thickness (µm). Raises MeshError."""
    if not 0 <= least <= largest < thickness:
        raise MeshError(
            f"the gap at the start ranges from {least:g} to {largest:g} µm: it must stay between 0 and the lithium's thickness"
        )


def signed_area(points: Floats, cells: Ints) -> Floats:
    """Area (M,) of triangles, µm²; positive when counter-clockwise."""
    a, b, c = (points[cells[:, k]] for k in range(3))
    return 0.5 * ((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))


CELLS = {(2, 3): "triangle", (2, 4): "quadrilateral", (3, 4): "tetrahedron", (3, 8): "hexahedron"}
"""Name of a cell by dimension and number of corners."""
FACETS: dict[tuple[int, int], list[list[int]]] = {
    (2, 3): [[1, 2], [2, 0], [0, 1]],
    (2, 4): [[0, 1], [0, 2], [1, 3], [2, 3]],
    (3, 4): [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]],
    (3, 8): [[0, 1, 2, 3], [0, 1, 4, 5], [0, 2, 4, 6], [1, 3, 5, 7], [2, 3, 6, 7], [4, 5, 6, 7]],
}
"""Corners of the facets of a cell, by dimension and number of its corners."""
SIMPLICES: dict[tuple[int, int], list[list[int]]] = {
    (2, 3): [[0, 1, 2]],
    (2, 4): [[0, 1, 3], [0, 3, 2]],
    (3, 4): [[0, 1, 2, 3]],
    (3, 8): [[0, a, b, 7] for a, b in ((1, 3), (3, 2), (2, 6), (6, 4), (4, 5), (5, 1))],
}
"""Simplices of equal orientation that form a cell with flat faces."""


def sizes(points: Floats, cells: Ints) -> Floats:
    """Volume (M,) of cells, in 2-D their area; signed for simplices and hexahedra, > 0 for the
    orientation of the coordinates."""
    dimension = points.shape[1]
    total = np.zeros(len(cells))
    for simplex in SIMPLICES[dimension, cells.shape[1]]:
        corners = points[cells[:, simplex]]
        total += np.linalg.det(corners[:, 1:] - corners[:, :1]) / math.factorial(dimension)
    return np.abs(total) if cells.shape[1] == dimension + 1 == 4 else total


def cell_facets(cells: Ints, dimension: int = 2) -> Ints:
    """The facets of M cells, for simplices with ascending nodes; facet k belongs to cell k mod
    M."""
    corners = FACETS[dimension, cells.shape[1]]
    facets = np.concatenate([cells[:, facet] for facet in corners])
    return np.sort(facets, axis=1) if cells.shape[1] == dimension + 1 else facets


def _snapped(points: Floats) -> Floats:
    size = np.ptp(points, axis=0)
    for axis in range(points.shape[1]):
        bottom = [points[:, axis].min()] if axis == points.shape[1] - 1 else []
        for value in (*bottom, 0.0, points[:, axis].max()):
            points[np.abs(points[:, axis] - value) < TOLERANCE * size[axis], axis] = value
    return points


def _counter_clockwise(points: Floats, cells: Ints) -> Ints:
    if cells.shape[1] != 3:
        return cells
    turned = cells.copy()
    clockwise = signed_area(points, cells) < 0
    turned[clockwise] = turned[clockwise][:, [0, 2, 1]]
    return turned


def _check_cells(points: Floats, cells: Ints, cell_group: Ints) -> None:
    dimension = points.shape[1]
    for axis, name in enumerate("xy"[: dimension - 1]):
        if points[:, axis].min() != 0:
            raise MeshError(
                f"the stack begins at {name} = {points[:, axis].min():g} µm: "
                f"shift the mesh so that its {('left', 'front')[axis]} plane is {name} = 0"
            )
    last = "xyz"[dimension - 1]
    for group, sign in ((LITHIUM, 1), (ELECTROLYTE, -1)):
        height = sign * points[cells[cell_group == group], -1]
        if height.min() < 0 or height.max() <= 0:
            side, name = ("above", "below")[sign < 0], CELL_NAMES[group]
            raise MeshError(
                f"the group '{name}' must lie {side} {last} = 0 and touch it: "
                f"put the electrolyte's face, which must be flat, at {last} = 0"
            )
    size = sizes(points, cells)
    corners = points[cells]
    longest = np.max(np.sum((corners[:, :, None] - corners[:, None]) ** 2, axis=3), axis=(1, 2)) ** (dimension / 2)
    quality = math.factorial(dimension) * size / longest
    worst = int(np.argmin(quality))
    if quality[worst] < MIN_QUALITY:
        place = ", ".join(f"{name} = {value:.4g}" for name, value in zip("xyz", corners[worst].mean(axis=0)))
        raise MeshError(f"a cell at {place} µm is flat (quality {quality[worst]:.1e}): refine or smooth the mesh there")
    face, unit = math.prod(points[:, :-1].max(axis=0)), "µm²" if dimension == 2 else "µm³"
    for group, height in ((LITHIUM, points[:, -1].max()), (ELECTROLYTE, -points[:, -1].min())):
        total, block = size[cell_group == group].sum(), face * height
        if abs(total - block) > TOLERANCE * block:
            raise MeshError(
                f"the cells of '{CELL_NAMES[group]}' cover {total:.6g} {unit} of a block of {block:.6g} {unit}: "
                "the mesh has holes, overlapping cells or sides that are not straight; rebuild it as one block"
            )


def _named_facets(points: Floats, cells: Ints, cell_group: Ints) -> tuple[Ints, Ints]:
    dimension = points.shape[1]
    every = cell_facets(cells, dimension)
    _, first, owner, count = np.unique(np.sort(every, axis=1), axis=0, return_index=True, return_inverse=True, return_counts=True)
    facets = every[first]
    groups = np.zeros((len(facets), 3), dtype=np.int64)
    np.add.at(groups, (owner.reshape(-1), np.tile(cell_group, len(every) // len(cells))), 1)
    shared = (groups[:, LITHIUM] == 1) & (groups[:, ELECTROLYTE] == 1)
    name = np.zeros(len(facets), dtype=np.int64)
    name[shared] = INTERFACE
    outside = count == 1
    faces = [(LEFT, 0, 0.0), (RIGHT, 0, points[:, 0].max())]
    if dimension == 3:
        faces += [(FRONT, 1, 0.0), (BACK, 1, points[:, 1].max())]
    faces += [(TOP, -1, points[:, -1].max()), (BOTTOM, -1, points[:, -1].min())]
    for group, axis, value in faces:
        name[outside & np.all(points[facets, axis] == value, axis=1)] = group
    lost = np.flatnonzero((count > 2) | (outside & (name == 0)))
    if len(lost):
        middle = points[facets[lost[0]]].mean(axis=0)
        place = ", ".join(f"{axis} = {value:.4g}" for axis, value in zip("xyz", middle))
        raise MeshError(
            f"the mesh is not conforming at {place} µm ({len(lost)} facets): "
            "lithium and LLZO must share the nodes of the interface, with no hanging nodes and no cracks"
        )
    kept = np.flatnonzero(name)
    kept = kept[np.argsort(name[kept], kind="stable")]
    return facets[kept], name[kept]
