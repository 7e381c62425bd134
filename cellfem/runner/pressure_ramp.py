"""Where the pressure jumps up it is made to rise instead: a press needs time, and so does the
lithium.

On the highest asperity of a rough face flat lithium would carry tens of times the pressure, more
than it ever can: there is no such state. From a pressure that it can carry the load rises evenly in
the logarithm.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from cellfem import backend  # noqa: F401  before dolfinx
from cellfem.model.build import Model
from cellfem.model.load import Load
from cellfem.solver.engine import INSTANT
from cellfem.solver.march import Segment

JUMP = 1.5
"""A pressure more than this times that before counts as a jump."""
CONSTRAINT = 3.0
"""Pressure over flow stress that an indented body carries (hardness over yield strength, Tabor
1951)."""
STEPS = 200
"""The first time step of a rise is this share of it."""


def with_pressure_ramps(segments: list[Segment], rises: list[float], model: Model) -> tuple[list[Segment], list[str]]:
    """The segments, those that begin with a jump made to begin with a rise (s, 0: none), and what
    was done, in words.

    Adhesion comes in evenly within the rise of the first: flat lithium would be torn onto the rough
    face at once. Collective. Left as they are: steps with a spring or a fixed platen, and
    prescribed time steps.
    """
    found, notes = [], []
    before = gentle(model, segments[0])
    for number, (segment, rise) in enumerate(zip(segments, rises, strict=True)):
        first, end = segment.load(0.0), segment.load(segment.duration).pressure
        if rise > 0 and not segment.prescribed and first.fixture.ramps:
            if first.pressure > JUMP * before:
                segment = _rising(segment, before, rise, model.numerics.smallest_step)
                high = segment.load(rise).pressure
                notes.append(f"pressure rises from {before:.3g} to {high:.3g} MPa within {rise:.3g} s")
            if number == 0 and model.interface.adhesion > 0:
                segment = _wetting(segment, rise, model.numerics.smallest_step)
                notes.append(f"lithium comes to adhere within {rise:.3g} s")
        found.append(segment)
        before = end
    return found, notes


def gentle(model: Model, segment: Segment) -> float:
    """Pressure (MPa) at which the highest asperity carries no more than lithium that flows at
    1/INSTANT; at most the load's.

    To 0.1 %.
    """
    from scipy.optimize import brentq

    pressure = segment.load(0.0).pressure
    limit = CONSTRAINT * segment.material.creep.dense.flow_stress(1 / INSTANT)

    def excess(log_pressure: float) -> float:
        return math.log(model.highest_pressure(math.exp(log_pressure)) / limit)

    if model.structure.bonded:  # there the pressure may be zero
        return pressure
    low = high = math.log(pressure)
    if excess(high) <= 0:
        return pressure
    while excess(low) > 0:
        high, low = low, low - math.log(4)
    return math.exp(brentq(excess, low, high, xtol=1e-3))


def _first(segment: Segment, rise: float, smallest: float) -> float:
    """The first time step, s."""
    return min(segment.first, max(rise / STEPS, smallest))


def _rising(segment: Segment, low: float, rise: float, smallest: float) -> Segment:
    load: Callable[[float], Load] = segment.load

    def rising(elapsed: float) -> Load:
        high = load(elapsed)
        return replace(high, pressure=low * (high.pressure / low) ** min(elapsed / rise, 1.0))

    return replace(segment, load=rising, first=_first(segment, rise, smallest))


def _wetting(segment: Segment, rise: float, smallest: float) -> Segment:
    load: Callable[[float], Load] = segment.load

    def wetting(elapsed: float) -> Load:
        return replace(load(elapsed), wetting=min(elapsed / rise, 1.0))

    return replace(segment, load=wetting, first=_first(segment, rise, smallest))
