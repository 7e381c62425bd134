"""The pressure, or the hold time, at which a pressed cell reaches a target resistance: each trial
is a run in its own folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cellfem.campaign.bisection import searching
from cellfem.campaign.grid import Grid, Point, word
from cellfem.case import Case, CaseError, load_case
from cellfem.model import from_case
from cellfem.output.summary import read_summary
from cellfem.units import OHM_CM2, QuantityError, format_quantity, parse_quantity


@dataclass(frozen=True)
class Target:
    """A target resistance: `column` of records.csv must be at most `value`; `interface` is the
    equivalent ASR in Ω m²."""

    column: str
    value: float
    interface: float
    text: str


@dataclass(frozen=True)
class TargetRun:
    """A run at one pressure (MPa): its resistance at the end in the target's unit; nan if it
    failed."""

    pressure: float
    value: float
    contact: float
    end: str
    folder: Path
    condition: str = ""  # of the stop condition that ended it


def parse_target(text: str, case: Case, conductivity: float) -> Target:
    """`50 ohm*cm^2` of one interface, or `120 ohm` of the cell; conductivity: the electrolyte's,
    S·µm/m². Raises CaseError."""
    cell = from_case.cell(case)
    area = cell.area * 1e-12
    bulk = cell.separator / conductivity / area
    try:
        value = parse_quantity(text, "ohm*m^2")
        return Target("asr_small_signal_ohm_cm2", OHM_CM2 * value, value, f"{OHM_CM2 * value:g} Ω cm²")
    except QuantityError as first:
        try:
            value = parse_quantity(text, "ohm")
        except QuantityError:
            raise CaseError([f'--target {first}, or for the whole cell "100 ohm"']) from first
    if value <= bulk:
        alone = f"{bulk:.4g} ohm of the electrolyte alone ({cell.separator:g} um on {cell.area * 1e-8:g} cm^2)"
        remedy = "no pressure reaches it; write a higher one, or change [impedance]"
        raise CaseError([f"--target: {value:g} ohm is not above the {alone}: {remedy}"])
    return Target("cell_resistance_ohm", value, (value - bulk) * area / cell.times, f"{value:g} Ω of the cell")


def pressure_keys(case: Case) -> tuple[str, ...]:
    """The keys of the pressure to be varied: the highest of the protocol, in all steps that have
    it. Raises CaseError."""
    if all(placed.step.mode != "press" for placed in case.steps):
        raise CaseError(['protocol: no step has mode = "press"; a search for the pressure needs one'])
    return highest_keys(case)


def highest_keys(case: Case) -> tuple[str, ...]:
    """The keys of the highest pressure of the protocol."""
    highest = highest_pressure(case)
    return tuple(
        f"{placed.key}.{key}"
        for placed in case.steps
        for key in ("pressure", "pressure_end")
        if getattr(placed.step, key) == highest
    )


def highest_pressure(case: Case) -> float:
    """Highest pressure of the protocol, MPa."""
    return max(placed.step.pressure_range[1] for placed in case.steps)


def point_at(path: Path, overrides: Sequence[str], pressure: float, more: Sequence[str] = ()) -> Point:
    """The case with its highest pressure replaced (MPa) and `more` overrides; no pictures. Raises
    CaseError."""
    keys = pressure_keys(load_case(path, overrides))
    text = format_quantity(pressure, "MPa")
    settings = (*overrides, *(f"{key}={text}" for key in keys), *more, "output.pictures=false")
    values = (("pressure", text), *((word(m.partition("=")[0].rpartition(".")[2]), m.partition("=")[2]) for m in more))
    return Point(values, settings, load_case(path, settings))


def plain_grid(path: Path) -> Grid:
    """The grid without axes that `campaign.sweep_points` needs for points that are not of a
    grid."""
    return Grid(path, (), ())


def read_trial(point: Point, out: Path, target: Target, pressure: float) -> TargetRun:
    """Read the folder of a run that ended by itself."""
    folder = out / point.name
    summary = read_summary(folder / "summary.json")
    final, end = summary["final"], summary["end"]
    if final is None:
        return TargetRun(pressure, math.nan, math.nan, end, folder)
    value = final[target.column]
    number = math.nan if summary["end_kind"] == "gave up" else math.inf if value is None else float(value)
    return TargetRun(pressure, number, float(final["contact_fraction"]), end, folder, summary["condition"])


def search(
    start: float, low: float, high: float, limit: float, precision: float, evaluate: Callable[[float], TargetRun]
) -> list[TargetRun]:
    """The runs, in order, that bracket the lowest pressure with value ≤ limit
    (`bisection.searching`, MPa); a run without a value ends the search. Resistance is assumed to
    decrease with pressure."""
    runs: list[TargetRun] = []
    steps = searching(start, low, high, precision)
    pressure = next(steps)
    while True:
        runs.append(evaluate(pressure))
        value = runs[-1].value
        try:
            pressure = steps.send(None if math.isnan(value) else value <= limit)
        except StopIteration:
            return runs
