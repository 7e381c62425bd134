"""Hexahedra in columns and layers, made by each rank: no rank stores more of the mesh than its part
and the ghost cells.

Each rank takes its cells by `Bisection`, finds the other ranks that share a facet with them, and
passes them to dolfinx with an equal share of the nodes. Groups of cells and facets, numbers,
coordinates of joined nodes and the gap follow from the coordinates of columns and layers, which all
ranks know.
"""

from __future__ import annotations

import math
from typing import Any

import basix.ufl
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.hexahedra_shares import Bisection
from cellfem.domain.parent_mesh import Floats, Gamma, Ints, Parent
from cellfem.domain.periodic_geometry import Places, rebuilt
from cellfem.geometry.hexahedra import Hexahedra
from dolfinx import mesh
from dolfinx.graph import adjacencylist


def distributed_hexahedra(bricks: Hexahedra, comm: MPI.Intracomm) -> Parent:
    """Make the mesh of hexahedra from data that are the same on every rank (collective)."""
    halving = Bisection(bricks, comm.size)
    own = halving.own(comm.rank)
    element = basix.ufl.element("Lagrange", "hexahedron", 1, shape=(3,))
    grid = mesh.create_mesh(
        comm,
        bricks.corner_numbers(own, joined=True),
        element,
        bricks.places(bricks.nodes_of(_share(math.prod(bricks.joined_nodes), comm), joined=True)),
        _partitioner(bricks, halving, own, comm.rank) if comm.size > 1 else None,
    )
    corners = np.asarray(grid.geometry.input_global_indices, dtype=np.int64)[grid.geometry.dofmaps[0]]
    cells = bricks.nodes_of(corners[:, 0], joined=True)  # the lowest corner, which is never on a high side
    if bricks.periodic:
        grid = rebuilt(grid, element, _places(bricks, halving, cells, comm))

    def gap(at: Gamma) -> Floats:
        return _gap(bricks, cells, at, comm)

    return Parent(
        grid,
        mesh.meshtags(grid, 3, np.arange(len(cells), dtype=np.int32), bricks.groups(cells).astype(np.int32)),
        _facet_tags(bricks, grid, cells),
        bricks.cell_numbers(cells),
        corners,
        bricks.extents,
        bricks.lithium_thickness,
        bricks.electrolyte_thickness,
        1,
        bricks.periodic,
        gap,
    )


def _share(count: int, comm: MPI.Intracomm) -> Ints:
    """This rank's numbers out of `count`: shares as equal as possible, in the order of ranks."""
    begin, end = (count * rank // comm.size for rank in (comm.rank, comm.rank + 1))
    return np.arange(begin, end)


def _partitioner(bricks: Hexahedra, halving: Bisection, own: Ints, rank: int) -> Any:
    """For `mesh.create_mesh`: each of the own cells stays, and becomes a ghost on the ranks of
    cells across its facets."""
    cell, other = _neighbours_elsewhere(bricks, halving, own, rank)
    begin = np.concatenate([[0], np.cumsum(1 + np.bincount(cell, minlength=len(own)))]).astype(np.int32)
    ranks = np.full(begin[-1], rank, dtype=np.int32)
    ghost = np.ones(len(ranks), dtype=bool)
    ghost[begin[:-1]] = False
    ranks[ghost] = other

    def part(*_: Any) -> Any:
        return adjacencylist(ranks, begin)._cpp_object

    return part


def _neighbours_elsewhere(bricks: Hexahedra, halving: Bisection, own: Ints, rank: int) -> tuple[Ints, Ints]:
    """Pairs of an own cell (its index in `own`, ascending) and another rank that has a cell across
    one of its facets."""
    pairs = [np.empty((0, 2), dtype=np.int64)]
    for axis, count in enumerate(bricks.cells):
        for step in (-1, 1):
            across = own.copy()
            across[:, axis] += step
            if bricks.periodic and axis < 2:
                across[:, axis] %= count
            inside = np.flatnonzero((across[:, axis] >= 0) & (across[:, axis] < count))
            owner = halving.owners(across[inside])
            apart = owner != rank
            pairs.append(np.column_stack([inside[apart], owner[apart]]))
    cell, other = np.unique(np.concatenate(pairs), axis=0).T
    return cell, other


def _facet_tags(bricks: Hexahedra, grid: mesh.Mesh, cells: Ints) -> mesh.MeshTags:
    """Tags of Γ and the outer faces, from the cells, whose vertices dolfinx keeps in order."""
    grid.topology.create_entities(2)
    grid.topology.create_connectivity(3, 2)
    links = grid.topology.connectivity(3, 2)
    facets = links.array.reshape(len(cells), 6)
    group = bricks.facets(cells)
    found, first = np.unique(facets[group > 0], return_index=True)
    return mesh.meshtags(grid, 2, found.astype(np.int32), group[group > 0][first].astype(np.int32))


def _places(bricks: Hexahedra, halving: Bisection, cells: Ints, comm: MPI.Intracomm) -> Places:
    """Nodes of the local cells, with joined nodes at both sides (collective).

    A node belongs to the rank of the cell above it, or below if there is none above: every rank can
    tell, and each sends the numbers of its own nodes to the others.
    """
    corners = bricks.corner_numbers(cells, joined=False)
    seen = np.unique(corners)
    owner = halving.owners(np.minimum(bricks.nodes_of(seen, joined=False), np.array(bricks.cells) - 1))
    mine, ghosts = seen[owner == comm.rank], seen[owner != comm.rank]
    owners = owner[owner != comm.rank]
    offset = comm.exscan(len(mine)) or 0
    order = np.argsort(owners, kind="stable")
    asked = np.split(ghosts[order], np.searchsorted(owners[order], np.arange(1, comm.size)))
    answers = comm.alltoall([offset + np.searchsorted(mine, nodes) for nodes in comm.alltoall(asked)])
    numbers = np.empty(len(ghosts), dtype=np.int64)
    numbers[order] = np.concatenate(answers)
    nodes = np.concatenate([mine, ghosts])
    by_number = np.argsort(nodes)
    dofmap = by_number[np.searchsorted(nodes[by_number], corners)]
    places = bricks.places(bricks.nodes_of(nodes, joined=False))
    return Places(len(mine), numbers, owners, nodes, places, dofmap.astype(np.int32))


def _gap(bricks: Hexahedra, cells: Ints, at: Gamma, comm: MPI.Intracomm) -> Floats:
    """Gap at the own nodes; properties of the whole of Γ are agreed between ranks."""
    nodes = bricks.nodes_of(at.nodes, joined=True)
    on_gamma = nodes[:, 2] == bricks.below
    here = bricks.gap(bricks.places(nodes[on_gamma])[:, :2])
    least = comm.allreduce(float(here.min(initial=np.inf)), op=MPI.MIN)
    largest = comm.allreduce(float(here.max(initial=-np.inf)), op=MPI.MAX)
    gap = np.zeros(len(nodes))
    gap[on_gamma] = here
    slopes: NDArray[np.float64] = bricks.slopes(cells[at.cells], gap[at.facets])
    bricks.check_slopes(comm.allreduce(float(slopes.max(initial=0.0)), op=MPI.MAX))
    gap[on_gamma] = bricks.settled(here, least, largest)
    return gap
