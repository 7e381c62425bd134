"""The computations of a flaw study, run in order and written into a folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cellfem.campaign.grid import Grid, Point, grid_points, parse_axis
from cellfem.case import Case, CaseError, load_case
from cellfem.case.flaw_checks import flaw_problems
from cellfem.case.identity import files_read
from cellfem.flaw.analysis import FlawModel, FlawProblem, FlawState, critical_current, flaw_problem_of, plating_step
from cellfem.flaw.growth import Growth, grow
from cellfem.flaw.report import Report
from cellfem.results import examine, replacing
from cellfem.units import MA_CM2

BY = "flaw"
OUTPUTS = (
    *("case.resolved.toml", "summary.json", "walls.csv", "currents.csv", "growth.csv", "critical-*.csv"),
    *("flaw.png", "critical.png", "growth.png", "critical-*.png", "flaw.pvd"),
    *("fields/lithium_00000*.*vtu", "fields/LLZO_00000*.*vtu"),
)


@dataclass(frozen=True)
class FlawStudy:
    """A checked case with a resolved flaw, and the requested computations.

    critical: the current at which the crack grows. growth: how far it grows at the current of the
    case. axes: keys for which the critical current is computed, each with its cases.
    """

    case: Case
    path: Path
    axes: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    critical: bool = True
    growth: bool = False


@dataclass(frozen=True)
class CriticalCurrent:
    """current: A/m², inf if none up to 1e4 mA/cm² makes the crack grow. states: those computed on
    the way."""

    current: float
    states: tuple[FlawState, ...]

    @property
    def text(self) -> str:
        if math.isinf(self.current):
            return "no critical current up to 1e4 mA/cm²"
        return f"critical current {MA_CM2 * self.current:.3g} mA/cm²"


@dataclass(frozen=True)
class FlawResults:
    """Results of a flaw study; None, or empty, if not requested. state: at the current of the case.

    varied: the critical current by the key, and its value as text. text: all results in sentences.
    files: paths by description.
    """

    problem: FlawProblem
    state: FlawState
    critical: CriticalCurrent | None
    growth: Growth | None
    varied: dict[str, dict[str, CriticalCurrent]]
    text: str
    files: dict[str, Path]


def flaw_study_of(
    path: Path, overrides: Sequence[str] = (), vary: Sequence[str] = (), *, critical: bool = True, growth: bool = False
) -> FlawStudy:
    """Load and check everything before anything is solved.

    vary: "KEY=VALUES" each, as for a sweep. Raises CaseError.
    """
    case = load_case(path, overrides)
    axes = {text.partition("=")[0]: grid_points(Grid(path, tuple(overrides), (parse_axis(text),))) for text in vary}
    wrong = [
        line for asked in (case, *(point.case for points in axes.values() for point in points)) for line in flaw_problems(asked)
    ]
    if wrong:
        raise CaseError(list(dict.fromkeys(wrong)), path)
    return FlawStudy(case, path, axes, critical, growth)


def study_flaw(
    asked: FlawStudy, folder: Path, replace: bool = False, tell: Callable[[str], None] = lambda _: None
) -> FlawResults:
    """Run the study; writes tables, pictures, fields and summary.json into `folder`.

    replace: as in `results.examine`. tell: called with a line for each solved state. Raises
    FlawError if there is no state, FolderError, OSError.
    """
    inputs = files_read(asked.case, asked.path)
    examine(folder, BY, OUTPUTS, inputs, replace)
    problem, current = flaw_problem_of(asked.case), plated(asked.case)
    model = FlawModel(problem)
    state = model.solve(current)
    critical, growth, varied = None, None, {}
    with replacing(folder, BY, OUTPUTS, inputs, replace):
        report = Report(folder, asked.case, problem)
        report.state(state, model)
        if asked.critical:
            limit, states = critical_current(model, current, tell)
            critical = CriticalCurrent(limit, (state, *states))
            report.critical(limit, critical.states)
        if asked.growth:
            step, time = asked.case.resolved_flaw.growth_step, plating_step(asked.case).seconds
            growth = grow(problem, current, step, time, tell)
            report.growth(growth)
        for key, points in asked.axes.items():
            varied[key] = _varied(key, points, current, tell)
            report.varied(key, [(value, found.current, found.states[-1]) for value, found in varied[key].items()])
        report.close()
    return FlawResults(problem, state, critical, growth, varied, report.summary["text"], report.files)


def plated(case: Case) -> float:
    """Absolute current density of the first plating step, A/m²."""
    return abs(plating_step(case).signed_current)


def _varied(key: str, points: Sequence[Point], current: float, tell: Callable[[str], None]) -> dict[str, CriticalCurrent]:
    """The critical current for each value of one key."""
    found = {}
    for point in points:
        limit, states = critical_current(FlawModel(flaw_problem_of(point.case)), current)
        value = dict(point.values)[key]
        found[value] = CriticalCurrent(limit, tuple(states))
        tell(f"{key} = {value}: {found[value].text}")
    return found
