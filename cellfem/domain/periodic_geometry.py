"""Meshes with periodic sides: joined vertices in the topology, coordinates on each side in the
geometry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import ufl
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.stack import StackMesh
from dolfinx import cpp, mesh
from dolfinx.common import IndexMap

Ints = NDArray[np.int64]
TAG = 4711  # of the messages by which ranks agree on the nodes


def numbering(stack: StackMesh) -> tuple[Ints, Ints]:
    """The representative nodes in order, and for every node the index of its representative in this
    list.

    dolfinx needs consecutive numbers.
    """
    if not stack.periodic:
        every = np.arange(len(stack.points))
        return every, every
    return np.unique(stack.joined, return_inverse=True)


def with_places(merged: mesh.Mesh, element: Any, stack: StackMesh | None) -> mesh.Mesh:
    """The topology of `merged`, made of joined nodes, with the coordinates of the stack's cells
    (collective).

    stack: on rank 0; `merged.topology.original_cell_index` refers to its cells.
    """
    comm = merged.comm
    asked = comm.gather(np.asarray(merged.topology.original_cell_index, dtype=np.int64), root=0)
    pieces = None if asked is None or stack is None else _pieces(stack, asked)
    return rebuilt(merged, element, comm.scatter(pieces, root=0))


@dataclass(frozen=True, eq=False)
class Places:
    """One rank's nodes of a geometry: its own, then its ghosts."""

    owned: int
    ghosts: Ints  # global numbers: own nodes of all ranks are counted in the order of ranks
    owners: NDArray[np.int32]  # of the ghosts
    nodes: Ints  # (N,) numbers in the `StackMesh`
    points: NDArray[np.float64]  # (N, d) µm
    dofmap: NDArray[np.int32]  # (M, n) of the local cells, ghosts too


def rebuilt(merged: mesh.Mesh, element: Any, places: Places) -> mesh.Mesh:
    """The topology of a mesh with another geometry (collective)."""
    index_map = IndexMap(merged.comm, places.owned, places.ghosts, places.owners, TAG)
    geometry = mesh.create_geometry(index_map, places.dofmap, merged.geometry.cmaps[0], places.points, places.nodes)
    return mesh.Mesh(cpp.mesh.Mesh_float64(merged.comm, merged.topology._cpp_object, geometry._cpp_object), ufl.Mesh(element))


def _pieces(stack: StackMesh, asked: list[Ints]) -> list[Places]:
    """The nodes of each rank's cells."""
    seen = [np.unique(stack.cells[cells]) for cells in asked]
    owner = np.zeros(len(stack.points), dtype=np.int32)
    for rank in reversed(range(len(seen))):
        owner[seen[rank]] = rank
    number = np.empty(len(stack.points), dtype=np.int64)
    by_owner = np.argsort(owner, kind="stable")  # every node belongs to some rank
    number[by_owner] = np.arange(len(by_owner))
    pieces = []
    for rank, (cells, nodes) in enumerate(zip(asked, seen)):
        mine, ghosts = nodes[owner[nodes] == rank], nodes[owner[nodes] != rank]
        order = np.concatenate([mine, ghosts])
        local = np.empty(len(stack.points), dtype=np.int32)
        local[order] = np.arange(len(order))
        pieces.append(Places(len(mine), number[ghosts], owner[ghosts], order, stack.points[order], local[stack.cells[cells]]))
    return pieces
