"""VTK numbering of cells: quadratic ones from their positions in the reference cell, linear ones
from a tensor product."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

LINE, TRIANGLE, QUAD, HEXAHEDRON, WEDGE = 3, 5, 9, 12, 13
QUADRATIC = {"triangle": 22, "tetrahedron": 24, "quadrilateral": 28, "hexahedron": 29}
"""VTK type of quadratic cells, with nodes at the centres of edges, and for tensor products also of
faces and body."""

_SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
_CORNERS: dict[str, list[tuple[int, ...]]] = {
    "triangle": [(0, 0), (1, 0), (0, 1)],
    "tetrahedron": [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)],
    "quadrilateral": [*_SQUARE],
    "hexahedron": [(*xy, z) for z in (0, 1) for xy in _SQUARE],
}
_RING = [(0, 1), (1, 2), (2, 3), (3, 0)]
_MIDDLES: dict[str, list[tuple[int, ...]]] = {
    "triangle": [(0, 1), (1, 2), (2, 0)],
    "tetrahedron": [(0, 1), (1, 2), (2, 0), (0, 3), (1, 3), (2, 3)],
    "quadrilateral": [*_RING, (0, 1, 2, 3)],
    "hexahedron": [
        *_RING,
        *((a + 4, b + 4) for a, b in _RING),
        *((a, a + 4) for a in range(4)),
        *((0, 3, 4, 7), (1, 2, 5, 6), (0, 1, 4, 5), (2, 3, 6, 7), (0, 1, 2, 3), (4, 5, 6, 7)),
        tuple(range(8)),
    ],
}


def quadratic_order(cell: str, points: NDArray[np.float64]) -> Ints:
    """Positions of a quadratic cell's VTK nodes among its nodes `points` (in the reference
    cell)."""
    corners = np.array(_CORNERS[cell], dtype=np.float64)
    wanted = np.concatenate([corners, [corners[list(group)].mean(axis=0) for group in _MIDDLES[cell]]])
    apart = np.linalg.norm(wanted[:, None] - points[None], axis=2)
    order = np.argmin(apart, axis=1)
    assert apart[np.arange(len(order)), order].max() < 1e-9
    return np.asarray(order, dtype=np.int64)


def vtk_order(cells: Ints) -> Ints:
    """Linear facets with their corners in VTK order, from tensor-product order (only quadrilaterals
    differ)."""
    return cells[:, [0, 1, 3, 2]] if cells.shape[1] == 4 else cells


def reference_samples(corners: int, count: int) -> NDArray[np.float64]:
    """Values (samples, corners) of the linear shape functions, corners in VTK order, at the centres
    of equal parts of a facet."""
    middles = (np.arange(count) + 0.5) / count
    if corners == 4:
        return np.array([[(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t] for s, t in product(middles, middles)])
    small = []
    for i, j in product(range(count), range(count)):
        if i + j < count:
            small.append((i + 1 / 3, j + 1 / 3))
        if i + j < count - 1:
            small.append((i + 2 / 3, j + 2 / 3))
    st = np.array(small) / count
    return np.column_stack([1 - st.sum(axis=1), st])
