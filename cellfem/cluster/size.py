"""How many unknowns a stack has, from its mesh alone."""

from __future__ import annotations

from dataclasses import dataclass

import basix
import numpy as np
from numpy.typing import NDArray

from cellfem.geometry import Hexahedra, Source, StackMesh
from cellfem.geometry.groups import ELECTROLYTE, INTERFACE, LITHIUM
from cellfem.geometry.stack import CELLS
from cellfem.model.state import GAMMA_FIELDS

Ints = NDArray[np.int64]
NUMBERS = 2


def unknowns(source: Source, quadratic_porosity: bool) -> int:
    """Velocity and potential of degree 2, pressure of degree 1, porosity of degree 2 or 1, the
    fields on the cells at Γ, and two global numbers.

    Nodes on periodic sides count once.
    """
    count = _of_bricks(source) if isinstance(source, Hexahedra) else _of_stack(source)
    flow = count.dimension * count.second + count.first + (count.second if quadratic_porosity else count.first)
    return flow + GAMMA_FIELDS * count.skin + count.second_below + NUMBERS


@dataclass(frozen=True)
class _Nodes:
    """Numbers of nodes: of degree 1 and 2 in the lithium, of degree 2 in the electrolyte, of degree
    1 in the cells at Γ."""

    dimension: int
    first: int
    second: int
    second_below: int
    skin: int


def _of_stack(stack: StackMesh) -> _Nodes:
    one_with, dimension = stack.joined if stack.periodic else np.arange(len(stack.points)), stack.points.shape[1]
    cells = one_with[stack.cells]
    lithium, electrolyte = (cells[stack.cell_group == group] for group in (LITHIUM, ELECTROLYTE))
    on_gamma = np.unique(one_with[stack.facets_of(INTERFACE)])
    skin = lithium[np.isin(lithium, on_gamma).any(axis=1)]
    second, below = (quadratic_nodes(body, dimension) for body in (lithium, electrolyte))
    return _Nodes(dimension, len(np.unique(lithium)), second, below, len(np.unique(skin)))


def _of_bricks(bricks: Hexahedra) -> _Nodes:
    nx, ny, _ = bricks.joined_nodes
    area = (nx + bricks.cells[0]) * (ny + bricks.cells[1])  # nodes of degree 2 in a plane
    above, below = bricks.cells[2] - bricks.below, bricks.below
    return _Nodes(3, nx * ny * (above + 1), area * (2 * above + 1), area * (2 * below + 1), 2 * nx * ny)


def quadratic_nodes(cells: Ints, dimension: int) -> int:
    """Nodes of degree 2: vertices, edges, and the centres of tensor-product faces and cells
    (quadrilaterals, hexahedra)."""
    name = CELLS[dimension, cells.shape[1]]
    topology = basix.topology(getattr(basix.CellType, name))
    tensor = name in ("quadrilateral", "hexahedron")
    count = len(np.unique(cells))
    for dim, entities in enumerate(topology[1:], start=1):
        if dim == 1 or tensor:
            corners = np.concatenate([np.sort(cells[:, list(entity)], axis=1) for entity in entities])
            count += len(np.unique(corners, axis=0))
    return count
