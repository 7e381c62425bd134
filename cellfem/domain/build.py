"""Distributed meshes, submeshes, entity maps and measures, from a `StackMesh` or `Hexahedra`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import basix
import numpy as np
import ufl
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.distributed_hexahedra import distributed_hexahedra
from cellfem.domain.mesh_from_root import mesh_from_root
from cellfem.domain.parent_mesh import Gamma
from cellfem.geometry import Hexahedra, Source, StackMesh
from cellfem.geometry.groups import ELECTROLYTE, INTERFACE, LITHIUM
from dolfinx import fem, mesh
from dolfinx.cpp.la import InsertMode

Ints = NDArray[np.int32]
SKIN = 9
"""Tag of the lithium cells that touch Γ, in dx."""


@dataclass(frozen=True, kw_only=True)
class Domain:
    """The parent mesh and the bodies cut from it.

    `skin` is the layer of lithium cells that touch Γ: the unknowns of Γ live on it (values and
    tangential gradients are then exact), with their nodes off Γ constrained. On `dG` the "+" side
    is always the lithium.

    Periodic sides are joined in the topology, so that every continuous function is periodic; in the
    geometry their nodes have coordinates on each side, so that integrals and cells are as
    elsewhere. A function of a node alone takes its coordinates on the low side (`places`).
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
    gamma_facets: Ints  # (K, n) nodes of the skin (P1 dofs, ghosts too) of those facets, in basix's order
    extents: tuple[float, ...]  # of Γ, µm: the width, and in 3-D the depth
    lithium_thickness: float
    electrolyte_thickness: float
    electrodes: int  # 2: a second one below the electrolyte
    side: fem.Function | None  # on the lithium, DG0: 1 in the first electrode, -1 in the second; None where there is one
    gap: NDArray[np.float64]  # gap at the start at the nodes of the skin (P1 dofs), µm; zero off Γ
    numbers: NDArray[np.int64]  # (cells,) of the parent's cells, independent of the ranks
    corners: NDArray[np.int64]  # (cells, n) numbers of the parent's corners, on any ranks; joined nodes share one
    periodic: bool

    @property
    def dimension(self) -> int:
        return int(self.parent.topology.dim)

    @property
    def gamma_planes(self) -> tuple[float, ...]:
        """Last coordinate of Γ of each electrode (µm)."""
        return (0.0, -self.electrolyte_thickness)[: self.electrodes]

    @property
    def outer_planes(self) -> tuple[float, ...]:
        """Last coordinate of the outer face of each electrode (µm)."""
        return (self.lithium_thickness, -self.electrolyte_thickness - self.lithium_thickness)[: self.electrodes]

    def near(self, last: NDArray[np.float64], planes: tuple[float, ...]) -> NDArray[np.bool_]:
        """Which of these last coordinates lie on one of the planes."""
        tiny = 1e-9 * max(*self.extents, self.lithium_thickness, self.electrolyte_thickness)
        return np.any([np.abs(last - plane) < tiny for plane in planes], axis=0)

    @property
    def middle(self) -> float:
        """Last coordinate that separates the electrodes (µm); -inf if there is one electrode."""
        return -0.5 * self.electrolyte_thickness if self.electrodes == 2 else -math.inf

    @property
    def periods(self) -> tuple[float, ...]:
        """Extents of Γ along which it is periodic (µm); none between mirror planes."""
        return self.extents if self.periodic else ()

    def places(self, space: fem.FunctionSpace) -> NDArray[np.float64]:
        """Coordinates (N, d) of a space's nodes, µm: exact zeros, and those on the low side for
        nodes on periodic sides."""
        at = space.tabulate_dof_coordinates()[:, : self.dimension]
        for axis, extent in enumerate(self.extents):
            at[np.abs(at[:, axis]) < 1e-9 * extent, axis] = 0.0  # submeshes have round-off
            if self.periodic:
                at[np.abs(at[:, axis] - extent) < 1e-9 * extent, axis] = 0.0
        return at

    def sides(self, last: NDArray[np.float64]) -> NDArray[np.float64]:
        """1 if a last coordinate belongs to the first electrode, -1 if to the second."""
        return np.where(last > self.middle, 1.0, -1.0)

    @property
    def width(self) -> float:
        """Extent in x (µm)."""
        return self.extents[0]

    def area(self, axisymmetric: bool) -> float:
        """|Γ|: the width (µm) in plane strain, π width² (µm²) if axisymmetric, width times depth
        (µm²) in 3-D."""
        return float(np.pi * self.width**2) if axisymmetric else math.prod(self.extents)

    def original_cells(self, grid: mesh.Mesh) -> NDArray[np.int64]:
        """Number in the `StackMesh` of each local cell, including ghosts, of the parent or one of
        its bodies."""
        return self.numbers[self._of_parent(grid)]

    def original_corners(self, grid: mesh.Mesh) -> NDArray[np.int64]:
        """Numbers of the corners of the same cells in the order of the `StackMesh`; joined nodes
        share a number."""
        return self.corners[self._of_parent(grid)]

    def _of_parent(self, grid: mesh.Mesh) -> Ints:
        if grid is self.parent:
            return np.arange(len(self.corners), dtype=np.int32)
        for body, of_parent in zip((self.lithium, self.electrolyte, self.skin), self.entity_maps):
            if grid is body:
                return _cells_of(body, of_parent)
        raise ValueError("the mesh is no part of this domain")

    def measures(self, degree: int) -> tuple[ufl.Measure, ufl.Measure, ufl.Measure]:
        """(dx by LITHIUM, ELECTROLYTE or SKIN, dG over Γ with "+" the lithium, ds by face),
        quadrature of the given degree."""
        meta = {"quadrature_degree": degree}
        owned = self.parent.topology.index_map(self.dimension).size_local
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


def build_domain(source: Source | None, comm: MPI.Intracomm) -> Domain:
    """Distribute a stack over the ranks of `comm` (collective; `source` is read on rank 0 only).

    Raises MeshError, on every rank, if the gap of hexahedra is impossible for the lithium.
    """
    bricks = comm.bcast(source if isinstance(source, Hexahedra) else None, root=0)
    stack = source if isinstance(source, StackMesh) else None
    made = mesh_from_root(stack, comm) if bricks is None else distributed_hexahedra(bricks, comm)
    parent, cells, facets = made.grid, made.cells, made.facets
    dim = parent.topology.dim
    parent.topology.create_connectivity(dim - 1, dim)
    parent.topology.create_connectivity(dim, dim - 1)
    skin_cells = _cells_touching(parent, facets.find(INTERFACE), cells.find(LITHIUM))
    lithium, lithium_map = mesh.create_submesh(parent, dim, cells.find(LITHIUM))[:2]
    electrolyte, electrolyte_map = mesh.create_submesh(parent, dim, cells.find(ELECTROLYTE))[:2]
    skin, skin_map = mesh.create_submesh(parent, dim, skin_cells)[:2]
    owned = parent.topology.index_map(dim).size_local
    interface = _interface_facets(parent, cells, facets)
    on_skin = fem.functionspace(skin, ("Lagrange", 1))
    gamma_facets = _gamma_facets(on_skin, skin_map, interface)
    numbers = np.zeros(on_skin.dofmap.index_map.size_local + on_skin.dofmap.index_map.num_ghosts, dtype=np.int64)
    numbers[np.asarray(on_skin.dofmap.list)] = made.corners[_cells_of(skin, skin_map)]
    return Domain(
        parent=parent,
        cells=cells,
        facets=facets,
        lithium=lithium,
        electrolyte=electrolyte,
        skin=skin,
        entity_maps=[lithium_map, electrolyte_map, skin_map],
        lithium_map=lithium_map,
        electrolyte_map=electrolyte_map,
        skin_map=skin_map,
        skin_cells=skin_cells[skin_cells < owned],
        interface=interface,
        gamma_facets=gamma_facets,
        extents=made.extents,
        lithium_thickness=made.lithium_thickness,
        electrolyte_thickness=made.electrolyte_thickness,
        electrodes=made.electrodes,
        side=_side(lithium, made.electrolyte_thickness) if made.electrodes == 2 else None,
        gap=made.gap(Gamma(numbers, gamma_facets, interface[:, 0])),
        numbers=made.numbers,
        corners=made.corners,
        periodic=made.periodic,
    )


def _cells_of(body: mesh.Mesh, of_parent: Any) -> Ints:
    """Cells of the parent, including ghosts, that belong to a body."""
    topology = body.topology.index_map(body.topology.dim)
    cells = np.arange(topology.size_local + topology.num_ghosts, dtype=np.int32)
    return np.asarray(of_parent.sub_topology_to_topology(cells, False))


def _side(lithium: mesh.Mesh, electrolyte_thickness: float) -> fem.Function:
    side = fem.Function(fem.functionspace(lithium, ("DG", 0)))
    side.interpolate(lambda x: np.where(x[lithium.topology.dim - 1] > -0.5 * electrolyte_thickness, 1.0, -1.0))
    return side


def _gamma_facets(on_skin: fem.FunctionSpace, skin_map: Any, interface: Ints) -> Ints:
    cell = on_skin.mesh.basix_cell()
    corners = np.array(basix.topology(cell)[on_skin.mesh.topology.dim - 1])  # (facets of a cell, n); P1 dofs are at corners
    inside = skin_map.sub_topology_to_topology(interface[:, 0].copy(), True)
    return np.asarray(np.take_along_axis(np.asarray(on_skin.dofmap.list)[inside], corners[interface[:, 1]], axis=1))


def _cells_touching(parent: mesh.Mesh, facets: Ints, candidates: Ints) -> Ints:
    """The candidates with a node on the facets; the same on every rank, although the facets of such
    a node may be on another rank."""
    P1 = fem.functionspace(parent, ("Lagrange", 1))
    mark = fem.Function(P1)
    mark.x.array[fem.locate_dofs_topological(P1, parent.topology.dim - 1, facets)] = 1.0
    mark.x.scatter_reverse(InsertMode.add)
    mark.x.scatter_forward()
    touching = (mark.x.array[P1.dofmap.list[candidates]] > 0).any(axis=1)
    return np.asarray(candidates[touching], dtype=np.int32)


def _interface_facets(parent: mesh.Mesh, cells: mesh.MeshTags, facets: mesh.MeshTags) -> Ints:
    dim = parent.topology.dim
    index_map = parent.topology.index_map(dim)
    body = np.zeros(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    body[cells.indices] = cells.values
    facet_cells, cell_facets = parent.topology.connectivity(dim - 1, dim), parent.topology.connectivity(dim, dim - 1)
    rows = []
    for facet in facets.find(INTERFACE):
        if facet < parent.topology.index_map(dim - 1).size_local:
            row: list[int] = []
            for cell in sorted(facet_cells.links(facet), key=lambda c: body[c]):  # LITHIUM < ELECTROLYTE
                row += [cell, int(np.flatnonzero(cell_facets.links(cell) == facet)[0])]
            rows.append(row)
    return np.array(rows, dtype=np.int32).reshape(-1, 4)
