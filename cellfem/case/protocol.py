"""The load protocol: steps, and loops that repeat some."""

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
"""s: time in which a press reaches its load; a shorter hold time has no meaning."""
Mode = Literal["strip", "plate", "rest", "press", "hold-voltage"]
SIGN = {"strip": 1.0, "plate": -1.0, "rest": 0.0, "press": 0.0, "hold-voltage": math.nan}
"""Of the mean current density in each mode; where the voltage is held the current is what comes of
it."""
DRIVEN_BY: dict[str, str | None] = {
    "strip": "current",
    "plate": "current",
    "rest": None,
    "press": None,
    "hold-voltage": "voltage",
}
"""The key that a mode needs and the others must not have (with an example in `DRIVE_EXAMPLES`)."""
DRIVE_EXAMPLES = {"current": "0.5 mA/cm^2", "voltage": "20 mV"}


class Stop(Section):
    """Conditions that end the run, or with `until` only the step, before the duration is over."""

    voltage: Voltage | None = None
    """Largest |voltage| less its value without current."""
    contact: Annotated[Number, Field(gt=0.0, lt=1.0)] | None = None
    """Smallest contact fraction."""
    gap: Length | None = None
    """Largest gap."""
    resistance: AreaResistance | None = None
    """Interface resistance to a small signal that is to be reached, charge transfer and
    constriction; ends the run there."""
    index: Annotated[Number, Field(gt=0.0, le=1e6)] | None = None
    """Largest dendrite index K_I/K_Ic while plating; 1 is where a flaw grows."""
    current: CurrentDensity | None = None
    """Smallest magnitude of the mean current density, where the voltage is held."""


class Step(Section):
    """A step of the load protocol."""

    mode: Mode
    """Strip or plate lithium at constant current, rest, or press (both without current), or hold
    the voltage."""
    current: DrivenCurrent | None = None
    """Magnitude of the mean current density; the mode gives its sign. For strip and plate only."""
    voltage: SignedVoltage | None = None
    """Voltage that is held: above 0 strips, below plates. For hold-voltage only."""
    duration: Time | None = None
    """How long the step lasts; with `capacity` too, whichever is over first."""
    capacity: AreaCharge | None = None
    """Charge per area that the step passes; strip and plate need no duration then."""
    pressure: Pressure
    """Stack pressure, at the start of the step; with a spring, where the spring set in."""
    pressure_end: Pressure | None = None
    """Stack pressure at the end of the step, for a linear ramp."""
    spring: Stiffness | None = None
    """Stiffness of the fixture: the pressure changes by so much for each um that the platen
    travels. It goes on through all following steps of the same stiffness."""
    rise: Time | None = None
    """Time in which a pressure above that before comes up; without it 1 s, a tenth of the duration
    at most."""
    temperature: Temperature = default("25 degC")
    """Uniform temperature."""
    stop: Stop = Field(default_factory=Stop)
    """Conditions that end the run early."""
    until: Stop = Field(default_factory=Stop)
    """Conditions that end the step early: the protocol goes on with the next one."""
    top: Literal["platen", "uniform", "fixed"] = "platen"
    """Rigid platen under the pressure, pressure on the lithium's free upper face, or a platen that
    stays where it is."""

    @property
    def seconds(self) -> float:
        """How long the step lasts at most, s; nan where neither duration nor capacity tells."""
        by_charge = self.capacity / self.current if self.capacity is not None and self.current else math.inf
        by_time = math.inf if self.duration is None else self.duration
        longest = min(by_time, by_charge)
        return longest if math.isfinite(longest) else math.nan

    @property
    def signed_current(self) -> float:
        """Mean current density in A/m²: > 0 strips, < 0 plates, 0 at rest and while pressing, nan
        where the voltage is held."""
        return SIGN[self.mode] * (self.current or 0.0)

    @property
    def current_follows(self) -> bool:
        """Whether the current is what comes of the step, and is not given."""
        return math.isnan(SIGN.get(self.mode, 0.0))  # the mode is nan where it is not one

    def largest_current(self, resistance: float) -> float:
        """|mean current density|, A/m²; where the voltage is held, what it would drive through `resistance` (Ω m²)."""
        return abs(self.voltage or 0.0) / resistance if self.current_follows else abs(self.signed_current)

    def pressure_at(self, elapsed: float) -> float:
        """Stack pressure in MPa (of the spring, without travel), `elapsed` seconds after the start
        of the step."""
        if self.pressure_end is None:
            return self.pressure
        return self.pressure + (self.pressure_end - self.pressure) * min(max(elapsed / self.seconds, 0.0), 1.0)

    @property
    def rise_time(self) -> float:
        """`rise` in s, or what stands for it."""
        return min(PRESS_TIME, self.seconds / 10) if self.rise is None else self.rise

    @property
    def pressure_range(self) -> tuple[float, float]:
        """Smallest and largest stack pressure of the step in MPa, without a spring's share."""
        end = self.pressure if self.pressure_end is None else self.pressure_end
        return min(self.pressure, end), max(self.pressure, end)


class Loop(Section):
    """Steps that are repeated one after the other, [[protocol]] with `repeat` and its own
    [[protocol.step]]."""

    repeat: Annotated[Count, Field(ge=1, le=100000)]
    """How often the steps are run."""
    step: Annotated[tuple[Step, ...], Field(min_length=1)]
    """The steps, [[protocol.step]], with the keys of a [[protocol]] step."""


def _kind_of_entry(value: object) -> str:
    keys: Iterable[str] = value if isinstance(value, dict) else ()
    return "<loop>" if isinstance(value, Loop) or {"repeat", "step"} & set(keys) else "<step>"


ENTRY_TAGS: dict[str, type[Section]] = {"<step>": Step, "<loop>": Loop}
"""Pydantic's names for what an entry of the protocol may be; they turn up in the places of errors,
and no key is called so."""

Entry = Annotated[Annotated[Step, Tag("<step>")] | Annotated[Loop, Tag("<loop>")], Discriminator(_kind_of_entry)]


def entry_of(value: object) -> type[Section]:
    """Step or Loop: what a table of the file is meant to be."""
    return ENTRY_TAGS[_kind_of_entry(value)]


@dataclass(frozen=True)
class Placed:
    """A step with its key in the file and, inside a loop, the number of its repetition, counted
    from 1 (0 outside)."""

    key: str
    step: Step
    cycle: int = 0
    cycles: int = 0


def counted(protocol: Iterable[Step | Loop]) -> Iterator[tuple[Placed, int]]:
    """Each step once, as in the file, and how often it is run."""
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
    """Largest and least charge per area stripped so far in the protocol, C/m²; 0 at the start and
    while the voltage is held."""
    total, largest, least = 0.0, 0.0, 0.0
    for entry in protocol:
        steps, times = (entry.step, entry.repeat) if isinstance(entry, Loop) else ((entry,), 1)
        charges = (step.signed_current * step.seconds for step in steps)
        sums = list(accumulate((charge if math.isfinite(charge) else 0.0) for charge in charges))
        for begin in (total, total + (times - 1) * sums[-1]):  # of the first and the last repetition: between them it is linear
            largest, least = max(largest, begin + max(sums)), min(least, begin + min(sums))
        total += times * sums[-1]
    return largest, least


def unrolled(protocol: Iterable[Step | Loop]) -> Iterator[Placed]:
    """Every step in the order in which they are run, loops repeated."""
    for k, entry in enumerate(protocol):
        if isinstance(entry, Loop):
            for cycle in range(1, entry.repeat + 1):
                for j, step in enumerate(entry.step):
                    yield Placed(f"protocol.{k}.step.{j}", step, cycle, entry.repeat)
        else:
            yield Placed(f"protocol.{k}", entry)
