"""What an interface is asked for: contact through the test, a share that touches, a resistance, a
life. And what is varied until it holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cellfem.campaign.sweep_points import Outcome
from cellfem.campaign.target import highest_keys, highest_pressure, parse_target
from cellfem.case import Case, CaseError
from cellfem.case.protocol import Placed
from cellfem.formatting import time_text
from cellfem.model.from_case import material
from cellfem.units import ZERO_CELSIUS, QuantityError, format_quantity, format_shown, parse_quantity

TENFOLD = 10.0
"""K: temperatures are searched as 2^((T - 0 °C)/TENFOLD), so that a doubling is 10 K."""


@dataclass(frozen=True)
class Criterion:
    """text: what is asked for, in words. settings: overrides that it takes. holds: whether an
    outcome has it; None where it gave no answer. value, unit: what is looked at."""

    text: str
    settings: tuple[str, ...]
    holds: Callable[[Outcome], bool | None]
    value: Callable[[Outcome], float]
    column: str


@dataclass(frozen=True)
class Varied:
    """What is varied. keys: of the case; low, high, start: in the working unit."""

    name: str
    text: str
    unit: str
    keys: tuple[str, ...]
    low: float
    high: float
    start: float

    def inward(self, value: float) -> float:
        """The value (working unit) as it is searched, above zero."""
        return 2 ** ((value - ZERO_CELSIUS) / TENFOLD) if self.unit == "K" else value

    def outward(self, searched: float) -> float:
        """The opposite of `inward`."""
        return ZERO_CELSIUS + TENFOLD * math.log2(searched) if self.unit == "K" else searched

    def shown(self, searched: float) -> str:
        """A searched value as text with its unit."""
        if self.unit == "K":
            return format_quantity(round(self.outward(searched), 2), "K")
        return format_quantity(searched, self.unit)

    def short(self, searched: float) -> str:
        """The same with three digits, for sentences."""
        return format_shown(self.outward(searched), self.unit)

    def settings(self, searched: float) -> tuple[str, ...]:
        """Overrides that set it."""
        return tuple(f"{key}={self.shown(searched)}" for key in self.keys)


def criterion_of(case: Case, asr: str | None, contact: float | None, life: str | None) -> Criterion:
    """At most one of: a resistance at most so large at the end ("50 ohm*cm^2", or "120 ohm" of the
    cell), a share that touches at the end, a life of so long; without any that contact is not lost
    through the protocol. Each but the first wants that, too. Raises CaseError."""
    given = [name for name, value in (("--asr", asr), ("--contact", contact), ("--life", life)) if value is not None]
    if len(given) > 1:
        raise CaseError([f"{given[0]}: {given[1]} is given too; ask for one of them at a time"])
    if asr is not None:
        target = parse_target(asr, case, material(case, case.sequence[-1].step).conductivity)
        return Criterion(
            f"the resistance is {target.text} at most at the end",
            (),
            lambda o: _if_ran(o, getattr(o, target.column) <= target.value),
            lambda o: float(getattr(o, target.column)),
            target.column,
        )
    if contact is not None:
        if not 0 < contact < 1:
            raise CaseError([f"--contact: {contact:g} is not a share of the interface; give one between 0 and 1"])
        return Criterion(
            f"{100 * contact:.3g} % of the interface touch at the end, and contact is not lost before",
            (),
            lambda o: _if_ran(o, o.verdict not in ("lost", "untested") and o.contact_fraction >= contact),
            lambda o: o.contact_fraction,
            "contact_fraction",
        )
    settings, lasts = ((), case.total_duration) if life is None else _lasting(case, life)
    if not any(placed.step.stop.model_dump(exclude_none=True) for placed in case.steps):
        remedy = "add stop.voltage or stop.contact, or ask for --asr or --contact"
        raise CaseError([f"protocol: no step has a stop condition, so that contact is never lost; {remedy}"])
    return Criterion(
        f"contact is not lost in {time_text(lasts)}",
        settings,
        lambda o: _if_ran(o, o.verdict not in ("lost", "untested")),
        lambda o: o.end_time_s,
        "end_time_s",
    )


def _if_ran(outcome: Outcome, holds: bool) -> bool | None:
    return None if outcome.verdict == "failed" else holds


def _lasting(case: Case, life: str) -> tuple[tuple[str, ...], float]:
    """Overrides by which the last step with a current lasts so long; the protocol's duration
    then."""
    seconds = _quantity("--life", life, "s")
    driven = [placed for placed in case.steps if placed.step.signed_current != 0]
    if not driven or ".step." in driven[-1].key or driven[-1].step.capacity is not None:
        raise CaseError(["--life: is the duration of the last step with a current, outside loops and without capacity; add one"])
    step = driven[-1]
    return (f"{step.key}.duration={format_quantity(seconds, 's')}",), case.total_duration - step.step.seconds + seconds


def varied_of(case: Case, name: str, low: str | None, high: str | None) -> Varied:
    """The highest pressure of the protocol, the temperature of all its steps, or the duration of
    the last press (else of the last step). Raises CaseError."""
    steps = case.steps
    hold = next((placed for placed in reversed(steps) if placed.step.mode == "press"), steps[-1])
    plain = {
        "pressure": ("lowest stack pressure", "MPa", highest_keys(case), "0.01 MPa", "100 MPa", highest_pressure(case)),
        "temperature": (
            *("lowest temperature", "K"),
            tuple(f"{placed.key}.temperature" for placed in steps),
            *("0 degC", "120 degC", max(placed.step.temperature for placed in steps)),
        ),
        "time": ("shortest hold time", "s", (f"{hold.key}.duration",), "1 s", "1000 h", hold.step.seconds),
    }
    if name not in plain:
        raise CaseError([f'--vary: "{name}" is not varied; write one of {", ".join(plain)}'])
    text, unit, keys, least, most, start = plain[name]
    if name == "time":
        _check_hold(hold)
    varied = Varied(name, text, unit, keys, _quantity("--from", low or least, unit), _quantity("--to", high or most, unit), start)
    if not 0 < varied.inward(varied.low) < varied.inward(varied.high):
        raise CaseError([f"--from: {low or least} is not below --to {high or most}, or not above zero"])
    return varied


def _check_hold(hold: Placed) -> None:
    if ".step." in hold.key or hold.step.duration is None:
        raise CaseError(["--vary time: the last press (else the last step) has no duration of its own outside loops; add one"])


def _quantity(name: str, text: str, unit: str) -> float:
    try:
        return parse_quantity(text, unit)
    except QuantityError as error:
        raise CaseError([f"{name}: {error}"]) from error
