"""Crack growth: quasi-static steps of the filled length, until the crack stops or has crossed the
electrolyte.

If K_I ≥ K_Ic the crack advances by a step and the lithium follows; the empty part ahead keeps its
length. A crack plated at a constant current does not stop by itself: neither the driving
overpotential nor the pressure that creep needs to extrude the lithium decreases with length, and
K_I increases with it. It stops where a compression of the electrolyte outweighs the lithium
pressure, or when plating ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from cellfem.flaw.analysis import FlawModel, FlawProblem, FlawState
from cellfem.flaw.shape import Flaw
from cellfem.physics.kinetics import SPEED, STRESS_POTENTIAL

End = Literal["short circuit", "arrest", "no growth", "plating ended"]
NEAR_FAR = 0.98  # of the thickness: a tip beyond this has crossed the electrolyte


@dataclass(frozen=True)
class Grown:
    """One length of the crack. time: when its lithium is in place, s, by `filling_time`."""

    depth: float  # of the lithium's end, µm
    time: float
    state: FlawState


@dataclass(frozen=True)
class Growth:
    """Result of the growth: "short circuit" if the crack crossed the electrolyte; depth: of its
    tip, µm."""

    end: End
    depth: float
    steps: list[Grown]


def grow(
    problem: FlawProblem,
    current: float,
    step: float,
    duration: float = float("inf"),
    tell: Callable[[str], None] = lambda _: None,
) -> Growth:
    """Growth at a constant current (A/m²) by steps (µm), each of which takes its `filling_time`,
    within the duration of plating (s).

    Each length has its own mesh. Inertia is left out. Raises FlawError.
    """
    steps: list[Grown] = []
    time = 0.0
    for flaw in _longer(problem.flaw, step):
        state = FlawModel(replace(problem, flaw=flaw)).solve(current)
        steps.append(Grown(flaw.filled, time, state))
        tell(f"{flaw.filled:.4g} µm: K_I/K_Ic {state.index:.4g}, {state.pressure:.4g} MPa")
        if state.index < 1:
            return Growth("arrest" if len(steps) > 1 else "no growth", flaw.tip, steps)
        time += filling_time(problem, state)
        if time > duration:
            return Growth("plating ended", flaw.tip, steps)
    return Growth("short circuit", problem.flaw.thickness, steps)


def filling_time(problem: FlawProblem, state: FlawState) -> float:
    """Time (s) to fill a slit of the flaw's half-opening H by plating on its own walls: H F/(Ω i),
    i = (φ - φ_Li)/ASR at the tip, where the lithium is not yet under pressure. An estimate of the
    time of a growth step, independent of its length."""
    current = state.drive * STRESS_POTENTIAL / problem.resistance
    return problem.flaw.half_opening / (SPEED * current)


def _longer(flaw: Flaw, step: float) -> Iterator[Flaw]:
    """The flaw and its longer versions, until its tip is at the far face."""
    while flaw.tip < NEAR_FAR * flaw.thickness:
        yield flaw
        flaw = flaw.longer(step)
