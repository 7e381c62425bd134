"""Unknowns, memory and wall time of a case before it is submitted, from what steps have cost so
far."""

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
"""Time steps of a step of the protocol under error control: a quiet rest; a strip that loses contact or closes a void."""
EFFORT = (2.0, 10.0)
"""Times what a step of steps.csv takes, whose steps are short and smooth, of 6 corrections each: strip-void under error control
takes 14 corrections a step (2.8 times as long), a pellet whose void closes or a rough face that is pressed 16 to 22 (7 to 12)."""
COMPILING_S = 20.0
"""For forms that are in no cache."""
TRUSTED = 3.0
"""Beyond this many times the largest size that was measured a number is an extrapolation."""


@dataclass(frozen=True)
class MeasuredCost:
    """A row of steps.csv."""

    dimension: int
    ranks: int
    unknowns: int
    start: float  # s, until the first step: libraries, mesh, equilibrium
    seconds: float  # a time step
    memory_MB: float  # all ranks together

    @property
    def whole(self) -> float:
        """s, of a short run."""
        return self.start + STEPS[0] * self.seconds


@dataclass(frozen=True)
class Cost:
    """What the start (s) and a time step (s) cost on some ranks; speed-up over one rank."""

    ranks: int
    start: float
    seconds: float
    memory_MB: float
    speedup: float
    extrapolated: bool

    @property
    def step_s(self) -> tuple[float, float]:
        """Least and most wall time of a time step, s (`EFFORT`)."""
        return EFFORT[0] * self.seconds, EFFORT[1] * self.seconds


@dataclass(frozen=True)
class Estimate:
    """What a case will need.

    steps: fewest and most time steps. costs: on 1, 2, 4, … ranks; empty where nothing of this
    dimension has been measured. measured_unknowns, measured_ranks: smallest and largest size, and
    most ranks, that were.
    """

    dimension: int
    unknowns: int
    steps: tuple[int, int]
    costs: tuple[Cost, ...]
    measured_unknowns: tuple[int, int]
    measured_ranks: int

    def wall_s(self, cost: Cost) -> tuple[float, float]:
        """Least and most wall time of the whole run, s, without compiling."""
        low, high = (cost.start + count * step for count, step in zip(self.steps, cost.step_s, strict=True))
        return low, high


def estimate_cost(case: Case, ranks: int = 8) -> Estimate:
    """Unknowns of a case, and what they cost on 1 to `ranks` ranks. Raises MeshError."""
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
    """Fewest and most time steps of the whole protocol; equal where they are prescribed."""
    plan = case.numerics.dt
    if plan is None:
        many = sum(times for _, times in case.counted_steps)
        return STEPS[0] * many, STEPS[1] * many
    count = sum(times * _prescribed(placed.step.seconds, plan) for placed, times in case.counted_steps)
    return count, count


def measured() -> list[MeasuredCost]:
    """What steps have cost: steps.csv of this package, whose head says on which machine."""
    text = files("cellfem.cluster").joinpath("steps.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    names = ("dimension", "ranks", "unknowns", "start_s", "seconds_per_step", "memory_MB")
    found = [[float(row[name]) for name in names] for row in rows]
    return [MeasuredCost(int(d), int(ranks), int(count), *rest) for d, ranks, count, *rest in found]


def counts(most: int) -> list[int]:
    """1, 2, 4, … up to `most`."""
    return [2**k for k in range(int(math.log2(most)) + 1)]


def cost(data: list[MeasuredCost], unknowns: int, ranks: int) -> Cost:
    """Time by a power law through what one rank took; ranks by Amdahl's law through the largest number that was tried.

    Memory of one rank by a straight line, each further rank adds what one takes without unknowns.
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
    """Share of the work that ranks share (Amdahl's law), from the largest stack that was run on one and on several.

    Of the start and the fewest steps together: of a few steps alone the difference of two long times says too little.
    """
    several = max((row for row in data if row.ranks > 1), key=lambda row: (row.ranks, row.unknowns), default=None)
    alone = {row.unknowns: row.whole for row in data if row.ranks == 1}
    if several is None or several.unknowns not in alone:
        return 0.0
    speedup = alone[several.unknowns] / several.whole
    return min(max((1 - 1 / speedup) / (1 - 1 / several.ranks), 0.0), 1.0)


def _prescribed(duration: float, plan: tuple[float, ...]) -> int:
    """Steps of a plan, the last of which is repeated, within a duration."""
    count, time = 0, 0.0
    for dt in plan:
        if time >= duration * (1 - 1e-12):
            return count
        time += dt
        count += 1
    return count + max(math.ceil((duration - time) / plan[-1] - 1e-9), 0)
