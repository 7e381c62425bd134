"""How many unknowns a stack has, from its mesh alone."""

from __future__ import annotations

import basix
import numpy as np
from numpy.typing import NDArray

from cellfem.geometry import StackMesh
from cellfem.geometry.groups import ELECTROLYTE, INTERFACE, LITHIUM
from cellfem.model.state import GAMMA_FIELDS

Ints = NDArray[np.int64]
CELLS = {(2, 3): "triangle", (2, 4): "quadrilateral", (3, 4): "tetrahedron", (3, 8): "hexahedron"}
NUMBERS = 2


def unknowns(stack: StackMesh, quadratic_porosity: bool) -> int:
    """Velocity and potential of degree 2, pressure of degree 1, porosity of 2 or 1, the fields on the cells at Γ, two numbers.

    Where opposite sides are one, what lies on them counts once.
    """
    one_with, dimension = stack.joined if stack.periodic else np.arange(len(stack.points)), stack.points.shape[1]
    cells = one_with[stack.cells]
    lithium, electrolyte = (cells[stack.cell_group == group] for group in (LITHIUM, ELECTROLYTE))
    on_gamma = np.unique(one_with[stack.facets_of(INTERFACE)])
    skin = lithium[np.isin(lithium, on_gamma).any(axis=1)]
    second, first = quadratic_nodes(lithium, dimension), len(np.unique(lithium))
    flow = dimension * second + first + (second if quadratic_porosity else first)
    return flow + GAMMA_FIELDS * len(np.unique(skin)) + quadratic_nodes(electrolyte, dimension) + NUMBERS


def quadratic_nodes(cells: Ints, dimension: int) -> int:
    """Nodes of degree 2: vertices, edges, and what has its own centre in a tensor product (quadrilaterals, hexahedra)."""
    name = CELLS[dimension, cells.shape[1]]
    topology = basix.topology(getattr(basix.CellType, name))
    tensor = name in ("quadrilateral", "hexahedron")
    count = len(np.unique(cells))
    for dim, entities in enumerate(topology[1:], start=1):
        if dim == 1 or tensor:
            corners = np.concatenate([np.sort(cells[:, list(entity)], axis=1) for entity in entities])
            count += len(np.unique(corners, axis=0))
    return count
