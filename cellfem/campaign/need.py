"""What an interface needs: the least pressure (or temperature, or time) from which on it does what
is asked of it, for each creep set and choice of the model, as one sentence with its band."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cellfem.campaign.bisection import Bracket, searching
from cellfem.campaign.boundary import point_slopes
from cellfem.campaign.criterion import Criterion, Varied
from cellfem.campaign.design import CREEP, CREEP_SETS, RANGES, factors_of
from cellfem.campaign.grid import Point, settled, word
from cellfem.campaign.job_runner import say
from cellfem.campaign.sweep_points import Outcome, known_outcome, only_sweep, run_points, stop_on_signal
from cellfem.campaign.sweep_results import published_points
from cellfem.campaign.target import plain_grid
from cellfem.case import Case, CaseError, load_case
from cellfem.errors import StoppedError
from cellfem.measured import distance_text
from cellfem.units import MA_CM2

BY = "need"
TABLE, REPORT, PICTURE = "need.csv", "need.json", "need.png"
CASE_S_OWN = "case"


@dataclass(frozen=True)
class Variant:
    """The case with one creep set or one choice changed. band: whether it is of the band over creep
    sets."""

    label: str
    settings: tuple[str, ...]
    band: bool


@dataclass(frozen=True)
class Plan:
    """What is searched. path, settings: the case with what holds in all runs."""

    path: Path
    settings: tuple[str, ...]
    criterion: Criterion
    varied: Varied
    variants: tuple[Variant, ...]
    precision: float

    def point(self, variant: Variant, searched: float) -> Point:
        """A run. Raises CaseError."""
        own = (*self.settings, *variant.settings, *self.varied.settings(searched))
        values = (("need", word(variant.label)), (self.varied.name, self.varied.shown(searched)))
        return Point(values, *settled(self.path, own))


@dataclass(frozen=True)
class Answer:
    """Of one variant: between which values it changes, as searched (`Varied.outward`)."""

    variant: Variant
    bracket: Bracket
    runs: tuple[tuple[float, Outcome], ...]


@dataclass(frozen=True)
class Measured:
    """The pressure (MPa) that a measured cell needs at a current, by a power law through its
    points; beyond: outside of them."""

    cell: str
    pressure: float
    beyond: bool


@dataclass(frozen=True)
class Need:
    """answers: of all variants; sentence: what they come to; measured: beside it; distance: how far such
    numbers lie from measured ones."""

    plan: Plan
    answers: tuple[Answer, ...]
    measured: tuple[Measured, ...]
    sentence: str
    distance: str

    @property
    def complete(self) -> bool:
        """Whether every search has found its bracket."""
        return all(a.bracket.failed is None and a.bracket.kept is not None for a in self.answers)


def variants_of(case: Case, creep: Sequence[str] | None, choices: bool) -> tuple[Variant, ...]:
    """The case with each creep set (those that it names itself first; its own alone where it has
    another kind of law), and with `choices` each choice of the model at both ends of its range,
    with the creep of the case. Raises CaseError."""
    li = case.lithium
    own = li.creep if isinstance(li.creep, str) and li.anand is None and li.own_law is None else None
    names = [name for name in (creep or CREEP_SETS) if name != own]
    first = [Variant(own or CASE_S_OWN, (), True)] if not creep or own in creep or own is None else []
    sets = [] if own is None and not creep else [Variant(name, (f"{CREEP}={name}",), True) for name in names]
    found = [*first, *sets]
    if choices:
        for factor in factors_of(case, [name for name in RANGES if name != "D"]):
            ends = ((0.0, RANGES[factor.name][0]), (1.0, RANGES[factor.name][1]))
            found += [
                Variant(f"{factor.name} x {times:g}", (f"{factor.key}={factor.value(share)}",), False)
                for share, times in ends
                if times != 1.0
            ]
    return tuple(found)


def find_need(plan: Plan, out: Path, jobs: int, replace: bool = False, tell: Callable[[str], None] = say) -> Need:
    """Search for all variants side by side, `jobs` runs at a time; what is done is not run again.
    Raises CaseError, FolderError, BusyError, OSError, StoppedError."""
    case = load_case(plan.path, plan.settings)
    start = plan.varied.inward(plan.varied.start)
    ranges = {variant: _range(plan, variant) for variant in plan.variants}  # all fit to be run, before anything is
    searches = {v: searching(start, *ranges[v], precision=plan.precision) for v in plan.variants}
    waiting = {variant: next(search) for variant, search in searches.items()}
    runs: dict[Variant, list[tuple[float, Outcome]]] = {variant: [] for variant in plan.variants}
    brackets: dict[Variant, Bracket] = {}
    with only_sweep(out) as lock, stop_on_signal() as stopped:
        while waiting:
            outcomes = _round(plan, out, jobs, waiting, lock, stopped, replace)
            for variant, value in list(waiting.items()):
                outcome = outcomes[variant]
                runs[variant].append((value, outcome))
                tell(f"{variant.label}, {plan.varied.shown(value)}: {_progress_text(plan, outcome)}")
                following = _next(searches[variant], plan.criterion.holds(outcome))
                if isinstance(following, Bracket):
                    brackets[variant] = following
                    del waiting[variant]
                else:
                    waiting[variant] = following
    answers = tuple(Answer(v, brackets[v], tuple(runs[v])) for v in plan.variants)
    about = "pressing" if plan.criterion.column.endswith(("ohm_cm2", "_ohm")) else "contact"
    measured = measured_needs(case) if about == "contact" and plan.varied.name == "pressure" else ()
    return Need(plan, answers, measured, sentence_of(plan, answers, measured), distance_text(about))


def _range(plan: Plan, variant: Variant) -> tuple[float, float]:
    """The lowest and highest value to try: ends at which the case cannot be run (a pressure that
    leaves no contact, say) are moved towards that of the case. Raises CaseError where that itself
    cannot be."""
    varied = plan.varied
    low, high = varied.inward(varied.low), varied.inward(varied.high)
    start = min(max(varied.inward(varied.start), low), high)
    plan.point(variant, start)
    while low < start and not _fit(plan, variant, low):
        low = min(2 * low, start)
    while high > start and not _fit(plan, variant, high):
        high = max(high / 2, start)
    return low, high


def _fit(plan: Plan, variant: Variant, value: float) -> bool:
    try:
        plan.point(variant, value)
    except CaseError:
        return False
    return True


def _round(
    plan: Plan,
    out: Path,
    jobs: int,
    waiting: Mapping[Variant, float],
    lock: int,
    stopped: Callable[[], bool],
    replace: bool,
) -> dict[Variant, Outcome]:
    points = {variant: plan.point(variant, value) for variant, value in waiting.items()}
    found = {variant: known for variant, point in points.items() if (known := known_outcome(point, out)) is not None}
    missing = [point for variant, point in points.items() if variant not in found]
    with closing(run_points(plain_grid(plan.path), missing, out, jobs, lock, stopped, replace)) as ran:
        by_name = {outcome.point.name: outcome for outcome in ran}
    if len(by_name) < len(missing):
        raise StoppedError("stopped; the same command continues")
    return {variant: found.get(variant) or by_name[point.name] for variant, point in points.items()}


def _next(search: Generator[float, bool | None, Bracket], holds: bool | None) -> float | Bracket:
    try:
        return search.send(holds)
    except StopIteration as ended:
        bracket: Bracket = ended.value
        return bracket


def _progress_text(plan: Plan, outcome: Outcome) -> str:
    holds = plan.criterion.holds(outcome)
    state = "no answer" if holds is None else "holds" if holds else "does not hold"
    return f"{state} ({outcome.end}, {plan.criterion.column} {plan.criterion.value(outcome):.3g})"


def measured_needs(case: Case) -> tuple[Measured, ...]:
    """Pressures at which the measured cells keep contact at the largest current of the protocol;
    none without a current."""
    current = MA_CM2 * max((abs(placed.step.signed_current) for placed in case.steps if placed.step.current), default=0.0)
    cells: dict[str, list[tuple[float, float]]] = {}
    for point in published_points():
        if point.pressure > 0:
            cells.setdefault(point.cell, []).append((point.pressure, point.current))
    found = []
    for cell, slope in point_slopes(cells).items() if current else ():
        if not slope > 0:
            continue
        mean = [sum(math.log(pair[k]) for pair in cells[cell]) / len(cells[cell]) for k in (0, 1)]
        pressure = math.exp(mean[0] + (math.log(current) - mean[1]) / slope)
        seen = [pair[1] for pair in cells[cell]]
        found.append(Measured(cell, pressure, not min(seen) * 0.999 <= current <= max(seen) * 1.001))
    return tuple(found)


def sentence_of(plan: Plan, answers: Sequence[Answer], measured: Sequence[Measured]) -> str:
    """The answer: the value for the creep of the case, the band over creep sets, how narrow each
    is, what was asked, and what measured cells need."""
    varied = plan.varied
    first = answers[0]
    band = [a for a in answers if a.variant.band]
    spread = f" for {first.variant.label}" + (f" ({_band(plan, band)} over {len(band)} creep sets)" if len(band) > 1 else "")
    within = f"each within {100 * plan.precision:.3g} %"
    text = f"{_value(plan, first)}{spread}, {within}: the {varied.text} at which {plan.criterion.text}."
    others = [a for a in answers if not a.variant.band]
    if others:
        text += f" Choices of the model: {_band(plan, [first, *others])}."
    failed = [f"{a.variant.label} at {varied.short(a.bracket.failed)}" for a in answers if a.bracket.failed is not None]
    if failed:
        text += f" Without an answer, since a run failed: {', '.join(failed)}."
    if measured:
        told = [f"{m.pressure:.2g} MPa ({m.cell}{', extrapolated' if m.beyond else ''})" for m in measured]
        text += f" Measured cells need {' and '.join(told)} at this current."
    return text


def _value(plan: Plan, answer: Answer) -> str:
    """What one variant needs."""
    varied, found = plan.varied, answer.bracket
    if found.failed is not None:
        return "unknown"
    if found.kept is None:
        return f"more than {varied.short(found.missed or varied.inward(varied.high))}"
    if found.missed is None:
        return f"{varied.short(found.kept)} or less"
    return varied.short(found.kept)


def _band(plan: Plan, answers: Sequence[Answer]) -> str:
    """From the least to the most that they need; ends that lie beyond the range are said to."""
    known = [a for a in answers if a.bracket.failed is None]
    if not known:
        return "unknown"

    def size(answer: Answer) -> float:
        return answer.bracket.kept if answer.bracket.kept is not None else math.inf

    low, high = min(known, key=size), max(known, key=size)
    return _value(plan, low) if low is high else f"{_value(plan, low)} to {_value(plan, high)}"


def plain_need(need: Need) -> dict[str, Any]:
    """need.json: values as text with their unit, null where there is none."""
    varied = need.plan.varied

    def shown(value: float | None) -> str | None:
        return None if value is None else varied.shown(value)

    return {
        "sentence": need.sentence,
        "asked": need.plan.criterion.text,
        "varied": varied.name,
        "answers": [
            {
                "variant": a.variant.label,
                "creep_set": a.variant.band,
                "does_not_hold_at": shown(a.bracket.missed),
                "holds_from": shown(a.bracket.kept),
                "failed_at": shown(a.bracket.failed),
            }
            for a in need.answers
        ],
        "measured": [{"cell": m.cell, "pressure_MPa": m.pressure, "extrapolated": m.beyond} for m in need.measured],
        "distance": need.distance,
    }
