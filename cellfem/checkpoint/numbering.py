"""Identifies each unknown independently of ranks, by the numbers of nodes and cells in the input
mesh.

One 64-bit key for each node of a finite element, from the mesh entity to which it belongs; a < b
are input numbers of its vertices:

    vertex a·2³¹ + a · edge a·2³¹ + b · quadrilateral face a·2³¹ + (the node opposite to its
    smallest, a) cell interior -(1 + cell·n + j), node j of n in the cell · a global number (real
    element) 0

No two entities of a conforming mesh share a key. Lagrange elements up to degree 2, quadrature and
discontinuous elements have at most one node on an edge or face; elements with more are refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import basix
import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from dolfinx import fem

Ints = NDArray[np.int64]
SHIFT = 31  # bits of a node number


class Numbers(Protocol):
    """Input numbers of the nodes and cells of a mesh, for each local cell including ghosts."""

    def original_cells(self, grid: Any) -> Ints:
        """Number (M,) of the cell."""

    def original_corners(self, grid: Any) -> Ints:
        """Numbers (M, n) of the nodes at its corners, in the order of the mesh's vertices."""


@dataclass(frozen=True, eq=False)
class Leaf:
    """One element of a space (a mixed space has several), restricted to the nodes that this rank
    owns."""

    keys: Ints  # (N,), all different
    places: Ints  # (N, b) of its b values at a node, in the owned part of an array on the space


def leaves(space: fem.FunctionSpace, numbers: Numbers) -> tuple[Leaf, ...]:
    """The elements of a space in order (collective). Raises ValueError for an element without
    unique keys."""
    if space.dofmap.bs > 1 or not space.num_sub_spaces:
        count, width = space.dofmap.index_map.size_local, space.dofmap.index_map_bs
        return (Leaf(_keys(space, numbers)[:count], np.arange(count * width, dtype=np.int64).reshape(count, width)),)
    found = []
    for k in range(space.num_sub_spaces):
        part, index = space.sub(k).collapse()
        count = part.dofmap.index_map.size_local
        places = np.asarray(index, dtype=np.int64).reshape(-1, part.dofmap.index_map_bs)[:count]
        found.append(Leaf(_keys(part, numbers)[:count], places))
    return tuple(found)


def _keys(space: fem.FunctionSpace, numbers: Numbers) -> Ints:
    """Key of each local node of an element that is not mixed, including ghosts."""
    mesh, dofmap = space.mesh, space.dofmap
    keys = np.zeros(dofmap.index_map.size_local + dofmap.index_map.num_ghosts, dtype=np.int64)
    if dofmap.index_map.size_global == 1:  # a global unknown, not tied to a mesh entity
        return keys
    table = np.asarray(dofmap.list)
    corners = numbers.original_corners(mesh)
    tdim = mesh.topology.dim
    for dim, entities in enumerate(basix.topology(mesh.basix_cell())):
        for number, vertices in enumerate(entities):
            nodes = list(dofmap.dof_layout.entity_dofs(dim, number))
            if not nodes:
                continue
            if dim == tdim:
                inside = numbers.original_cells(mesh)[:, None] * len(nodes) + np.arange(len(nodes))
                keys[table[:, nodes]] = -1 - inside
            elif len(nodes) > 1 or (dim == 2 and len(vertices) == 3):
                raise ValueError("checkpoints cannot tell apart several nodes on an edge, or nodes on a triangular face")
            else:
                keys[table[:, nodes[0]]] = _entity_key(corners[:, list(vertices)])
    return keys


def _entity_key(corners: Ints) -> Ints:
    """Key (M,) of a vertex, edge or quadrilateral face from the input numbers (M, 1, 2 or 4) of its
    corners."""
    smallest = corners.min(axis=1)
    if corners.shape[1] == 4:
        opposite = 3 - corners.argmin(axis=1)  # corners of a reference quadrilateral are numbered in binary order
        return smallest << SHIFT | corners[np.arange(len(corners)), opposite]
    return smallest << SHIFT | corners.max(axis=1)
