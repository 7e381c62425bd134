"""Recursive bisection: cut a whole in two repeatedly, each time in proportion to the number of
parts of each half."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Share[T]:
    """The whole of the parts `first` to `first + parts - 1`."""

    whole: T
    first: int
    parts: int


def bisected[T](
    share: Share[T], cut: Callable[[T, int, int], tuple[T, T]], only: int | None = None
) -> Iterator[tuple[int, T]]:
    """Each part with its content; with `only` that part alone, without cuts that it does not need.

    cut(whole, few, parts): the whole in two; the first has the share few/parts.
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
    """The axis to cut: the longest, the first of equal ones; round-off has no effect."""
    return int(np.argmax(np.round(np.asarray(extents, dtype=float), 6)))
