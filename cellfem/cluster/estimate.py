"""Unknowns, memory and wall time of a case before it is submitted, from measured costs of steps."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from cellfem.case import Case
from cellfem.model import from_case

STEPS = (30, 250)
"""Time steps per protocol step under error control: for a rest without changes; for a strip that
loses contact or closes a void."""
EFFORT = (2.0, 10.0)
"""Factors on the cost of a step in steps.csv, whose steps are short and smooth with 6 corrections
each: strip-void under error control takes 14 corrections per step (2.8 times as long); a pellet
whose void closes, or pressing of a rough face, takes 16 to 22 (7 to 12 times)."""
COMPILING_S = 20.0
"""Compilation time (s) for forms that are not in the cache."""
TRUSTED = 3.0
"""Beyond this many times the largest measured size an estimate counts as an extrapolation."""


@dataclass(frozen=True)
class MeasuredCost:
    """A row of steps.csv."""

    dimension: int
    ranks: int
    unknowns: int
    start: float  # s, until the first step: libraries, mesh, equilibrium
    seconds: float  # s, one time step
    memory_MB: float  # memory of all ranks together

    @property
    def whole(self) -> float:
        """Time (s) of a short run."""
        return self.start + STEPS[0] * self.seconds


@dataclass(frozen=True)
class Cost:
    """Cost of the start (s) and of a time step (s) on some ranks; speed-up over one rank."""

    ranks: int
    start: float
    seconds: float
    memory_MB: float
    speedup: float
    extrapolated: bool

    @property
    def step_s(self) -> tuple[float, float]:
        """Shortest and longest wall time of a time step, s (`EFFORT`)."""
        return EFFORT[0] * self.seconds, EFFORT[1] * self.seconds


@dataclass(frozen=True)
class Estimate:
    """Resources that a case needs.

    steps: fewest and most time steps. costs: on 1, 2, 4, … ranks; empty if nothing of this
    dimension was measured. measured_unknowns, measured_ranks: smallest and largest measured size,
    and most ranks.
    """

    dimension: int
    unknowns: int
    steps: tuple[int, int]
    costs: tuple[Cost, ...]
    measured_unknowns: tuple[int, int]
    measured_ranks: int

    def wall_s(self, cost: Cost) -> tuple[float, float]:
        """Shortest and longest wall time of the whole run, s, without compilation."""
        low, high = (cost.start + count * step for count, step in zip(self.steps, cost.step_s, strict=True))
        return low, high


def estimate_cost(case: Case, ranks: int = 8) -> Estimate:
    """Unknowns of a case, and their cost on 1 to `ranks` ranks. Raises MeshError."""
    from cellfem.cluster.size import unknowns
    from cellfem.runner.prepare import source_of

    count = unknowns(source_of(case), from_case.structure(case).quadratic_porosity)
    dimension = case.stack.dimension
    data = [row for row in measured() if row.dimension == dimension]
    if not data:
        return Estimate(dimension, count, steps(case), (), (0, 0), 0)
    sizes, tried = [row.unknowns for row in data], max(row.ranks for row in data)
    costs = tuple(cost(data, count, number) for number in (counts(ranks) if tried > 1 else [1]))
    return Estimate(dimension, count, steps(case), costs, (min(sizes), max(sizes)), tried)


def steps(case: Case) -> tuple[int, int]:
    """Fewest and most time steps of the whole protocol; equal if they are prescribed."""
    plan = case.numerics.dt
    if plan is None:
        many = sum(times for _, times in case.counted_steps)
        return STEPS[0] * many, STEPS[1] * many
    count = sum(times * _prescribed(placed.step.seconds, plan) for placed, times in case.counted_steps)
    return count, count


def measured() -> list[MeasuredCost]:
    """Measured costs of steps: steps.csv of this package, whose header names the machine."""
    text = files("cellfem.cluster").joinpath("steps.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    names = ("dimension", "ranks", "unknowns", "start_s", "seconds_per_step", "memory_MB")
    found = [[float(row[name]) for name in names] for row in rows]
    return [MeasuredCost(int(d), int(ranks), int(count), *rest) for d, ranks, count, *rest in found]


def counts(most: int) -> list[int]:
    """1, 2, 4, … up to `most`."""
    return [2**k for k in range(int(math.log2(most)) + 1)]


def cost(data: list[MeasuredCost], unknowns: int, ranks: int) -> Cost:
    """Time by a power law through the times of one rank; ranks by Amdahl's law through the largest
    measured number.

    Memory of one rank by a straight line; each further rank adds the memory of one rank without
    unknowns.
    """
    alone = [row for row in data if row.ranks == 1]
    sizes = np.array([row.unknowns for row in alone], dtype=float)
    start, seconds = (_power_law(sizes, [getattr(row, what) for row in alone], unknowns) for what in ("start", "seconds"))
    per_unknown, empty = np.polyfit(sizes, [row.memory_MB for row in alone], 1)
    shared = parallel_share(data)
    speedup = 1 / (1 - shared + shared / ranks)
    beyond = unknowns > TRUSTED * sizes.max() or ranks > max(row.ranks for row in data)
    memory = float(per_unknown) * unknowns + max(float(empty), 0.0) * ranks
    return Cost(ranks, start / speedup, seconds / speedup, memory, speedup, bool(beyond))


def _power_law(sizes: NDArray[np.float64], seconds: list[float], unknowns: int) -> float:
    slope, level = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return math.exp(level + float(slope) * math.log(unknowns))


def parallel_share(data: list[MeasuredCost]) -> float:
    """Parallel share of the work (Amdahl's law), from the largest stack that was run on one and on
    several ranks.

    From the start and the fewest steps together: for a few steps alone the difference of two long
    times is too uncertain.
    """
    several = max((row for row in data if row.ranks > 1), key=lambda row: (row.ranks, row.unknowns), default=None)
    alone = {row.unknowns: row.whole for row in data if row.ranks == 1}
    if several is None or several.unknowns not in alone:
        return 0.0
    speedup = alone[several.unknowns] / several.whole
    return min(max((1 - 1 / speedup) / (1 - 1 / several.ranks), 0.0), 1.0)


def _prescribed(duration: float, plan: tuple[float, ...]) -> int:
    """Number of steps of a prescribed plan, whose last step is repeated, within a duration."""
    count, time = 0, 0.0
    for dt in plan:
        if time >= duration * (1 - 1e-12):
            return count
        time += dt
        count += 1
    return count + max(math.ceil((duration - time) / plan[-1] - 1e-9), 0)
