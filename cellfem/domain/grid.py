"""Nodes as seen from the cells, for viewing and for tables: a node on periodic sides has
coordinates on each side."""

from __future__ import annotations

from dataclasses import dataclass

import basix
import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.build import Domain
from cellfem.domain.surface import geometry_nodes
from dolfinx import fem

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Grid:
    """Nodes with their own coordinates; without periodic sides one for each node of the space that
    a cell uses."""

    points: Floats  # (N, 3) µm
    cells: Ints  # (M, n) nodes of the owned cells, in the order of the element
    of: Ints  # (N,) node of the space (local, including ghosts) that each represents
    image: Ints  # (N,) bit k is set on the high side of axis k, for nodes joined along it

    def shift(self, periods: tuple[float, ...]) -> Floats:
        """Distance (N, 3) of each node from its image on the low side, µm; periods:
        `Domain.periods`."""
        found = np.zeros((len(self.of), 3))
        for axis, period in enumerate(periods):
            found[:, axis] = np.where(self.image >> axis & 1, period, 0.0)
        return found


def body_grid(domain: Domain, space: fem.FunctionSpace) -> Grid:
    """Grid of a Lagrange space on one of the bodies. Not collective."""
    mesh = space.mesh
    owned = mesh.topology.index_map(mesh.topology.dim).size_local
    linear = basix.create_element(basix.ElementFamily.P, mesh.basix_cell(), 1)
    shape = linear.tabulate(0, space.element.basix_element.points)[0, :, :, 0]
    corners = mesh.geometry.x[mesh.geometry.dofmaps[0][:owned]]
    return _grid(domain, np.asarray(space.dofmap.list)[:owned], np.einsum("nk,mki->mni", shape, corners))


def interface_grid(domain: Domain) -> Grid:
    """Grid of the facets of Γ that this rank owns, nodes of the skin (P1). Not collective."""
    return _grid(domain, domain.gamma_facets, domain.skin.geometry.x[geometry_nodes(domain)])


def _grid(domain: Domain, nodes: NDArray[np.int32], places: Floats) -> Grid:
    """nodes: (M, n); places: (M, n, 3), the coordinates of each as seen from the cell."""
    image = np.zeros(nodes.shape, dtype=np.int64)
    for axis, period in enumerate(domain.periods):
        image += (np.abs(places[..., axis] - period) < 1e-9 * period).astype(np.int64) << axis
    axes = len(domain.extents)
    known, first, cells = np.unique(nodes.astype(np.int64) << axes | image, return_index=True, return_inverse=True)
    return Grid(places.reshape(-1, 3)[first], cells.reshape(nodes.shape), known >> axes, known & ((1 << axes) - 1))
