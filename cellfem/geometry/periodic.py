"""Periodic stacks: lithium and current that leave on the right enter on the left."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import scipy  # scipy is imported on first use: it takes a second

from cellfem.geometry.groups import BACK, FRONT, LEFT, RIGHT
from cellfem.geometry.stack import TOLERANCE, Floats, Ints, MeshError, StackMesh, interface_nodes

SIDES = ((LEFT, RIGHT), (FRONT, BACK))
"""Facet groups on the low and the high side of each axis of Γ."""


def joined(stack: StackMesh) -> StackMesh:
    """The stack with each node on a high side of Γ's axes joined to its image on the low side, and
    moved to exactly its height.

    `StackMesh.joined` then gives, for every node, the node that it is joined to (for most nodes
    itself), and the sides are no longer outer facets. Raises MeshError if nodes have no image, or
    if there are so few cells from side to side that two different edges have the same ends.
    """
    one_with, points = np.arange(len(stack.points)), stack.points.copy()
    for axis, (low, high) in enumerate(SIDES[: stack.dimension - 1]):
        here, there = np.unique(stack.facets_of(high)), np.unique(stack.facets_of(low))
        one_with[here] = there[_images(stack, here, there, axis)]
        others = [k for k in range(stack.dimension) if k != axis]
        points[np.ix_(here, others)] = points[np.ix_(one_with[here], others)]  # meshers leave round-off
    one_with = one_with[one_with]  # from an edge in 3-D to the edge that its image is joined to
    inside = ~np.isin(stack.facet_group, SIDES)
    _check(points, stack.cells, one_with)
    gap = np.zeros(len(points))
    gap[interface_nodes(stack)] = stack.gap
    found = replace(stack, points=points, facets=stack.facets[inside], facet_group=stack.facet_group[inside], joined=one_with)
    nodes = interface_nodes(found)
    return replace(found, gap_at=points[nodes, :-1], gap=gap[nodes])


def _images(stack: StackMesh, here: Ints, there: Ints, axis: int) -> Ints:
    """Index in `there` of the image of each node of `here`."""
    others = [k for k in range(stack.dimension) if k != axis]
    apart, found = scipy.spatial.cKDTree(stack.points[there][:, others]).query(stack.points[here][:, others])
    near = apart.max() <= TOLERANCE * np.ptp(stack.points, axis=0).max()
    if near and len(here) == len(there) == len(np.unique(found)):
        return np.asarray(found, dtype=np.int64)
    name, low, high = "xy"[axis], ("left", "front")[axis], ("right", "back")[axis]
    raise MeshError(
        f"the nodes of the {low} side ({len(there)}) and of the {high} side ({len(here)}) do not lie at the same heights, as "
        f'periodic sides along {name} require: make the mesh the same on both, or write stack.sides = "mirror"'
    )


def _check(points: Floats, cells: Ints, one_with: Ints) -> None:
    """Two joined nodes of a cell must have a unique relative position, so that no two edges, facets
    or cells have the same corners.

    Three cells from side to side are sufficient.
    """
    pairs = np.array(list(itertools.combinations(range(cells.shape[1]), 2)))
    from_node, to_node = (cells[:, pairs[:, k]].ravel() for k in (0, 1))
    ends = np.column_stack([one_with[from_node], one_with[to_node]])
    apart = points[to_node] - points[from_node]
    backwards = ends[:, 0] > ends[:, 1]
    ends[backwards], apart[backwards] = ends[backwards][:, ::-1], -apart[backwards]
    _, first, of = np.unique(ends @ [len(points), 1], return_index=True, return_inverse=True)
    other = np.abs(apart - apart[first[of]]).max(axis=1) > TOLERANCE * np.ptp(points, axis=0).max()
    wrong = other | (ends[:, 0] == ends[:, 1])
    if wrong.any():
        place = ", ".join(f"{axis} = {value:.4g}" for axis, value in zip("xyz", points[from_node[np.argmax(wrong)]]))
        raise MeshError(
            f"too few cells lie from side to side, at {place} µm: periodic sides need about three; make mesh.far "
            "(or mesh.near) smaller"
        )
