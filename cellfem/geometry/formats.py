"""Plane meshes with named groups, read from files of meshing programs without checks of the
stack."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cellfem.geometry.abaqus import read_inp
from cellfem.geometry.build import gmsh_session
from cellfem.geometry.stack import TOLERANCE, Floats, Ints, MeshError

if TYPE_CHECKING:
    import meshio

TRIANGLE = 2
"""Type number of a first-order triangle in gmsh."""
FIRST_ORDER = "save it with triangles of first order only"
REMEDIES = {
    ".msh": "export it again from gmsh, as MSH 4.1",
    ".med": "export it again, or save it as a gmsh .msh file",
    ".unv": "export it again, or save it as a gmsh .msh file",
}


@dataclass(frozen=True)
class PlaneMesh:
    """points (N, 2) as in the file; the triangles (M, 3) of each named group, whose name is
    stripped of blanks."""

    points: Floats
    groups: dict[str, Ints]


def read_plane(path: str | os.PathLike[str]) -> PlaneMesh:
    """Read a file of gmsh (.msh of any version, .med, .unv), of Abaqus (.inp), or any other that
    meshio reads.

    Raises MeshError with the reader's reason.
    """
    file = Path(path)
    if not file.is_file():
        raise MeshError(f"{file}: there is no such mesh file: give its path from the folder of the case")
    if not file.stat().st_size:
        raise MeshError(f"{file}: the file is empty: export the mesh again")
    kind = file.suffix.lower()
    try:
        points, groups = _reader(file, kind)(file)
    except MeshError as error:
        raise MeshError(f"{file}: {error}") from error
    except (Exception, SystemExit) as error:  # readers raise errors of any kind; meshio's exits when it gives up
        raise MeshError(f"{file}: cannot be read ({_reason(error)}): {_remedy(error, kind)}") from error
    try:
        return PlaneMesh(_in_the_plane(points, groups), {name: cells for name, cells in groups.items() if len(cells)})
    except MeshError as error:
        raise MeshError(f"{file}: {error}") from error


Read = tuple[Floats, dict[str, Ints]]
"""Points (N, 2 or 3) and triangles (M, 3) by group."""


def _reader(file: Path, kind: str) -> Callable[[Path], Read]:
    """gmsh is the best reader of its own files: it handles overlapping groups, cells in no group,
    and every version since 4. But in files of version 2, which tag each cell, it turns whole
    entities into groups; and a file that is not a mesh it would run as a script.
    """
    if kind == ".inp":
        return read_inp
    if kind == ".msh":
        with file.open("rb") as opened:
            mark, version = [*opened.read(200).split(), b"", b""][:2]
        return _by_gmsh if mark == b"$MeshFormat" and not version.startswith(b"2") else _by_meshio
    return _by_gmsh if kind in (".med", ".unv") else _by_meshio


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _remedy(error: BaseException, kind: str) -> str:
    if isinstance(error, ModuleNotFoundError):
        return f"install what it needs, pip install {error.name}, or save the mesh as a gmsh .msh file"
    return REMEDIES.get(kind, "save it as a gmsh .msh file")


def _in_the_plane(points: Floats, groups: dict[str, Ints]) -> Floats:
    used = np.unique(np.concatenate([cells.ravel() for cells in groups.values()])) if groups else np.empty(0, dtype=np.int64)
    if points.shape[1] == 3 and len(used):
        extents = np.ptp(points[used], axis=0)
        if extents[2] > TOLERANCE * extents.max():
            raise MeshError("the mesh does not lie in the x-y plane: turn it so that x runs along the interface and y up")
    return np.array(points[:, :2], dtype=np.float64)


# --- gmsh


def _by_gmsh(file: Path) -> Read:
    import gmsh

    with gmsh_session(file.stem):
        gmsh.merge(str(file))
        if gmsh.model.getEntities(3) and len(gmsh.model.mesh.getElements(3)[0]):
            raise MeshError("the mesh has cells in 3-D: ready meshes are plane")
        tags, places, _ = gmsh.model.mesh.getNodes()
        order = np.argsort(tags)
        index = np.zeros(int(tags.max(initial=0)) + 1, dtype=np.int64)
        index[tags[order]] = np.arange(len(tags))
        found: dict[str, list[tuple[Ints, Ints]]] = {}
        for dim, entity in gmsh.model.getEntities(2):
            numbers, triangles = _triangles_of(entity)
            for group in gmsh.model.getPhysicalGroupsForEntity(dim, entity):
                name = gmsh.model.getPhysicalName(dim, group).strip() or str(group)
                found.setdefault(name, []).append((numbers, index[triangles]))
        return places.reshape(-1, 3)[order], {name: _in_order(parts) for name, parts in found.items()}


def _triangles_of(entity: int) -> tuple[Ints, Ints]:
    """Tags (M,) of the triangles of a surface, and those of their nodes (M, 3)."""
    import gmsh

    kinds, numbers, nodes = gmsh.model.mesh.getElements(2, entity)
    for kind in kinds:
        if kind != TRIANGLE:
            raise MeshError(f"the mesh has cells of type '{gmsh.model.mesh.getElementProperties(kind)[0]}': {FIRST_ORDER}")
    if not len(kinds):
        return np.empty(0, dtype=np.int64), np.empty((0, 3), dtype=np.int64)
    return np.asarray(numbers[0], dtype=np.int64), np.asarray(nodes[0], dtype=np.int64).reshape(-1, 3)


def _in_order(parts: list[tuple[Ints, Ints]]) -> Ints:
    """Triangles in the order of their numbers in the file."""
    numbers, cells = (np.concatenate(pieces) for pieces in zip(*parts))
    return np.asarray(cells[np.argsort(numbers, kind="stable")])


# --- meshio


def _by_meshio(file: Path) -> Read:
    import meshio  # imported here, because it imports rich

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            mesh = meshio.read(file)
    except SystemExit:  # it prints the error of each of its readers, and exits
        lines = [" ".join(line.replace(str(file), "it").split()) for line in said.getvalue().splitlines() if line.strip()]
        raise ValueError(lines[0].removeprefix("Error: ") if lines else "no reader understands it") from None
    return np.asarray(mesh.points, dtype=np.float64), _named(mesh)


def _named(mesh: meshio.Mesh) -> dict[str, Ints]:
    """Triangles (M, 3) of each group: gmsh's physical groups, MED's tags, or sets of cells."""
    numbers = {int(number): name for name, (number, dim) in mesh.field_data.items() if dim == 2}
    tags = mesh.cell_data.get("gmsh:physical") or mesh.cell_data.get("cell_tags")
    for number, (name, *_) in getattr(mesh, "cell_tags", {}).items():
        numbers[int(number)] = name
    found: dict[str, list[Ints]] = {}
    for k, block in enumerate(mesh.cells):
        if block.dim < 2:
            continue
        if block.type != "triangle":
            raise MeshError(f"the mesh has cells of type '{block.type}': {FIRST_ORDER}")
        for name, chosen in _names_in_block(mesh, k, tags[k] if tags and numbers else None, numbers):
            found.setdefault(name.strip(), []).append(np.asarray(block.data[chosen], dtype=np.int64))
    return {name: np.concatenate(parts) for name, parts in found.items()}


def _names_in_block(mesh: meshio.Mesh, k: int, tags: Ints | None, numbers: dict[int, str]) -> Iterator[tuple[str, Ints]]:
    if tags is not None:
        for number in np.unique(tags):
            yield numbers.get(int(number), str(number)), np.flatnonzero(tags == number)
        return
    for name, sets in mesh.cell_sets.items():
        if k < len(sets) and sets[k] is not None and len(sets[k]) and not name.startswith("gmsh:"):
            yield name, np.asarray(sets[k])
