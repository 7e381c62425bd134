"""Time steps through a load protocol: try, check, accept or restore and cut; find the time of a
stop condition."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast

import numpy as np

from cellfem.model.load import Load
from cellfem.model.parameters import Material
from cellfem.solver.engine import INSTANT, Engine
from cellfem.solver.newton import Outcome

CUT_AFTER_FAILURE = 0.4
GROW, SHRINK, SAFETY = 2.0, 0.3, 0.85
DEAD_BAND = (0.9, 1.2)  # within these ratios the step size is unchanged, so that factors can be kept
OVERSHOOT = 0.01  # tolerance of a condition, relative to its limit
ROUND_OFF = 1e-12  # of a duration
LOCATE_MOST = 6  # attempts to meet it
SAME_TIME = 1e-6
"""Relative to the time between two outputs: a time closer to an output than this counts as the
output time, so that round-off causes no extra steps."""

Measures = dict[str, float]


class GaveUp(RuntimeError):
    """The step size fell below its limit; the state is the last accepted one."""


@dataclass(frozen=True)
class Stop:
    """Met if the measure `name` rises above (or falls below) the limit.

    since_begin: the measure is counted from the beginning of its segment, as an absolute value.
    within: allowed overshoot, as a share of the limit.
    """

    name: str
    limit: float
    above: bool = True
    since_begin: bool = False
    within: float = OVERSHOOT

    def value(self, measures: Measures, base: Measures) -> float:
        """The value compared with the limit; base: measures at the beginning of the segment."""
        return abs(measures[self.name] - base[self.name]) if self.since_begin else measures[self.name]

    def excess(self, value: float) -> float:
        """Positive if met, as a share of the limit."""
        return (value - self.limit) / self.limit if self.above else (self.limit - value) / self.limit


@dataclass(frozen=True)
class Segment:
    """One step of the protocol for the solver."""

    duration: float
    load: Callable[[float], Load]  # as a function of the seconds since its start
    material: Material
    stops: tuple[Stop, ...]  # conditions that end the run
    first: float  # s
    largest: float  # s
    prescribed: tuple[float, ...] | None  # fixed time steps in place of error control
    until: tuple[Stop, ...] = ()  # conditions that end the segment
    outputs: float | None = None  # s; steps end on its multiples of the time of the run


@dataclass(frozen=True)
class Place:
    """Present position of a march in the protocol: with the stepper's state, all that a
    continuation needs."""

    segment: int = 0
    begun: float = 0.0  # s, when the segment began
    base: Measures = field(default_factory=dict)  # measures when it began
    rest_travel: float = 0.0  # µm, travel of the platens at which the fixture was engaged
    dt: float = 0.0  # s, of the next step to try; 0: the segment has not begun
    taken: int = 0  # prescribed steps taken in the segment
    located: int = 0  # attempts to meet a condition in the segment


@dataclass(frozen=True)
class Watcher:
    """Callbacks of a march; every function is collective."""

    examine: Callable[[float, Outcome], Measures]  # a converged step of dt: its measures by the names of the stops
    accepted: Callable[[float], None]  # the step examined last is accepted
    refused: Callable[[float, str], None]  # a step of dt was restored, and why
    interrupted: Callable[
        [Place, Measures], bool
    ]  # before each step, with the last accepted state: whether the march must end here
    entered: Callable[[int], None] = lambda _: None  # a segment begins
    ended: Callable[[str], None] = lambda _: None  # a condition of this name ended the segment


@dataclass(frozen=True)
class Finish:
    """How a march ended: "done", "stop" (condition says which) or "interrupted"."""

    kind: Literal["done", "stop", "interrupted"]
    condition: str = ""


type Marching[T] = Generator[None, None, T]
"""A march that stands still after each accepted step, until it is told to go on."""


def march(engine: Engine, segments: list[Segment], watch: Watcher, measures: Measures, place: Place | None = None) -> Finish:
    """Run all segments from the engine's present state (started), which has these measures. Raises
    GaveUp (collective)."""
    return exhausted(marching(engine, segments, watch, measures, place))


def exhausted[T](steps: Generator[Any, Any, T]) -> T:
    """Go through all steps; what comes of them."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return cast(T, ended.value)


def marching(
    engine: Engine, segments: list[Segment], watch: Watcher, measures: Measures, place: Place | None = None
) -> Marching[Finish]:
    """`march`, step by step."""
    here = place or first_place(segments, measures)
    if place is None:
        watch.entered(0)
    while True:
        segment = segments[here.segment]
        if (met := _first_met(segment.stops, measures, here.base)) is not None:
            return Finish("stop", met.name)
        finish, measures, here = yield from _segment(engine, segment, watch, measures, here)
        if finish is not None:
            return finish
        if here.segment + 1 == len(segments):
            return Finish("done")
        over = _left(segment, here, engine.stepper.time) <= ROUND_OFF * segment.duration  # not ended early by a condition
        if over and watch.interrupted(here, measures):  # before the load jump, which may take long
            return Finish("interrupted")
        here, measures = _next(engine, segments, watch, measures, here)
        yield


def first_place(segments: list[Segment], measures: Measures) -> Place:
    """The position of a march that begins with these measures."""
    return Place(base=measures, dt=_first_dt(segments[0]))


def _next(engine: Engine, segments: list[Segment], watch: Watcher, base: Measures, here: Place) -> tuple[Place, Measures]:
    """Change to the next segment from a state with measures `base`: the load jumps in a step of an
    instant; returns the measures after it."""
    number = here.segment + 1
    segment, before = segments[number], segments[here.segment]
    load = segment.load(0.0)
    goes_on = load.fixture.goes_on(before.load(0.0).fixture)
    rest = here.rest_travel if goes_on else engine.travel()
    begun = engine.stepper.time
    watch.entered(number)
    outcome = engine.change(load.taken_up(rest), segment.material)
    measures = watch.examine(INSTANT, outcome)
    engine.stepper.accept(INSTANT)
    engine.stepper.begin()
    watch.accepted(INSTANT)
    return Place(number, begun, base, rest, _first_dt(segment)), measures


def _first_dt(segment: Segment) -> float:
    return segment.prescribed[0] if segment.prescribed else segment.first


def _segment(
    engine: Engine, segment: Segment, watch: Watcher, before: Measures, here: Place
) -> Marching[tuple[Finish | None, Measures, Place]]:
    """From the present time to the end of a segment; before: measures of the present state. Returns
    those of the last step."""
    stepper, plan = engine.stepper, segment.prescribed
    while (left := _left(segment, here, stepper.time)) > ROUND_OFF * segment.duration:
        if watch.interrupted(here, before):
            return Finish("interrupted"), before, here
        dt = here.dt if plan else min(here.dt, segment.largest)
        dt = min(dt, left) if plan else whole_steps(dt, _to_output(stepper.time, segment.outputs, left))
        dt = left if dt > left * (1 - 1e-9) else dt
        engine.model.set_load(segment.load(stepper.time + dt - here.begun).taken_up(here.rest_travel))
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
            here = replace(here, dt=dt)
            continue
        measures = watch.examine(dt, trial.newton)
        ends_run, ends_segment = (_first_met(stops, measures, here.base) for stops in (segment.stops, segment.until))
        met = ends_run or ends_segment
        now, was = (met.value(m, here.base) if met else 0.0 for m in (measures, before))
        if met is not None and met.excess(now) > met.within and here.located < LOCATE_MOST and not plan:
            share = (met.limit - was) / (now - was)
            stepper.restore()
            watch.refused(dt, f"looking for the time when {met.name} meets its limit")
            dt = max(dt * min(max(share, 0.1), 0.9), engine.model.numerics.smallest_step)
            here = replace(here, dt=dt, located=here.located + 1)
            continue
        stepper.accept(dt)
        before = measures
        if plan:
            here = replace(here, dt=plan[min(here.taken + 1, len(plan) - 1)], taken=here.taken + 1)
        elif not here.located:
            here = replace(here, dt=_adapted(dt, trial.error, stepper.rate_order))
        watch.accepted(dt)
        yield
        if ends_run is not None:
            return Finish("stop", ends_run.name), before, here
        if ends_segment is not None:
            watch.ended(ends_segment.name)
            break
    return None, before, here


def whole_steps(dt: float, left: float) -> float:
    """The step to take if a time `left` remains and dt is wanted: the rest is taken in one step, or
    in two equal ones.

    So no step is shorter than half of what is wanted, and the time is reached without a small last
    step.
    """
    return left if dt > left * (1 - 1e-9) else dt if dt < left / 2 else left / 2


def _to_output(time: float, every: float | None, left: float) -> float:
    """Seconds until the next multiple of `every`, at most `left`, the time until the end of the
    segment."""
    if every is None:
        return left
    ahead = (math.floor(time / every + SAME_TIME) + 1) * every - time
    return ahead if ahead < left - SAME_TIME * every else left


def _left(segment: Segment, here: Place, time: float) -> float:
    """Remaining time of the segment, s."""
    return segment.duration - (time - here.begun)


def _adapted(dt: float, error: float, order: int) -> float:
    """The next step size after a step with this error."""
    factor = SAFETY / max(error, 1e-6) ** (1 / order)
    return dt if DEAD_BAND[0] < factor < DEAD_BAND[1] else dt * min(max(factor, SHRINK), GROW)


def _first_met(stops: tuple[Stop, ...], measures: Measures, base: Measures) -> Stop | None:
    excess = {stop: stop.excess(stop.value(measures, base)) for stop in stops}
    met = [stop for stop in stops if excess[stop] > 0]
    return max(met, key=lambda stop: excess[stop], default=None)
