"""Mesh files: the true geometry at the start, with lithium, void and LLZO as named groups."""

import contextlib
import io
import os
from collections.abc import Iterator

import meshio
import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cellfem.geometry.groups import CELL_NAMES, ELECTROLYTE, FACET_NAMES, INTERFACE, LITHIUM, VOID
from cellfem.geometry.stack import TOLERANCE, Floats, Ints, MeshError, StackMesh, assemble, cell_facets, interface_nodes

OPEN = 1e-6
"""Gap (µm) below which the two faces share their nodes in a file."""


def write_msh(stack: StackMesh, path: str | os.PathLike[str]) -> None:
    """Write the stack as it stands at the start, in µm, to a gmsh file (MSH 2.2, ASCII).

    Triangles: lithium, LLZO and, where the gap is open, void; lines: interface (both faces of a void), top, bottom, left, right.
    Lithium nodes stand at y = Y + gap (1 - Y/H). Call it on one rank.
    """
    points, roof = _true_geometry(stack)
    above = stack.cell_group == LITHIUM
    void = _void_cells(stack, roof)
    triangles = np.concatenate([np.where(above[:, None], roof[stack.cells], stack.cells), void])
    cell_group = np.concatenate([stack.cell_group, np.full(len(void), VOID)])

    side = (stack.facet_group != INTERFACE) & np.all(stack.points[stack.facets, 1] >= 0, axis=1)
    floor = stack.facets_of(INTERFACE)
    ceiling = roof[floor][np.any(roof[floor] != floor, axis=1)]
    lines = np.concatenate([np.where(side[:, None], roof[stack.facets], stack.facets), ceiling])
    line_group = np.concatenate([stack.facet_group, np.full(len(ceiling), INTERFACE)])

    groups = [line_group.astype(np.int32), cell_group.astype(np.int32)]
    used = set(np.concatenate(groups).tolist())
    names = {
        name: np.array([number, dim])
        for dim, table in ((1, FACET_NAMES), (2, CELL_NAMES))
        for number, name in table.items()
        if number in used
    }
    mesh = meshio.Mesh(
        np.column_stack([points, np.zeros(len(points))]),
        [("line", lines), ("triangle", triangles)],
        cell_data={"gmsh:physical": groups, "gmsh:geometrical": groups},
        field_data=names,
    )
    with _quiet():
        mesh.write(os.fspath(path), file_format="gmsh22", binary=False)


def read_mesh(path: str | os.PathLike[str]) -> StackMesh:
    """Read a stack in µm from any file that meshio reads: `write_msh` undone, or a flat mesh without a void.

    Needs first-order triangles in groups named lithium and LLZO that meet along the flat face y = 0, from x = 0 on. Over a void
    every node of the lithium's surface needs a node of the electrolyte's face below it: their distance is the gap, and the
    lithium is pulled back by Y = (y - gap)/(1 - gap/H). Cells of the group void are not used; line groups may be missing, the
    facets are found again. Raises MeshError with the remedy.
    """
    mesh = _read(path)
    by_name = _named_triangles(mesh)
    unknown = sorted(set(by_name) - set(CELL_NAMES.values()))
    if unknown:
        raise MeshError(f"{path}: the group '{unknown[0]}' is unknown: name the triangles lithium, LLZO or void")
    for name in (CELL_NAMES[LITHIUM], CELL_NAMES[ELECTROLYTE]):
        if name not in by_name:
            raise MeshError(
                f"{path}: no triangles in a group named '{name}': name the bodies lithium and LLZO (and void) as physical groups"
            )
    try:
        return _pulled_back(
            np.array(mesh.points[:, :2], dtype=np.float64), by_name[CELL_NAMES[LITHIUM]], by_name[CELL_NAMES[ELECTROLYTE]]
        )
    except MeshError as error:
        raise MeshError(f"{path}: {error}") from None


# --- writing


def _true_geometry(stack: StackMesh) -> tuple[Floats, Ints]:
    """Points (N + R, 2) with the lithium in its true place, and for each of the N nodes the node (N,) that lithium uses there."""
    count, height = len(stack.points), stack.lithium_thickness
    floor = interface_nodes(stack)
    opened = floor[stack.gap > OPEN]
    roof = np.arange(count)
    roof[opened] = count + np.arange(len(opened))
    x, y = stack.points.T
    lift = np.interp(x, stack.gap_x, np.where(stack.gap > OPEN, stack.gap, 0.0)) * (1 - y / height)
    lifted = np.column_stack([x, y + lift])
    points = np.where((y > 0)[:, None], lifted, stack.points)
    return np.concatenate([points, lifted[opened]]), roof


def _void_cells(stack: StackMesh, roof: Ints) -> Ints:
    """Triangles (V, 3), counter-clockwise, between the faces of the open facets of Γ."""
    floor = interface_nodes(stack)
    a, b = floor[:-1], floor[1:]
    above_a, above_b = roof[a], roof[b]
    left = np.column_stack([a, b, above_a])[above_a != a]
    right = np.column_stack([b, above_b, above_a])[above_b != b]
    return np.concatenate([left, right]).astype(np.int64)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """meshio warns on the terminal about things that are as they should be."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


# --- reading


def _read(path: str | os.PathLike[str]) -> meshio.Mesh:
    if not os.path.isfile(path):
        raise MeshError(f"{path}: there is no such mesh file: give its path from the folder of the case")
    try:
        with _quiet():
            return meshio.read(os.fspath(path))
    except (Exception, SystemExit) as error:  # meshio's readers raise whatever they meet, and exit when none of them fits
        reason = str(error) if not isinstance(error, SystemExit) else "no reader understands it"
        raise MeshError(f"{path}: meshio cannot read this file ({reason}): save it as a gmsh .msh file") from error


def _named_triangles(mesh: meshio.Mesh) -> dict[str, Ints]:
    """Triangles (M, 3) of each named two-dimensional group, from gmsh's physical groups, MED's tags or sets of cells."""
    numbers = {int(number): name for name, (number, dim) in mesh.field_data.items() if dim == 2}
    tags = mesh.cell_data.get("gmsh:physical") or mesh.cell_data.get("cell_tags")
    for number, (name, *_) in getattr(mesh, "cell_tags", {}).items():
        numbers[int(number)] = name
    found: dict[str, list[Ints]] = {}
    for k, block in enumerate(mesh.cells):
        if block.dim < 2:
            continue
        if block.type != "triangle":
            raise MeshError(f"the mesh has cells of type '{block.type}': save it with triangles of first order only")
        for name, chosen in _names_in_block(mesh, k, tags[k] if tags and numbers else None, numbers):
            found.setdefault(name, []).append(np.asarray(block.data[chosen], dtype=np.int64))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _names_in_block(mesh: meshio.Mesh, k: int, tags: Ints | None, numbers: dict[int, str]) -> Iterator[tuple[str, Ints]]:
    if tags is not None:
        for number in np.unique(tags):
            yield numbers.get(int(number), str(number)), np.flatnonzero(tags == number)
        return
    for name, sets in mesh.cell_sets.items():
        if sets[k] is not None and len(sets[k]) and not name.startswith("gmsh:"):
            yield name, np.asarray(sets[k])


def _pulled_back(points: Floats, lithium: Ints, electrolyte: Ints) -> StackMesh:
    size = float(np.ptp(points[electrolyte.ravel()], axis=0).max())
    tolerance = TOLERANCE * size
    face = points[electrolyte, 1].max()
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
            "give the void sloping sides, walls and overhangs cannot be followed"
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
    links = coo_array((np.ones(len(free)), (free[:, 0], free[:, 1])), shape=(len(points), len(points)))
    piece = connected_components(links, directed=False)[1]
    if len(np.unique(piece[surface])) > 1:
        raise MeshError(
            "the lithium's lower surface is not one line from side to side: mesh the lithium as one block without holes"
        )
    return surface
