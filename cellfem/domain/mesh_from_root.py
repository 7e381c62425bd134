"""Distribute the arrays of a `StackMesh` on rank 0: works for any mesh, but all of it must fit on
rank 0."""

from __future__ import annotations

import basix
import basix.ufl
import numpy as np
from mpi4py import MPI

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.parent_mesh import Floats, Gamma, Parent
from cellfem.domain.partition import partitioner
from cellfem.domain.periodic_geometry import numbering, with_places
from cellfem.geometry.stack import CELLS, StackMesh, interface_nodes
from dolfinx import io, mesh
from dolfinx.graph import adjacencylist


def mesh_from_root(stack: StackMesh | None, comm: MPI.Intracomm) -> Parent:
    """Distribute a stack (collective); all ranks other than 0 pass None."""
    about = None
    if comm.rank == 0 and stack is not None:
        sizes = (stack.extents, stack.lithium_thickness, stack.electrolyte_thickness, stack.electrodes, stack.periodic)
        about = (stack.points.shape[1], stack.cells.shape[1], sizes)
    dim, per_cell, (extents, high, low, electrodes, periodic) = comm.bcast(about, root=0)
    cell = CELLS[dim, per_cell]
    element = basix.ufl.element("Lagrange", cell, 1, shape=(dim,))
    if comm.rank == 0 and stack is not None:
        kept, number = numbering(stack)
        points, cells, cell_group = stack.points[kept], number[stack.cells], stack.cell_group
        facets, facet_group = number[stack.facets], stack.facet_group
        middles = stack.points[stack.cells].mean(axis=1)
    else:
        points, cells, cell_group = np.empty((0, dim)), np.empty((0, per_cell), dtype=np.int64), np.empty(0, dtype=np.int64)
        per_facet = len(basix.topology(basix.CellType[cell])[dim - 1][0])
        facets, facet_group = np.empty((0, per_facet), dtype=np.int64), np.empty(0, dtype=np.int64)
        middles = points
    # Interface integrals need the cell across each facet on the rank that owns it.
    grid = mesh.create_mesh(
        comm, cells, element, points, partitioner(middles, cells, cell_group, cell) if comm.size > 1 else None
    )
    numbers = np.asarray(grid.topology.original_cell_index, dtype=np.int64)
    corners = np.asarray(grid.geometry.input_global_indices, dtype=np.int64)[grid.geometry.dofmaps[0]]
    tagged = [
        (of, *io.utils.distribute_entity_data(grid, of, entities, values.astype(np.int32)))
        for of, entities, values in ((dim, cells, cell_group), (dim - 1, facets, facet_group))
    ]
    if periodic:
        grid = with_places(grid, element, stack)
    tags = []
    for of, local, value in tagged:
        grid.topology.create_connectivity(of, 0)
        grid.topology.create_connectivity(of, dim)
        tags.append(mesh.meshtags_from_entities(grid, of, adjacencylist(local), value.astype(np.int32)))

    def gap(at: Gamma) -> Floats:
        return _gap(stack, at, comm)

    return Parent(grid, tags[0], tags[1], numbers, corners, extents, high, low, electrodes, periodic, gap)


def _gap(stack: StackMesh | None, at: Gamma, comm: MPI.Intracomm) -> Floats:
    """Gap from rank 0, to each rank its own part."""
    asked, answers = comm.gather(at.nodes, root=0), None
    if stack is not None and asked is not None:
        gap = np.zeros(len(stack.points))
        gap[interface_nodes(stack)] = stack.gap
        gap = gap[numbering(stack)[0]]
        answers = [gap[nodes] for nodes in asked]
    found: Floats = comm.scatter(answers, root=0)
    return found
