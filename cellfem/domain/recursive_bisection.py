"""Recursive bisection: a whole cut in two again and again, each time in proportion to the parts
that either half is for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Share[T]:
    """What the parts `first` to `first + parts - 1` have together."""

    whole: T
    first: int
    parts: int


def bisected[T](
    share: Share[T], cut: Callable[[T, int, int], tuple[T, T]], only: int | None = None
) -> Iterator[tuple[int, T]]:
    """Each part with what falls to it; with `only` that part alone, and no other cut is made.

    cut(whole, few, parts): the whole in two, the first of them few/parts of it.
    """
    if share.parts == 1:
        yield share.first, share.whole
        return
    few = share.parts // 2
    low, high = cut(share.whole, few, share.parts)
    middle = share.first + few
    if only is None or only < middle:
        yield from bisected(Share(low, share.first, few), cut, only)
    if only is None or only >= middle:
        yield from bisected(Share(high, middle, share.parts - few), cut, only)


def longest(extents: ArrayLike) -> int:
    """The axis to cut across: the longest, of equals the first. Round-off does not choose."""
    return int(np.argmax(np.round(np.asarray(extents, dtype=float), 6)))
