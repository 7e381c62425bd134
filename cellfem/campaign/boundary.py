"""The boundary between kept and lost contact in pressure and current, and its slope: pure functions
of the verdicts of a map.

Two criteria are given side by side, because a "critical current" depends on the condition that ends
the test:

- LOST: a limit of the protocol (voltage, contact, gap) was reached within the test time.
- NOT_KEPT: lost, or contact below 0.9 of that of a perfect flat face at the end.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import scipy  # scipy.stats is imported on first use: it takes a second

Along = Literal["pressure", "current"]


class Criterion(StrEnum):
    """The condition that ends the safe window."""

    LOST = "lost"
    NOT_KEPT = "not kept"


@dataclass(frozen=True)
class Sample:
    """A computed point. pressure in MPa, current in mA/cm².

    excess: contact over 0.9 of a perfect face's, less 1; nan where the run did not last as long as
    the test.
    """

    pressure: float
    current: float
    verdict: Literal["kept", "reduced", "lost"]
    excess: float = math.nan

    def fails(self, criterion: Criterion) -> bool:
        """Whether contact is lost, or not kept."""
        return self.verdict == "lost" if criterion is Criterion.LOST else self.verdict != "kept"


@dataclass(frozen=True)
class Crossing:
    """The point where a line of constant current (along pressure) or of constant pressure (along
    current) crosses the boundary.

    low, high: the computed neighbours that bracket the crossing, in the unit of the line's
    variable. single: the line crosses only once; otherwise this is the crossing next to the safe
    end, and all points on the safe side hold.
    """

    pressure: float
    current: float
    low: float
    high: float
    along: Along
    single: bool = True


@dataclass(frozen=True)
class OpenLine:
    """A line that does not cross within the map. fixed: its current or pressure; holds: whether all
    its points do.

    If `holds` is false, the point at the safe end fails already.
    """

    fixed: float
    along: Along
    holds: bool


@dataclass(frozen=True)
class Boundary:
    """All lines of one direction under one criterion."""

    crossings: tuple[Crossing, ...] = ()
    open_lines: tuple[OpenLine, ...] = ()


@dataclass(frozen=True)
class Slope:
    """d ln i / d ln P of a boundary by least squares: ln i = offset + slope ln P (P in MPa, i in
    mA/cm²).

    standard_error: of the regression; nan for two points. resolution: one standard deviation of the
    slope if each crossing is uniformly distributed (in the logarithm) over its bracket. least: the
    slope minus two joint standard deviations. resolved: whether the slope differs from zero by two
    joint standard deviations; if not, only `slope` > `least` is known.
    """

    slope: float
    standard_error: float
    resolution: float
    least: float
    offset: float
    count: int
    resolved: bool


def trace(samples: Iterable[Sample], criterion: Criterion, along: Along) -> Boundary:
    """The boundary on each line of constant current (along = "pressure") or pressure (along =
    "current").

    Logarithmic: samples without pressure or current are left out. Where both neighbours lasted the
    whole test, NOT_KEPT is placed between them by linear interpolation of `excess` in the
    logarithm; else at their geometric mean.
    """
    lines: dict[float, list[Sample]] = {}
    for sample in samples:
        if sample.pressure > 0 and sample.current > 0:
            lines.setdefault(_fixed(sample, along), []).append(sample)
    crossings, open_lines = [], []
    for fixed, line in sorted(lines.items()):
        found = _cross(line, criterion, along)
        if isinstance(found, Crossing):
            crossings.append(found)
        elif len(line) > 1:
            open_lines.append(OpenLine(fixed, along, found))
    return Boundary(tuple(crossings), tuple(open_lines))


def slope(crossings: Sequence[Crossing]) -> Slope | None:
    """Least squares through crossings of one direction; None for fewer than two lines.
    The variable that was bracketed is the uncertain one: crossings along pressure give ln P as a
    function of ln i, and that slope is inverted.
    """
    if len({_other(crossing) for crossing in crossings}) < 2:
        return None
    x = np.log([_other(crossing) for crossing in crossings])
    y = np.log([_own(crossing) for crossing in crossings])
    fit = scipy.stats.linregress(x, y)
    weights = (x - x.mean()) / np.sum((x - x.mean()) ** 2)
    widths = np.log([crossing.high / crossing.low for crossing in crossings])
    resolution = float(np.sqrt(np.sum((weights * widths) ** 2) / 12))
    error = float(fit.stderr) if len(x) > 2 else math.nan
    b, a = float(fit.slope), float(fit.intercept)
    joint = math.hypot(resolution, 0.0 if math.isnan(error) else error)
    resolved = abs(b) > 2 * joint
    if crossings[0].along == "current":
        return Slope(b, error, resolution, b - 2 * joint, a, len(x), resolved)
    if abs(b) < 1e-12:
        return Slope(math.inf, math.nan, math.nan, _inverse(2 * joint), math.nan, len(x), False)
    return Slope(1 / b, error / b**2, resolution / b**2, _inverse(b + 2 * joint), -a / b, len(x), resolved)


def band(boundaries: Iterable[Boundary]) -> tuple[tuple[float, float, float], ...]:
    """(current, lowest pressure, highest pressure) over several boundaries along pressure, where
    all of them cross."""
    tables = [{crossing.current: crossing.pressure for crossing in boundary.crossings} for boundary in boundaries]
    shared = sorted(set.intersection(*(set(table) for table in tables))) if tables else []
    return tuple((current, *_ends(table[current] for table in tables)) for current in shared)


def point_slopes(points: Mapping[str, Sequence[tuple[float, float]]]) -> dict[str, float]:
    """Slope of each set of (pressure, current) by least squares in the logarithms; P = 0 left out,
    nan for less than two."""
    slopes = {}
    for name, pairs in points.items():
        positive = np.log([pair for pair in pairs if min(pair) > 0]).reshape(-1, 2)
        several = len(set(positive[:, 0])) > 1
        slopes[name] = float(scipy.stats.linregress(positive[:, 0], positive[:, 1]).slope) if several else math.nan
    return slopes


def _cross(line: list[Sample], criterion: Criterion, along: Along) -> Crossing | bool:
    """The crossing, or whether the line holds throughout (True) or fails at its safe end
    (False)."""
    own: Callable[[Sample], float] = (lambda sample: sample.pressure) if along == "pressure" else (lambda sample: sample.current)
    line = sorted(line, key=own, reverse=along == "pressure")  # from the safe end on
    if line[0].fails(criterion):
        return False
    for k, (safe, bad) in enumerate(itertools.pairwise(line)):
        if not bad.fails(criterion):
            continue
        share = 0.5
        if criterion is Criterion.NOT_KEPT and math.isfinite(safe.excess) and math.isfinite(bad.excess):
            share = safe.excess / (safe.excess - bad.excess)
        place = math.exp((1 - share) * math.log(own(safe)) + share * math.log(own(bad)))
        low, high = sorted((own(safe), own(bad)))
        single = all(sample.fails(criterion) for sample in line[k + 1 :])
        pressure, current = (place, safe.current) if along == "pressure" else (safe.pressure, place)
        return Crossing(pressure, current, low, high, along, single)
    return True


def _fixed(sample: Sample, along: Along) -> float:
    return sample.current if along == "pressure" else sample.pressure


def _own(crossing: Crossing) -> float:
    return crossing.pressure if crossing.along == "pressure" else crossing.current


def _other(crossing: Crossing) -> float:
    return crossing.current if crossing.along == "pressure" else crossing.pressure


def _inverse(value: float) -> float:
    return 1 / value if value else math.inf


def _ends(values: Iterable[float]) -> tuple[float, float]:
    listed = list(values)
    return min(listed), max(listed)
