"""Which of many stretches of a line overlap, in a time that grows with their number and not with
its square."""

import math
from collections.abc import Sequence


def overlapping(spans: Sequence[tuple[int, float, float]], tolerance: float) -> dict[int, list[int]]:
    """For stretches (line, left, right), nan where unknown: k to those j < k that it overlaps by
    more than the tolerance.

    Of stretches that lie on top of each other each one is named with one other only: whoever moves
    them finds the rest.
    """
    found: dict[int, list[int]] = {}
    farthest: dict[int, int] = {}  # on each line, the stretch that reaches farthest right so far
    known = [k for k, span in enumerate(spans) if all(math.isfinite(end) for end in span)]
    for k in sorted(known, key=lambda k: (spans[k][1], k)):
        line, left, right = spans[k]
        j = farthest.get(line)
        if j is not None and left < spans[j][2] - tolerance and spans[j][1] < right - tolerance:
            found.setdefault(max(j, k), []).append(min(j, k))
        if j is None or right > spans[j][2]:
            farthest[line] = k
    return {k: sorted(found[k]) for k in sorted(found)}
