"""Both limits of stack pressure: contact lost while stripping and dendrites while plating.

Each point of the grid strips and then plates at one current and pressure. Its records give whether
contact was lost or not kept at the end of stripping, and the largest dendrite index while plating.
Outside the range of computed pressures, the dendrite limit is that of a flat face in full contact,
by the functions that give the index of a run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cellfem.campaign.boundary import Boundary, Criterion
from cellfem.campaign.job_runner import say
from cellfem.campaign.penetration import measured_times
from cellfem.campaign.sweep_points import INCONCLUSIVE, Outcome
from cellfem.campaign.sweep_points import Verdict as ContactVerdict
from cellfem.campaign.sweep_results import Slice, published_points, slices_of
from cellfem.case import Case, CaseError
from cellfem.model import from_case
from cellfem.observe.dendrite import Surroundings, dendrite_fields
from cellfem.output.records import RecordsError, read_records
from cellfem.output.summary import KEPT_OVER_PERFECT, perfect_contact
from cellfem.units import FARADAY, GAS_CONSTANT, MA_CM2

GRID = ("pressure=0.2,0.4,0.8,1.5,3 MPa", "current=0.1,0.25,0.5,1,2 mA/cm^2")
"""The default grid."""
BY = "window"
OUTPUTS = ("window.json", "window.png")
CURRENTS = np.geomspace(1e-3, 1e3, 1201)
"""Currents (mA/cm²) at which the index of a flat face is evaluated."""
PRESSURES = np.geomspace(0.05, 300.0, 121)
NOTE = (
    "Contact: voids and stripping as in the case, within its test time. Dendrites: one flaw of the case wherever the index is "
    "largest; beyond the pressures that were run, that of a flat face in full contact. Measured points are of other cells."
)

CRITERIA = {
    Criterion.LOST: "a limit of the protocol was reached while stripping",
    Criterion.NOT_KEPT: f"lost, or contact below {KEPT_OVER_PERFECT:g} of a perfect flat face's at the end of stripping",
}
"""Meaning of the contact criteria here, for window and map."""


@dataclass(frozen=True)
class WindowPoint:
    """A run. pressure in MPa, current in mA/cm². contact: after stripping; index: largest while
    plating, nan without plating.

    contact_verdict: of stripping alone; "untested" if the start exceeds a limit, "failed" if the
    solver gave up.
    """

    pressure: float
    current: float
    contact: float
    contact_verdict: ContactVerdict
    index: float

    @property
    def verdict(self) -> str:
        """The limit that this point violates; a dendrite takes precedence over reduced contact."""
        if self.contact_verdict in (*INCONCLUSIVE, "lost"):
            return self.contact_verdict
        if self.index >= 1:
            return "dendrite"
        return "reduced" if self.contact_verdict == "reduced" else "safe"


@dataclass(frozen=True)
class Window:
    """All data of the picture for one combination of the other axes (for example a creep set).

    contact: boundaries of the map on lines of constant current, for both criteria. dendrite:
    (pressure, current) at which the index of the runs passes 1. flat: (pressure, current) limit of
    a flat face in full contact, 0 where pressure alone opens the flaw.
    """

    label: str
    points: tuple[WindowPoint, ...]
    contact: dict[str, Boundary]
    dendrite: tuple[tuple[float, float], ...]
    flat: tuple[tuple[float, float], ...]


def check_protocol(case: Case) -> None:
    """Raises CaseError for a protocol that does not strip and then plate: one limit of the window
    would be missing."""
    modes = [placed.step.mode for placed in case.sequence]
    if "strip" not in modes:
        raise CaseError(['protocol: has no step with mode = "strip", needed for the limit of lost contact; put one first'])
    if "plate" not in modes[modes.index("strip") :]:
        text = 'protocol: has no step with mode = "plate" after stripping, needed for the dendrite limit'
        raise CaseError([f"{text}; add one, as in cases/dendrite-window, or map contact alone with cellfem sweep"])


def after_stripping(outcome: Outcome, out: Path) -> Outcome:
    """The outcome of a run with contact judged at the end of stripping; lost if the run did not
    reach plating.

    Same rule as the verdict of a run, but before plating refills the voids. Failed if the records
    are damaged.
    """
    rows = _rows(outcome, out)
    if outcome.verdict in INCONCLUSIVE or not rows:
        failed = replace(outcome, verdict="failed", end="its records cannot be read")
        return outcome if outcome.verdict in INCONCLUSIVE else failed
    stripping, plating = (_carrying(rows, sign) for sign in (1, -1))
    last = stripping[-1] if stripping else rows[0]
    contact, perfect = (
        last["contact_fraction"],
        perfect_contact(outcome.point.pressure, outcome.point.case.interface.half_pressure),
    )
    verdict: ContactVerdict = "lost" if not plating else "kept" if contact >= KEPT_OVER_PERFECT * perfect else "reduced"
    return replace(outcome, verdict=verdict, contact_fraction=contact, perfect_contact_fraction=perfect)


def windows_of(outcomes: Sequence[Outcome], out: Path) -> tuple[Window, ...]:
    """Windows of the outcomes from `after_stripping`, one for each combination of the axes other
    than pressure and current, with the boundaries of the map."""
    return tuple(_window(member, out) for member in slices_of(outcomes))


def flat_index(case: Case, pressure: float, current: np.ndarray) -> np.ndarray:
    """K_I/K_Ic of the case's flaw on a flat face in full contact, plated at `current` (mA/cm², > 0)
    under `pressure` (MPa)."""
    step = next(placed.step for placed in case.steps if placed.step.mode == "plate")
    material, interface, flaws = from_case.material(case, step), from_case.interface(case), from_case.flaws(case)
    thermal = GAS_CONSTANT * material.temperature / FARADAY
    exchange = thermal / (interface.resistance * material.resistance_factor)
    share = perfect_contact(pressure, interface.half_pressure)
    overpotential = 2 * thermal * np.arcsinh(current / MA_CM2 / (2 * share * exchange))
    around = Surroundings(material.creep.dense, material.conductivity, pressure, material.temperature)
    return dendrite_fields(-current, -1e3 * overpotential, np.full_like(current, pressure), flaws, around).dendrite_index


def flat_limit(case: Case, pressure: float) -> float:
    """Current (mA/cm²) at which a flaw on a flat face in full contact grows; 0 where pressure alone
    does it."""
    index = flat_index(case, pressure, CURRENTS)
    if index[0] >= 1:
        return 0.0
    return _passes_one(CURRENTS, index)


def safe_spans(points: Sequence[WindowPoint]) -> list[tuple[float, float, float]]:
    """(current, lowest, highest pressure) of each series of consecutive safe points at one
    current."""
    found = []
    for current in sorted({point.current for point in points}):
        line = sorted((point for point in points if point.current == current), key=lambda point: point.pressure)
        for safe, members in itertools.groupby(line, key=lambda point: point.verdict == "safe"):
            pressures = [point.pressure for point in members]
            if safe:
                found.append((current, pressures[0], pressures[-1]))
    return found


def safe_areas(points: Sequence[WindowPoint]) -> list[tuple[float, float, float, float]]:
    """(lowest, highest pressure, lower, upper current) of areas with safe points on all sides,
    between neighbouring currents."""
    spans, currents = safe_spans(points), sorted({point.current for point in points})
    found = []
    for lower, upper in itertools.pairwise(currents):
        for (_, low, high), (_, other_low, other_high) in itertools.product(
            [span for span in spans if span[0] == lower], [span for span in spans if span[0] == upper]
        ):
            if max(low, other_low) < min(high, other_high):
                found.append((max(low, other_low), min(high, other_high), lower, upper))
    return found


def window_lines(found: Window) -> list[str]:
    """Lines of text that describe the window."""
    label = f"{found.label}: " if found.label else ""
    counts = {
        verdict: sum(point.verdict == verdict for point in found.points)
        for verdict in ("safe", "reduced", "lost", "dendrite", *INCONCLUSIVE)
    }
    told = [f"{count} {verdict}" for verdict, count in counts.items() if count or verdict not in INCONCLUSIVE]
    lines = [f"{label}{len(found.points)} points: " + ", ".join(told)]
    for criterion, boundary in found.contact.items():
        lines += [f"{label}contact {criterion} below {c.pressure:.2g} MPa at {c.current:g} mA/cm²" for c in boundary.crossings]
        lines += [
            f"{label}contact {criterion} at {line.fixed:g} mA/cm² at all pressures that were run"
            for line in boundary.open_lines
            if not line.holds
        ]
    lines += [f"{label}dendrites above {current:.2g} mA/cm² at {pressure:g} MPa" for pressure, current in found.dendrite]
    for current, low, high in safe_spans(found.points):
        width = f"from {low:g} to {high:g} MPa" if high > low else f"at {low:g} MPa alone"
        lines.append(f"{label}safe at {current:g} mA/cm² {width}, by the points that were run")
    opened = next((pressure for pressure, current in found.flat if current == 0), None)
    if opened is not None:
        lines.append(f"{label}from about {opened:.3g} MPa on pressure alone opens the flaw")
    return lines


def _window(member: Slice, out: Path) -> Window:
    points = tuple(_point(outcome, out) for outcome in member.outcomes)
    boundaries = {str(criterion): member.boundaries[criterion, "pressure"] for criterion in Criterion}
    case = member.outcomes[0].point.case
    flat = tuple((float(pressure), flat_limit(case, float(pressure))) for pressure in PRESSURES)
    return Window(member.label, points, boundaries, _dendrite_limits(points), flat)


def _point(outcome: Outcome, out: Path) -> WindowPoint:
    indices = [row["dendrite_index_max"] for row in _carrying(_rows(outcome, out), -1)]
    index = max((index for index in indices if not math.isnan(index)), default=math.nan)
    return WindowPoint(outcome.point.pressure, outcome.point.current, outcome.contact_fraction, outcome.verdict, index)


def _rows(outcome: Outcome, out: Path) -> list[dict[str, float]]:
    """Records of a run; none, with a message, if it failed or they are damaged."""
    if outcome.verdict == "failed":
        return []
    try:
        names = ("current_mA_cm2", "contact_fraction", "dendrite_index_max")
        return read_records(out / outcome.point.name / "records.csv", names)
    except (OSError, RecordsError) as error:
        say(f"{error}: the point counts as failed")
        return []


def _carrying(rows: Sequence[dict[str, float]], sign: int) -> list[dict[str, float]]:
    """Rows at which the current has this sign."""
    return [row for row in rows if sign * row["current_mA_cm2"] > 0]


def _dendrite_limits(points: Sequence[WindowPoint]) -> tuple[tuple[float, float], ...]:
    """(pressure, current) at which the index of the runs passes 1, at each pressure whose currents
    bracket it."""
    found = []
    for pressure in sorted({point.pressure for point in points}):
        line = sorted((p for p in points if p.pressure == pressure and math.isfinite(p.index)), key=lambda p: p.current)
        current, index = np.array([p.current for p in line]), np.array([p.index for p in line])
        limit = _passes_one(current, index) if len(line) > 1 else math.inf
        if math.isfinite(limit) and limit > current[0]:
            found.append((pressure, limit))
    return tuple(found)


def _passes_one(current: np.ndarray, index: np.ndarray) -> float:
    """Lowest current at which the index is 1, linear in logarithms; inf if the index stays below 1,
    the first current if it is above."""
    above = np.flatnonzero(index >= 1)
    if not len(above):
        return math.inf
    k = int(above[0])
    if k == 0:
        return float(current[0])
    x, y = np.log(current[k - 1 : k + 1]), np.log(np.maximum(index[k - 1 : k + 1], 1e-12))
    return float(np.exp(x[0] - y[0] * (x[1] - x[0]) / (y[1] - y[0])))


def plain_windows(windows: Sequence[Window]) -> dict[str, Any]:
    def plain(value: float) -> float | None:
        return value if math.isfinite(value) else None

    return {
        "windows": [
            {
                "label": found.label,
                "points": [
                    {key: plain(value) if isinstance(value, float) else value for key, value in asdict(point).items()}
                    | {"verdict": point.verdict}
                    for point in found.points
                ],
                "contact_limits": {name: [asdict(c) for c in boundary.crossings] for name, boundary in found.contact.items()},
                "dendrite_limits": [{"pressure_MPa": p, "current_mA_cm2": i} for p, i in found.dendrite],
                "dendrite_limit_of_a_flat_face": [{"pressure_MPa": p, "current_mA_cm2": plain(i)} for p, i in found.flat],
            }
            for found in windows
        ],
        "published": [asdict(point) for point in published_points()],
        "measured_times_to_short": [asdict(point) for point in measured_times()],
        "note": NOTE,
    }
