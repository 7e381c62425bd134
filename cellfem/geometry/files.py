"""Mesh files: the true geometry at the start, with lithium, void and LLZO as named groups."""

import contextlib
import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy  # scipy is imported on first use: it takes a second

from cellfem.geometry.formats import PlaneMesh, read_plane
from cellfem.geometry.groups import CELL_NAMES, ELECTROLYTE, FACET_NAMES, INTERFACE, LITHIUM, VOID
from cellfem.geometry.stack import TOLERANCE, Floats, Ints, MeshError, StackMesh, assemble, cell_facets, interface_nodes

SIGN = b"$Comments\nwritten by cellfem\n$EndComments\n"
"""The last line of a file written by `write_msh`: other files belong to somebody else."""
OPEN = 1e-6
"""Gap (µm) below which the two faces share their nodes in a file."""


def write_msh(stack: StackMesh, path: str | os.PathLike[str]) -> None:
    """Write the stack in its initial geometry, in µm, to a gmsh file (MSH 2.2, ASCII).

    Cells: lithium, LLZO and, where the gap is open, void; facets: interface (both faces of a void),
    top, bottom, left, right, and in 3-D front and back (periodic sides are not written). Lithium
    nodes are at y = Y + gap (1 - Y/H), y the last coordinate. Call it on one rank.
    """
    import meshio  # imported here, because it imports rich

    dimension = stack.dimension
    points, roof = _true_geometry(stack)
    above = stack.cell_group == LITHIUM
    cells = [(stack.cells.shape[1], np.where(above[:, None], roof[stack.cells], stack.cells), stack.cell_group)]
    cells += [(cell.shape[1], cell, np.full(len(cell), VOID)) for cell in _void_cells(stack, roof) if len(cell)]

    in_lithium = (stack.points[:, -1] >= 0) | (stack.points[:, -1] <= -stack.electrolyte_thickness)
    side = (stack.facet_group != INTERFACE) & np.all(in_lithium[stack.facets], axis=1)
    floor = stack.facets_of(INTERFACE)
    ceiling = roof[floor][np.any(roof[floor] != floor, axis=1)]
    facets = np.concatenate([np.where(side[:, None], roof[stack.facets], stack.facets), ceiling])
    facet_group = np.concatenate([stack.facet_group, np.full(len(ceiling), INTERFACE)])

    blocks, groups = [(_FACETS[dimension, facets.shape[1]], _to_meshio(facets, dimension - 1))], [facet_group.astype(np.int32)]
    for corners in dict.fromkeys(width for width, _, _ in cells):
        mine = [(nodes, group) for width, nodes, group in cells if width == corners]
        nodes = np.concatenate([nodes for nodes, _ in mine])
        blocks.append((_CELLS[dimension, corners], _to_meshio(nodes, dimension)))
        groups.append(np.concatenate([group for _, group in mine]).astype(np.int32))
    used = set(np.concatenate(groups).tolist())
    names = {
        name: np.array([number, dim])
        for dim, table in ((dimension - 1, FACET_NAMES), (dimension, CELL_NAMES))
        for number, name in table.items()
        if number in used
    }
    mesh = meshio.Mesh(
        np.column_stack([points, np.zeros((len(points), 3 - dimension))]),
        blocks,
        cell_data={"gmsh:physical": groups, "gmsh:geometrical": groups},
        field_data=names,
    )
    with _quiet():
        mesh.write(os.fspath(path), file_format="gmsh22", binary=False)
    with open(path, "ab") as file:
        file.write(SIGN)


def is_ours(path: Path) -> bool:
    """Whether a mesh file was written by `write_msh`."""
    try:
        with path.open("rb") as file:
            file.seek(-len(SIGN), os.SEEK_END)
            return file.read() == SIGN
    except OSError:
        return False


_FACETS = {(2, 2): "line", (3, 3): "triangle", (3, 4): "quad"}
_CELLS = {(2, 3): "triangle", (2, 4): "quad", (3, 4): "tetra", (3, 5): "pyramid", (3, 6): "wedge", (3, 8): "hexahedron"}


def _to_meshio(nodes: Ints, dimension: int) -> Ints:
    """Corners of quadrilaterals and hexahedra in the cyclic order of a file; other cells are
    unchanged."""
    if (dimension, nodes.shape[1]) == (2, 4):
        return nodes[:, [0, 1, 3, 2]]
    return nodes[:, [0, 1, 3, 2, 4, 5, 7, 6]] if nodes.shape[1] == 8 else nodes


UNITS = {"m": 1e6, "mm": 1e3, "um": 1.0, "nm": 1e-3}
"""Units of mesh coordinates, in µm."""


def read_mesh(path: str | os.PathLike[str], unit: str = "um") -> StackMesh:
    """Read a stack from a file that `formats` can read: the inverse of `write_msh`, or a flat mesh
    without a void. unit: one of `UNITS`.

    Needs first-order triangles in groups named lithium and LLZO (case-insensitive) that meet along
    the flat face y = 0, starting at x = 0. Over a void every node of the lithium's surface needs a
    node of the electrolyte's face below it: their distance is the gap, and the lithium is flattened
    by Y = (y - gap)/(1 - gap/H). Cells of the group void and of other groups are not used; line
    groups are optional, because the facets are identified again. Raises MeshError with the remedy.
    """
    return read_with_notes(path, unit)[0]


def read_with_notes(path: str | os.PathLike[str], unit: str = "um") -> tuple[StackMesh, tuple[str, ...]]:
    """The same, with notes on the parts of the file that are not used."""
    plane = read_plane(path)
    try:
        bodies = _bodies(plane)
        stack = _pulled_back(UNITS[unit] * plane.points, bodies[LITHIUM], bodies[ELECTROLYTE])
    except MeshError as error:
        raise MeshError(f"{path}: {error}") from None
    return stack, tuple(_unused(plane, bodies))


def _bodies(plane: PlaneMesh) -> dict[int, Ints]:
    """Triangles (M, 3) of the groups lithium, LLZO and void."""
    found: dict[int, Ints] = {}
    for number, ours in CELL_NAMES.items():
        parts = [cells for name, cells in plane.groups.items() if name.casefold() == ours.casefold()]
        if parts:
            found[number] = np.concatenate(parts)
    for number in (LITHIUM, ELECTROLYTE):
        if number not in found:
            there = ", ".join(plane.groups) or "none"
            raise MeshError(
                f"no triangles in a group named '{CELL_NAMES[number]}' (its groups of triangles: {there}): "
                "name the bodies lithium and LLZO (and void) as physical groups"
            )
    for one, other in itertools.combinations(found, 2):
        if len(shared := _in_both(found[one], found[other])):
            raise MeshError(
                f"{len(shared)} triangles are in the group '{CELL_NAMES[one]}' and in '{CELL_NAMES[other]}' too: "
                "give each of them to one body"
            )
    return found


def _in_both(one: Ints, other: Ints) -> Ints:
    """Triangles (M', 3) contained in both."""
    cells = np.concatenate([np.unique(np.sort(part, axis=1), axis=0) for part in (one, other)])
    found, count = np.unique(cells, axis=0, return_counts=True)
    return np.asarray(found[count > 1])


def _unused(plane: PlaneMesh, bodies: dict[int, Ints]) -> Iterator[str]:
    ours = {name.casefold() for name in CELL_NAMES.values()}
    others = {name: cells for name, cells in plane.groups.items() if name.casefold() not in ours}
    if not others:
        return
    mine = np.concatenate(list(bodies.values()))
    left_out = [
        f"{name} ({count} triangles)" for name, cells in others.items() if (count := len(cells) - len(_in_both(cells, mine)))
    ]
    told = f"the groups {', '.join(others)} are" if len(others) > 1 else f"the group {next(iter(others))} is"
    with_them = f"; cells that are left out: {', '.join(left_out)}" if left_out else ""
    yield f"{told} not used: cellfem reads only lithium, LLZO and void{with_them}"


# --- writing


def _true_geometry(stack: StackMesh) -> tuple[Floats, Ints]:
    """Points (N + R, 2) with the lithium in its true geometry, and for each of the N nodes the node
    (N,) that the lithium uses."""
    count, height = len(stack.points), stack.lithium_thickness
    floor = interface_nodes(stack)
    opened = floor[stack.gap > OPEN]
    roof = np.arange(count)
    roof[opened] = count + np.arange(len(opened))
    y = stack.points[:, -1]
    lifted, above = stack.points.copy(), np.zeros(count, dtype=bool)
    for nodes, gap, side in _faces(stack):
        depth = side * (y - y[nodes[0]])  # into the lithium
        mine = depth > -TOLERANCE * height
        lift = _gap_above(stack, nodes, np.where(gap > OPEN, gap, 0.0)) * (1 - depth / height)
        lifted[mine, -1] += side * lift[mine]
        above |= depth > TOLERANCE * height
    points = np.where(above[:, None], lifted, stack.points)
    return np.concatenate([points, lifted[opened]]), roof


def _faces(stack: StackMesh) -> list[tuple[Ints, Floats, float]]:
    """Nodes of Γ, their gap and the side (1 or -1) of each electrode."""
    nodes = interface_nodes(stack)
    parts = zip(np.split(nodes, stack.electrodes), np.split(stack.gap, stack.electrodes), strict=True)
    return [(part, gap, 1.0 - 2.0 * number) for number, (part, gap) in enumerate(parts)]


def _gap_above(stack: StackMesh, nodes: Ints, gap: Floats) -> Floats:
    """Gap at the position of every node (N,), linear between the given nodes of Γ; in 3-D on a
    triangulation of them."""
    if stack.dimension == 2:
        return np.interp(stack.points[:, 0], stack.points[nodes, 0], gap)
    between = scipy.interpolate.LinearNDInterpolator(scipy.spatial.Delaunay(stack.points[nodes, :-1]), gap, fill_value=0.0)
    return np.asarray(between(stack.points[:, :-1]), dtype=np.float64)


def _void_cells(stack: StackMesh, roof: Ints) -> list[Ints]:
    """Cells between the faces where Γ is open: triangles, counter-clockwise; in 3-D tetrahedra,
    pyramids, wedges or hexahedra."""
    if stack.dimension == 2:
        found = []
        for line, _, side in _faces(stack):
            a, b = (line[:-1], line[1:])[:: 1 if side > 0 else -1]
            above_a, above_b = roof[a], roof[b]
            left = np.column_stack([a, b, above_a])[above_a != a]
            right = np.column_stack([b, above_b, above_a])[above_b != b]
            if stack.cells.shape[1] == 4:  # as quadrilaterals whose last two corners coincide
                left, right = (cells[:, [0, 1, 2, 2]] for cells in (left, right))
            found.append(np.concatenate([left, right]).astype(np.int64))
        return found
    floor = stack.facets_of(INTERFACE)
    opened = roof[floor] != floor
    if floor.shape[1] == 4:
        some = floor[opened.any(axis=1)]
        return [np.column_stack([some, roof[some]])]
    order = np.argsort(~opened, axis=1, kind="stable")  # open corners first
    a, b, c = np.take_along_axis(floor, order, axis=1).T
    count = opened.sum(axis=1)
    one, two, three = (count == number for number in (1, 2, 3))
    return [
        np.column_stack([a, b, c, roof[a]])[one],
        np.column_stack([a, b, roof[b], roof[a], c])[two],
        np.column_stack([a, b, c, roof[a], roof[b], roof[c]])[three],
    ]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress warnings of meshio about things that are correct."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


# --- reading


def _pulled_back(points: Floats, lithium: Ints, electrolyte: Ints) -> StackMesh:
    size = float(np.ptp(points[electrolyte.ravel()], axis=0).max())
    tolerance = TOLERANCE * size
    face = points[electrolyte, 1].max()
    if points[lithium, 1].min() < points[electrolyte, 1].min() - tolerance:
        if points[lithium, 1].max() > face + tolerance:
            raise MeshError("lithium lies above and below the LLZO: of a symmetric cell draw the upper half, to its middle")
        raise MeshError("the lithium lies below the LLZO: turn the mesh over")
    if abs(face) > tolerance:
        raise MeshError(f"the top of the LLZO is at y = {face:.6g} µm: shift the mesh so that this face lies at y = 0")
    floor = np.unique(electrolyte[np.abs(points[electrolyte, 1]) < tolerance])
    floor = floor[np.argsort(points[floor, 0])]
    floor_x = points[floor, 0]
    surface = _lower_surface(points, lithium, tolerance)

    nearest = np.clip(np.searchsorted(floor_x, points[surface, 0]), 1, len(floor) - 1)
    nearest -= points[surface, 0] - floor_x[nearest - 1] < floor_x[nearest] - points[surface, 0]
    apart = np.abs(points[surface, 0] - floor_x[nearest])
    if apart.max() > tolerance:
        x = points[surface[np.argmax(apart)], 0]
        raise MeshError(
            f"the lithium's surface has a node at x = {x:.6g} µm "
            "with no node of the LLZO's face below it: give both faces the same x"
        )
    if len(np.unique(nearest)) < len(surface):
        raise MeshError(
            "the lithium's surface has two nodes at the same x: "
            "give the void sloping sides; vertical walls and overhangs are not possible"
        )
    if len(surface) < len(floor):
        x = floor_x[np.setdiff1d(np.arange(len(floor)), nearest)[0]]
        raise MeshError(
            f"the LLZO's face has a node at x = {x:.6g} µm "
            "with no node of the lithium's surface above it: give both faces the same x"
        )
    gap = np.zeros(len(floor))
    gap[nearest] = points[surface, 1]
    if gap.min() < -tolerance:
        raise MeshError(
            f"the lithium reaches {-gap.min():.4g} µm into the LLZO at x = {floor_x[np.argmin(gap)]:.6g} µm: "
            "lift its surface to y ≥ 0"
        )
    gap = np.where(gap > OPEN, gap, 0.0)

    flat = points.copy()
    height = points[lithium, 1].max()
    inner = np.unique(lithium)
    here = np.interp(points[inner, 0], floor_x, gap)
    flat[inner, 1] = (points[inner, 1] - here) / (1 - here / height)
    merged = np.arange(len(points))
    merged[surface] = floor[nearest]
    flat[floor, 1] = 0.0
    cells = np.concatenate([merged[lithium], electrolyte])
    groups = np.repeat([LITHIUM, ELECTROLYTE], [len(lithium), len(electrolyte)])
    return assemble(flat, cells, groups, floor_x, gap)


def _lower_surface(points: Floats, lithium: Ints, tolerance: float) -> Ints:
    """Nodes of the lithium's boundary that is neither a side nor the top."""
    facets, count = np.unique(cell_facets(lithium), axis=0, return_counts=True)
    facets = facets[count == 1]
    x, y = points[facets, 0], points[facets, 1]
    low, high = points[lithium, 0].min(), points[lithium, 0].max()
    on_side = np.all(np.abs(x - low) < tolerance, axis=1) | np.all(np.abs(x - high) < tolerance, axis=1)
    on_top = np.all(np.abs(y - points[lithium, 1].max()) < tolerance, axis=1)
    free = facets[~on_side & ~on_top]
    surface = np.unique(free)
    if not len(surface):
        raise MeshError("the lithium has no lower surface: check that its triangles form one block above y = 0")
    links = scipy.sparse.coo_array((np.ones(len(free)), (free[:, 0], free[:, 1])), shape=(len(points), len(points)))
    piece = scipy.sparse.csgraph.connected_components(links, directed=False)[1]
    if len(np.unique(piece[surface])) > 1:
        raise MeshError(
            "the lithium's lower surface is not one line from side to side: mesh the lithium as one block without holes"
        )
    return surface
