"""cellfem sweep: a grid over the keys of a case, run in parallel, refined at the boundary, drawn as maps."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cellfem.campaign.grid import CREEP, PRESSURE, Grid, Point, grid_points, midpoints, parse_axis, word
from cellfem.case import CaseError, warnings
from cellfem.output.words import time_text

if TYPE_CHECKING:
    from cellfem.campaign.points import Outcome

BAD_CASE, GAVE_UP, STOPPED = 2, 3, 4
"""Exit codes, as those of `cellfem run`; 3 if any point failed."""


def sweep(
    case: Annotated[Path, typer.Argument(help="A case.toml, or the folder that holds one.", show_default=False)],
    grid: Annotated[
        list[str],
        typer.Option(
            metavar="KEY=VALUES",
            help='An axis, as in --grid pressure="0.1,0.4,1.6 MPa"; once for each key. Pressure, current and temperature are '
            "short for those of every protocol step.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command goes on where it was stopped.")],
    jobs: Annotated[int, typer.Option(min=1, help="Points to run at a time.")] = 2,
    creep: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Creep sets to compare: anand_narayan_steady,lepage,masias.")
    ] = None,
    refine: Annotated[int, typer.Option(min=0, help="Rounds of inserting pressures where the verdict changes.")] = 0,
    retry: Annotated[bool, typer.Option("--retry", help="Run again the points at which the solver gave up.")] = False,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Override a key at every point; as often as wanted."),
    ] = None,
) -> None:
    """Run a grid over the keys of a case: map.csv, map.json, maps, and the critical current against pressure with its slope."""
    try:
        plan = _plan(case, grid, creep, refine, overrides or [])
        points = grid_points(plan)
    except CaseError as error:
        _fail(str(error))
    _note_warnings(points)
    from cellfem.campaign.points import BusyError, only_sweep, stop_on_signal

    outcomes: tuple[Outcome, ...] = ()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with only_sweep(out) as lock, stop_on_signal() as stopped:
            for number in range(refine + 1):
                outcomes = _run(_Work(plan, out, jobs, lock, stopped, retry), points, outcomes)
                if stopped():
                    _say(f"stopped with {len(outcomes)} points done; the same command goes on")
                    raise typer.Exit(STOPPED)
                points = midpoints(plan, [(o.point, o.verdict) for o in outcomes]) if number < refine else ()
                if not points:
                    break
                _say(f"refinement {number + 1} of {refine}: {len(points)} points between neighbours of different verdict")
            _report(plan, out, outcomes)
    except (BusyError, OSError) as error:
        _fail(str(error))
    raise typer.Exit(GAVE_UP if any(outcome.verdict == "failed" for outcome in outcomes) else 0)


@dataclass(frozen=True)
class _Work:
    plan: Grid
    out: Path
    jobs: int
    lock: int
    stopped: Callable[[], bool]
    retry: bool


def _plan(case: Path, axes: Sequence[str], creep: str | None, refine: int, overrides: Sequence[str]) -> Grid:
    """The grid of the command. Raises CaseError."""
    parsed = [parse_axis(text) for text in axes]
    parsed += [parse_axis(f"{CREEP}={creep}")] if creep is not None else []
    plan = Grid(case, tuple(overrides), tuple(parsed))
    if refine and not plan.has(PRESSURE):
        raise CaseError(["--refine: inserts pressures, and there is no --grid pressure; add one, or leave --refine out"])
    return plan


def _run(work: _Work, points: Sequence[Point], before: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Run what is not done of `points`; all outcomes, those of `before` included. map.csv is complete after each."""
    from cellfem.campaign.points import known_outcome, run_points
    from cellfem.campaign.results import write_table

    outcomes, waiting = list(before), []
    for point in points:
        known = known_outcome(point, work.out)
        if known is None or (known.gave_up and work.retry):
            waiting.append(point)
        else:
            outcomes.append(known)
    if len(waiting) < len(points):
        _say(f"{len(points) - len(waiting)} of {len(points)} points are done already")
    write_table(work.out / "map.csv", outcomes)
    begin = time.monotonic()
    with closing(run_points(work.plan, waiting, work.out, work.jobs, work.lock, work.stopped)) as finished:
        for count, outcome in enumerate(finished, start=1):
            outcomes.append(outcome)
            write_table(work.out / "map.csv", outcomes)
            left = (time.monotonic() - begin) / count * (len(waiting) - count)
            _say(f"{count} of {len(waiting)}: {_words(outcome)}" + (f"; about {time_text(left)} left" if left else ""))
    return tuple(outcomes)


def _report(plan: Grid, out: Path, outcomes: Sequence[Outcome]) -> None:
    """map.json, pictures, and the slopes on the terminal."""
    from cellfem.campaign.pictures import can_map, draw_critical, draw_maps, slope_text
    from cellfem.campaign.results import CRITERIA, NOTE, published_slopes, slices_of, write_report

    slices = slices_of(outcomes)
    write_report(out / "map.json", plan, outcomes, slices)
    title = outcomes[0].point.case.title
    pictures = [out / "critical_current.png"]
    draw_critical(pictures[0], slices, title)
    for member in slices:
        if can_map(member):
            pictures.append(out / f"{'_'.join(['maps', *(word(value) for _, value in member.values)])}.png")
            draw_maps(pictures[-1], member, title)
    counts = Counter(outcome.verdict for outcome in outcomes)
    typer.echo(f"{len(outcomes)} points: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    for member in slices:
        for criterion, meaning in CRITERIA.items():
            fit = member.slope(criterion, "pressure")
            typer.echo(f"{f'{member.label}, ' if member.label else ''}{criterion} ({meaning}): {slope_text(fit)}")
    measured = ", ".join(f"{cell} {value:.2f}" for cell, value in published_slopes().items())
    typer.echo(f"measured slopes, of two points each: {measured}")
    typer.echo(NOTE)
    for path in (out / "map.csv", out / "map.json", *pictures):
        typer.echo(str(path))


def _words(outcome: Outcome) -> str:
    numbers = "" if outcome.verdict == "failed" else f", contact {outcome.contact_fraction:.3f}"
    return f"{outcome.point.label}: {outcome.verdict} ({outcome.end}{numbers})"


def _note_warnings(points: Iterable[Point]) -> None:
    """What the checks of the cases say, once for each kind."""
    said: dict[str, list[str]] = {}
    for point in points:
        for warning in warnings(point.case):
            kind = re.sub(r"[\d.e+-]+", "", warning)  # alike but for the numbers
            said.setdefault(kind, []).append(f"{warning} (at {point.label})")
    for lines in said.values():
        _say(f"note: {lines[0]}" + (f"; likewise at {len(lines) - 1} more" if len(lines) > 1 else ""))


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _fail(text: str) -> NoReturn:
    _say(text)
    raise typer.Exit(BAD_CASE)
