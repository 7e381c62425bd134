"""Meshes whose opposite sides are one: one vertex in the topology, a place on each side in the geometry."""

from __future__ import annotations

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
    """The nodes that stand for all, in their order, and for every node the place in this list of the one that it is joined to.

    dolfinx needs numbers without holes.
    """
    if not stack.periodic:
        every = np.arange(len(stack.points))
        return every, every
    return np.unique(stack.joined, return_inverse=True)


def with_places(merged: mesh.Mesh, element: Any, stack: StackMesh | None) -> mesh.Mesh:
    """The topology of `merged`, made of joined nodes, with the places that the stack's cells have (collective).

    stack: on rank 0, whose cells `merged.topology.original_cell_index` counts.
    """
    comm = merged.comm
    asked = comm.gather(np.asarray(merged.topology.original_cell_index, dtype=np.int64), root=0)
    pieces = None if asked is None or stack is None else _pieces(stack, asked)
    owned, ghosts, owners, nodes, places, dofmap = comm.scatter(pieces, root=0)
    index_map = IndexMap(comm, owned, ghosts, owners, TAG)
    geometry = mesh.create_geometry(index_map, dofmap, merged.geometry.cmaps[0], places, nodes)
    return mesh.Mesh(cpp.mesh.Mesh_float64(comm, merged.topology._cpp_object, geometry._cpp_object), ufl.Mesh(element))


def _pieces(stack: StackMesh, asked: list[Ints]) -> list[tuple[int, Ints, NDArray[np.int32], Ints, Any, NDArray[np.int32]]]:
    """For each rank: how many nodes it owns; global number and owner of its ghosts; all its nodes, their places; its cells'."""
    seen = [np.unique(stack.cells[cells]) for cells in asked]
    owner = np.zeros(len(stack.points), dtype=np.int32)
    for rank in reversed(range(len(seen))):
        owner[seen[rank]] = rank
    number = np.empty(len(stack.points), dtype=np.int64)
    by_owner = np.argsort(owner, kind="stable")  # every node is seen by some rank
    number[by_owner] = np.arange(len(by_owner))
    pieces = []
    for rank, (cells, nodes) in enumerate(zip(asked, seen)):
        mine, ghosts = nodes[owner[nodes] == rank], nodes[owner[nodes] != rank]
        order = np.concatenate([mine, ghosts])
        local = np.empty(len(stack.points), dtype=np.int32)
        local[order] = np.arange(len(order))
        pieces.append((len(mine), number[ghosts], owner[ghosts], order, stack.points[order], local[stack.cells[cells]]))
    return pieces
