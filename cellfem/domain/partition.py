"""Assignment of cells to ranks: the same share of every body.

A lithium cell costs ten times as much as an electrolyte cell, and the solver treats the bodies one
after another: with parts of equal numbers of cells, as from a graph partitioner, ranks without
lithium would be idle.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import basix
import numpy as np
from mpi4py import MPI
from numpy.typing import NDArray

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.domain.recursive_bisection import Share, bisected, longest
from dolfinx.graph import adjacencylist

Owners = NDArray[np.int32]
Cells = NDArray[np.int64]


def owners(middle: NDArray[np.float64], group: NDArray[Any], parts: int) -> Owners:
    """Rank of each cell by its centre: each body (value of `group`) is bisected recursively across
    its longest extent."""
    found = np.zeros(len(middle), dtype=np.int32)

    def cut(own: NDArray[np.int64], few: int, parts: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if len(own) == 0:
            return own, own
        axis = longest(np.ptp(middle[own], axis=0))
        order = own[np.argsort(middle[own, axis], kind="stable")]
        at = len(own) * few // parts
        return order[:at], order[at:]

    for body in np.unique(group):
        for rank, own in bisected(Share(np.flatnonzero(group == body), 0, parts), cut):
            found[own] = rank
    return found


def destinations(cells: Cells, owner: Owners, cell: str) -> tuple[Owners, NDArray[np.int32]]:
    """Ranks that need each cell: its owner first, then the owners of cells across its facets; and
    the offsets of each cell's ranks."""
    among = _at_the_seams(cells, owner)
    corners = basix.topology(basix.CellType[cell])[-2]
    facets = np.sort(np.concatenate([cells[among][:, facet] for facet in corners]), axis=1)
    of = np.tile(among, len(corners))
    order = np.lexsort(facets.T)
    same = np.flatnonzero((facets[order[1:]] == facets[order[:-1]]).all(axis=1))
    one, other = of[order[same]], of[order[same + 1]]
    apart = owner[one] != owner[other]
    one, other = one[apart], other[apart]
    seen = np.unique(np.stack([np.concatenate([one, other]), owner[np.concatenate([other, one])]], axis=1), axis=0)
    begin = np.concatenate([[0], np.cumsum(1 + np.bincount(seen[:, 0], minlength=len(cells)))])
    ranks = np.empty(begin[-1], dtype=np.int32)
    first = np.zeros(len(ranks), dtype=bool)
    first[begin[:-1]] = True
    ranks[first], ranks[~first] = owner, seen[:, 1]
    return ranks, begin.astype(np.int32)


def _at_the_seams(cells: Cells, owner: Owners) -> NDArray[np.int64]:
    """Cells with a node that also belongs to cells of other owners."""
    least, largest = np.full(cells.max() + 1, owner.max() + 1), np.full(cells.max() + 1, -1)
    for column in cells.T:
        np.minimum.at(least, column, owner)
        np.maximum.at(largest, column, owner)
    return np.flatnonzero((least[cells] != largest[cells]).any(axis=1))


def partitioner(middle: NDArray[np.float64], cells: Cells, group: NDArray[Any], cell: str) -> Callable[..., Any]:
    """For `mesh.create_mesh`: assigns cells by `owners`, shares cells across facets; all cells and
    their centres are passed in on one rank."""

    def part(comm: MPI.Intracomm, parts: int, *_: Any) -> Any:
        if len(cells) == 0:
            return adjacencylist(np.empty(0, dtype=np.int32), np.zeros(1, dtype=np.int32))._cpp_object
        ranks, begin = destinations(cells, owners(middle, group, parts), cell)
        return adjacencylist(ranks, begin)._cpp_object

    return part
