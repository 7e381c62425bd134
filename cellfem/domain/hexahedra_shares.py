"""`partition.owners` for hexahedra, without a list of all cells: each body is bisected recursively,
and any rank can compute the owner of a cell and its own cells.

A part is a few boxes. A cut takes the required number of its cells in the order of one axis, equal
ones in the order of earlier cuts, then from below: the first cells of the layer that is cut. Parts
then differ by at most half a cell per cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cellfem.domain.recursive_bisection import Share, bisected, longest
from cellfem.geometry.groups import ELECTROLYTE, LITHIUM
from cellfem.geometry.hexahedra import Hexahedra

Ints = NDArray[np.int64]
Owners = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Part:
    """Cells of some ranks, and the queried cells among them."""

    boxes: Ints  # (B, 3, 2) first and last cell along each axis, the last excluded
    axes: tuple[int, ...]  # sort order of the cells, the first axis decides
    cells: Ints  # (M, 3)
    asked: Ints  # indices in the query


@dataclass(frozen=True, eq=False)
class _Cut:
    axes: tuple[int, ...]
    at: tuple[int, ...]  # the first cell of the second half: its index along each of these axes

    def before(self, cells: Ints) -> NDArray[np.bool_]:
        """Which of the cells (M, 3) belong to the first half."""
        found = np.zeros(len(cells), dtype=bool)
        for axis, at in zip(self.axes[::-1], self.at[::-1]):
            found = (cells[:, axis] < at) | ((cells[:, axis] == at) & found)
        return found

    def halves(self, boxes: Ints) -> tuple[Ints, Ints]:
        """Boxes of both halves."""
        low, high, through = [], [], boxes
        for axis, at in zip(self.axes, self.at):
            low.append(_clipped(through, axis, None, at))
            high.append(_clipped(through, axis, at + 1, None))
            through = _clipped(through, axis, at, at + 1)
        return np.concatenate(low), np.concatenate([*high, through])


class Bisection:
    """The bodies of a stack cut into equal parts, one for each rank."""

    def __init__(self, bricks: Hexahedra, parts: int) -> None:
        self._below = bricks.below
        self._middles = [(at[1:] + at[:-1]) / 2 for at in (bricks.x, bricks.y, bricks.z)]
        self._bodies = {group: bricks.body(group)[None] for group in (LITHIUM, ELECTROLYTE)}
        self._parts = parts

    def owners(self, cells: Ints) -> Owners:
        """Rank of each of the cells (M, 3)."""
        found = np.empty(len(cells), dtype=np.int32)
        lithium = cells[:, 2] >= self._below
        for group, mine in ((LITHIUM, lithium), (ELECTROLYTE, ~lithium)):
            asked = np.flatnonzero(mine)
            whole = _Part(self._bodies[group], (2, 1, 0), cells[asked], asked)
            for rank, part in bisected(Share(whole, 0, self._parts), self._halved):
                found[part.asked] = rank
        return found

    def own(self, rank: int) -> Ints:
        """Cells (M, 3) of a rank: those of the lithium, then those of the electrolyte, each in the
        order of their numbers."""
        found = []
        none = np.empty((0, 3), dtype=np.int64)
        for boxes in self._bodies.values():
            whole = _Part(boxes, (2, 1, 0), none, none[:, 0])
            ((_, part),) = bisected(Share(whole, 0, self._parts), self._halved, only=rank)
            cells = np.concatenate([_cells(box) for box in part.boxes]) if len(part.boxes) else none
            found.append(cells[np.lexsort(cells.T)])
        return np.concatenate(found)

    def _halved(self, part: _Part, few: int, parts: int) -> tuple[_Part, _Part]:
        axis = self._longest(part.boxes)
        axes = (axis, *(other for other in part.axes if other != axis))
        cut = _Cut(axes, _cut(part.boxes, axes, _count(part.boxes) * few // parts))
        low, high = cut.halves(part.boxes)
        before = cut.before(part.cells)
        return (
            _Part(low, axes, part.cells[before], part.asked[before]),
            _Part(high, axes, part.cells[~before], part.asked[~before]),
        )

    def _longest(self, boxes: Ints) -> int:
        """Axis along which the cell centres extend farthest."""
        if not len(boxes):
            return 0
        first, last = boxes[:, :, 0].min(axis=0), boxes[:, :, 1].max(axis=0) - 1
        return longest([float(at[b] - at[a]) for at, a, b in zip(self._middles, first, last)])


def _cut(boxes: Ints, axes: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Index along each of the axes of the cell that has `count` others before it."""
    found = []
    for axis in axes:
        if not len(boxes):
            return (0,) * len(axes)
        begin, end = boxes[:, axis, 0], boxes[:, axis, 1]
        widths = np.ptp(boxes, axis=2)
        across = widths.prod(axis=1) // widths[:, axis]
        change = np.zeros(end.max() - begin.min() + 1, dtype=np.int64)
        np.add.at(change, begin - begin.min(), across)
        np.add.at(change, end - begin.min(), -across)
        upto = np.cumsum(np.cumsum(change[:-1]))  # cells in the layers up to each
        layer = int(np.searchsorted(upto, count, side="right"))
        count -= int(upto[layer - 1]) if layer else 0
        found.append(int(begin.min()) + layer)
        boxes = _clipped(boxes, axis, found[-1], found[-1] + 1)
    return tuple(found)


def _clipped(boxes: Ints, axis: int, first: int | None, last: int | None) -> Ints:
    """The boxes between two indices along an axis, without empty ones."""
    found = boxes.copy()
    if first is not None:
        found[:, axis, 0] = np.maximum(found[:, axis, 0], first)
    if last is not None:
        found[:, axis, 1] = np.minimum(found[:, axis, 1], last)
    return found[found[:, axis, 0] < found[:, axis, 1]]


def _count(boxes: Ints) -> int:
    return int(np.ptp(boxes, axis=2).prod(axis=1).sum())


def _cells(box: Ints) -> Ints:
    first, last = box.T
    return np.stack([at.ravel() for at in np.indices(last - first)], axis=-1) + first
