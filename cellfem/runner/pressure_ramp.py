"""Replaces upward jumps of the pressure by ramps: a press needs time, and so does the lithium.

On the highest asperity of a rough face, flat lithium would be under tens of times the stack
pressure, more than it can carry: no such state exists. The load increases from a pressure that it
can carry, linearly in the logarithm.
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
"""Ratio of pressures above which an increase counts as a jump."""
CONSTRAINT = 3.0
"""Contact pressure over flow stress of an indented body (hardness over yield strength, Tabor 1951).
"""
STEPS = 200
"""The first time step of a ramp, as a share of it."""


def with_pressure_ramps(segments: list[Segment], rises: list[float], model: Model) -> tuple[list[Segment], list[str]]:
    """The segments, where those that begin with a jump begin with a ramp instead (duration in s, 0:
    none), and descriptions of the changes.

    Adhesion increases linearly during the ramp of the first: otherwise flat lithium would be pulled
    onto the rough face at once. Collective. Unchanged: steps with a spring or a fixed platen, and
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
                notes.append(f"adhesion is ramped up within {rise:.3g} s")
        found.append(segment)
        before = end
    return found, notes


def gentle(model: Model, segment: Segment) -> float:
    """Pressure (MPa) at which the highest asperity is under no more than the stress of lithium that
    flows at 1/INSTANT; at most the load's.
    """
    from scipy.optimize import brentq

    pressure = segment.load(0.0).pressure
    limit = CONSTRAINT * segment.material.creep.dense.flow_stress(1 / INSTANT)

    def excess(log_pressure: float) -> float:
        return math.log(model.highest_pressure(math.exp(log_pressure)) / limit)

    if model.structure.bonded:  # for these the pressure may be zero
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
