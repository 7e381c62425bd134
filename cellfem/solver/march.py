"""March through a load protocol: try, judge, accept or restore and cut; find the time of a stop condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cellfem.model.parameters import Load, Material
from cellfem.solver.engine import INSTANT, Engine
from cellfem.solver.newton import Outcome

CUT_AFTER_FAILURE = 0.4
GROW, SHRINK, SAFETY = 2.0, 0.3, 0.85
DEAD_BAND = (0.9, 1.2)  # the step size stays between these, so that factors may be kept
OVERSHOOT = 0.01  # a stop condition is met within this share of its limit
LOCATE_MOST = 6  # tries to meet it


class GaveUp(RuntimeError):
    """The step size fell below its limit; the state is the last one accepted."""


@dataclass(frozen=True)
class Stop:
    """Ends the run where measure `name` rises above (or falls below) the limit."""

    name: str
    limit: float
    above: bool = True

    def excess(self, value: float) -> float:
        """> 0 when met, as a share of the limit."""
        return (value - self.limit) / self.limit if self.above else (self.limit - value) / self.limit


@dataclass(frozen=True)
class Segment:
    """One step of the protocol."""

    duration: float
    load: Callable[[float], Load]  # by the seconds since its start
    material: Material
    stops: tuple[Stop, ...]
    first: float  # s
    largest: float  # s
    prescribed: tuple[float, ...] | None  # fixed time steps in place of error control


@dataclass(frozen=True)
class Watcher:
    """What the caller sees of a march; every function is collective."""

    examine: Callable[[float, Outcome], dict[str, float]]  # a converged step of dt: its measures by the names of the stops
    accepted: Callable[[float], None]  # the step examined last is accepted
    refused: Callable[[float, str], None]  # a step of dt was restored, and why
    interrupted: Callable[[], bool]


@dataclass(frozen=True)
class Finish:
    """How a march ended: "done", "stop" (condition says which) or "interrupted"."""

    kind: Literal["done", "stop", "interrupted"]
    condition: str = ""


def march(engine: Engine, segments: list[Segment], watch: Watcher, measures: dict[str, float]) -> Finish:
    """Run all segments from the engine's present state (started), which has these measures. Raises GaveUp (collective)."""
    for number, segment in enumerate(segments):
        begin, before = engine.stepper.time, _change(engine, segment, watch) if number else measures
        if (met := _first_met(segment.stops, before)) is not None:
            return Finish("stop", met.name)
        finish = _segment(engine, segment, watch, begin, before)
        if finish is not None:
            return finish
    return Finish("done")


def _change(engine: Engine, segment: Segment, watch: Watcher) -> dict[str, float]:
    """The load jumps to that of the segment, in a step of an instant; returns its measures."""
    outcome = engine.change(segment.load(0.0), segment.material)
    measures = watch.examine(INSTANT, outcome)
    engine.stepper.accept(INSTANT)
    engine.stepper.begin()
    watch.accepted(INSTANT)
    return measures


def _segment(engine: Engine, segment: Segment, watch: Watcher, begin: float, before: dict[str, float]) -> Finish | None:
    """From the present time to the end of a segment that began at `begin`; before: measures of the present state."""
    stepper = engine.stepper
    plan, taken = segment.prescribed, 0
    dt, left = plan[0] if plan else segment.first, segment.duration - (stepper.time - begin)
    located = 0
    while left > 1e-12 * segment.duration:
        if watch.interrupted():
            return Finish("interrupted")
        if not plan:
            dt = min(dt, segment.largest)
        dt = left if dt > left * (1 - 1e-9) else dt if dt < left / 2 or plan else left / 2
        engine.model.set_load(segment.load(stepper.time + dt - begin))
        trial = stepper.attempt(dt)
        if not np.isfinite(trial.error) or (trial.error > 1 and not plan):
            stepper.restore()
            watch.refused(dt, trial.reason or f"time error {trial.error:.2g} of its tolerance")
            dt *= (
                CUT_AFTER_FAILURE
                if not np.isfinite(trial.error)
                else max(SHRINK, SAFETY / trial.error ** (1 / stepper.rate_order))
            )
            if not np.isfinite(trial.error):
                engine.newton.keep = False
            if dt < engine.model.numerics.smallest_step:
                why, least = trial.reason or "time error too large", engine.model.numerics.smallest_step
                raise GaveUp(f"the time step fell below {least:g} s at t = {stepper.time:.6g} s: {why}")
            continue
        measures = watch.examine(dt, trial.newton)
        met = _first_met(segment.stops, measures)
        if met is not None and met.excess(measures[met.name]) > OVERSHOOT and located < LOCATE_MOST and not plan:
            located += 1
            share = (met.limit - before[met.name]) / (measures[met.name] - before[met.name])
            stepper.restore()
            watch.refused(dt, f"looking for the time when {met.name} meets its limit")
            dt = max(dt * min(max(share, 0.1), 0.9), engine.model.numerics.smallest_step)
            continue
        stepper.accept(dt)
        left = segment.duration - (stepper.time - begin)
        before = measures
        watch.accepted(dt)
        if met is not None:
            return Finish("stop", met.name)
        if plan:
            taken += 1
            dt = plan[min(taken, len(plan) - 1)]
        elif not located:
            factor = SAFETY / max(trial.error, 1e-6) ** (1 / stepper.rate_order)
            if not DEAD_BAND[0] < factor < DEAD_BAND[1]:
                dt *= min(max(factor, SHRINK), GROW)
    return None


def _first_met(stops: tuple[Stop, ...], measures: dict[str, float]) -> Stop | None:
    met = [stop for stop in stops if stop.excess(measures[stop.name]) > 0]
    return max(met, key=lambda stop: stop.excess(measures[stop.name]), default=None)
