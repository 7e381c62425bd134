"""The parent mesh, as returned by `mesh_from_root` and `distributed_hexahedra`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from dolfinx import mesh

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Gamma:
    """Where a rank needs the gap: nodes of the skin, and the facets of Γ that it owns."""

    nodes: Ints  # (N,) numbers of the skin's nodes, including ghosts; those of joined nodes on periodic sides
    facets: NDArray[np.int32]  # (K, n) indices of their corners among the nodes
    cells: NDArray[np.int32]  # (K,) the lithium's cell of the parent at each


@dataclass(frozen=True, eq=False)
class Parent:
    """The mesh of the whole stack, distributed such that the owner of a facet also has the cell
    across it.

    Numbers refer to the whole `StackMesh`, which need not exist.
    """

    grid: mesh.Mesh
    cells: mesh.MeshTags
    facets: mesh.MeshTags
    numbers: Ints  # (M,) of the local cells, ghosts too
    corners: Ints  # (M, n) of their corners; joined nodes share a number
    extents: tuple[float, ...]
    lithium_thickness: float
    electrolyte_thickness: float
    electrodes: int
    periodic: bool
    gap: Callable[[Gamma], Floats]  # gap at the start at the requested nodes, µm, zero off Γ (collective)
