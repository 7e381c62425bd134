"""Two lithium electrodes on one electrolyte: a half stack and its mirror image below the middle of
the electrolyte."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cellfem.geometry.groups import BOTTOM, TOP
from cellfem.geometry.stack import MeshError, StackMesh, interface_nodes


def mirrored(first: StackMesh, second: StackMesh) -> StackMesh:
    """The stack of both electrodes. first, second: the same mesh (each with half of the
    electrolyte), with the gap of its electrode.

    Electrode 1 is above e = 0, electrode 2 below e = -L; nodes in the middle of the electrolyte are
    shared. Both outer faces are named top. `gap_at` and `gap` contain the nodes of Γ₁, then those
    of Γ₂. Raises MeshError.
    """
    if first.points.shape != second.points.shape or not np.array_equal(first.points, second.points):
        raise MeshError("the two electrodes need the same mesh: give the same file or sizes for both")
    points, half = first.points, first.electrolyte_thickness
    count = len(points)
    middle = points[:, -1] == points[:, -1].min()
    image = np.where(middle, np.arange(count), count + np.cumsum(~middle) - 1)
    below = points[~middle].copy()
    below[:, -1] = -2 * half - below[:, -1]
    kept = first.facet_group != BOTTOM
    facets, groups = first.facets[kept], first.facet_group[kept]
    both = StackMesh(
        np.concatenate([points, below]),
        np.concatenate([first.cells, _turned(image[first.cells], first.dimension)]),
        np.concatenate([first.cell_group, first.cell_group]),
        np.concatenate([facets, image[facets]]),
        np.concatenate([groups, groups]),
        np.concatenate([first.gap_at, second.gap_at]),
        np.concatenate([first.gap, second.gap]),
        electrodes=2,
    )
    order = np.argsort(both.cell_group, kind="stable")
    nodes = interface_nodes(both)
    if not (np.array_equal(both.points[nodes, :-1], both.gap_at) and np.any(groups == TOP)):
        raise MeshError("the nodes of the two interfaces are not above each other: the mesh of the half stack is not flat there")
    return replace(both, cells=both.cells[order], cell_group=both.cell_group[order])


def _turned(cells: np.ndarray, dimension: int) -> np.ndarray:
    """Cells of a mirror image with the corners reordered to keep the orientation (triangles; others
    are unchanged)."""
    return cells[:, [0, 2, 1]] if cells.shape[1] == 3 and dimension == 2 else cells
