"""cellfem press: the pressure, or the time at a pressure, at which the interface resistance reaches
a target."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from cellfem.campaign.bisection import values_left
from cellfem.case import load_case, warnings
from cellfem.case.identity import files_read
from cellfem.commands.shared import AsJson, CasePath, Overrides, Replace, end_with_need, print_json, quantity
from cellfem.ending import ending, fail
from cellfem.errors import ExitCode
from cellfem.formatting import time_text
from cellfem.measured import distance_text
from cellfem.results import adding
from cellfem.results.lock import CAMPAIGN as LOCK

if TYPE_CHECKING:
    from cellfem.campaign.press import HoldTimeResult, PressureResult
    from cellfem.campaign.target import Target, TargetRun
    from cellfem.case import Case


def press(
    case: CasePath,
    target: Annotated[
        str,
        typer.Option(
            metavar="RESISTANCE", help='Resistance to reach: "50 ohm*cm^2" of one interface, or "120 ohm" of the whole cell.'
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results; the same command continues a stopped search.")],
    pressure: Annotated[
        str | None,
        typer.Option(metavar="PRESSURE", help='A given pressure, for example "5 MPa": the result is the required hold time.'),
    ] = None,
    low: Annotated[str, typer.Option("--from", metavar="PRESSURE", help="Lowest pressure to try.")] = "0.2 MPa",
    high: Annotated[str, typer.Option("--to", metavar="PRESSURE", help="Highest pressure to try.")] = "100 MPa",
    precision: Annotated[float, typer.Option(min=1e-3, max=1.0, help="Relative precision of the result.")] = 0.05,
    creep: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Creep sets to compare, for example masias,lepage: the result with its band over them."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="With --creep: runs at a time.")] = 2,
    overrides: Overrides = None,
    replace: Replace = False,
    as_json: AsJson = False,
) -> None:
    """Find the stack pressure that reaches a resistance, by bisection: a folder for each run, the answer on the last line.

    The highest pressure of the protocol is varied; the resistance at the end of the protocol (after
    unloading, if there is any) is compared. With --pressure the run at that pressure is stopped
    when it reaches the target. With --creep the search is that of cellfem need --asr, for each set.
    """
    settings = tuple(overrides or ())
    if creep is not None:
        _with_band(case, out, target, pressure, (low, high), precision, creep, jobs, settings, replace, as_json)
    with ending():
        checked = load_case(case, settings)
        wanted = _target(target, checked)
        limits = quantity("--from", low, "MPa"), quantity("--to", high, "MPa")
        given = None if pressure is None else quantity("--pressure", pressure, "MPa")
        for warning in warnings(checked):
            typer.echo(f"note: {warning}", err=True)
        from cellfem.campaign.press import PressRuns, find_pressure, find_time

        with adding(out, "press", ("press.csv", LOCK), files_read(checked, case), replace):
            runs = PressRuns(case, settings, wanted, out, replace)
            if given is None:
                _tell_pressure(find_pressure(runs, limits, precision, _Teller(wanted, precision, as_json)), out, wanted, as_json)
            else:
                _tell_time(find_time(runs, given), wanted, given, as_json)


def _with_band(
    case: Path,
    out: Path,
    target: str,
    pressure: str | None,
    limits: tuple[str, str],
    precision: float,
    creep: str,
    jobs: int,
    settings: tuple[str, ...],
    replace: bool,
    as_json: bool,
) -> NoReturn:
    """The pressure, or at a given one the time, for each creep set; ends the command."""
    from cellfem.campaign.run_need import run_need
    from cellfem.campaign.target import pressure_keys

    names = [name.strip() for name in creep.split(",") if name.strip()]
    with ending():
        keys = pressure_keys(load_case(case, settings))
        given = () if pressure is None else tuple(f"{key}={pressure}" for key in keys)
        vary, ends = ("pressure", limits) if pressure is None else ("time", (None, None))
        found, files = run_need(
            case, out, asr=target, vary=vary, creep=names, limits=ends, precision=precision, jobs=jobs,
            overrides=(*settings, *given), replace=replace,
        )  # fmt: skip
    end_with_need(found, files, as_json)


def _target(text: str, case: Case) -> Target:
    from cellfem.campaign.target import parse_target
    from cellfem.model.from_case import material

    return parse_target(text, case, material(case, case.sequence[-1].step).conductivity)


class _Teller:
    """Tells each run of the search, and how long the others take: as long each as those so far.

    aside: on standard error, which leaves standard output to the answer.
    """

    def __init__(self, target: Target, precision: float, aside: bool) -> None:
        self._target, self._precision, self._aside = target, precision, aside
        self._begin, self._count = time.monotonic(), 0
        self._missed: float | None = None
        self._kept: float | None = None

    def __call__(self, run: TargetRun) -> None:
        _tell_run(self._target, run, self._aside)
        self._count += 1
        if run.value <= self._target.value:
            self._kept = run.pressure
        else:
            self._missed = run.pressure
        if left := values_left(self._missed, self._kept, self._precision):
            seconds = left * (time.monotonic() - self._begin) / self._count
            typer.echo(f"{left} more run{'s' if left > 1 else ''}, about {time_text(seconds)} left", err=True)


def _tell_run(target: Target, run: TargetRun, aside: bool) -> None:
    typer.echo(f"{run.pressure:g} MPa: {run.value:.4g} (target {target.text}), contact {run.contact:.3g} ({run.end})", err=aside)


def _tell_pressure(found: PressureResult, out: Path, target: Target, as_json: bool) -> None:
    if as_json:
        print_json({"target": target.text, "unit": "MPa", **vars(found), "measured": distance_text("pressing")})
        raise typer.Exit(ExitCode.GAVE_UP if found.failed is not None or found.pressure is None else ExitCode.DONE)
    if found.failed is not None:
        fail(f"{found.failed.folder}: the solver gave up; see log.txt there", ExitCode.GAVE_UP)
    if found.pressure is None:
        typer.echo(f"not reached at {found.highest:g} MPa, the highest pressure to try (--to)")
        raise typer.Exit(ExitCode.GAVE_UP)
    if found.lowest_tried:
        typer.echo("reached already at the lowest pressure to try (--from)")
    if found.window is not None:
        typer.echo(found.window)
    typer.echo(distance_text("pressing"))
    typer.echo(f"runs: {out / 'press.csv'}")
    typer.echo(f"{found.pressure:g} MPa")


def _tell_time(found: HoldTimeResult, target: Target, pressure: float, as_json: bool) -> None:
    if as_json:
        print_json({"target": target.text, "unit": "s", **vars(found), "measured": distance_text("pressing")})
        raise typer.Exit(ExitCode.GAVE_UP if found.time is None else ExitCode.DONE)
    run = found.run
    if found.time is None:
        typer.echo(f"{run.folder}: {run.value:.4g} at the end (target {target.text}; {run.end})")
        typer.echo(f"not reached within {time_text(found.within)} at {pressure:g} MPa: make the step longer")
        raise typer.Exit(ExitCode.GAVE_UP)
    typer.echo(distance_text("pressing"))
    typer.echo(f"run: {run.folder}")
    typer.echo(f"{found.time:.4g} s")
