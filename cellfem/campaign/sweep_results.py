"""map.csv and map.json: results of a sweep, by point and as boundaries."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

from cellfem.campaign.boundary import Along, Boundary, Criterion, Sample, Slope, band, point_slopes, slope, trace
from cellfem.campaign.grid import CREEP, Grid, Values
from cellfem.campaign.sweep_points import INCONCLUSIVE, SMALL_SIGNAL, Outcome
from cellfem.output.records import write_atomic
from cellfem.output.summary import KEPT_OVER_PERFECT

NUMBERS = (
    *("contact_fraction", "perfect_contact_fraction", "carrying_fraction", "focusing_max", "voltage_mV", "asr_ohm_cm2"),
    *(*SMALL_SIGNAL, "time_to_failure_s", "end_time_s", "capacity_mAh_cm2", "opening_time_s", "opening_place_um"),
)
OF_CURRENT = ("carrying_fraction", "focusing_max", "voltage_mV", "asr_ohm_cm2", "time_to_failure_s", "capacity_mAh_cm2")
"""Columns without meaning if no step of the protocol carries a current."""
DIRECTIONS: tuple[Along, Along] = ("pressure", "current")
CRITERIA = {
    Criterion.LOST: "a limit of the protocol was reached within the test time",
    Criterion.NOT_KEPT: f"lost, or contact below {KEPT_OVER_PERFECT:g} of a perfect flat face's at the end",
}
NOTE = (
    "Slopes depend on the criterion, on the test time and on the causes of uneven stripping; curves of different slope cross "
    "somewhere, so that agreement with a measured point at one pressure means nothing by itself."
)


@dataclass(frozen=True)
class Published:
    """A measured critical current. pressure in MPa, current in mA/cm²."""

    cell: str
    pressure: float
    current: float
    source: str


@dataclass(frozen=True)
class Slice:
    """All points that share the values of every axis other than pressure and current, with their
    boundaries."""

    values: Values
    outcomes: tuple[Outcome, ...]
    boundaries: Mapping[tuple[Criterion, Along], Boundary]

    @property
    def label(self) -> str:
        """Its values, "" where pressure and current are the only axes."""
        return ", ".join(value for _, value in self.values)

    @property
    def without_creep(self) -> Values:
        """Its values without the creep set: slices that share them form a band."""
        return tuple(pair for pair in self.values if pair[0] != CREEP)

    def slope(self, criterion: Criterion, along: Along) -> Slope | None:
        """The slope of one of its boundaries."""
        return slope(self.boundaries[criterion, along].crossings)


def slices_of(outcomes: Sequence[Outcome]) -> tuple[Slice, ...]:
    """The outcomes by slice, in order of first appearance."""
    groups: dict[Values, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.point.slice, []).append(outcome)
    found = []
    for values, members in groups.items():
        samples = [_sample(outcome) for outcome in members if outcome.verdict not in INCONCLUSIVE]
        boundaries = {(criterion, along): trace(samples, criterion, along) for criterion in Criterion for along in DIRECTIONS}
        found.append(Slice(values, tuple(members), boundaries))
    return tuple(found)


def bands(slices: Sequence[Slice], criterion: Criterion) -> dict[Values, tuple[tuple[float, float, float], ...]]:
    """(current, lowest, highest pressure of the boundary) over at least two creep sets, for each
    combination of the other values."""
    groups: dict[Values, list[Slice]] = {}
    for member in slices:
        groups.setdefault(member.without_creep, []).append(member)
    return {
        values: band([member.boundaries[criterion, "pressure"] for member in members])
        for values, members in groups.items()
        if len(members) > 1
    }


def published_points() -> tuple[Published, ...]:
    """Measured critical stripping currents, from critical_stripping_current.csv of this package."""
    text = files("cellfem.campaign").joinpath("data/critical_stripping_current.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Published(row["cell"], float(row["pressure_MPa"]), float(row["current_mA_per_cm2"]), row["source"]) for row in rows
    )


def published_slopes() -> dict[str, float]:
    """Slope of the measured points of each cell, without those at zero pressure."""
    cells: dict[str, list[tuple[float, float]]] = {}
    for point in published_points():
        cells.setdefault(point.cell, []).append((point.pressure, point.current))
    return point_slopes(cells)


def carries_current(outcomes: Sequence[Outcome]) -> bool:
    """Whether any step of any point strips or plates, or holds a voltage."""
    return any(placed.step.signed_current != 0 for outcome in outcomes for placed in outcome.point.case.steps)


def numbers_of(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Numbers of an outcome that mean something: without a current there are none of it."""
    current = carries_current(outcomes)
    return tuple(name for name in NUMBERS if current or name not in OF_CURRENT)


def write_table(path: Path, outcomes: Sequence[Outcome]) -> None:
    """map.csv: one row per point that has an outcome, sorted by slice, current and pressure;
    replaced atomically.

    Columns follow the protocol: without a current there are no columns of the current.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    axisymmetric = any(outcome.point.case.stack.symmetry == "axisymmetric" for outcome in outcomes)
    extra = [name for name, _ in outcomes[0].point.slice if name not in (CREEP, "temperature")] if outcomes else []
    size = "void_volume_um3" if axisymmetric else "void_area_um2"
    current, numbers = carries_current(outcomes), numbers_of(outcomes)
    places = ("pressure_MPa", *(["current_mA_cm2"] if current else []), "temperature_degC", "creep")
    writer.writerow([*places, *extra, "verdict", "end", *numbers, "opening_cause", size, "gap_max_um", "wall_s", "folder"])
    for outcome in sorted(outcomes, key=lambda outcome: (outcome.point.slice, outcome.point.current, outcome.point.pressure)):
        point, own = outcome.point, dict(outcome.point.values)
        of_current = [point.current] if current else []
        place = (point.pressure, *of_current, point.temperature, point.case.lithium.creep_set.name)
        found = [getattr(outcome, name) for name in (*numbers, "opening_cause", "void_size", "gap_max_um", "wall_s")]
        writer.writerow([*place, *(own[name] for name in extra), outcome.verdict, outcome.end, *found, point.name])
    write_atomic(path, text.getvalue())


def write_report(
    path: Path,
    grid: Grid,
    outcomes: Sequence[Outcome],
    slices: Sequence[Slice],
    criteria: Mapping[Criterion, str] = CRITERIA,
) -> None:
    """map.json: counts, boundaries with slopes by both criteria, band over creep sets, published
    points; nan becomes null.

    Without a current it has counts only. criteria: meaning of each criterion.
    """
    report: dict[str, Any] = {
        "case": str(grid.path),
        "settings": grid.settings,
        "axes": {axis.name: axis.values for axis in grid.axes},
        "points": Counter(outcome.verdict for outcome in outcomes),
        **{name: {outcome.point.name: outcome.end for outcome in outcomes if outcome.verdict == name} for name in INCONCLUSIVE},
        "made_by": sorted({outcome.source for outcome in outcomes if outcome.source}),
    }
    if carries_current(outcomes):
        report |= _critical(slices, criteria)
    write_atomic(path, json.dumps(_plain(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _critical(slices: Sequence[Slice], criteria: Mapping[Criterion, str]) -> dict[str, Any]:
    """What map.json says of the critical current."""
    return {
        "criteria": {str(criterion): meaning for criterion, meaning in criteria.items()},
        "slices": [{"values": dict(member.values), **_boundaries(member)} for member in slices],
        "bands_over_creep_sets": {
            str(criterion): [
                {"values": dict(values), "current_mA_cm2": row[0], "pressure_MPa": row[1:]}
                for values, rows in bands(slices, criterion).items()
                for row in rows
            ]
            for criterion in Criterion
        },
        "published": [asdict(point) for point in published_points()],
        "published_slopes": published_slopes(),
        "note": NOTE,
    }


def _boundaries(member: Slice) -> dict[str, Any]:
    return {
        str(criterion): {
            f"along_{along}": {
                "slope": asdict(fit) if (fit := member.slope(criterion, along)) else None,
                "crossings": [asdict(crossing) for crossing in member.boundaries[criterion, along].crossings],
                "without_crossing": [asdict(line) for line in member.boundaries[criterion, along].open_lines],
            }
            for along in DIRECTIONS
        }
        for criterion in Criterion
    }


def _sample(outcome: Outcome) -> Sample:
    excess = math.nan
    if outcome.end_kind == "done":
        excess = outcome.contact_fraction / (KEPT_OVER_PERFECT * outcome.perfect_contact_fraction) - 1
    verdict = cast(Literal["kept", "reduced", "lost"], outcome.verdict)
    return Sample(outcome.point.pressure, outcome.point.current, verdict, excess)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if not isinstance(value, float) or math.isfinite(value) else None
