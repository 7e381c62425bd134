"""The curve that a sweep over pressure is about, by its protocol: resistance where it presses,
dendrite index where it plates, time to failure where contact is lost, else contact."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cellfem.campaign.sweep_points import Outcome
from cellfem.campaign.sweep_results import Slice, carries_current
from cellfem.formatting import time_text


@dataclass(frozen=True)
class Quantity:
    """column: of `Outcome`. name: with its unit. at_least: whether a value is a bound, the run
    having ended before."""

    column: str
    name: str
    text: Callable[[float], str]
    at_least: Callable[[Outcome], bool] = lambda _: False

    def value(self, outcome: Outcome) -> float:
        return float(getattr(outcome, self.column))


RESISTANCE = Quantity("asr_small_signal_ohm_cm2", "interface resistance to a small signal (Ω cm²)", "{:.3g} Ω cm²".format)
INDEX = Quantity("dendrite_index_max", "largest dendrite index", "{:.3g}".format)
FAILURE = Quantity("end_time_s", "time to failure (s); hollow: not lost by then", time_text, lambda o: o.verdict != "lost")
CONTACT = Quantity("contact_fraction", "share of the interface in contact at the end", "{:.3g}".format)


def quantity_of(outcomes: Sequence[Outcome]) -> Quantity:
    """What the protocol of these runs is about."""
    if not carries_current(outcomes):
        return RESISTANCE
    steps = [placed.step for outcome in outcomes for placed in outcome.point.case.steps]
    if any(step.signed_current < 0 for step in steps) and not any(step.signed_current > 0 for step in steps):
        return INDEX
    return FAILURE if any(outcome.verdict == "lost" for outcome in outcomes) else CONTACT


def about(outcomes: Sequence[Outcome]) -> str:
    """The same in the words of `measured.ABOUT`."""
    return {RESISTANCE.column: "pressing", INDEX.column: "dendrite"}.get(quantity_of(outcomes).column, "contact")


def lines_of(slices: Sequence[Slice]) -> list[tuple[str, list[Outcome]]]:
    """Label and runs, by pressure, of each slice and current; those that failed are left out."""
    found = []
    for member in slices:
        several = len({outcome.point.current for outcome in member.outcomes}) > 1
        for current in sorted({outcome.point.current for outcome in member.outcomes}):
            own = [o for o in member.outcomes if o.point.current == current and o.point.pressure > 0 and o.verdict != "failed"]
            label = ", ".join(filter(None, (member.label, f"{current:g} mA/cm²" if several else "")))
            if len({o.point.pressure for o in own}) > 1:
                found.append((label, sorted(own, key=lambda o: o.point.pressure)))
    return found


def curve_lines(slices: Sequence[Slice]) -> tuple[str, ...]:
    """The curves as sentences: a value for each pressure."""
    told = []
    for label, outcomes in lines_of(slices):
        quantity = quantity_of(outcomes)
        values = (
            f"{o.point.pressure:g} MPa {'over ' if quantity.at_least(o) else ''}{quantity.text(quantity.value(o))}"
            for o in outcomes
        )
        told.append(f"{f'{label}, ' if label else ''}{quantity.name.partition(';')[0]}: {', '.join(values)}")
    return tuple(told)
