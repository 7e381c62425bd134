"""The load protocol: steps, and loops of steps."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from cellfem.case.fields import (
    AreaCharge,
    AreaResistance,
    Count,
    CurrentDensity,
    DrivenCurrent,
    Length,
    Number,
    Pressure,
    Section,
    SignedVoltage,
    Stiffness,
    Temperature,
    Time,
    Voltage,
    default,
)

PRESS_TIME = 1.0
"""Time (s) in which a press reaches its load; a shorter hold time has no meaning."""
Mode = Literal["strip", "plate", "rest", "press", "hold-voltage"]
SIGN = {"strip": 1.0, "plate": -1.0, "rest": 0.0, "press": 0.0, "hold-voltage": math.nan}
"""Sign of the mean current density in each mode; nan if the voltage is held, because the current is
a result."""
DRIVEN_BY: dict[str, str | None] = {
    "strip": "current",
    "plate": "current",
    "rest": None,
    "press": None,
    "hold-voltage": "voltage",
}
"""The key that drives each mode and that other modes must not have (with an example in
`DRIVE_EXAMPLES`)."""
DRIVE_EXAMPLES = {"current": "0.5 mA/cm^2", "voltage": "20 mV"}


class Stop(Section):
    """Conditions that end the run, or under `until` only the step, before its duration is over."""

    voltage: Voltage | None = None
    """Largest |voltage|, minus its value without current."""
    contact: Annotated[Number, Field(gt=0.0, lt=1.0)] | None = None
    """Smallest contact fraction."""
    gap: Length | None = None
    """Largest gap."""
    resistance: AreaResistance | None = None
    """Target of the small-signal interface resistance (charge transfer and constriction): the run
    ends when it is reached."""
    index: Annotated[Number, Field(gt=0.0, le=1e6)] | None = None
    """Largest dendrite index K_I/K_Ic while plating; at 1 a flaw grows."""
    current: CurrentDensity | None = None
    """Smallest absolute mean current density, if the voltage is held."""


class Step(Section):
    """A step of the load protocol."""

    mode: Mode
    """Strip or plate lithium at constant current, rest, press (both without current), or hold the
    voltage."""
    current: DrivenCurrent | None = None
    """Absolute mean current density; the mode gives its sign. For strip and plate only."""
    voltage: SignedVoltage | None = None
    """Held voltage: positive strips, negative plates. For hold-voltage only."""
    duration: Time | None = None
    """Duration of the step; with `capacity` as well, the step ends with the first of the two."""
    capacity: AreaCharge | None = None
    """Charge per area passed in the step; strip and plate then need no duration."""
    pressure: Pressure
    """Stack pressure at the start of the step; with a spring, the pressure when the spring was
    engaged."""
    pressure_end: Pressure | None = None
    """Stack pressure at the end of the step, for a linear ramp."""
    spring: Stiffness | None = None
    """Stiffness of the fixture: pressure change per um of platen travel. It continues through all
    following steps of the same stiffness."""
    rise: Time | None = None
    """Time in which the pressure rises if it is higher than before; default 1 s, but at most a
    tenth of the duration."""
    temperature: Temperature = default("25 degC")
    """Uniform temperature."""
    stop: Stop = Field(default_factory=Stop)
    """Conditions that end the run early."""
    until: Stop = Field(default_factory=Stop)
    """Conditions that end the step early; the protocol continues with the next one."""
    top: Literal["platen", "uniform", "fixed"] = "platen"
    """Rigid platen under the pressure, pressure on the lithium's free upper face, or a fixed
    platen."""

    @property
    def seconds(self) -> float:
        """Longest duration of the step, s; nan if neither duration nor capacity gives it."""
        by_charge = self.capacity / self.current if self.capacity is not None and self.current else math.inf
        by_time = math.inf if self.duration is None else self.duration
        longest = min(by_time, by_charge)
        return longest if math.isfinite(longest) else math.nan

    @property
    def signed_current(self) -> float:
        """Mean current density in A/m²: > 0 strips, < 0 plates, 0 at rest and while pressing, nan
        if the voltage is held."""
        return SIGN[self.mode] * (self.current or 0.0)

    @property
    def current_follows(self) -> bool:
        """Whether the current is a result of the step instead of an input."""
        return math.isnan(SIGN.get(self.mode, 0.0))  # an invalid mode is nan

    def largest_current(self, resistance: float) -> float:
        """|mean current density|, A/m²; if the voltage is held, an estimate from `resistance` (Ω
        m²)."""
        return abs(self.voltage or 0.0) / resistance if self.current_follows else abs(self.signed_current)

    def pressure_at(self, elapsed: float) -> float:
        """Stack pressure in MPa (with a spring: without platen travel), `elapsed` seconds after the
        start of the step."""
        if self.pressure_end is None:
            return self.pressure
        return self.pressure + (self.pressure_end - self.pressure) * min(max(elapsed / self.seconds, 0.0), 1.0)

    @property
    def rise_time(self) -> float:
        """`rise` in s, or its default."""
        return min(PRESS_TIME, self.seconds / 10) if self.rise is None else self.rise

    @property
    def pressure_range(self) -> tuple[float, float]:
        """Smallest and largest stack pressure of the step in MPa, without the change by a
        spring."""
        end = self.pressure if self.pressure_end is None else self.pressure_end
        return min(self.pressure, end), max(self.pressure, end)


class Loop(Section):
    """Steps that are repeated in order: [[protocol]] with `repeat` and its own
    [[protocol.step]]."""

    repeat: Annotated[Count, Field(ge=1, le=100000)]
    """How often the steps are run."""
    step: Annotated[tuple[Step, ...], Field(min_length=1)]
    """The steps, [[protocol.step]], with the keys of a [[protocol]] step."""


def _kind_of_entry(value: object) -> str:
    keys: Iterable[str] = value if isinstance(value, dict) else ()
    return "<loop>" if isinstance(value, Loop) or {"repeat", "step"} & set(keys) else "<step>"


ENTRY_TAGS: dict[str, type[Section]] = {"<step>": Step, "<loop>": Loop}
"""Pydantic's tags for the entries of the protocol; they appear in the paths of errors, and no key
has these names."""

Entry = Annotated[Annotated[Step, Tag("<step>")] | Annotated[Loop, Tag("<loop>")], Discriminator(_kind_of_entry)]


def entry_of(value: object) -> type[Section]:
    """Step or Loop, by the keys of the table."""
    return ENTRY_TAGS[_kind_of_entry(value)]


@dataclass(frozen=True)
class Placed:
    """A step with its key in the file and, inside a loop, the number of its repetition, counted
    from 1 (0 outside loops)."""

    key: str
    step: Step
    cycle: int = 0
    cycles: int = 0


def counted(protocol: Iterable[Step | Loop]) -> Iterator[tuple[Placed, int]]:
    """Each step once, as in the file, with the number of times it is run."""
    for k, entry in enumerate(protocol):
        if isinstance(entry, Loop):
            for j, step in enumerate(entry.step):
                yield Placed(f"protocol.{k}.step.{j}", step), entry.repeat
        else:
            yield Placed(f"protocol.{k}", entry), 1


def written(protocol: Iterable[Step | Loop]) -> Iterator[Placed]:
    """Each step once, as in the file."""
    return (placed for placed, _ in counted(protocol))


def stripped_range(protocol: Iterable[Step | Loop]) -> tuple[float, float]:
    """Largest and smallest net charge per area stripped so far in the protocol, C/m²; 0 at the
    start; steps of held voltage count as 0."""
    total, largest, least = 0.0, 0.0, 0.0
    for entry in protocol:
        steps, times = (entry.step, entry.repeat) if isinstance(entry, Loop) else ((entry,), 1)
        charges = (step.signed_current * step.seconds for step in steps)
        sums = list(accumulate((charge if math.isfinite(charge) else 0.0) for charge in charges))
        # of the first and the last repetition: the charge is linear in between
        for begin in (total, total + (times - 1) * sums[-1]):
            largest, least = max(largest, begin + max(sums)), min(least, begin + min(sums))
        total += times * sums[-1]
    return largest, least


def unrolled(protocol: Iterable[Step | Loop]) -> Iterator[Placed]:
    """Every step in the order of the run, loops repeated."""
    for k, entry in enumerate(protocol):
        if isinstance(entry, Loop):
            for cycle in range(1, entry.repeat + 1):
                for j, step in enumerate(entry.step):
                    yield Placed(f"protocol.{k}.step.{j}", step, cycle, entry.repeat)
        else:
            yield Placed(f"protocol.{k}", entry)
