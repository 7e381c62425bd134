"""Overlapping intervals on a line, in a time that does not grow with the square of their number."""

import math
from collections.abc import Sequence


def overlapping(spans: Sequence[tuple[int, float, float]], tolerance: float) -> dict[int, list[int]]:
    """For intervals (line, left, right), nan if unknown: maps k to those j < k that it overlaps by
    more than the tolerance.

    Of several intervals in one place, each is reported with one other only, which is enough to find
    the rest.
    """
    found: dict[int, list[int]] = {}
    farthest: dict[int, int] = {}  # on each line, the interval that reaches farthest right so far
    known = [k for k, span in enumerate(spans) if all(math.isfinite(end) for end in span)]
    for k in sorted(known, key=lambda k: (spans[k][1], k)):
        line, left, right = spans[k]
        j = farthest.get(line)
        if j is not None and left < spans[j][2] - tolerance and spans[j][1] < right - tolerance:
            found.setdefault(max(j, k), []).append(min(j, k))
        if j is None or right > spans[j][2]:
            farthest[line] = k
    return {k: sorted(found[k]) for k in sorted(found)}
