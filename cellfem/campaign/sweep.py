"""A grid over the keys of a case, or realisations of a random one: run in parallel, refined, and
drawn as maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cellfem.campaign.grid import CREEP, PRESSURE, SEED, Grid, Point, grid_points, midpoints, parse_axis, seeds, word
from cellfem.case import CaseError, load_case
from cellfem.case.identity import files_read
from cellfem.errors import StoppedError
from cellfem.measured import distance_text
from cellfem.results import adding
from cellfem.results.lock import CAMPAIGN as LOCK

if TYPE_CHECKING:
    from cellfem.campaign.boundary import Criterion
    from cellfem.campaign.realisations import Areal
    from cellfem.campaign.sweep_points import Outcome
    from cellfem.campaign.sweep_results import Slice

BY = "sweep"
OUTPUTS = (LOCK, "map.csv", "map.json", "maps*.png", "critical_current.png", "curve.png", "statistics.json", "realisations.png")
SQUARE_UM = 1e8
"""µm² per cm²."""


@dataclass(frozen=True)
class SweepReport:
    """The outcomes as lines of text, and the files written."""

    lines: tuple[str, ...]
    files: tuple[Path, ...]


def run_grid(
    plan: Grid, out: Path, jobs: int, refine: int = 0, *, retry: bool = False, replace: bool = False
) -> tuple[Outcome, ...]:
    """Run the points of a grid that are not done, rewriting map.csv after each point; returns all
    outcomes.

    Raises CaseError, FolderError, BusyError, OSError, and StoppedError.
    """
    from cellfem.campaign.job_runner import JobRunner, note_warnings, run_all, say
    from cellfem.campaign.sweep_points import only_sweep, stop_on_signal
    from cellfem.campaign.sweep_results import write_table

    points = grid_points(plan)
    note_warnings(points)
    outcomes: tuple[Outcome, ...] = ()
    inputs = files_read(points[0].case, plan.path)
    with adding(out, BY, OUTPUTS, inputs, replace), only_sweep(out) as lock, stop_on_signal() as stopped:
        work = JobRunner(plan, out, jobs, lock, stopped, retry, lambda known: write_table(out / "map.csv", known), replace)
        for number in range(refine + 1):
            outcomes = run_all(work, points, outcomes)
            if stopped():
                raise StoppedError(f"stopped with {len(outcomes)} points done; the same command continues")
            points = midpoints(plan, _verdicts(outcomes)) if number < refine else ()
            if not points:
                break
            say(f"refinement {number + 1} of {refine}: {len(points)} points between neighbours of different verdict")
    return outcomes


def plan_of(
    case: Path, axes: Sequence[str], creep: str | None, overrides: Sequence[str], realisations: int = 1, refine: int = 0
) -> Grid:
    """The grid of the command. Raises CaseError."""
    parsed = [parse_axis(text) for text in axes]
    parsed += [parse_axis(f"{CREEP}={creep}")] if creep is not None else []
    parsed += [seeds(load_case(case, overrides), realisations)] if realisations > 1 else []
    if not parsed:
        raise CaseError(['sweep: nothing to vary; give --grid pressure="0.1,0.4 MPa", --creep or --realisations'])
    plan = Grid(case, tuple(overrides), tuple(parsed))
    if refine and not plan.has(PRESSURE):
        raise CaseError(["--refine: inserts pressures, but there is no --grid pressure; add it, or leave --refine out"])
    return plan


def _verdicts(outcomes: Sequence[Outcome]) -> list[tuple[Point, str]]:
    """Each point with the verdict that decides on refinement: that of most realisations."""
    from cellfem.campaign.realisations import groups_of, pooled

    return [
        (outcome.point, whole.verdict)
        for members, whole in zip(groups_of(outcomes).values(), pooled(outcomes), strict=True)
        for outcome in members
    ]


def report(
    plan: Grid,
    out: Path,
    outcomes: Sequence[Outcome],
    depth: float | None = None,
    cell_um2: float = SQUARE_UM,
    criteria: Mapping[Criterion, str] | None = None,
) -> SweepReport:
    """Write map.csv, map.json and pictures; returns the slopes as text. criteria: their meanings,
    if not the default ones. Raises OSError."""
    from cellfem.campaign.curve import about, curve_lines
    from cellfem.campaign.map_pictures import UNTESTED
    from cellfem.campaign.realisations import pooled
    from cellfem.campaign.sweep_results import CRITERIA, carries_current, slices_of, write_report, write_table

    several, means = plan.has(SEED), criteria or CRITERIA
    slices = slices_of(pooled(outcomes) if several else outcomes)
    write_table(out / "map.csv", outcomes)
    write_report(out / "map.json", plan, outcomes, slices, means)
    title, current = outcomes[0].point.case.title, carries_current(outcomes)
    files = [out / "map.csv", out / "map.json", *_pictures(plan, out, slices, title, means if current else None)]
    counts = Counter(outcome.verdict for outcome in outcomes)
    lines = [f"{len(outcomes)} points: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items())]
    if counts["untested"]:
        lines.append(UNTESTED)
    if several:
        said, more = _statistics(out, outcomes, depth, cell_um2, title)
        lines += said
        files += more
    if current and (plan.has(PRESSURE) or plan.has("current")):
        lines += _slopes(slices, means)
    lines += curve_lines(slices) if plan.has(PRESSURE) else ()
    lines.append(distance_text(about(outcomes)))
    return SweepReport(tuple(lines), tuple(files))


def _pictures(plan: Grid, out: Path, slices: Sequence[Slice], title: str, criteria: Mapping[Criterion, str] | None) -> list[Path]:
    """Maps and critical currents, or the results of pressing if there is no current (no criteria);
    returns the paths."""
    from cellfem.campaign.curve_picture import can_draw_curve, draw_curve
    from cellfem.campaign.map_pictures import can_map, draw_critical, draw_maps
    from cellfem.campaign.press_picture import can_draw, draw_pressed

    files = []
    if criteria is None:
        if can_draw(slices):
            files.append(out / "pressed.png")
            draw_pressed(files[-1], slices, title)
        return files
    if plan.has(PRESSURE) and can_draw_curve(slices):
        files.append(out / "curve.png")
        draw_curve(files[-1], slices, title)
    if plan.has(PRESSURE) or plan.has("current"):
        files.append(out / "critical_current.png")
        draw_critical(files[-1], slices, title, criteria)
    for member in slices:
        if can_map(member):
            files.append(out / f"{'_'.join(['maps', *(word(value) for _, value in member.values)])}.png")
            draw_maps(files[-1], member, title)
    return files


def _slopes(slices: Sequence[Slice], criteria: Mapping[Criterion, str]) -> list[str]:
    from cellfem.campaign.map_pictures import slope_text
    from cellfem.campaign.sweep_results import NOTE, published_slopes

    lines = []
    for member in slices:
        for criterion, meaning in criteria.items():
            fit = member.slope(criterion, "pressure")
            lines.append(f"{f'{member.label}, ' if member.label else ''}{criterion} ({meaning}): {slope_text(fit)}")
    measured = ", ".join(f"{cell} {value:.2f}" for cell, value in published_slopes().items())
    return [*lines, f"measured slopes, of two points each: {measured}", NOTE]


def _statistics(
    out: Path, outcomes: Sequence[Outcome], depth: float | None, cell_um2: float, title: str
) -> tuple[list[str], list[Path]]:
    """Write statistics.json and its picture; returns the lines to print."""
    from cellfem.campaign.realisation_picture import draw_statistics
    from cellfem.campaign.realisations import areal, groups_of, statistic_lines, statistics_of, write_statistics

    groups = groups_of(outcomes)
    found = [statistics_of(values, members) for values, members in groups.items()]
    areas: list[Areal | None] = []
    lines: list[str] = []
    for one, members in zip(found, groups.values(), strict=True):
        case = members[0].point.case
        deep = case.flaw.depth if depth is None else depth
        plane = case.stack.symmetry == "plane" and case.stack.dimension == 2
        areas.append(areal(one, case.stack.width, deep, cell_um2, case.total_duration) if plane else None)
        lines += statistic_lines(one, areas[-1], deep)
    files = [out / "statistics.json", out / "realisations.png"]
    write_statistics(files[0], found, areas)
    draw_statistics(files[1], [(one, groups[one.values]) for one in found], title)
    return lines, files
