"""From the arrays of a `StackMesh` on rank 0 to distributed meshes, submeshes, entity maps and measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import basix.ufl
import numpy as np
import ufl
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.geometry.groups import ELECTROLYTE, INTERFACE, LITHIUM
from cellfem.geometry.stack import StackMesh
from dolfinx import fem, io, mesh
from dolfinx.cpp.la import InsertMode
from dolfinx.graph import adjacencylist

Ints = NDArray[np.int32]
SKIN = 9
"""Tag of the lithium cells that touch Γ, in dx."""


@dataclass(frozen=True)
class Domain:
    """The parent mesh and the bodies cut from it.

    `skin` is the layer of lithium cells that touch Γ: unknowns of Γ live there (values and tangential gradients are then exact),
    with their nodes off Γ pinned. On `dG` the "+" side is always the lithium.
    """

    parent: mesh.Mesh
    cells: mesh.MeshTags
    facets: mesh.MeshTags
    lithium: mesh.Mesh
    electrolyte: mesh.Mesh
    skin: mesh.Mesh
    entity_maps: list[Any]
    lithium_map: Any
    electrolyte_map: Any
    skin_map: Any
    skin_cells: Ints  # parent cells of the skin
    interface: Ints  # (K, 4) owned facets of Γ: lithium cell, its local facet, electrolyte cell, its local facet
    width: float
    lithium_thickness: float
    electrolyte_thickness: float
    gap_x: NDArray[np.float64]  # initial gap along Γ, on every rank
    gap: NDArray[np.float64]

    def area(self, axisymmetric: bool) -> float:
        """|Γ|: the width (µm) in plane strain, π width² (µm²) about an axis."""
        return float(np.pi * self.width**2) if axisymmetric else self.width

    def measures(self, degree: int) -> tuple[ufl.Measure, ufl.Measure, ufl.Measure]:
        """(dx by LITHIUM, ELECTROLYTE or SKIN, dG over Γ with "+" the lithium, ds by face), quadrature of the given degree."""
        meta = {"quadrature_degree": degree}
        owned = self.parent.topology.index_map(2).size_local
        bodies = [
            (body, found[found < owned])
            for body, found in (
                (LITHIUM, self.cells.find(LITHIUM)),
                (ELECTROLYTE, self.cells.find(ELECTROLYTE)),
                (SKIN, self.skin_cells),
            )
        ]
        dx = ufl.Measure("dx", domain=self.parent, subdomain_data=bodies, metadata=meta)
        gamma = ufl.Measure(
            "dS", domain=self.parent, subdomain_data=[(INTERFACE, self.interface.ravel())], subdomain_id=INTERFACE, metadata=meta
        )
        ds = ufl.Measure("ds", domain=self.parent, subdomain_data=self.facets, metadata=meta)
        return dx, gamma, ds


def build_domain(stack: StackMesh | None, comm: MPI.Intracomm) -> Domain:
    """Distribute a stack over the ranks of `comm` (collective; `stack` is read on rank 0 only)."""
    parent, cells, facets = _distribute(stack, comm)
    sizes = (
        (stack.width, stack.lithium_thickness, stack.electrolyte_thickness, stack.gap_x, stack.gap)
        if stack is not None and comm.rank == 0
        else None
    )
    width, high, low, gap_x, gap = comm.bcast(sizes, root=0)
    parent.topology.create_connectivity(1, 2)
    parent.topology.create_connectivity(2, 1)
    skin_cells = _cells_touching(parent, facets.find(INTERFACE), cells.find(LITHIUM))
    lithium, lithium_map = mesh.create_submesh(parent, 2, cells.find(LITHIUM))[:2]
    electrolyte, electrolyte_map = mesh.create_submesh(parent, 2, cells.find(ELECTROLYTE))[:2]
    skin, skin_map = mesh.create_submesh(parent, 2, skin_cells)[:2]
    owned = parent.topology.index_map(2).size_local
    return Domain(
        parent,
        cells,
        facets,
        lithium,
        electrolyte,
        skin,
        [lithium_map, electrolyte_map, skin_map],
        lithium_map,
        electrolyte_map,
        skin_map,
        skin_cells[skin_cells < owned],
        _interface_facets(parent, cells, facets),
        width,
        high,
        low,
        gap_x,
        gap,
    )


def _distribute(stack: StackMesh | None, comm: MPI.Intracomm) -> tuple[mesh.Mesh, mesh.MeshTags, mesh.MeshTags]:
    empty = (
        np.empty((0, 2)),
        np.empty((0, 3), dtype=np.int64),
        np.empty(0, dtype=np.int32),
        np.empty((0, 2), dtype=np.int64),
        np.empty(0, dtype=np.int32),
    )
    points, cells, cell_group, facets, facet_group = (
        (stack.points, stack.cells, stack.cell_group, stack.facets, stack.facet_group)
        if comm.rank == 0 and stack is not None
        else empty
    )
    element = basix.ufl.element("Lagrange", "triangle", 1, shape=(2,))
    # Interface integrals need the cell across each facet on the rank that owns it.
    partitioner = mesh.create_cell_partitioner(mesh.GhostMode.shared_facet, 2)
    parent = mesh.create_mesh(comm, cells, element, points, partitioner)
    tags = []
    for dim, entities, values in ((2, cells, cell_group), (1, facets, facet_group)):
        local, value = io.utils.distribute_entity_data(parent, dim, entities, values.astype(np.int32))
        parent.topology.create_connectivity(dim, 0)
        parent.topology.create_connectivity(dim, 2)
        tags.append(mesh.meshtags_from_entities(parent, dim, adjacencylist(local), value.astype(np.int32)))
    return parent, tags[0], tags[1]


def _cells_touching(parent: mesh.Mesh, facets: Ints, candidates: Ints) -> Ints:
    """The candidates with a node on the facets; alike on every rank, though the facets of such a node may live elsewhere."""
    P1 = fem.functionspace(parent, ("Lagrange", 1))
    mark = fem.Function(P1)
    mark.x.array[fem.locate_dofs_topological(P1, 1, facets)] = 1.0
    mark.x.scatter_reverse(InsertMode.add)
    mark.x.scatter_forward()
    touching = (mark.x.array[P1.dofmap.list[candidates]] > 0).any(axis=1)
    return np.asarray(candidates[touching], dtype=np.int32)


def _interface_facets(parent: mesh.Mesh, cells: mesh.MeshTags, facets: mesh.MeshTags) -> Ints:
    index_map = parent.topology.index_map(2)
    body = np.zeros(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    body[cells.indices] = cells.values
    facet_cells, cell_facets = parent.topology.connectivity(1, 2), parent.topology.connectivity(2, 1)
    rows = []
    for facet in facets.find(INTERFACE):
        if facet < parent.topology.index_map(1).size_local:
            row: list[int] = []
            for cell in sorted(facet_cells.links(facet), key=lambda c: body[c]):  # LITHIUM < ELECTROLYTE
                row += [cell, int(np.flatnonzero(cell_facets.links(cell) == facet)[0])]
            rows.append(row)
    return np.array(rows, dtype=np.int32).reshape(-1, 4)
