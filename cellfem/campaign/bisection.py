"""The least value from which on something holds, asked for value by value, so that several such
searches may go on side by side."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

DIGITS = 4
"""Significant digits of a value that is tried."""


@dataclass(frozen=True)
class Bracket:
    """What a search found. missed: the highest value at which it does not hold; kept: the lowest at
    which it holds; None where there is none. failed: the value that had no answer, where the search
    ended by that."""

    missed: float | None
    kept: float | None
    failed: float | None = None


def rounded(value: float) -> float:
    """To DIGITS."""
    return float(f"{value:.{DIGITS}g}")


def values_left(missed: float | None, kept: float | None, precision: float) -> int | None:
    """How many more values `searching` will try in this bracket; None while an end of it is
    missing."""
    if missed is None or kept is None:
        return None
    width = math.log(kept / missed) / math.log1p(precision)
    return max(math.ceil(math.log2(width)), 0) if width > 0 else 0


def searching(start: float, low: float, high: float, precision: float) -> Generator[float, bool | None, Bracket]:
    """Values to try, to each of which whether it holds is sent (None: no answer).

    From `start` outwards by doubling within [low, high], because each is a run, then by bisection
    of the logarithm, because a run may have no value but that it missed. Ends when the bracket is
    within the relative `precision`, when an end of the range answers, or at a value without an
    answer. What holds is taken to hold at all higher values.
    """
    value, missed, kept = rounded(min(max(start, low), high)), None, None
    while True:
        holds = yield value
        if holds is None:
            return Bracket(missed, kept, value)
        if holds:
            kept = value
        else:
            missed = value
        if kept is None:
            if value >= high:
                break
            value = rounded(min(2 * value, high))
        elif missed is None:
            if value <= low:
                break
            value = rounded(max(value / 2, low))
        else:
            middle = rounded(math.sqrt(kept * missed))
            if kept / missed <= 1 + precision or not missed < middle < kept:
                break
            value = middle
    return Bracket(missed, kept)
