"""The flat reference stack as plain arrays, and the checks that every mesh must pass before it is one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellfem.geometry.groups import BOTTOM, CELL_NAMES, ELECTROLYTE, INTERFACE, LEFT, LITHIUM, RIGHT, TOP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE = 1e-6
"""Relative to the size of the stack: nodes nearer than this to a face lie on it."""
MIN_QUALITY = 1e-5
"""Smallest allowed 2·area/(longest edge)² of a triangle: 0.87 when equilateral, height over width in thin wall layers."""


class MeshError(ValueError):
    """The mesh cannot be used; the text says why and what to do."""


@dataclass(frozen=True, eq=False)
class StackMesh:
    """Lithium 0 < y < H_Li over electrolyte -H_SE < y < 0; they share the nodes and facets of the interface Γ, y = 0.

    The lithium is flat here: its true place at the start is x = X + (0, g(X) (1 - Y/H_Li)), with g interpolated linearly in
    (`gap_x`, `gap`). Cells are counter-clockwise, lithium first; facets are those of Γ and of the outer boundary, by group.
    """

    points: Floats  # (N, 2) µm
    cells: Ints  # (M, 3)
    cell_group: Ints  # (M,) LITHIUM or ELECTROLYTE
    facets: Ints  # (K, 2)
    facet_group: Ints  # (K,) INTERFACE, TOP, BOTTOM, LEFT or RIGHT
    gap_x: Floats  # (L,) µm, x of the nodes of Γ, ascending
    gap: Floats  # (L,) µm, gap at the start in these nodes

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
        return float(-self.points[:, -1].min())

    def facets_of(self, group: int) -> Ints:
        """Facets (K', 2) of one group."""
        return self.facets[self.facet_group == group]


def interface_nodes(mesh: StackMesh) -> Ints:
    """Indices (L,) of the nodes of Γ, ascending in x: the nodes that `gap_x` and `gap` describe."""
    nodes = np.unique(mesh.facets_of(INTERFACE))
    return nodes[np.argsort(mesh.points[nodes, 0])]


def assemble(points: Floats, cells: Ints, cell_group: Ints, gap_x: Floats, gap: Floats) -> StackMesh:
    """A checked `StackMesh` from a flat triangulation: finds and names the facets, snaps nodes to the faces, turns cells
    counter-clockwise, drops unused nodes. `gap` is interpolated linearly from `gap_x` to the nodes of Γ. Raises MeshError.
    """
    for group in (LITHIUM, ELECTROLYTE):
        if not np.any(cell_group == group):
            raise MeshError(f"the mesh has no triangles in the group '{CELL_NAMES[group]}': give this body its group name")
    order = np.argsort(cell_group, kind="stable")
    cells, cell_group = cells[order], cell_group[order]
    used, inverse = np.unique(cells, return_inverse=True)
    points, cells = points[used].astype(np.float64), inverse.reshape(cells.shape).astype(np.int64)
    points = _snapped(points)
    cells = _counter_clockwise(points, cells)
    _check_cells(points, cells, cell_group)
    facets, facet_group = _named_facets(points, cells, cell_group)
    on_interface = np.unique(facets[facet_group == INTERFACE])
    x = np.sort(points[on_interface, 0])
    gap = np.interp(x, gap_x, gap)
    if not (np.all(np.isfinite(gap)) and gap.min() >= 0 and gap.max() < points[:, 1].max()):
        raise MeshError(
            f"the gap at the start reaches from {gap.min():g} to {gap.max():g} µm: "
            "it must stay between 0 and the lithium's thickness"
        )
    return StackMesh(points, cells, cell_group, facets, facet_group, x, gap)


def signed_area(points: Floats, cells: Ints) -> Floats:
    """Area (M,) of triangles, µm²; positive when counter-clockwise."""
    a, b, c = (points[cells[:, k]] for k in range(3))
    return 0.5 * ((b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0]))


def cell_facets(cells: Ints) -> Ints:
    """The 3M facets of M triangles, each with its smaller node first; facet k belongs to cell k mod M."""
    return np.sort(np.concatenate([cells[:, [1, 2]], cells[:, [2, 0]], cells[:, [0, 1]]]), axis=1)


def _snapped(points: Floats) -> Floats:
    size = np.ptp(points, axis=0)
    for axis, values in ((0, (0.0, points[:, 0].max())), (1, (points[:, 1].min(), 0.0, points[:, 1].max()))):
        for value in values:
            points[np.abs(points[:, axis] - value) < TOLERANCE * size[axis], axis] = value
    return points


def _counter_clockwise(points: Floats, cells: Ints) -> Ints:
    turned = cells.copy()
    clockwise = signed_area(points, cells) < 0
    turned[clockwise] = turned[clockwise][:, [0, 2, 1]]
    return turned


def _check_cells(points: Floats, cells: Ints, cell_group: Ints) -> None:
    if points[:, 0].min() != 0:
        raise MeshError(f"the stack begins at x = {points[:, 0].min():g} µm: shift the mesh so that its left plane is x = 0")
    for group, sign in ((LITHIUM, 1), (ELECTROLYTE, -1)):
        y = sign * points[cells[cell_group == group], 1]
        if y.min() < 0 or y.max() <= 0:
            side, name = ("above", "below")[sign < 0], CELL_NAMES[group]
            raise MeshError(
                f"the group '{name}' must lie {side} y = 0 and touch it: put the electrolyte's face, which must be flat, at y = 0"
            )
    area = signed_area(points, cells)
    corners = points[cells]
    longest = np.max(np.sum((corners - np.roll(corners, 1, axis=1)) ** 2, axis=2), axis=1)
    worst = int(np.argmin(area / longest))
    if 2 * area[worst] < MIN_QUALITY * longest[worst]:
        x, y = corners[worst].mean(axis=0)
        quality = 2 * area[worst] / longest[worst]
        raise MeshError(f"a cell at x = {x:.4g}, y = {y:.4g} µm is flat (quality {quality:.1e}): refine or smooth the mesh there")
    width, low, high = points[:, 0].max(), points[:, 1].min(), points[:, 1].max()
    for group, height in ((LITHIUM, high), (ELECTROLYTE, -low)):
        total = area[cell_group == group].sum()
        if abs(total - width * height) > TOLERANCE * width * height:
            raise MeshError(
                f"the cells of '{CELL_NAMES[group]}' cover {total:.6g} µm² of a block of {width * height:.6g} µm²: "
                "the mesh has holes, overlapping cells or sides that are not straight; rebuild it as one block"
            )


def _named_facets(points: Floats, cells: Ints, cell_group: Ints) -> tuple[Ints, Ints]:
    facets, owner, count = np.unique(cell_facets(cells), axis=0, return_inverse=True, return_counts=True)
    groups = np.zeros((len(facets), 3), dtype=np.int64)
    np.add.at(groups, (owner.reshape(-1), np.tile(cell_group, 3)), 1)
    shared = (groups[:, LITHIUM] == 1) & (groups[:, ELECTROLYTE] == 1)
    name = np.zeros(len(facets), dtype=np.int64)
    name[shared] = INTERFACE
    x, y = points[facets, 0], points[facets, 1]
    outside = count == 1
    for group, on_face in (
        (LEFT, np.all(x == points[:, 0].min(), axis=1)),
        (RIGHT, np.all(x == points[:, 0].max(), axis=1)),
        (TOP, np.all(y == points[:, 1].max(), axis=1)),
        (BOTTOM, np.all(y == points[:, 1].min(), axis=1)),
    ):
        name[outside & on_face] = group
    lost = np.flatnonzero((count > 2) | (outside & (name == 0)))
    if len(lost):
        middle = points[facets[lost[0]]].mean(axis=0)
        raise MeshError(
            f"the mesh is not conforming at x = {middle[0]:.4g}, y = {middle[1]:.4g} µm ({len(lost)} facets): "
            "lithium and LLZO must share the nodes of the interface, with no hanging nodes and no cracks"
        )
    kept = np.flatnonzero(name)
    kept = kept[np.argsort(name[kept], kind="stable")]
    return facets[kept], name[kept]
